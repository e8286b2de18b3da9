"""Which answer belongs to which thing: overlap of instance maps, COCO's matching, a quick AP50, the operating threshold.

Works in any pixels. The scores that people read are taken in evaluation/, in original pixels; here stands what training needs after every
epoch, and the matching that both rooms share.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from glassnet.data.overlap import iou

HALF = 0.5
RECALLS = np.linspace(0.0, 1.0, 101)
# pycocotools never asks for more than this, so that an overlap of 1 can match at a threshold of 1.
_MOST = 1 - 1e-10


@dataclass(frozen=True)
class Ranked:
    """Answers of many pictures that count (crowds are out), surest first: scores float64 (D,), hits bool (D,), classes int64 (D,).

    `things` maps a class number to how many things of it there are in truth.
    """

    scores: np.ndarray
    hits: np.ndarray
    classes: np.ndarray
    things: dict[int, int]


@dataclass(frozen=True)
class Pairs:
    """One picture: overlaps float (n, m) of n answers with m things, their classes, the answers' scores, and which things are crowds."""

    ious: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    things: np.ndarray
    crowd: np.ndarray


def map_iou(
    found: np.ndarray, truth: np.ndarray, ignored: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (numbers found (n,), numbers in truth (m,), IoU float64 (n, m)) of two maps (h, w) that number instances; 0 and below is none.

    Pixels where `ignored` bool (h, w) is true belong to nobody.
    """
    a, b = np.asarray(found).ravel(), np.asarray(truth).ravel()
    if ignored is not None:
        kept = ~np.asarray(ignored, bool).ravel()
        a, b = a[kept], b[kept]
    names_a, places_a = np.unique(np.maximum(a, 0), return_inverse=True)
    names_b, places_b = np.unique(np.maximum(b, 0), return_inverse=True)
    cells = np.bincount(places_a * len(names_b) + places_b, minlength=len(names_a) * len(names_b))
    shared = cells.reshape(len(names_a), len(names_b)).astype(np.float64)
    area_a, area_b = shared.sum(1), shared.sum(0)
    ious = shared / (area_a[:, None] + area_b[None, :] - shared) if shared.size else shared
    rows, columns = names_a > 0, names_b > 0
    return names_a[rows], names_b[columns], ious[rows][:, columns]


def match(
    ious: np.ndarray, thresholds: Sequence[float] | np.ndarray, crowd: np.ndarray, ignored: np.ndarray | None = None
) -> np.ndarray:
    """Return int64 (A, T, n): the thing that each answer is matched with at each overlap threshold, -1 for none. COCO's greedy rule.

    `ious` (n, m) has the surest answer first; overlaps of pairs that may not be matched are below every threshold (-1). Each answer takes
    the free thing that it overlaps most, the last of equals; a crowd can be taken again and again. `ignored` bool (A, m) holds, for each of
    A ways of counting (ranges of area), things that do not count: they are taken only where no other is left. Crowds never count.
    """
    crowd = np.asarray(crowd, bool)
    ignored = crowd[None] if ignored is None else np.asarray(ignored, bool) | crowd
    least = np.minimum(np.asarray(thresholds, np.float64), _MOST)[:, None]
    n, m = ious.shape
    found = np.full((len(ignored), len(least), n), -1, np.int64)
    if not n or not m:
        return found
    free = np.ones((len(ignored), len(least), m), bool)
    first = np.where(ignored, 0.0, 2.0)[:, None]
    near = ious >= least.min()
    for d in np.flatnonzero(near.any(1)):
        # Backwards, so that argmax takes the last of equals.
        columns = np.flatnonzero(near[d])[::-1]
        overlap = ious[d, columns]
        worth = np.where(free[..., columns] & (overlap >= least), first[..., columns] + overlap, -1.0)
        best = worth.argmax(-1)
        taken = columns[best]
        hit = np.take_along_axis(worth, best[..., None], -1)[..., 0] >= 0
        found[..., d] = np.where(hit, taken, -1)
        area, at = np.nonzero(hit & ~crowd[taken])
        free[area, at, taken[area, at]] = False
    return found


def boxed(targets: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return for each picture (classes int64 (m,), crowd bool (m,), boxes float64 (m, 4)) from targets (N, M, 2 + 2V).

    A row is class (-1: padding), crowd flag, V points x, y; the box is what the points span.
    """
    found = []
    for rows in np.asarray(targets, np.float64):
        kept = rows[rows[:, 0] >= 0]
        points = kept[:, 2:].reshape(len(kept), (rows.shape[1] - 2) // 2, 2)
        box = np.concatenate([points.min(1), points.max(1)], 1) if len(kept) else np.zeros((0, 4))
        found.append((kept[:, 0].astype(np.int64), kept[:, 1] > 0, box))
    return found


def box_pairs(read: np.ndarray, targets: np.ndarray) -> Iterable[Pairs]:
    """Yield the pairs of every picture from `read` (N, T, 6): x1, y1, x2, y2, score, class, and targets (N, M, 2 + 2V), in one frame.

    Rows with a score of 0 only fill `read` up to its length; they are no answers.
    """
    for rows, (classes, crowd, boxes) in zip(np.asarray(read, np.float64), boxed(targets), strict=True):
        answers = rows[rows[:, 4] > 0]
        yield Pairs(iou(answers[:, :4], boxes, crowd), answers[:, 4], answers[:, 5].astype(np.int64), classes, crowd)


def ranked(pictures: Iterable[Pairs], overlap: float = HALF) -> Ranked:
    """Match the answers of every picture within their classes at one overlap, and return them together, surest first."""
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    things: dict[int, int] = {}
    for pairs in pictures:
        order = np.argsort(-pairs.scores, kind="stable")
        classes = pairs.classes[order]
        ious = np.where(classes[:, None] == pairs.things[None, :], pairs.ious[order], -1.0)
        taken = match(ious, (overlap,), pairs.crowd)[0, 0]
        counted = ~np.append(pairs.crowd, False)[taken]
        parts.append((pairs.scores[order][counted], taken[counted] >= 0, classes[counted]))
        for name in pairs.things[~pairs.crowd].tolist():
            things[name] = things.get(name, 0) + 1
    return gathered(parts, things)


def gathered(parts: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], things: dict[int, int]) -> Ranked:
    """Return (scores, hits, classes) of single pictures together, surest first."""
    if not parts:
        return Ranked(np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int64), things)
    scores, hits, classes = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(-scores, kind="stable")
    return Ranked(scores[order], hits[order], classes[order], things)


