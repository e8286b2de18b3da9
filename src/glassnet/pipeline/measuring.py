"""Outputs to scores, temperature, trivial models and verdict: what `train` does for validation and `eval` for the sealed test set."""

from typing import Any

import numpy as np

from glassnet.evaluation import measure
from glassnet.evaluation.baselines import near, trivial
from glassnet.evaluation.calibration import fit_temperature
from glassnet.evaluation.scores import Scores
from glassnet.evaluation.verdict import Verdict, verdict
from glassnet.pipeline.prepare import Prepared
from glassnet.recipe import Recipe

_TRAIN_SAMPLE = 2000  # enough to see a gap of a few points; a second look at every training picture would cost an epoch


def measure_split(
    prepared: Prepared,
    recipe: Recipe,
    network: Any,
    task: Any,
    targets: np.ndarray,
    split: str,
    history: Any,
    command: str = "",
) -> tuple[Scores | None, float, Verdict | None]:
    """Return scores of one split, the temperature fitted on it, and the verdict; (None, 1.0, None) without pictures."""
    from glassnet.training.answers import outputs

    rows = prepared.lock.rows(split)
    if not len(rows):
        return None, 1.0, None
    classes, views, pixels = prepared.catalog.classes, recipe.train.views or "one", prepared.store.pixels
    logits = outputs(network, pixels, rows, views)
    temperature = fit_temperature(logits, targets[rows])
    scores = scored(prepared, recipe, task, targets, split, logits, temperature)
    sample = prepared.lock.train
    if len(sample) > _TRAIN_SAMPLE:
        sample = sample[np.linspace(0, len(sample) - 1, _TRAIN_SAMPLE).astype(np.int64)]
    seen = measure(task, outputs(network, pixels, sample, views), targets[sample], classes, "train")
    return scores, temperature, verdict(history, seen, scores, scores.trivial, recipe, command)


def scored(
    prepared: Prepared,
    recipe: Recipe,
    task: Any,
    targets: np.ndarray,
    split: str,
    logits: np.ndarray,
    temperature: float,
) -> Scores:
    """Return the scores of one split beside what trivial models reach on it."""
    rows, classes = prepared.lock.rows(split), prepared.catalog.classes
    scores = measure(
        task, logits, targets[rows], classes, split, seed=recipe.train.seed, temperature=temperature, rows=rows
    )
    simple = trivial(prepared.store.pixels, targets, prepared.lock.train, rows, classes, recipe.train.seed, split)
    return scores.with_trivial(simple, (*near(scores.main, simple), *simple.notes))
