"""`train` and `resume`: from the recipe to a finished run folder with model, scores on validation and verdict."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from glassnet.data.catalog import Catalog
from glassnet.data.lock import read_lock
from glassnet.errors import DataError, RecipeError
from glassnet.pipeline.choices import resolve_for, tell_choices
from glassnet.pipeline.jobs import import_rooms, job_of
from glassnet.pipeline.logged import Logged
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import Prepared, prepare
from glassnet.pipeline.recorded import Work, carry_out, write_beginning
from glassnet.pipeline.reporting import try_to_write
from glassnet.pipeline.run import Run
from glassnet.recipe import Recipe
from glassnet.runs import names
from glassnet.runs.folder import RunFolder, find, resumable, runs


def train(
    recipe: Recipe,
    out: str | Path = "runs",
    name: str | None = None,
    observer: Observer | None = None,
    catalog: Catalog | None = None,
    command: str = "",
) -> Run | None:
    """Prepare, train, measure on validation, write the run folder and the ledger. The test split stays sealed.

    `command` is what the user typed, which the verdict's advice builds on. Under torchrun only the first process writes and returns the
    run; the others train along and return None.
    Raises what the rooms raise: DataError, RecipeError, StorageError, NumericError, InterruptedRun (everything saved) and so on.
    """
    from glassnet.runs.ledger import Ledger

    first = is_first_process()
    observer, out, started = Logged((observer if first else None) or Observer()), Path(out), time.monotonic()
    prepared = prepare(recipe, out, observer, catalog, meanwhile=import_rooms)
    resolved, choices = resolve_for(prepared)
    tell_choices(choices, observer)
    if not first:
        return _train_along(resolved, prepared, out)
    ledger = Ledger(out)
    folder = names.create(out, names.stem(resolved.data.root, resolved.network), ledger.names(), name)
    with folder.held():
        number = ledger.plan(folder.name, resolved, folder, task=prepared.catalog.task)
        write_beginning(folder, resolved, choices, prepared)
        claim = _claim(ledger, number, folder.name)
        return _go(Work(folder, ledger, claim, resolved, prepared, observer, started, command), False, out)


def resume(name: str = "last", out: str | Path = "runs", observer: Observer | None = None) -> Run | None:
    """Go on with an interrupted run. Raises DataError when its pictures changed, RecipeError when there is nothing to resume."""
    from glassnet.runs.ledger import Ledger

    observer, started = Logged(observer or Observer()), time.monotonic()
    if not is_first_process():
        folder = _unfinished(out) if name == "last" else find(out, name)
        return _train_along(
            folder.read_recipe(), _prepared_again(folder, Path(out), Observer()), Path(out), resume=True
        )
    folder = resumable(out) if name == "last" else find(out, name)
    if folder is None:
        raise RecipeError(f"There is no unfinished run in {out}. `glassnet runs` lists what there is.")
    if not folder.can_resume():
        raise RecipeError(f"{folder.name} is {folder.state()}, so there is nothing to resume.")
    observer.line(f"resuming {folder.name}")
    with folder.held():
        prepared = _prepared_again(folder, Path(out), observer)
        ledger = Ledger(out)
        claim = _claim(ledger, ledger.row(folder.name).id, folder.name)
        return _go(Work(folder, ledger, claim, prepared.recipe, prepared, observer, started), True, Path(out))


def _prepared_again(folder: RunFolder, out: Path, observer: Observer) -> Prepared:
    """Prepare the pictures of a run and put them on the sides they were on. Raises DataError when they changed."""
    prepared = prepare(folder.read_recipe(), out, observer, meanwhile=import_rooms)
    lock = read_lock(folder.lock)
    changes = lock.check(prepared.catalog, prepared.store)
    if changes:
        raise DataError(f"The pictures changed since {folder.name} began: {changes}. Put them back, or train anew.")
    return replace(prepared, lock=lock.align(prepared.catalog, prepared.store))


def _unfinished(out: str | Path) -> RunFolder:
    """The newest run without an end: what the first process resumes, whether or not it holds it by now."""
    found = [
        run
        for run in runs(out)
        if run.recipe.exists() and run.state() in ("planned", "running", "interrupted", "failed")
    ]
    if not found:
        raise RecipeError(f"There is no unfinished run in {out}.")
    return found[-1]


def is_first_process() -> bool:
    """Whether this process writes and speaks: always, unless torchrun started it as a later rank."""
    return os.environ.get("RANK", "0") == "0" or int(os.environ.get("WORLD_SIZE", "1")) <= 1


def _train_along(recipe: Recipe, prepared: Prepared, out: Path, resume: bool = False) -> None:
    """What the later ranks of torchrun do: take every step with the first, write nothing."""
    from glassnet.training import fit

    fit(job_of(recipe, prepared, out / ".rank", resume, time.monotonic()))


def _go(work: Work, resume: bool, out: Path) -> Run | None:
    run = carry_out(work, resume)
    if run is not None:
        try_to_write(run, work.prepared, out, work.observer.line)
    return run


def _claim(ledger: Any, number: int, name: str) -> Any:
    claim = ledger.claim(number, abandoned=True)
    if claim is None:
        raise RecipeError(f"{name} is taken by another process.")
    return claim
