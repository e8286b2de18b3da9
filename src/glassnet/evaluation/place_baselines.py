"""What is reached without looking, where the question is a place: the mean box of the training pictures, and all of the picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from glassnet.data.overlap import paired_iou
from glassnet.evaluation.averages import mean_share
from glassnet.evaluation.baselines import MEAN_BOX, WHOLE_PICTURE, Trivial
from glassnet.evaluation.intervals import RESAMPLES
from glassnet.evaluation.places import single

if TYPE_CHECKING:
    from glassnet.data.truths import Truth


def place_trivial(
    training: "Sequence[Truth]",
    asked: "Sequence[Truth]",
    classes: Sequence[str],
    split: str,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Trivial:
    """Return the mean IoU on `asked` of one box for all pictures: the mean box of `training`, in shares of width and height, and the whole.

    `classes` are asked for as of every task, and play no part: mean IoU looks at boxes alone. Pictures that do not hold exactly one thing
    are left out; empty with a note where none is left.
    """
    known, wanted = _shares(training), _shares(asked)
    if not len(known) or not len(wanted):
        return Trivial(
            {}, (f"No trivial models: {len(known)} training and {len(wanted)} {split} pictures hold one thing.",)
        )
    boxes = {MEAN_BOX: known.mean(0), WHOLE_PICTURE: np.array([0.0, 0.0, 1.0, 1.0])}
    # IoU is the same in shares of the sides as in pixels: both areas shrink by the same factor.
    ious = {name: paired_iou(np.broadcast_to(box, wanted.shape), wanted) for name, box in boxes.items()}
    return Trivial({name: mean_share(values, split, seed, name, resamples) for name, values in ious.items()})


def _shares(truths: "Sequence[Truth]") -> np.ndarray:
    """float64 (n, 4): the one box of each picture in shares of its width and height."""
    found = [
        np.asarray(truth.boxes[at], np.float64) / (truth.width, truth.height, truth.width, truth.height)
        for truth in truths
        if (at := single(truth)) is not None
    ]
    return np.array(found).reshape(-1, 4)
