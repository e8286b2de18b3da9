"""One training on the record: from a claimed row of the ledger and prepared pictures to a run folder with model, scores and verdict.

`train`, `resume` and the workers of a sweep all come through here, so that whatever is stopped, pruned or fails leaves the same traces.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from glassnet import durable
from glassnet.choice import Choice
from glassnet.data.lock import write_lock
from glassnet.errors import DataError
from glassnet.pipeline.jobs import job_of
from glassnet.pipeline.logged import Logged
from glassnet.pipeline.measuring import Measured, Simple, measure_split
from glassnet.pipeline.prepare import Prepared
from glassnet.pipeline.run import Run
from glassnet.recipe import Recipe
from glassnet.runs.environment import code_version, environment, machine
from glassnet.runs.folder import RunFolder

Judge = Callable[[Any], str | None]
"""Told each row of the history; a sentence ends the run there and is the reason on record."""


@dataclass(frozen=True)
class Work:
    """What is about to train. The caller holds the folder's lock and the claim; `started` is the clock of `train.minutes`.

    `targets` are those of `jobs.taught_targets`, where another run over the same pictures has them at hand. `plans` are those of another
    run to follow, as `Job` takes them. `simple` holds what other runs over the same pictures found of answers without a network.
    """

    folder: RunFolder
    ledger: Any
    claim: Any
    recipe: Recipe
    prepared: Prepared
    observer: Logged
    started: float
    command: str = ""
    targets: np.ndarray | None = None
    plans: tuple[tuple[int, int, int], ...] = ()
    simple: Simple | None = None


class Pruned(Exception):  # noqa: N818  it is a decision, not a fault
    """Raised inside training when the judge gives a run up; the text is the reason."""


def write_beginning(folder: RunFolder, recipe: Recipe, choices: Sequence[Choice], prepared: Prepared) -> None:
    """Write what is known of a run before its first step: resolved recipe, choices, machine, audit, split."""
    folder.write_recipe(recipe)
    folder.write_choices(choices)
    durable.write_json(folder.environment, environment())
    durable.write_json(folder.audit, prepared.audit.as_dict())
    write_lock(folder.lock, prepared.lock)


def carry_out(work: Work, resume: bool, judge: Judge | None = None) -> Run | None:
    """Train, measure on validation, put it on record. Return the run, or None when the judge gave it up.

    Raises what training raises, once the failure is on record.
    """
    ledger, claim = work.ledger, work.claim
    work.observer.keep(work.folder)
    ledger.begin(
        claim,
        work.recipe,
        folder=work.folder.name,
        data_hash=work.prepared.lock.digest,
        code_version=code_version(),
        machine=machine(),
        epochs_planned=work.recipe.train.epochs,
    )
    try:
        with ledger.kept_alive(claim):  # a long validation takes no step, and must not look like a dead process
            run, measured = _fit(work, resume, judge)
    except Pruned as given_up:
        work.observer.line_kept(str(given_up))
        ledger.prune(claim, str(given_up))
        return None
    except BaseException as error:
        _record_failure(ledger, claim, error)
        work.observer.line_kept(f"{type(error).__name__}: {error}")
        raise
    scores = [] if measured.scores is None else [measured.scores]
    marks = {} if measured.marks is None else {"validation": measured.marks}
    ledger.finish(claim, epochs_done=len(run.history), scores=scores, marks=marks)
    return run


def _fit(work: Work, resume: bool, judge: Judge | None) -> tuple[Run, Measured]:
    from glassnet.networks.files import save_model
    from glassnet.training import fit

    prepared, recipe, folder = work.prepared, work.recipe, work.folder
    job = job_of(recipe, prepared, folder.path, resume, work.started, work.targets)
    job = replace(job, plans=work.plans) if work.plans else job

    def on_event(event: Any) -> None:
        _sign_of_life(work.ledger, work.claim, event)
        work.observer.training(event)
        if judge is not None and type(event).__name__ == "EpochDone" and event.row.step < event.steps:
            reason = judge(event.row)
            if reason is not None:
                raise Pruned(reason)

    work.observer.line(f"\ntraining {folder.name}")
    fitted = fit(job, on_event)
    work.observer.line(f"  {fitted.reason}")
    network, task = job.network.to("cpu"), job.task
    folder.write_choices([*folder.read_choices(), *fitted.choices])
    try:
        found = measure_split(
            prepared, recipe, network, task, job.targets, "validation", fitted.history, work.command, work.simple
        )
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
    return Run(folder), found


def _sign_of_life(ledger: Any, claim: Any, event: Any) -> None:
    kind = type(event).__name__
    if kind == "EpochDone":
        ledger.epoch(claim, event.row)
    elif kind == "StepDone":
        ledger.beat(claim)


def _record_failure(ledger: Any, claim: Any, error: BaseException) -> None:
    """Put the failure on record; a ledger that cannot be written must not hide the first error."""
    try:
        ledger.fail(claim, error)
    except Exception as second:
        error.add_note(f"The ledger could not record this: {second}")
