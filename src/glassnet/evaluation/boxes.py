"""Scores of boxes: COCO's average precision and recall, precision and recall at the operating threshold, kinds of error."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from glassnet.evaluation.matching import Matched, matched
from glassnet.evaluation.scores import Scores
from glassnet.evaluation.things import thing_scores
from glassnet.tasks.answers import ThingsAnswer
from glassnet.tasks.matching import Ranked, best_threshold, gathered

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


def choose_threshold(
    answers: Iterable[ThingsAnswer], truths: Iterable["Truth"], classes: Sequence[str], masks: bool = False
) -> float:
    """Return the confidence from which on answers should be given: where F1 over all things at overlap 0.5 is highest.

    Taken on validation, in original pixels; `masks` compares masks instead of boxes. The middle of the best stretch; 0.5 where no answer is
    right. Raises as `box_scores` for what does not fit.
    """
    return best_threshold(pooled(matched(answers, truths, classes, "mask" if masks else "box")))


def pooled(pictures: Iterable[Matched]) -> Ranked:
    """Return the answers of all pictures that count at overlap 0.5, surest first."""
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    things: dict[int, int] = {}
    for picture in pictures:
        states = picture.states[0, 0]
        kept = states >= 0
        parts.append((picture.answers.scores[kept], states[kept] > 0, picture.answers.classes[kept]))
        for name in picture.things[~picture.crowd].tolist():
            things[name] = things.get(name, 0) + 1
    return gathered(parts, things)
