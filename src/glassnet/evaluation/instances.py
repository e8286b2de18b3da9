"""Scores of instance masks: COCO's figures by the overlap of masks, and the two means that papers on cells report."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from glassnet.evaluation.matching import HIT, IGNORED, Matched, matched
from glassnet.evaluation.scores import Scores
from glassnet.evaluation.things import thing_scores
from glassnet.tasks.answers import ThingsAnswer

if TYPE_CHECKING:
    from glassnet.data.truths import Truth


def instance_scores(
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
    """Score masks in original pixels; headline `AP50`. All is as in `box_scores`, with masks for boxes and their pixels for areas.

    Two figures more, from the answers given at `threshold`, each the mean over pictures of the mean over overlaps 0.50 to 0.95:
    `mean_f1_ious`, F1 = 2 TP / (2 TP + FP + FN) (Caicedo et al. 2019, Cytometry A 95:952), and `dsb_score`, TP / (TP + FP + FN), the
    score of the 2018 Data Science Bowl (Caicedo et al. 2019, Nature Methods 16:1247). A picture with nothing in it and nothing found
    counts 1. `pictures` and `worst` have both as well. `answers` and `truths` are walked through once, so generators keep masks out of
    memory.
    """
    pictures = matched(answers, truths, classes, "mask")
    scores, pictures, about = thing_scores(
        pictures, classes, split, "instances", "mask", threshold=threshold, seed=seed, rows=rows, resamples=resamples
    )
    means = np.array([means_over_overlaps(picture, threshold) for picture in pictures])
    samples = about.sums(means, "means over overlaps") / about.n
    names = ("mean_f1_ious", "dsb_score")
    figures = dict(scores.figures)
    for column, name in enumerate(names):
        figures[name] = about.figure(means[:, column].mean(), samples[:, column], about.n, about.threshold)
    by_row = dict(zip((each["row"] for each in scores.tables["pictures"]), means.tolist(), strict=True))
    tables = {
        name: [each | dict(zip(names, by_row[each["row"]], strict=True)) for each in table]
        if name in ("pictures", "worst")
        else table
        for name, table in scores.tables.items()
    }
    return replace(scores, figures=figures, tables=tables)


def means_over_overlaps(picture: Matched, threshold: float) -> tuple[float, float]:
    """Return the means over COCO's ten overlaps of F1 and of TP / (TP + FP + FN) in one picture.

    Both are 1 where nothing is there and nothing was given.
    """
    states = picture.states[0][:, picture.answers.scores >= threshold]
    hits = (states == HIT).sum(1)
    wrong = ((states != HIT) & (states != IGNORED)).sum(1)
    union = wrong + np.count_nonzero(~picture.crowd)
    overlap = np.where(union > 0, hits / np.maximum(union, 1), 1.0)
    return float((2 * overlap / (1 + overlap)).mean()), float(overlap.mean())
