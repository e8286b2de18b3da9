"""`train` and `resume`: from the recipe to a finished run folder with model, scores on validation and verdict."""

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from glassnet import durable
from glassnet.data.catalog import Catalog
from glassnet.data.lock import read_lock, write_lock
from glassnet.errors import DataError, RecipeError
from glassnet.pipeline.choices import resolve_for, tell_choices
from glassnet.pipeline.jobs import import_rooms, job_of
from glassnet.pipeline.logged import Logged
from glassnet.pipeline.measuring import Measured, measure_split
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import Prepared, prepare
from glassnet.pipeline.reporting import try_to_write
from glassnet.pipeline.run import Run
from glassnet.recipe import Recipe
from glassnet.runs import names
from glassnet.runs.environment import code_version, environment, machine
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
        folder.write_recipe(resolved)
        folder.write_choices(choices)
        durable.write_json(folder.environment, environment())
        durable.write_json(folder.audit, prepared.audit.as_dict())
        write_lock(folder.lock, prepared.lock)
        return _go(_Work(folder, ledger, number, resolved, prepared, observer, started, out, command), resume=False)


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
        number = ledger.row(folder.name).id
        return _go(_Work(folder, ledger, number, prepared.recipe, prepared, observer, started, Path(out)), resume=True)


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


@dataclass
class _Work:
    folder: RunFolder
    ledger: Any
    number: int
    recipe: Recipe
    prepared: Prepared
    observer: Logged
    started: float
    out: Path
    command: str = ""


def _go(work: _Work, resume: bool) -> Run:
    ledger = work.ledger
    work.observer.keep(work.folder)
    claim = ledger.claim(work.number, abandoned=True)
    if claim is None:
        raise RecipeError(f"{work.folder.name} is taken by another process.")
    ledger.begin(
        claim,
        work.recipe,
        data_hash=work.prepared.lock.digest,
        code_version=code_version(),
        machine=machine(),
        epochs_planned=work.recipe.train.epochs,
    )
    try:
        run, scores = _fit(work, claim, resume)
    except BaseException as error:
        _record_failure(ledger, claim, error)
        work.observer.line_kept(f"{type(error).__name__}: {error}")
        raise
    ledger.finish(claim, epochs_done=len(run.history), scores=scores)
    try_to_write(run, work.prepared, work.out, work.observer.line)
    return run


def _record_failure(ledger: Any, claim: Any, error: BaseException) -> None:
    """Put the failure on record; a ledger that cannot be written must not hide the first error."""
    try:
        ledger.fail(claim, error)
    except Exception as second:
        error.add_note(f"The ledger could not record this: {second}")


def _fit(work: _Work, claim: Any, resume: bool) -> tuple[Run, list]:
    from glassnet.networks.files import save_model
    from glassnet.training import fit

    prepared, recipe, folder = work.prepared, work.recipe, work.folder
    job = job_of(recipe, prepared, folder.path, resume, work.started)

    def on_event(event: Any) -> None:
        ledger_event(work.ledger, claim, event)
        work.observer.training(event)

    work.observer.line(f"\ntraining {folder.name}")
    fitted = fit(job, on_event)
    work.observer.line(f"  {fitted.reason}")
    network, task = job.network.to("cpu"), job.task
    folder.write_choices([*folder.read_choices(), *fitted.choices])
    try:
        found = measure_split(prepared, recipe, network, task, job.targets, "validation", fitted.history, work.command)
    except DataError as error:  # as when no validation picture shows a thing: the network is there all the same
        work.observer.line(f"  no score on validation: {error}")
        found = Measured()
    extra: dict[str, Any] = {"views": recipe.train.views or "one", "run": folder.name}
    if found.threshold is not None:
        extra["threshold"] = found.threshold
    save_model(folder.path, network, task=task.name, pixels=prepared.pixels, temperature=found.temperature, extra=extra)
    if found.scores is not None and found.verdict is not None:
        folder.write_scores(found.scores)
        durable.write_json(folder.path / "verdict.json", found.verdict.as_dict())
    return Run(folder), [found.scores] if found.scores is not None else []


def ledger_event(ledger: Any, claim: Any, event: Any) -> None:
    """Give the ledger its sign of life."""
    kind = type(event).__name__
    if kind == "EpochDone":
        ledger.beat(claim, event.row.epoch)
    elif kind == "StepDone":
        ledger.beat(claim)
