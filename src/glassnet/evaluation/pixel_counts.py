"""Pixel counts of pictures, the figures that follow from them, and their intervals.

Pixels are counted over the whole split, as is usual (PASCAL VOC, Cityscapes): IoU of a class is right pixels / pixels of the class in truth
or answer, and mean IoU runs over the classes that have any. Ignored pixels are left out. Pixels of one picture are not independent, so
pictures are resampled, each with its own counts: exact, and as quick as a matrix product.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glassnet.data.truths import IGNORED
from glassnet.evaluation.averages import resampled_share
from glassnet.evaluation.intervals import resampled_weights
from glassnet.evaluation.scores import Figure


@dataclass(frozen=True)
class Counts:
    """Pixels of each class in each picture, float64 (n, K) each: `hits` are right, `truths` are of the class, `answers` were given it."""

    hits: np.ndarray
    truths: np.ndarray
    answers: np.ndarray

    def weighted(self, weights: np.ndarray) -> "Counts":
        """Return the counts of whole resamples: weights (b, n) give (b, K)."""
        return Counts(weights @ self.hits, weights @ self.truths, weights @ self.answers)

    def total(self) -> "Counts":
        """Return the counts of the whole split, (K,)."""
        return Counts(self.hits.sum(0), self.truths.sum(0), self.answers.sum(0))

    def without_each(self) -> "Counts":
        """Return the counts of the split without each picture in turn, (n, K): the jackknife."""
        whole = self.total()
        return Counts(whole.hits - self.hits, whole.truths - self.truths, whole.answers - self.answers)

    def of_classes(self) -> dict[str, np.ndarray]:
        """Return figures of each class, like the counts; NaN where the class gives none."""
        return {
            "iou": _ratio(self.hits, self.truths + self.answers - self.hits),
            "dice": _ratio(2 * self.hits, self.truths + self.answers),
            "precision": _ratio(self.hits, self.answers),
            "recall": _ratio(self.hits, self.truths),
        }

    def averaged(self) -> dict[str, np.ndarray]:
        """Return figures over all classes, without the last axis of the counts; NaN where no pixel counts."""
        rows = self.of_classes()
        return {
            "mean_iou": mean_of_known(rows["iou"]),
            "mean_dice": mean_of_known(rows["dice"]),
            "pixel_accuracy": _ratio(self.hits.sum(-1), self.truths.sum(-1)),
            "mean_class_accuracy": mean_of_known(rows["recall"]),
        }


def count_figures(
    counts: Counts, classes: Sequence[str], split: str, seed: int, resamples: int
) -> tuple[dict[str, Figure], dict[str, dict[str, Figure]]]:
    """Return (figures over all classes, figures of each class), every interval from the same resamples of the pictures.

    A class that resampling left out of a resample is left out of its mean too. n of a class counts the pictures that hold it, in truth or
    answer. Pictures without a pixel that counts are left out; there must be one that has some.
    """
    known = counts.truths.sum(1) > 0
    counts = Counts(counts.hits[known], counts.truths[known], counts.answers[known])
    n = len(counts.hits)
    drawn = [counts.weighted(weights) for weights in resampled_weights(n, resamples, seed, "pixels")]
    total, left_out = counts.total(), counts.without_each()

    def samples(take: str) -> dict[str, np.ndarray]:
        parts = [getattr(block, take)() for block in drawn]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    spread, jackknife = samples("averaged"), left_out.averaged()
    figures = {
        name: resampled_share(spread[name], float(value), float(value) - jackknife[name], n, split)
        for name, value in total.averaged().items()
    }
    spread, jackknife = samples("of_classes"), left_out.of_classes()
    shown = ((counts.truths + counts.answers) > 0).sum(0)
    per_class: dict[str, dict[str, Figure]] = {name: {} for name in classes}
    for name, values in total.of_classes().items():
        for k in np.flatnonzero(np.isfinite(values)).tolist():
            moved = float(values[k]) - jackknife[name][:, k]
            per_class[classes[k]][name] = resampled_share(
                spread[name][:, k], float(values[k]), moved, int(shown[k]), split
            )
    return figures, per_class


def counts_of(truth: np.ndarray, answer: np.ndarray, classes: int) -> np.ndarray:
    """Return int64 (K, K) pixel counts of one picture, row the truth, column the answer; where truth is 255 nothing counts.

    Both are uint8 (H, W) class numbers. Raises ValueError for other shapes or numbers.
    """
    if truth.shape != answer.shape:
        raise ValueError(f"an answer of {answer.shape} pixels does not fit a picture of {truth.shape}")
    kept = truth != IGNORED
    known, given = truth[kept].astype(np.int64), answer[kept]
    if known.size and max(int(known.max()), int(given.max())) >= classes:
        raise ValueError(f"class numbers must be below {classes}")
    known *= classes
    known += given
    return np.bincount(known, minlength=classes * classes).reshape(classes, classes)


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis without its NaN; NaN where nothing is left."""
    known = np.isfinite(values)
    return _ratio(np.where(known, values, 0.0).sum(-1), known.sum(-1))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    above, below = np.asarray(above, np.float64), np.asarray(below, np.float64)
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)
