"""What is reached without looking, where boxes are asked for: the same layout of boxes in every picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from glassnet.evaluation.baselines import MEAN_LAYOUT, Trivial
from glassnet.evaluation.boxes import box_scores
from glassnet.tasks.answers import Found, ThingsAnswer

if TYPE_CHECKING:
    from glassnet.data.truths import Truth

CELLS = 8
_RESAMPLES = 200


def box_trivial(
    training: "Sequence[Truth]",
    asked: "Sequence[Truth]",
    classes: Sequence[str],
    split: str,
    *,
    seed: int = 0,
    resamples: int = _RESAMPLES,
) -> Trivial:
    """Return the AP50 on `asked` of one layout for all pictures, taken from `training`; empty with a note where there is nothing to take.

    For each class: as many boxes as a training picture has on average (at least one), each of the class's mean width and height, at the
    mean of the centres in those cells of an 8×8 grid over the picture where most of its centres lie. The confidence of a box is the share
    of training pictures with such a centre in the cell. Places and sizes are shares of the picture's sides. Crowds are left out.
    """
    counted = [truth for truth in asked if (~np.asarray(truth.crowd, bool)).any()]
    layout = mean_layout(training, len(classes))
    if not layout or not counted:
        return Trivial(
            {},
            (
                f"No trivial models: {len(training)} training and {len(asked)} {split} pictures show nothing that counts.",
            ),
        )
    answers = (_laid(layout, truth, classes) for truth in asked)
    scores = box_scores(answers, asked, classes, split, threshold=0.0, seed=seed, resamples=resamples)
    return Trivial({MEAN_LAYOUT: scores.main})


def mean_layout(training: "Sequence[Truth]", classes: int) -> list[tuple[int, float, np.ndarray]]:
    """Return class number, confidence and box (x1, y1, x2, y2) in shares of the picture's sides, surest first."""
    labels, boxes, pictures = _things(training)
    layout = []
    for number in range(classes):
        own = labels == number
        if not own.any():
            continue
        middles = (boxes[own, :2] + boxes[own, 2:]) / 2
        half = (boxes[own, 2:] - boxes[own, :2]).mean(0) / 2
        cells = (middles * CELLS).astype(np.int64).clip(0, CELLS - 1) @ np.array([1, CELLS])
        # A picture counts once in a cell, however many of its things lie there.
        seen = np.unique(np.stack([cells, pictures[own]], 1), axis=0)[:, 0]
        shares = np.bincount(seen, minlength=CELLS * CELLS) / len(training)
        many = max(1, round(own.sum() / len(training)))
        for cell in np.argsort(-shares, kind="stable")[:many]:
            if shares[cell] > 0:
                middle = middles[cells == cell].mean(0)
                layout.append((number, float(shares[cell]), np.concatenate([middle - half, middle + half])))
    return sorted(layout, key=lambda box: -box[1])


def _things(truths: "Sequence[Truth]") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes int64 (m,), boxes float64 (m, 4) in shares of the sides and picture int64 (m,) of all things that count."""
    labels, boxes, pictures = [np.zeros(0, np.int64)], [np.zeros((0, 4))], [np.zeros(0, np.int64)]
    for place, truth in enumerate(truths):
        kept = ~np.asarray(truth.crowd, bool)
        labels.append(np.asarray(truth.labels, np.int64)[kept])
        boxes.append(
            np.asarray(truth.boxes)[kept].reshape(-1, 4) / (truth.width, truth.height, truth.width, truth.height)
        )
        pictures.append(np.full(int(kept.sum()), place))
    return np.concatenate(labels), np.concatenate(boxes), np.concatenate(pictures)


def _laid(layout: list[tuple[int, float, np.ndarray]], truth: "Truth", classes: Sequence[str]) -> ThingsAnswer:
    sides = np.array([truth.width, truth.height, truth.width, truth.height], np.float64)
    found = []
    for number, confidence, shares in layout:
        x1, y1, x2, y2 = (shares.clip(0, 1) * sides).tolist()
        found.append(Found(classes[number], confidence, (x1, y1, x2, y2)))
    return ThingsAnswer(tuple(found), truth.height, truth.width, 0.0)
