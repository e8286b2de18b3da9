"""YOLO: `data.yaml`, `images/<split>/…` and one text file per picture in `labels/<split>/`, all numbers as fractions of the picture.

A line is `class cx cy w h`, or `class x1 y1 x2 y2 …` around the thing where outlines are written. An empty file is a picture of background.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import yaml

from glassnet import durable
from glassnet.data.truths import BACKGROUND
from glassnet.data.writers.outline import fill, single_outline
from glassnet.data.writers.record import FOLDERS, Loss, Losses, Written, as_things

CROWDS = "Crowd regions left out, since YOLO has no mark for them; what they cover now counts as background"
OUTLINES = "Outlines left out, since boxes were asked for"
SEAMS = (
    "Things with holes or of several parts written as one line with seams, since YOLO has no others; "
    "here they keep every pixel, elsewhere the seams may gain a pixel's width"
)
BOXES = "Boxes that differ from their outline by a pixel or more left out, since YOLO takes boxes from outlines"
CLIPPED = "Boxes that leave the picture, cut at its border"
SCORES = "Confidences left out, since YOLO has no place for them beside outlines"
_NO_SPLIT = "# The source has no splits: train and val both name all pictures.\n"


def write(folder: Path, pictures: Iterable[Written], classes: Sequence[str], task: str) -> list[Loss]:
    """Write pictures and labels below `folder` and return what YOLO could not hold: outlines for instances and segment, else boxes.

    Raises StorageError.
    """
    losses = Losses()
    names = [name for name in classes if name != BACKGROUND]
    numbers = {name: number for number, name in enumerate(names)}
    splits: set[str | None] = set()
    for picture in pictures:
        splits.add(picture.split)
        place = FOLDERS.get(picture.split or "", "")
        if picture.data is not None:
            durable.write_bytes(folder / "images" / place / picture.name, picture.data)
        written = as_things(picture, classes, losses)
        lines = _lines(written, numbers, task in ("instances", "segment"), losses)
        durable.write_text(folder / "labels" / place / f"{picture.stem}.txt", "".join(f"{line}\n" for line in lines))
    durable.write_text(folder / "data.yaml", _yaml(names, splits))
    return list(losses)


def _yaml(names: Sequence[str], splits: set[str | None]) -> str:
    named = {split: folder for split, folder in FOLDERS.items() if split in splits}
    places = {folder: f"images/{folder}" for folder in named.values()} or {"train": "images", "val": "images"}
    values = {**places, "nc": len(names), "names": dict(enumerate(names))}
    return ("" if named else _NO_SPLIT) + yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=4096)


def _lines(picture: Written, numbers: dict[str, int], outlined: bool, losses: Losses) -> list[str]:
    lines = []
    for place, thing in enumerate(picture.things):
        if thing.crowd:
            losses.add(CROWDS, picture)
            continue
        if outlined and thing.shape is not None:
            values = _outline(picture, place, losses).ravel()
            losses.add(SCORES, picture, int(bool(picture.scores)))
        else:
            values = _box(picture, place, losses)
            losses.add(OUTLINES, picture, int(thing.shape is not None))
        lines.append(" ".join([str(numbers[thing.label]), *map(_number, values)]))
    return lines


def _box(picture: Written, place: int, losses: Losses) -> list[float]:
    """Return cx, cy, w, h as fractions, and the confidence where there is one."""
    box = np.array(picture.box(place))
    inside = box.clip(0, [picture.width, picture.height] * 2)
    losses.add(CLIPPED, picture, int((inside != box).any()))
    x1, y1, x2, y2 = inside / ([picture.width, picture.height] * 2)
    score = picture.score(place)
    return [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, *([] if score is None else [score])]


def _outline(picture: Written, place: int, losses: Losses) -> np.ndarray:
    """Return the points of one thing, float64 (V, 2), as fractions within the picture."""
    mask = picture.truth.mask(place)
    line, joined = single_outline(picture.things[place].shape, mask)
    inside = line.clip(0, (picture.width, picture.height))
    if (inside != line).any() and not np.array_equal(fill(inside, *mask.shape), mask):
        inside, joined = single_outline(None, mask)
    losses.add(SEAMS, picture, int(joined > 1))
    given = picture.things[place].box
    if given is not None:
        around = np.concatenate([inside.min(axis=0), inside.max(axis=0)])
        losses.add(BOXES, picture, int(np.abs(around - given).max() >= 1))
    return inside / (picture.width, picture.height)


def _number(value: float) -> str:
    """Ten digits place a point of a picture of any size to a millionth of a pixel."""
    return f"{float(value):.10f}".rstrip("0").rstrip(".") or "0"
