"""From a class for every pixel to the scores of a segmentation, every figure with its interval.

The figures are those of `pixel_counts.py`, over the whole split; boundary F1 is taken in each picture and averaged (`boundary.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glassnet.errors import DataError
from glassnet.evaluation.averages import mean_share
from glassnet.evaluation.boundary import TOLERANCE, boundary_f1
from glassnet.evaluation.intervals import RESAMPLES
from glassnet.evaluation.pixel_counts import Counts, count_figures, counts_of, mean_of_known
from glassnet.evaluation.scores import Scores
from glassnet.randomness import permutation

if TYPE_CHECKING:
    from glassnet.data.truths import Truth
    from glassnet.tasks.answers import PixelsAnswer

FEW = 10
"""Pictures of a class, or of a split, below which a warning says so."""
# Outlines cost about 30 ns a pixel (5 ms for 360 × 480): this many keep them under half a minute, and leave narrow intervals.
_BOUNDARY_PICTURES, _BOUNDARY_PIXELS = 1000, 500_000_000
_CELL_ROWS = 24


@dataclass(frozen=True)
class Seen:
    """What one walk over the pictures leaves: `counts`, the nonzero cells of each picture's confusion matrix as int64 rows (picture, cell,
    pixels), and boundary F1 float64 (n, K), NaN where there is no boundary or it was not looked at.
    """

    counts: Counts
    cells: np.ndarray
    outlines: np.ndarray


def pixel_scores(
    answers: "Iterable[PixelsAnswer]",
    truths: "Sequence[Truth]",
    classes: Sequence[str],
    split: str,
    *,
    seed: int = 0,
    rows: np.ndarray | None = None,
    resamples: int = RESAMPLES,
) -> Scores:
    """Score one answer per picture against its truth, both in the picture's own pixels; headline `mean_iou`.

    Answers are walked through once, so a generator keeps them out of memory. Classes are matched by name. `rows` are the catalog rows of
    the pictures, shown in the tables. Boundary F1 is taken on at most 1,000 pictures or 500 million pixels, drawn at random; its n says
    so. Classes without a pixel in truth and answer are left out and named in a warning. Raises DataError where no picture has a pixel that
    counts, ValueError for answers that do not fit.
    """
    classes = tuple(classes)
    if not len(truths):
        raise DataError(f"The {split} split holds no pictures, so there is nothing to score.")
    rows = np.arange(len(truths)) if rows is None else np.asarray(rows, np.int64)
    seen = _seen(answers, truths, classes, seed)
    if not seen.counts.truths.any():
        raise DataError(f"Every pixel of the {len(truths)} {split} pictures is ignored, so there is nothing to score.")
    warnings: list[str] = []
    figures, per_class = count_figures(seen.counts, classes, split, seed, resamples)
    _outline_figures(seen.outlines, classes, split, seed, resamples, figures, per_class)
    _warn(seen.counts, classes, split, warnings)
    tables = {
        "confusion": _confusion(seen, classes, rows),
        "worst": _worst(seen, classes, rows),
        "boundary_f1": {"tolerance": TOLERANCE, "unit": "share of the picture's diagonal, at least one pixel"},
    }
    return Scores("segment", split, "mean_iou", figures, per_class, tables=tables, warnings=tuple(warnings))


def _seen(answers: "Iterable[PixelsAnswer]", truths: "Sequence[Truth]", classes: tuple[str, ...], seed: int) -> Seen:
    n, k = len(truths), len(classes)
    hits, known, given = (np.zeros((n, k)) for _ in range(3))
    outlines = np.full((n, k), np.nan)
    outlined = _outlined(truths, seed)
    cells = []
    for i, (answer, truth) in enumerate(zip(answers, truths, strict=True)):
        asked, pixels = truth.classes_map(), _numbered(answer, classes)
        matrix = counts_of(asked, pixels, k)
        hits[i], known[i], given[i] = np.diagonal(matrix), matrix.sum(1), matrix.sum(0)
        used = np.flatnonzero(matrix)
        cells.append(np.stack([np.full(len(used), i), used, matrix.ravel()[used]], 1))
        if i in outlined:
            outlines[i] = boundary_f1(asked, pixels, k)
    return Seen(Counts(hits, known, given), np.concatenate(cells), outlines)


def _outlined(truths: "Sequence[Truth]", seed: int) -> set[int]:
    """Return the places of the pictures whose outlines are looked at."""
    drawn = permutation(seed, 0, len(truths), "boundary pictures")[:_BOUNDARY_PICTURES].tolist()
    spent = np.cumsum([truths[i].height * truths[i].width for i in drawn])
    return set(drawn[: max(FEW, int(np.searchsorted(spent, _BOUNDARY_PIXELS)))])


def _numbered(answer: "PixelsAnswer", classes: tuple[str, ...]) -> np.ndarray:
    if tuple(answer.classes) == classes:
        return answer.pixels
    unknown = [name for name in answer.classes if name not in classes]
    if unknown:
        raise ValueError(f"the answer knows the class {unknown[0]!r}, which is not in the class list")
    return np.array([classes.index(name) for name in answer.classes], np.uint8)[answer.pixels]


def _outline_figures(
    outlines: np.ndarray, classes: tuple, split: str, seed: int, resamples: int, figures: dict, per_class: dict
) -> None:
    pictures = mean_of_known(outlines)
    pictures = pictures[np.isfinite(pictures)]
    if pictures.size:
        figures["boundary_f1"] = mean_share(pictures, split, seed, "boundary", resamples)
    for k, name in enumerate(classes):
        own = outlines[:, k][np.isfinite(outlines[:, k])]
        if own.size:
            per_class[name]["boundary_f1"] = mean_share(own, split, seed, f"boundary {name}", resamples)


def _confusion(seen: Seen, classes: tuple, rows: np.ndarray) -> dict:
    """K×K pixel counts, and for each cell in use the pictures with the most pixels in it, first the one with the most."""
    k = len(classes)
    picture, cell, pixels = seen.cells.T
    order = np.lexsort((picture, -pixels, cell))
    used, starts = np.unique(cell[order], return_index=True)
    groups = np.split(order, starts[1:])
    cells = [
        [*divmod(int(code), k), rows[picture[group[:_CELL_ROWS]]].tolist()]
        for code, group in zip(used, groups, strict=True)
    ]
    counts = np.zeros(k * k, np.int64)
    np.add.at(counts, cell, pixels)
    return {"classes": list(classes), "counts": counts.reshape(k, k).tolist(), "cells": cells, "unit": "pixels"}


def _worst(seen: Seen, classes: tuple, rows: np.ndarray) -> list[dict]:
    """Every picture that has a pixel that counts, the lowest mean IoU of its own first."""
    averaged, ious, outline = seen.counts.averaged(), seen.counts.of_classes()["iou"], mean_of_known(seen.outlines)
    score = averaged["mean_iou"]
    kept = np.flatnonzero(np.isfinite(score))
    return [
        {
            "row": int(rows[i]),
            "score": float(score[i]),
            "pixel_accuracy": float(averaged["pixel_accuracy"][i]),
            "boundary_f1": float(outline[i]) if np.isfinite(outline[i]) else None,
            "weakest_class": classes[int(np.nanargmin(ious[i]))],
        }
        for i in kept[np.argsort(score[kept], kind="stable")]
    ]


def _warn(counts: Counts, classes: tuple, split: str, warnings: list[str]) -> None:
    used = int((counts.truths.sum(1) > 0).sum())
    if used < FEW:
        noun = "picture" if used == 1 else "pictures"
        warnings.append(
            f"{split} holds only {used} {noun}. Resampling so few says little: read the intervals as rough."
        )
    if used < len(counts.truths):
        warnings.append(f"{len(counts.truths) - used} {split} pictures have no pixel that counts and are left out.")
    known, given = counts.truths.sum(0), counts.answers.sum(0)
    _name(
        warnings,
        [c for c, t, a in zip(classes, known, given, strict=True) if not t and not a],
        f"without a pixel in {split}, in truth or answer, so left out of the means",
    )
    _name(
        warnings,
        [c for c, t, a in zip(classes, known, given, strict=True) if a and not t],
        f"answered but not there in {split}: IoU 0, which counts in the mean",
    )
    shown = (counts.truths > 0).sum(0)
    few = [f"{c} ({int(m)})" for c, m in zip(classes, shown, strict=True) if 0 < m < FEW]
    if used >= FEW:
        _name(warnings, few, f"in fewer than {FEW} {split} pictures: read the intervals, not the values")


def _name(warnings: list[str], names: list[str], what: str) -> None:
    if names:
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        warnings.append(f"{len(names)} {'class' if len(names) == 1 else 'classes'} {what}: {shown}.")
