"""`evaluate`: open the sealed test set, count that it was opened, score the run on it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glassnet.errors import DataError
from glassnet.pipeline.jobs import targets_of
from glassnet.pipeline.measuring import scored
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import prepare
from glassnet.pipeline.reporting import align, try_to_write
from glassnet.pipeline.run import Run, load

if TYPE_CHECKING:
    from glassnet.runs.ledger import Ledger


def evaluate(
    name: str = "last",
    out: str | Path = "runs",
    split: str = "test",
    observer: Observer | None = None,
    ledger: "Ledger | None" = None,
) -> Run:
    """Score a finished run on a split. Raises DataError when the split is empty or its pictures changed since training.

    `ledger` is where the run stands when that is not the file in `out`.
    """
    from glassnet.evaluation.leaks import leak_price
    from glassnet.runs.ledger import Ledger

    observer = observer or Observer()
    run = load(name, out)
    quiet = Observer()
    prepared = align(run, prepare(run.recipe, Path(out), quiet))
    rows = prepared.lock.rows(split)
    if not len(rows):
        raise DataError(f"{run.name} has no {split} pictures. They are set aside before training, with --test 0.15.")
    ledger = ledger or Ledger(out)
    if split == "test":
        ledger.opened_test(ledger.row(run.name).id)
    predictor = run.predictor
    task = predictor.task
    everything = np.concatenate([prepared.lock.train, rows]) if task.one_class else rows
    targets = targets_of(prepared, everything)
    read = predictor.read(prepared.store.pixels[rows])
    scores = scored(prepared, run.recipe, task, targets, split, read, predictor.model.temperature, predictor.threshold)
    leaked_rows = prepared.audit.leaks.get(split, ())
    if len(leaked_rows):
        right = task.per_picture(read, targets[rows])
        price = leak_price(right, np.isin(rows, np.asarray(leaked_rows)), split)
        scores = replace(
            scores, warnings=(price.sentence, *scores.warnings), tables=scores.tables | {"leaks": price.as_dict()}
        )
    run.folder.write_scores(scores)
    ledger.record_scores(ledger.row(run.name).id, scores)
    try_to_write(run, prepared, out, observer.line)
    return run
