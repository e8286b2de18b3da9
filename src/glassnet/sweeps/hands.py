"""Which runner carries a sweep out, with how many workers, and how many threads each run has."""

from dataclasses import dataclass

from glassnet.choice import Choice
from glassnet.errors import RecipeError
from glassnet.recipe import Recipe
from glassnet.sweeps.plan import Plan
from glassnet.sweeps.runners import machines


@dataclass(frozen=True)
class Hands:
    """`name` is a runner, `threads` and `device` are those of every run, `choices` what was not asked, with reasons."""

    name: str
    workers: int
    threads: int
    device: str
    choices: list[Choice]

    @classmethod
    def choose(cls, on: str | None, workers: int | None, plan: Plan, base: Recipe) -> "Hands":
        """Choose what was not asked. Threads follow from the plan where it has them: a resumed run needs the same."""
        from glassnet.training.machine import choose_device, cores

        device, there, choices = plan.device or str(choose_device(base.train.device).value), cores(), []
        if workers is not None and workers < 1:
            raise RecipeError(f"--workers must be at least 1 (got {workers}).")
        runs = None if plan.combinations is None else plan.combinations * plan.repeats
        if on is None or on == "auto":
            on, why = "pool", "one process per core is the fastest way for small networks"
            if device != "cpu":
                on, why = "here", f"one {device} is best used by one run at a time"
            elif there == 1 or runs == 1:
                on, why = "here", "one core is free" if there == 1 else "there is one run to do"
            choices.append(Choice("sweep.on", on, why))
        have = machines(on, device)
        where = f"{sum(have)} cores" + (f" of {len(have)} machines" if len(have) > 1 else "")
        if on == "here":
            workers = 1
        elif workers is None:
            wanted = max(1, _places(have, plan.threads or base.train.threads or 1))
            if on == "ray" and device == "cuda":
                wanted, where = len(have), f"{len(have)} GPUs"
            workers = wanted if runs is None else min(wanted, runs)
            choices.append(Choice("sweep.workers", workers, f"{where} are free"))
        threads = plan.threads or base.train.threads or _threads(have, workers)
        if plan.threads is None and base.train.threads is None:
            choices.append(Choice("train.threads", threads, f"{where} shared by {workers} workers"))
        return cls(on, workers, threads, device, choices)


def _places(have: list[int], threads: int) -> int:
    """Return how many runs of so many threads these machines hold at once; none is spread over two."""
    return sum(processors // threads for processors in have)


def _threads(have: list[int], workers: int) -> int:
    """Return the most threads with which all workers have a place; one where there are more workers than cores."""
    most = max(have, default=1)
    return next((threads for threads in range(most, 1, -1) if _places(have, threads) >= workers), 1)
