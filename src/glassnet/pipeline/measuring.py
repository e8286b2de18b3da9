"""From what the network says to scores, temperature, threshold, trivial models and verdict: what `train` does for validation and `eval` for
the sealed test set.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.data.frames import frames
from glassnet.data.truths import truths
from glassnet.evaluation import measure
from glassnet.evaluation.baselines import near
from glassnet.evaluation.scores import Scores
from glassnet.evaluation.verdict import Verdict, verdict
from glassnet.pipeline.prepare import Prepared
from glassnet.recipe import Recipe

_TRAIN_SAMPLE = 2000  # enough to see a gap of a few points; a second look at every training picture would cost an epoch
_DENSE_SAMPLE = 300  # boxes and masks take longer to score than classes


@dataclass(frozen=True)
class Measured:
    """What validation says: `scores` (None without pictures), and what was chosen on it: a temperature, and an operating threshold."""

    scores: Scores | None = None
    temperature: float = 1.0
    threshold: float | None = None
    verdict: Verdict | None = None


def measure_split(
    prepared: Prepared,
    recipe: Recipe,
    network: Any,
    task: Any,
    targets: np.ndarray,
    split: str,
    history: Any,
    command: str = "",
) -> Measured:
    """Return what one split says of a network, and choose temperature and threshold on it."""
    from glassnet.evaluation.calibration import fit_temperature
    from glassnet.training.answers import answers

    rows = prepared.lock.rows(split)
    if not len(rows):
        return Measured()
    classes, views, pixels = prepared.catalog.classes, recipe.train.views or "one", prepared.store.pixels
    read = answers(network, task, pixels, rows, views)
    temperature = fit_temperature(read, targets[rows]) if task.one_class else 1.0
    threshold = task.threshold(read, targets[rows])
    scores = scored(prepared, recipe, task, targets, split, read, temperature, threshold)
    sample, most = prepared.lock.train, _TRAIN_SAMPLE if task.one_class else _DENSE_SAMPLE
    if len(sample) > most:
        sample = sample[np.linspace(0, len(sample) - 1, most).astype(np.int64)]
    told = answers(network, task, pixels, sample, views)
    options = truth_options(prepared, task, sample)
    seen = measure(task, told, targets[sample], classes, "train", threshold=threshold, **options)
    found = verdict(history, seen, scores, scores.trivial, recipe, command)
    return Measured(scores, temperature, threshold, found)


def scored(
    prepared: Prepared,
    recipe: Recipe,
    task: Any,
    targets: np.ndarray,
    split: str,
    read: np.ndarray,
    temperature: float,
    threshold: float | None = None,
) -> Scores:
    """Return the scores of one split beside what answers without a network reach on it."""
    from glassnet.evaluation import arithmetic

    rows, classes, train = prepared.lock.rows(split), prepared.catalog.classes, prepared.lock.train
    options = truth_options(prepared, task, rows)
    scores = measure(
        task, read, targets[rows], classes, split,
        seed=recipe.train.seed, temperature=temperature, threshold=threshold, rows=rows, **options,
    )  # fmt: skip
    known = {} if task.one_class else {
        "truths": options["truths"],
        "train_truths": truths(prepared.catalog, prepared.store, train),
    }  # fmt: skip
    simple = task.trivial(
        arithmetic, split,
        pixels=prepared.store.pixels, targets=targets, train_rows=train, rows=rows, classes=classes, seed=recipe.train.seed,
        frames=options.get("frames"), train_frames=None if task.one_class else frames(prepared.store, train), **known,
    )  # fmt: skip
    return scores.with_trivial(simple, (*near(scores.main, simple), *getattr(simple, "notes", ())))


def truth_options(prepared: Prepared, task: Any, rows: np.ndarray) -> dict[str, Any]:
    """Return what a dense task is scored against, in original pixels; nothing for a task with one class per picture."""
    if task.one_class:
        return {}
    return {
        "truths": truths(prepared.catalog, prepared.store, rows),
        "frames": frames(prepared.store, rows),
    }