def average_precision(hits: np.ndarray, things: int) -> float:
    """Return COCO's AP of `hits` bool (D,), surest first, among `things` >= 1 things.

    It is the mean over 101 recalls of the best precision at that recall or beyond.
    """
    places = np.flatnonzero(hits)
    if not len(places):
        return 0.0
    found = np.arange(1, len(places) + 1)
    precision = np.maximum.accumulate((found / (places + 1))[::-1])[::-1]
    reached = np.searchsorted(RECALLS, found / things, side="right")
    return float((precision * np.diff(reached, prepend=0)).sum() / len(RECALLS))


def ap50(answers: Ranked) -> float:
    """Return the mean AP at the overlap that the answers were matched at, over the classes that have things; 0 where there are none."""
    each = [
        average_precision(answers.hits[answers.classes == name], count)
        for name, count in sorted(answers.things.items())
    ]
    return float(np.mean(each)) if each else 0.0


def quick_ap50(read: np.ndarray, targets: np.ndarray) -> float:
    """Return AP50 of boxes in fitted pixels, for early stopping: `read` (N, T, 6) against targets (N, M, 2 + 2V)."""
    return ap50(ranked(box_pairs(read, targets)))


def best_threshold(answers: Ranked) -> float:
    """Return the score from which on answers are given so that F1 over all things is highest: `score >= threshold`.

    F1 stays the same between two neighbouring scores; the middle of the widest stretch where it is highest is taken, so that a little
    rounding moves no answer across. 0.5 where no answer is right, for then no threshold is better than another.
    """
    total = sum(answers.things.values())
    if not total or not answers.hits.any():
        return HALF
    ends = np.flatnonzero(np.append(np.diff(answers.scores) != 0, True))
    f1 = 2 * np.cumsum(answers.hits)[ends] / (ends + 1 + total)
    upper, lower = answers.scores[ends], np.append(answers.scores[ends][1:], 0.0)
    best = f1 >= f1.max() - 1e-12
    starts = np.flatnonzero(best & ~np.append(False, best[:-1]))
    stops = np.flatnonzero(best & ~np.append(best[1:], False))
    widest = np.argmax(upper[starts] - lower[stops])
    return float((upper[starts[widest]] + lower[stops[widest]]) / 2)


def quick_threshold(read: np.ndarray, targets: np.ndarray) -> float:
    """Return the operating threshold of boxes, chosen on validation pictures in fitted pixels."""
    return best_threshold(ranked(box_pairs(read, targets)))
