"""What is reached without learning, where the pixels of things are asked for: Otsu's threshold and connected components."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glassnet.evaluation.baselines import OTSU, Trivial
from glassnet.evaluation.components import components, otsu
from glassnet.evaluation.instances import instance_scores
from glassnet.evaluation.matching import MOST, matched, pooled
from glassnet.tasks.answers import Found, ThingsAnswer
from glassnet.tasks.matching import ap50
from glassnet.tasks.segment import to_original

if TYPE_CHECKING:
    from glassnet.data.frames import Frame
    from glassnet.data.truths import Truth

_TRAIN_CAP = 50  # which side of the threshold the things are on, and how large they are, is known after a few pictures
_RESAMPLES = 200


@dataclass(frozen=True)
class Usual:
    """What a thing of the training pictures is like: its class, and the smallest and the median area in pixels of the picture itself."""

    label: str
    smallest: float
    median: float


def instance_trivial(
    training: "Sequence[Truth]",
    asked: "Sequence[Truth]",
    classes: Sequence[str],
    split: str,
    *,
    pixels: np.ndarray,
    train_rows: np.ndarray,
    rows: np.ndarray,
    train_frames: "Sequence[Frame]",
    frames: "Sequence[Frame]",
    seed: int = 0,
    resamples: int = _RESAMPLES,
) -> Trivial:
    """Return the AP50 on `asked` of thresholding; empty with a note where there is nothing to learn from or to find.

    A picture's grey values are divided by Otsu's threshold, and every connected part of the bright or of the dark side is a thing of the
    class that most training things have. Which side, and the smallest and the median area of a thing, come from up to 50 training
    pictures; parts that are smaller than the smallest are left out, and a part is the surer, the nearer its area is to the median.
    `pixels` uint8 (n, h, w, C) are fitted pictures, may be a memory map; `training` and `train_frames` belong to `train_rows`, `asked` and
    `frames` to `rows`.
    """
    chosen = np.linspace(0, len(training) - 1, min(len(training), _TRAIN_CAP)).astype(np.int64)
    known = [training[i] for i in chosen]
    areas = np.array([t.mask(i).sum() for t in known for i in range(len(t)) if not t.crowd[i]], np.float64)
    areas = areas[areas > 0]
    if not len(areas) or not any((~np.asarray(truth.crowd, bool)).any() for truth in asked):
        return Trivial(
            {},
            (f"No trivial models: {len(known)} training and {len(asked)} {split} pictures show nothing that counts.",),
        )
    labels = np.concatenate([truth.labels[~truth.crowd] for truth in known])
    thing = Usual(classes[int(np.bincount(labels).argmax())], float(areas.min()), float(np.median(areas)))
    own = [train_frames[i] for i in chosen]
    reached = {
        bright: ap50(pooled(matched(_answers(pixels, train_rows[chosen], own, thing, bright), known, classes, "mask")))
        for bright in (True, False)
    }
    answers = _answers(pixels, rows, frames, thing, reached[True] >= reached[False])
    scores = instance_scores(answers, asked, classes, split, threshold=0.0, seed=seed, resamples=resamples)
    return Trivial({OTSU: scores.main})


def thresholded(picture: np.ndarray, frame: "Frame", thing: Usual, bright: bool) -> ThingsAnswer:
    """Return the connected parts on one side of Otsu's threshold of a fitted picture uint8 (h, w, C), in the picture's own pixels."""
    x1, y1, x2, y2 = (round(side) for side in frame.seen)
    grey = picture[y1:y2, x1:x2].astype(np.float64).mean(2).round().astype(np.uint8)
    over = grey > otsu(grey)
    parts = np.zeros(picture.shape[:2], np.int32)
    parts[y1:y2, x1:x2] = components(over if bright else ~over)
    parts = to_original(parts, frame)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    numbers = np.flatnonzero(sizes >= max(1.0, thing.smallest))
    sure = np.minimum(sizes[numbers] / thing.median, thing.median / sizes[numbers])
    found = []
    for place in np.argsort(-sure, kind="stable")[:MOST]:
        mask = parts == numbers[place]
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
        found.append(Found(thing.label, float(sure[place]), box, mask))
    return ThingsAnswer(tuple(found), frame.height, frame.width, 0.0)


def _answers(
    pixels: np.ndarray, rows: np.ndarray, frames: "Sequence[Frame]", thing: Usual, bright: bool
) -> Iterator[ThingsAnswer]:
    for row, frame in zip(rows, frames, strict=True):
        yield thresholded(np.asarray(pixels[int(row)]), frame, thing, bright)
