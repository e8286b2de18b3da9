"""Where workers are: in this process, in one process per core, or on a Ray cluster. Each runner is one file and a line in RUNNERS.

A runner only keeps workers alive; what they do is decided by the ledger alone, so runners may be mixed, stopped and started again.
"""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Protocol

from glassnet.errors import RecipeError
from glassnet.sweeps.bench import Bench
from glassnet.sweeps.worker import Station

RUNNERS = {
    "here": "one after the other in this process",
    "pool": "one process per core",
    "ray": "the workers of a Ray cluster, a local one where there is none",
}


class Runner(Protocol):
    """What a runner's file offers as `run`."""

    def __call__(self, station: Station, workers: int, look: Callable[[], None], bench: Bench) -> None:
        """Work until nothing is left. `look` is called about once a second and shows what has ended.

        Raises InterruptedRun after Ctrl-C, once everything is saved, and whatever stops a worker for good.
        """
        ...


def runner(name: str) -> Runner:
    """Return a runner by name. Raises RecipeError for another word."""
    return _file(name).run


def machines(name: str, device: str) -> list[int]:
    """Return the processors of every machine that a runner reaches; one number where it stays on this one.

    Raises RecipeError for another word, and what a runner's own `machines` raises when it reaches none.
    """
    from glassnet.training.machine import cores

    ask = getattr(_file(name), "machines", None)
    return [cores()] if ask is None else ask(device)


def _file(name: str) -> ModuleType:
    if name not in RUNNERS:
        raise RecipeError(f"--on {name} is not known. There are: {', '.join(RUNNERS)}.")
    return import_module(f"glassnet.sweeps.runners.{name}")
