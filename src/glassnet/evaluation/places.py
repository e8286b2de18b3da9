"""From one box per picture to the scores of a localization, every figure with its interval.

There is one thing in each picture and one answer counts: the surest. Mean IoU looks at the box alone; the share of pictures whose box
overlaps by half and whose class is right looks at both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glassnet.data.overlap import paired_iou
from glassnet.errors import DataError
from glassnet.evaluation.averages import mean_share
from glassnet.evaluation.confusion import confusion
from glassnet.evaluation.intervals import RESAMPLES
from glassnet.evaluation.scores import Figure, Scores, rate

if TYPE_CHECKING:
    from glassnet.data.truths import Truth
    from glassnet.tasks.answers import ThingsAnswer

HALF = 0.5
"""IoU from which on a box counts as found, as in PASCAL VOC."""
TOUCH = 0.1
"""IoU below which a box lies somewhere else altogether (TIDE: Bolya et al. 2020, ECCV)."""
FEW = 10
_CELL_ROWS = 24


@dataclass(frozen=True)
class Placed:
    """One answer beside one truth in each of n pictures.

    `truths` and `answers` are class numbers int64 (n,), -1 without an answer; `ious` float64 (n,); `distances` of the centres as shares of
    the picture's diagonal, NaN without an answer; `sure` the confidence; `rows` of the catalog.
    """

    truths: np.ndarray
    answers: np.ndarray
    ious: np.ndarray
    distances: np.ndarray
    sure: np.ndarray
    rows: np.ndarray

    @property
    def right_class(self) -> np.ndarray:
        """Whether the class is right, bool (n,)."""
        return self.truths == self.answers

    @property
    def right(self) -> np.ndarray:
        """Whether box and class are right, bool (n,)."""
        return self.right_class & (self.ious >= HALF)

    def only(self, kept: np.ndarray) -> "Placed":
        """Return the pictures for which `kept` bool (n,) is true."""
        arrays = (self.truths, self.answers, self.ious, self.distances, self.sure, self.rows)
        return Placed(*(values[kept] for values in arrays))


def place_scores(
    answers: "Sequence[ThingsAnswer]",
    truths: "Sequence[Truth]",
    classes: Sequence[str],
    split: str,
    *,
    seed: int = 0,
    rows: np.ndarray | None = None,
    resamples: int = RESAMPLES,
) -> Scores:
    """Score the surest thing of each answer against the one thing in its picture; headline `mean_iou`.

    A picture without an answer has IoU 0 and no class. Pictures whose truth does not hold exactly one thing (crowds do not count) are left
    out, with a warning. `rows` are the catalog rows of the pictures, shown in the tables. Raises DataError where no picture is left.
    """
    classes = tuple(classes)
    if len(answers) != len(truths):
        raise ValueError(f"one answer per picture is needed, got {len(answers)} for {len(truths)} pictures")
    rows = np.arange(len(truths)) if rows is None else np.asarray(rows, np.int64)
    placed = _placed(answers, truths, classes, rows)
    if not len(placed.rows):
        raise DataError(f"No {split} picture holds exactly one thing, so there is nothing to score.")
    warnings = _warnings(placed, len(truths), classes, split)
    figures = _figures(placed, split, seed, resamples)
    per_class = {
        name: _figures(own, split, seed, resamples) if len((own := placed.only(placed.truths == k)).rows) else {}
        for k, name in enumerate(classes)
    }
    tables = {"worst": _worst(placed, classes), "errors": _errors(placed), "confusion": _confusion(placed, classes)}
    return Scores("localize", split, "mean_iou", figures, per_class, tables=tables, warnings=tuple(warnings))


def single(truth: "Truth") -> int | None:
    """Return the place of the one thing in a truth that is no crowd; None where there are none or several."""
    places = np.flatnonzero(~np.asarray(truth.crowd, bool))
    return int(places[0]) if len(places) == 1 else None


def _placed(
    answers: "Sequence[ThingsAnswer]", truths: "Sequence[Truth]", classes: tuple[str, ...], rows: np.ndarray
) -> Placed:
    kept = [i for i, truth in enumerate(truths) if single(truth) is not None]
    numbers = {name: k for k, name in enumerate(classes)}
    n = len(kept)
    labels, given, sure = np.full(n, -1), np.full(n, -1), np.zeros(n)
    boxes, found, diagonals = np.zeros((n, 4)), np.full((n, 4), np.nan), np.ones(n)
    for place, i in enumerate(kept):
        truth, at = truths[i], single(truths[i])
        labels[place], boxes[place] = truth.labels[at], truth.boxes[at]
        diagonals[place] = np.hypot(truth.height, truth.width)
        if answers[i].found:
            best = max(answers[i].found, key=lambda thing: thing.confidence)
            given[place], found[place], sure[place] = numbers[best.label], best.box, best.confidence
    centres = [(box[:, :2] + box[:, 2:]) / 2 for box in (boxes, found)]
    distances = np.hypot(*(centres[0] - centres[1]).T) / diagonals
    return Placed(labels, given, paired_iou(boxes, np.nan_to_num(found)), distances, sure, rows[kept])


def _figures(placed: Placed, split: str, seed: int, resamples: int) -> dict[str, Figure]:
    n = len(placed.rows)
    found = {
        "mean_iou": mean_share(placed.ious, split, seed, "places", resamples),
        "right": rate(int(placed.right.sum()), n, split),
        "iou50": rate(int((placed.ious >= HALF).sum()), n, split),
        "class_accuracy": rate(int(placed.right_class.sum()), n, split),
    }
    answered = placed.distances[np.isfinite(placed.distances)]
    if answered.size:
        # An answer may lie outside the picture, further away than its diagonal: as wrong as it gets.
        found["centre_distance"] = mean_share(answered.clip(max=1.0), split, seed, "centres", resamples)
    return found


def _errors(placed: Placed) -> dict[str, int]:
    """Counts by kind; they add up to the pictures. A box that touches the thing by less than a tenth found background."""
    answered = placed.answers >= 0
    half, touches = placed.ious >= HALF, placed.ious >= TOUCH
    return {
        "found": int(placed.right.sum()),
        "missed": int((~answered).sum()),
        "background": int((answered & ~touches).sum()),
        "wrong_class": int((half & ~placed.right_class).sum()),
        "badly_placed": int((touches & ~half).sum()),
        "double": 0,
    }


def _confusion(placed: Placed, classes: tuple[str, ...]) -> dict:
    """Classes of the pictures that were answered; in each cell first what tells most: sure mistakes, right answers with a bad box."""
    own = placed.only(placed.answers >= 0)
    k = len(classes)
    codes = own.truths * k + own.answers
    order = np.lexsort((np.where(own.right_class, own.ious, -own.sure), codes))
    used, starts = np.unique(codes[order], return_index=True)
    groups = np.split(order, starts[1:])
    cells = [
        [*divmod(int(code), k), own.rows[group[:_CELL_ROWS]].tolist()] for code, group in zip(used, groups, strict=True)
    ]
    counts = confusion(own.truths, own.answers, k)
    return {"classes": list(classes), "counts": counts.tolist(), "cells": cells, "unit": "pictures"}


def _worst(placed: Placed, classes: tuple[str, ...]) -> list[dict]:
    """Every picture, the lowest IoU first; of equal ones those with the wrong class."""
    return [
        {
            "row": int(placed.rows[i]),
            "score": float(placed.ious[i]),
            "truth": classes[placed.truths[i]],
            "answer": classes[placed.answers[i]] if placed.answers[i] >= 0 else None,
            "confidence": float(placed.sure[i]),
            "right": bool(placed.right[i]),
        }
        for i in np.lexsort((placed.right_class, placed.ious))
    ]


def _warnings(placed: Placed, n: int, classes: tuple[str, ...], split: str) -> list[str]:
    found = []
    if len(placed.rows) < n:
        found.append(f"{n - len(placed.rows):,} {split} pictures do not hold exactly one thing and are left out.")
    silent = int((placed.answers < 0).sum())
    if silent:
        found.append(f"{silent:,} {split} pictures were given no box: IoU 0, which counts in the mean.")
    counts = np.bincount(placed.truths, minlength=len(classes))
    none = [name for name, count in zip(classes, counts, strict=True) if not count]
    few = [f"{name} ({count})" for name, count in zip(classes, counts, strict=True) if 0 < count < FEW]
    for names, what in (
        (none, f"without a picture in {split}"),
        (few, f"with fewer than {FEW} pictures in {split}: read the intervals, not the values"),
    ):
        if names:
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            found.append(f"{len(names)} {'class' if len(names) == 1 else 'classes'} {what}: {shown}.")
    return found
