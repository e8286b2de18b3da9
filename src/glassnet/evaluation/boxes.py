"""Scores of boxes: COCO's average precision and recall, precision and recall at the operating threshold, kinds of error."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from glassnet.evaluation.matching import matched
from glassnet.evaluation.scores import Scores
from glassnet.evaluation.things import thing_scores
from glassnet.tasks.answers import ThingsAnswer

if TYPE_CHECKING:
    from glassnet.data.truths import Truth


def box_scores(
    answers: Iterable[ThingsAnswer],
    truths: Iterable["Truth"],
    classes: Sequence[str],
    split: str,
    *,
    threshold: float,
    seed: int = 0,
    rows: np.ndarray | None = None,
    resamples: int | None = None,
) -> Scores:
    """Score boxes in original pixels; headline `AP50`.

    `answers` hold all that was found, with any confidence; `threshold` is where answers are given, for precision, recall, F1 and the kinds
    of error, all at overlap 0.5 and pooled over things (a class of many things weighs as much as its things). Figures: AP (mean of
    overlaps 0.50 to 0.95), AP50, AP75, AP_small, AP_medium, AP_large, AR_1, AR_10, AR_100 (means over classes), precision, recall, f1;
    per class AP, AP50, precision, recall, f1. Sizes are COCO's, by the area of the box. A figure that nothing is there to take from is left
    out and a warning says so. Crowds excuse the answers within them.

    Tables: `errors` counts by kind; `pictures` in the order given, with F1 as `score`, counts, and `kinds` of the answers at `places`
    of `found`; `worst` all pictures, worst first; `precision_recall` by class at overlap 0.5; `ap_by_overlap`; `things` by class;
    `threshold`, `overlap`, `resamples`. `resamples` None takes 1000, fewer for large sets.

    Raises DataError for no pictures or none with a thing, NumericError for answers that are not finite, ValueError for what does not fit.
    """
    pictures = matched(answers, truths, classes, "box")
    scores, _, _ = thing_scores(
        pictures, classes, split, "detect", "box", threshold=threshold, seed=seed, rows=rows, resamples=resamples
    )
    return scores
