"""`reproduce`: run a run again from its record, and say whether it gives the same bits.

Everything is as recorded: the recipe with all that was chosen, who is in which split, device, precision and threads, and with `minutes` the
epochs that the clock decided. The run done again is a run on the record like any other; nothing of the first is written over.
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from glassnet import durable
from glassnet.choice import Choice
from glassnet.data.catalog import Catalog
from glassnet.data.lock import read_lock
from glassnet.errors import DataError, GlassnetError, RecipeError
from glassnet.pipeline.decided import Decided, decided
from glassnet.pipeline.jobs import import_rooms
from glassnet.pipeline.logged import Logged
from glassnet.pipeline.notebook import observer_here
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import Prepared, prepare
from glassnet.pipeline.recorded import Judge, Work, carry_out, write_beginning
from glassnet.pipeline.reporting import try_to_write
from glassnet.pipeline.reproduced import Reproduced
from glassnet.pipeline.run import Run
from glassnet.pipeline.side_by_side import compare
from glassnet.recipe import Recipe
from glassnet.runs import names
from glassnet.runs.folder import RunFolder, find
from glassnet.training.budget import PLANS

_ENDED = ("done", "failed", "pruned")
VERDICT = "reproduced.json"


def reproduce(
    run: str | Run = "last",
    out: str | Path = "runs",
    observer: Observer | None = None,
    *,
    quiet: bool = False,
    threads: int | None = None,
    catalog: Catalog | None = None,
    ledger: Any = None,
) -> Reproduced:
    """Run a run again as `<name>-again-001` and compare the two. The test set stays sealed.

    `run` is a name, `last` (the newest that is done) or a `Run`, whose folder then says where; `threads` are others than on record;
    `catalog` is given when the pictures are arrays in memory; `ledger` where that is not the file in `out`. Progress is shown where the
    code runs, unless `quiet`. Raises RecipeError for a run that has not ended or left no record, DataError before any training when the
    pictures are not those of the record, and whatever training raises, except where the first run failed in the same way.
    """
    from glassnet.runs.ledger import Ledger

    _check_alone()
    watching, started = Logged(observer or observer_here(quiet)), time.monotonic()
    if isinstance(run, Run):
        folder, out = run.folder, run.folder.path.parent
    else:
        folder, out = find(out, run, finished=run == "last"), Path(out)
    _check_ended(folder)
    made = decided(folder)
    recipe, told = _as_recorded(folder, made, threads)
    watching.line(f"running {folder.name} again")
    for sentence in told:
        watching.line(f"  {sentence}")
    prepared = _prepared(folder, recipe, out, watching, catalog)
    book = ledger or Ledger(out)
    again = names.create(out, f"{folder.name}-again", book.names())
    with again.held():
        number = book.plan(again.name, recipe, again, task=prepared.catalog.task)
        write_beginning(again, recipe, _reasons(folder), prepared)
        claim = book.claim(number, abandoned=True)
        if claim is None:
            raise RecipeError(f"{again.name} is taken by another process.")
        plans = made.plans if folder.read_recipe().train.minutes is not None else ()
        work = Work(again, book, claim, recipe, prepared, watching, started, plans=plans)
        found = _train(work, folder)
        result = compare(folder, again, tuple(told))
        durable.write_json(again.path / VERDICT, result.as_dict())
        watching.line_kept(result.text())
        if found is not None:
            try_to_write(found, prepared, out, watching.line)
    return result


def _check_alone() -> None:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise RecipeError("`glassnet reproduce` trains in one process. Start it without torchrun.")


def _check_ended(folder: RunFolder) -> None:
    """Raise RecipeError for a run that is not over, or that ended before there was something to run again."""
    state = folder.state()
    if state == "running":
        raise RecipeError(f"{folder.name} is being trained right now. Wait for its end.")
    if state == "interrupted":
        raise RecipeError(f"{folder.name} has not ended. Go on with it first: `glassnet resume {folder.name}`.")
    if state not in _ENDED or not all(path.exists() for path in (folder.recipe, folder.lock, folder.environment)):
        raise RecipeError(f"{folder.name} is {state} and never began to train, so there is nothing to run again.")


def _as_recorded(folder: RunFolder, made: Decided, threads: int | None) -> tuple[Recipe, list[str]]:
    """Return the recipe with what the machine and the clock decided, and sentences on what cannot be as it was."""
    from glassnet.training.machine import choose_device

    recipe, told = folder.read_recipe(), []
    known = {"train.device": made.device, "train.threads": threads or made.threads, "train.precision": made.precision}
    overrides: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
    if made.device is not None:
        try:
            choose_device(made.device)
        except RecipeError:
            overrides["train.device"] = None
            told.append(f"it was trained on {made.device}, which is not here")
    if recipe.train.minutes is not None and made.plans:
        overrides |= {"train.minutes": None, "train.epochs": made.plans[-1][2]}
    elif recipe.train.minutes is not None:
        told.append("its record does not say how many epochs fitted the minutes, so the clock decides anew")
    missing = [name.partition(".")[2] for name in known if name not in overrides and not recipe.is_set(name)]
    if missing:
        told.append(f"its record does not say {' and '.join(missing)}, because it ended early, so that is chosen anew")
    return recipe.changed(overrides), told


def _reasons(folder: RunFolder) -> list[Choice]:
    """The choices behind the recipe, with their reasons; those of machine and clock are made again."""
    own = {"machine.allocator", "train.device", "train.threads", "train.precision", "train.validate_every", PLANS}
    minutes = folder.read_recipe().train.minutes is not None
    choices = folder.read_choices() if folder.choices.exists() else []
    return [c for c in choices if c.field not in own and not (minutes and c.field == "train.epochs")]


def _prepared(folder: RunFolder, recipe: Recipe, out: Path, observer: Observer, catalog: Catalog | None) -> Prepared:
    """Return the pictures on the sides where they were. Raises DataError, which says what is changed, gone, new or relabelled."""
    if catalog is None and recipe.data.root == "arrays":
        raise RecipeError(
            f"{folder.name} was trained on arrays in memory, which are not on record. Give them: "
            "`gn.reproduce(run, catalog=from_arrays(X, y))`."
        )
    prepared = prepare(recipe, out, _Progress(observer), catalog, meanwhile=import_rooms)
    lock = read_lock(folder.lock)
    changes = lock.check(prepared.catalog, prepared.store)
    if changes:
        raise DataError(
            f"The pictures in {prepared.catalog.root} are not those that {folder.name} was trained on: {changes.text()}. "
            "So it cannot be run again, and nothing was trained. Put them back; or train on them as they are, as a new run."
        )
    aligned = lock.align(prepared.catalog, prepared.store)
    sizes = (
        f"{aligned.train.size:,} train · {aligned.validation.size:,} validation · {aligned.test.size:,} test (sealed)"
    )
    observer.line(f"pictures as on record (data hash {aligned.digest[:12]}…): {sizes}")
    return replace(prepared, lock=aligned)


def _train(work: Work, first: RunFolder) -> Run | None:
    """Train; give up where the first run was given up; a failure like that of the first is part of the answer."""
    try:
        return carry_out(work, resume=False, judge=_judge(first))
    except Exception as error:  # a bug fails with code 70, and may do so again
        if first.state() != "failed" or _exit_code(error) != first.read_record().get("exit_code"):
            raise
        return None


def _judge(first: RunFolder) -> Judge | None:
    if first.state() != "pruned":
        return None
    last = int(first.read_record().get("epochs_done") or 0)
    return lambda row: f"given up after epoch {last}, as {first.name} was" if row.epoch >= last else None


def _exit_code(error: Exception) -> int:
    if isinstance(error, GlassnetError):
        return error.exit_code
    return 6 if isinstance(error, MemoryError) else 70


class _Progress(Observer):
    """Passes on bars alone: what is said of the pictures was said when they were first seen."""

    def __init__(self, inner: Observer) -> None:
        self.progress: Callable[[str, int, int], None] = inner.progress  # type: ignore[method-assign]
