"""`gn.sweep(...)`: the search space as a dictionary, the recipe's fields as keyword arguments."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassnet.pipeline.from_python import recipe_with
from glassnet.pipeline.notebook import observer_here
from glassnet.pipeline.observer import Observer
from glassnet.recipe import Recipe
from glassnet.sweeps import start
from glassnet.sweeps.result import SweepResult
from glassnet.sweeps.space import read_space


def sweep(
    root: str | Path | Recipe,
    space: Mapping[str, Any] | None = None,
    *,
    method: str | None = None,
    combinations: int | None = None,
    repeats: int | None = None,
    prune: str | None = None,
    minutes: float | None = None,
    sweep_seed: int | None = None,
    resume: bool | str = False,
    out: str | Path = "runs",
    name: str | None = None,
    on: str | None = None,
    workers: int | None = None,
    ledger: str | None = None,
    quiet: bool = False,
    observer: Observer | None = None,
    **settings: Any,
) -> SweepResult:
    """Try every combination of `space` ({"train.lr": [0.1, 0.01], "train.dropout": {"min": 0, "max": 0.5}}) over a recipe.

    `settings` are recipe fields as for `gn.train`; `minutes` are those of the whole sweep. `resume` goes on with the newest sweep, or the
    one it names. Processes of a pool import the program that calls this, so in a script it belongs under `if __name__ == "__main__":`.
    Raises RecipeError for what does not fit, DataError and LedgerError, and InterruptedRun once everything is saved.
    """
    watching = observer or observer_here(quiet)
    if resume:
        place = "last" if resume is True else resume
        where = str(root) if not isinstance(root, Recipe) else None
        return start.resume_sweep(place, out, where, watching, ledger, on, workers, minutes)
    asked = {"method": method, "combinations": combinations, "repeats": repeats, "prune": prune, "minutes": minutes}
    return start.sweep(
        recipe_with(root, settings),
        read_space(space) if space else None,
        asked | {"seed": sweep_seed},
        out=out,
        name=name,
        observer=watching,
        ledger=ledger,
        on=on,
        workers=workers,
    )
