"""`find_rate`: which learning rate suits these pictures and this network, found before anything is trained."""

import shlex
import time
from dataclasses import dataclass
from pathlib import Path

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
    """The sweep, the resolved recipe it was made with, and the page with its plot."""

    sweep: Sweep
    recipe: Recipe
    page: Path


def find_rate(recipe: Recipe, out: str | Path = "runs", observer: Observer | None = None) -> Found:
    """Sweep the rate with the resolved recipe and write the plot below `out`. No run is made, no weights are kept.

    Raises what preparing raises, and NumericError when the loss says nothing.
    """
    from glassnet.training.fitting import find_rate as sweep_rate

    observer, out, started = observer or Observer(), Path(out), time.monotonic()
    prepared = prepare(recipe, out, observer, meanwhile=import_rooms)
    resolved, _ = resolve_for(prepared)
    observer.line("\nsweeping the learning rate")
    sweep = sweep_rate(job_of(resolved, prepared, out / ".sweep", False, started))
    stem = names.stem(recipe.data.root, recipe.network)
    place = write_sweep(sweep, f"Learning rates for {stem}", command(recipe, sweep), out / f"find-lr-{stem}.html")
    return Found(sweep, resolved, place)


def command(recipe: Recipe, sweep: Sweep) -> str:
    """Return what to type next."""
    return f"glassnet train {shlex.quote(recipe.data.root)} --lr {sweep.suggestion:.2g}"
