"""YOLO: `data.yaml`, `images/<split>/…` and one text file per picture in `labels/<split>/`, all numbers as fractions of the picture.

A line is `class cx cy w h`, or `class x1 y1 x2 y2 …` around the thing where outlines are written. An empty file is a picture of background.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import yaml

from glassnet.data.catalog import SPLITS
from glassnet.data.writers.files import Files
from glassnet.data.writers.outline import fill, single_outline
from glassnet.data.writers.record import SAME, Loss, Losses, Written, as_things, split_word, thing_classes

CROWDS = "Crowd regions left out, since YOLO has no mark for them; what they cover now counts as background"
OUTLINES = "Outlines left out, since boxes were asked for"
SEAMS = (
    "Things with holes or of several parts written as one line with seams, since YOLO has no others; "
    "here they keep every pixel, elsewhere the seams may gain a pixel's width"
)
BOXES = "Boxes that differ from their outline, left out, since YOLO takes boxes from outlines"
CLIPPED = "Boxes that leave the picture, cut at its border"
SCORES = "Confidences left out, since YOLO has no place for them beside outlines"
_NO_SPLIT = "# The source has no splits: train and val both name all pictures.\n"


def write(folder: Path, pictures: Iterable[Written], classes: Sequence[str], task: str) -> list[Loss]:
    """Write pictures and labels below `folder` and return what YOLO could not hold: outlines for instances and segment, else boxes.

    Raises StorageError.
    """
    losses = Losses()
    names = thing_classes(classes, task)
    numbers = {name: number for number, name in enumerate(names)}
    splits: set[str] = set()
    with Files(folder) as files:
        for picture in pictures:
            splits.add(picture.split or "")
            if picture.data is not None:
                files.put(f"images/{picture.place}{picture.name}", picture.data)
            written = as_things(picture, classes, losses)
            lines = _lines(written, numbers, task in ("instances", "segment"), losses)
            files.put(f"labels/{picture.place}{picture.stem}.txt", "".join(f"{line}\n" for line in lines))
        files.put("data.yaml", _yaml(names, splits))
    return list(losses)


def _yaml(names: Sequence[str], splits: set[str]) -> str:
    words = [split_word(split) for split in SPLITS if split in splits]
    places = {word: f"images/{word}" for word in words} or {"train": "images", "val": "images"}
    values = {**places, "nc": len(names), "names": dict(enumerate(names))}
    return ("" if words else _NO_SPLIT) + yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=4096)


def _lines(picture: Written, numbers: dict[str, int], outlined: bool, losses: Losses) -> list[str]:
    lines = []
    for place, thing in enumerate(picture.things):
        if thing.crowd:
            losses.add(CROWDS, picture)
            continue
        if outlined and thing.shape is not None:
            values = [_exactly(value, side) for value, side in _outline(picture, place, losses)]
            losses.add(SCORES, picture, int(bool(picture.scores)))
        else:
            values = [_number(value) for value in _box(picture, place, losses)]
            losses.add(OUTLINES, picture, int(thing.shape is not None))
        lines.append(" ".join([str(numbers[thing.label]), *values]))
    return lines


def _box(picture: Written, place: int, losses: Losses) -> list[float]:
    """Return cx, cy, w, h as fractions, and the confidence where there is one."""
    box = np.array(picture.box(place))
    inside = box.clip(0, [picture.width, picture.height] * 2)
    losses.add(CLIPPED, picture, int(np.abs(inside - box).max() > SAME))
    x1, y1, x2, y2 = inside / ([picture.width, picture.height] * 2)
    score = picture.score(place)
    return [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, *([] if score is None else [score])]


def _outline(picture: Written, place: int, losses: Losses) -> list[tuple[float, int]]:
    """Return x, y, x, y, … of the line around one thing, in pixels within the picture, each with the side it is a share of."""
    mask = picture.truth.mask(place)
    line, seams = single_outline(picture.things[place].shape, mask)
    sides = (picture.width, picture.height)
    inside = line.clip(0, sides)
    if (inside != line).any() and not np.array_equal(fill(inside, *mask.shape), mask):
        inside, seams = single_outline(None, mask)
    losses.add(SEAMS, picture, int(seams))
    given = picture.things[place].box
    if given is not None:
        around = np.concatenate([inside.min(axis=0), inside.max(axis=0)])
        losses.add(BOXES, picture, int(np.abs(around - given).max() > SAME))
    return [(value, side) for point in inside.tolist() for value, side in zip(point, sides, strict=True)]


def _number(value: float) -> str:
    """Ten digits place a box in a picture of any size to a millionth of a pixel."""
    return f"{float(value):.10f}".rstrip("0").rstrip(".") or "0"


def _exactly(value: float, side: int) -> str:
    """Return a share of `side` that gives the very same pixel coordinate again: a hair less may change which pixels are filled."""
    share = value / side
    nearby = (float(_number(share)), share, math.nextafter(share, 2), math.nextafter(share, -1))
    found = next((number for number in nearby if number * side == value), math.nextafter(share, 2))
    return np.format_float_positional(found, trim="-")
