"""What is reached without looking at a picture where every pixel is asked for: one class everywhere, and the usual class of each region."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from glassnet.data.truths import IGNORED
from glassnet.evaluation.baselines import GRID, ONE_CLASS, Trivial
from glassnet.evaluation.intervals import RESAMPLES
from glassnet.evaluation.pixel_counts import Counts, count_figures
from glassnet.randomness import permutation

if TYPE_CHECKING:
    from glassnet.data.truths import Truth

CELLS = 8
_TRAIN_CAP = 500  # a truth has to be read from its file; the usual class of a region is known after a few hundred


def pixel_trivial(
    training: "Sequence[Truth]",
    asked: "Sequence[Truth]",
    classes: Sequence[str],
    split: str,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Trivial:
    """Return the mean IoU on `asked` of two answers: the largest class of `training` everywhere, and in each cell of an 8×8 grid over the
    picture the class that most training pixels there have. At most 500 training pictures are looked at, drawn at random; a note says so.
    """
    k = len(classes)
    chosen = np.sort(permutation(seed, 0, len(training), "trivial pixels")[:_TRAIN_CAP])
    usual = sum(
        (grid_counts(training[int(i)].classes_map(), k) for i in chosen), np.zeros((CELLS * CELLS, k), np.int64)
    )
    if not usual.any() or not len(asked):
        return Trivial(
            {}, (f"No trivial models: there are {len(training)} training and {len(asked)} {split} pictures.",)
        )
    largest = int(usual.sum(0).argmax())
    # A cell that no training pixel with a class ever lay in is given the largest class.
    regions = np.where(usual.any(1), usual.argmax(1), largest)
    answers = {ONE_CLASS: np.full(CELLS * CELLS, largest), GRID: regions}
    margins = {name: np.zeros((3, len(asked), k)) for name in answers}
    for i, truth in enumerate(asked):
        there = grid_counts(truth.classes_map(), k)
        for name, answer in answers.items():
            margins[name][:, i] = _margins(there, answer)
    if not margins[GRID].any():
        return Trivial({}, (f"No trivial models: every pixel of the {len(asked)} {split} pictures is ignored.",))
    found = {name: count_figures(Counts(*m), classes, split, seed, resamples)[0] for name, m in margins.items()}
    notes = ()
    if len(chosen) < len(training):
        known = f"{len(chosen):,} of {len(training):,} training pictures"
        notes = (f"Trivial models know {known}, drawn at random, because of time.",)
    return Trivial({name: figures["mean_iou"] for name, figures in found.items()}, notes)


def grid_counts(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return int64 (64, K): pixels of each class in each cell of the grid over one picture, uint8 (H, W); 255 counts nowhere."""
    height, width = labels.shape
    rows = np.arange(height) * CELLS // height
    columns = np.arange(width) * CELLS // width
    kept = labels != IGNORED
    codes = ((rows[:, None] * CELLS + columns[None, :]) * classes)[kept] + labels[kept]
    return np.bincount(codes, minlength=CELLS * CELLS * classes).reshape(CELLS * CELLS, classes)


def _margins(there: np.ndarray, answer: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right, true and answered pixels of each class, (K,) each, of a picture with these cells (64, K), each given one class of `answer`."""
    k = there.shape[1]
    hits = np.bincount(answer, there[np.arange(len(answer)), answer], k)
    return hits, there.sum(0), np.bincount(answer, there.sum(1), k)
