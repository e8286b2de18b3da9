"""`find_rate`: which learning rate suits these pictures and this network, found before anything is trained."""

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet.pipeline.choices import resolve_for
from glassnet.pipeline.jobs import import_rooms, job_of
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import prepare
from glassnet.recipe import Recipe
from glassnet.report.finder import write_sweep
from glassnet.runs import names
from glassnet.training.finder import Sweep


@dataclass(frozen=True)
class Found:
    """The sweep, the resolved recipe it was made with, the page with its plot, and `command`, which trains at the suggested rate.

    `chosen` tells whether the recipe's own rate was set by the user.
    """

    sweep: Sweep
    recipe: Recipe
    page: Path
    command: str
    chosen: bool

    def beside(self) -> str:
        """Return what the sweep was made with and which rate the recipe has, as one sentence."""
        train = self.recipe.train
        whose = "which you set" if self.chosen else "which training takes without --lr"
        return (
            f"Swept with {train.optimizer} and batches of {train.batch}. The recipe's own rate is {train.lr:.2g}, {whose}; "
            "train with both when they are far apart, and keep the one with the better validation score."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        own = {"recipe_rate": self.recipe.train.lr, "page": str(self.page), "command": self.command}
        return self.sweep.as_dict() | own


def find_rate(
    recipe: Recipe,
    out: str | Path = "runs",
    observer: Observer | None = None,
    again: Callable[[str], str] | None = None,
) -> Found:
    """Sweep the rate with the resolved recipe and write the plot below `out`. No run is made, no weights are kept.

    `again` turns a rate into what to type to train with it.
    Raises what preparing raises, and NumericError when the loss says nothing.
    """
    from glassnet.training.fitting import find_rate as sweep_rate

    observer, out, started = observer or Observer(), Path(out), time.monotonic()
    prepared = prepare(recipe, out, observer, meanwhile=import_rooms)
    resolved, _ = resolve_for(prepared)
    stem = names.stem(recipe.data.root, recipe.network)
    page = out / f"find-lr-{stem}.html"
    observer.line("\nsweeping the learning rate; no run is made")
    sweep = sweep_rate(job_of(resolved, prepared, out / ".sweep", False, started))
    command = (again or _plainly(recipe))(f"{sweep.suggestion:.2g}")
    found = Found(sweep, resolved, page, command, recipe.is_set("train.lr"))
    write_sweep(sweep, f"Learning rates for {stem}", found.beside(), command, page)
    return found


def _plainly(recipe: Recipe) -> Callable[[str], str]:
    return lambda rate: f"glassnet train {shlex.quote(recipe.data.root)} --lr {rate}"
