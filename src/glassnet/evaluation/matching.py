"""Answers beside truths, picture by picture: overlaps, areas, and what COCO's greedy matching makes of them.

A picture is reduced to small arrays at once, so that answers and truths can come from generators: the masks of two pictures are never in
memory together. Overlaps of boxes and of masks come from faster-coco-eval's C code, which is pycocotools' own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from glassnet.data.shapes import rle_of
from glassnet.errors import NumericError
from glassnet.tasks.answers import ThingsAnswer
from glassnet.tasks.matching import Ranked, gathered, match

if TYPE_CHECKING:
    from glassnet.data.truths import Truth

Region = Literal["box", "mask"]

OVERLAPS = np.linspace(0.5, 0.95, 10)
"""COCO's ten overlap thresholds."""
SIZES = ("small", "medium", "large")
AREAS = np.array([[0.0, 1e10], [0.0, 32.0**2], [32.0**2, 96.0**2], [96.0**2, 1e10]])
"""COCO's ranges of area in pixels of the picture itself, both ends included: all, small, medium, large."""
MOST = 100
"""Answers that count in a picture, for each class."""
HIT, FALSE, IGNORED = 1, 0, -1


@dataclass(frozen=True)
class Answers:
    """The n answers in one picture, surest first: scores, class numbers, areas, regions for the library, places in the answer given."""

    scores: np.ndarray
    classes: np.ndarray
    areas: np.ndarray
    regions: list[Any]
    order: np.ndarray


@dataclass(frozen=True)
class Matched:
    """One picture: n answers surest first, m things, how they overlap and which belong together.

    `ious` float64 (n, m) between all, whatever their class; `taken` int16 (4, 10, n) is the thing an answer got for each range of area
    and overlap threshold, -1 for none; `states` int8 (4, 10, n) is HIT, FALSE or IGNORED; `counted` bool (4, m) are the things that count.
    """

    answers: Answers
    things: np.ndarray
    areas: np.ndarray
    crowd: np.ndarray
    regions: list[Any]
    size: tuple[int, int]
    ious: np.ndarray
    taken: np.ndarray
    states: np.ndarray
    counted: np.ndarray


def matched(
    answers: Iterable[ThingsAnswer], truths: Iterable["Truth"], classes: Sequence[str], region: Region
) -> Iterator[Matched]:
    """Yield every picture's answers and things matched by their boxes or masks.

    Raises ValueError where there are more answers than truths or the other way round, for a label that is not in `classes`, and for an
    answer without a mask where masks are compared; NumericError for a confidence or a box that is not finite.
    """
    numbers = {name: i for i, name in enumerate(classes)}
    for answer, truth in zip(answers, truths, strict=True):
        yield _picture(_answers(answer, numbers, region), truth, region)


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


def overlaps(found: list[Any], things: list[Any], crowd: np.ndarray) -> np.ndarray:
    """Return float64 (n, m): intersection over union of regions, over the area of the answer alone where the thing is a crowd."""
    from faster_coco_eval.core import mask as coco

    if not found or not things:
        return np.zeros((len(found), len(things)))
    return np.asarray(coco.iou(found, things, crowd.astype(int).tolist()), np.float64).reshape(len(found), len(things))


def _answers(answer: ThingsAnswer, numbers: dict[str, int], region: Region) -> Answers:
    unknown = sorted({thing.label for thing in answer.found} - numbers.keys())
    if unknown:
        raise ValueError(f"an answer names {', '.join(unknown)}, not in the class list ({', '.join(numbers)})")
    scores = np.array([thing.confidence for thing in answer.found], np.float64)
    boxes = np.array([thing.box for thing in answer.found], np.float64).reshape(-1, 4)
    if not np.isfinite(scores).all() or not np.isfinite(boxes).all():
        raise NumericError(
            "The network's answers hold values that are not finite (NaN or infinity), so they cannot be scored."
        )
    classes = np.array([numbers[thing.label] for thing in answer.found], np.int64)
    order = np.argsort(-scores, kind="stable")
    order = order[_rank(classes[order]) < MOST]
    if region == "box":
        regions, areas = _boxes(boxes[order])
    else:
        regions, areas = _masks(answer.found[i].mask for i in order)
    return Answers(scores[order], classes[order], areas, regions, order)


def _picture(answers: Answers, truth: "Truth", region: Region) -> Matched:
    if region == "box":
        regions, areas = _boxes(truth.boxes)
    else:
        regions, areas = _masks(truth.mask(i) for i in range(len(truth.labels)))
    things, crowd = np.asarray(truth.labels, np.int64), np.asarray(truth.crowd, bool)
    ious = overlaps(answers.regions, regions, crowd)
    own = np.where(answers.classes[:, None] == things[None, :], ious, -1.0)
    counted = _within(areas) & ~crowd
    taken = match(own, OVERLAPS, crowd, ~counted)
    # The place -1 falls on the appended column: an answer without a thing is false where its own area is asked for.
    ignored = np.take_along_axis(np.pad(~counted, ((0, 0), (0, 1))), taken.reshape(len(AREAS), -1), 1).reshape(
        taken.shape
    )
    ignored |= (taken < 0) & ~_within(answers.areas)[:, None, :]
    states = np.where(ignored, IGNORED, np.where(taken >= 0, HIT, FALSE)).astype(np.int8)
    size = (int(truth.height), int(truth.width))
    return Matched(answers, things, areas, crowd, regions, size, ious, taken.astype(np.int16), states, counted)


def _within(areas: np.ndarray) -> np.ndarray:
    return (areas[None, :] >= AREAS[:, :1]) & (areas[None, :] <= AREAS[:, 1:])


def _rank(classes: np.ndarray) -> np.ndarray:
    """Return int64 (n,): how many of the same class stand before each."""
    order = np.argsort(classes, kind="stable")
    ordered = classes[order]
    rank = np.empty(len(classes), np.int64)
    rank[order] = np.arange(len(classes)) - np.searchsorted(ordered, ordered, side="left")
    return rank


def _boxes(boxes: np.ndarray) -> tuple[list[list[float]], np.ndarray]:
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    sides = (boxes[:, 2:] - boxes[:, :2]).clip(min=0)
    return np.concatenate([boxes[:, :2], sides], 1).tolist(), sides.prod(1)


def _masks(masks: Iterable[np.ndarray | None]) -> tuple[list[dict], np.ndarray]:
    from faster_coco_eval.core import mask as coco

    regions = []
    for mask in masks:
        if mask is None:
            raise ValueError("masks are compared, and an answer has none")
        rle = rle_of(mask)
        regions += coco.frPyObjects(
            [{"counts": list(rle.counts), "size": [rle.height, rle.width]}], rle.height, rle.width
        )
    return regions, np.asarray(coco.area(regions), np.float64) if regions else np.zeros(0)
