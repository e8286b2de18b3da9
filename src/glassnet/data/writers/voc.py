"""Pascal VOC: `JPEGImages/`, one XML of boxes per picture in `Annotations/`, and `ImageSets/Main/<split>.txt` where there are splits.

Corners are whole pixels, counted from 1 and inclusive. Masks have no place. A crowd becomes `difficult`, which is what VOC calls
what is neither learnt nor counted.
"""

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from glassnet.data.writers.files import Files
from glassnet.data.writers.record import Loss, Losses, Written, split_word
from glassnet.errors import DataError

ROUNDED = "Boxes moved to whole pixels, by at most one half, since VOC has no others"
WIDENED = "Boxes not wider than a pixel, widened to two, since VOC's readers take equal corners for a box without size"
OUTLINES = "Outlines left out, of which only the box is kept, since VOC's XML has no place for them"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write(folder: Path, pictures: Iterable[Written], classes: Sequence[str], task: str) -> list[Loss]:
    """Write pictures and annotations below `folder` and return what VOC could not hold.

    Raises StorageError, and DataError for a name that XML cannot hold.
    """
    losses = Losses()
    sets: dict[str, list[str]] = {}
    with Files(folder) as files:
        for picture in pictures:
            if picture.data is not None:
                files.put(f"JPEGImages/{picture.name}", picture.data)
            files.put(f"Annotations/{picture.stem}.xml", _xml(picture, losses))
            if picture.split:
                sets.setdefault(picture.split, []).append(picture.stem)
        for split, stems in sets.items():
            files.put(f"ImageSets/Main/{split_word(split)}.txt", "".join(f"{stem}\n" for stem in stems))
    return list(losses)


def _xml(picture: Written, losses: Losses) -> str:
    lines = [
        "<annotation>",
        "\t<folder>JPEGImages</folder>",
        f"\t<filename>{_text(picture.name)}</filename>",
        "\t<size>",
        f"\t\t<width>{picture.width}</width>",
        f"\t\t<height>{picture.height}</height>",
        "\t\t<depth>3</depth>",
        "\t</size>",
        "\t<segmented>0</segmented>",
    ]
    for place, thing in enumerate(picture.things):
        x1, y1, x2, y2 = _corners(picture, place, losses)
        losses.add(OUTLINES, picture, int(thing.shape is not None))
        score = picture.score(place)
        lines += [
            "\t<object>",
            f"\t\t<name>{_text(thing.label)}</name>",
            "\t\t<pose>Unspecified</pose>",
            "\t\t<truncated>0</truncated>",
            f"\t\t<difficult>{int(thing.crowd)}</difficult>",
            *([] if score is None else [f"\t\t<confidence>{score:.6g}</confidence>"]),
            f"\t\t<bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox>",
            "\t</object>",
        ]
    return "\n".join([*lines, "</annotation>", ""])


def _corners(picture: Written, place: int, losses: Losses) -> tuple[int, int, int, int]:
    """Return xmin, ymin, xmax, ymax: the first and the last pixel of a box, counted from 1."""
    box = picture.box(place)
    x1, y1, x2, y2 = (math.floor(value + 0.5) for value in box)
    thin = x2 - x1 < 2 or y2 - y1 < 2
    losses.add(WIDENED if thin else ROUNDED, picture, int(thin or (x1, y1, x2, y2) != box))
    x1, x2 = _two_pixels(x1, x2, picture.width)
    y1, y2 = _two_pixels(y1, y2, picture.height)
    return x1 + 1, y1 + 1, x2, y2


def _two_pixels(low: int, high: int, side: int) -> tuple[int, int]:
    """Return a span of at least two pixels, within the picture where that is as wide."""
    if high - low > 1:
        return low, high
    low = max(0, min(low, side - 2))
    return low, low + 2


def _text(words: str) -> str:
    if _CONTROL.search(words):
        raise DataError(f"The name {words!r} holds a control character, which XML cannot hold. Rename it first.")
    return escape(words)
