"""Words in pictures: a label that finds a free place beside its box, and the legend under the picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.tasks.palette import BLACK, WHITE, Colour, ink_on

Rect = tuple[int, int, int, int]


class Labels:
    """Writes labels into one picture, none over another. What finds no room is left out: the colour and the legend still say it."""

    def __init__(self, picture: Any, size: int) -> None:
        from PIL import ImageDraw, ImageFont

        self._pen = ImageDraw.Draw(picture)
        self._font = ImageFont.load_default(size=size)
        self._wide, self._high = picture.size
        self._edge = max(2, size // 5)
        self._taken: list[Rect] = []

    def write(self, texts: Sequence[str], box: Rect, colour: Colour, most: int | None = None) -> None:
        """Write the first of `texts`, the longest first, that has room at a corner of `box` (x1, y1, x2, y2) and is at most `most` wide."""
        for text in texts:
            for place in self._places(text, box):
                small = most is None or place[2] - place[0] <= most
                if small and all(_apart(place, other) for other in self._taken):
                    self._tag(text, place, colour)
                    return

    def _places(self, text: str, box: Rect) -> list[Rect]:
        """Return where a label may stand, the best first: above the box, in its upper corner, below, in its lower corner."""
        left, top, right, bottom = self._font.getbbox(text)
        wide, high = int(right - left) + 2 * self._edge, int(bottom - top) + 2 * self._edge
        if wide > self._wide or high > self._high:
            return []
        x1, y1, x2, y2 = box
        starts = (x1, y1 - high), (x1, y1), (x1, y2), (x2 - wide, y2 - high), (x2 - wide, y1 - high), (x2 - wide, y2)
        found = []
        for x, y in starts:
            x = min(max(x, 0), self._wide - wide)
            if 0 <= y <= self._high - high:
                found.append((x, y, x + wide, y + high))
        return found

    def _tag(self, text: str, place: Rect, colour: Colour) -> None:
        self._taken.append(place)
        left, top, *_ = self._font.getbbox(text)
        x1, y1, x2, y2 = place
        self._pen.rectangle((x1, y1, x2 - 1, y2 - 1), fill=colour)
        at = (x1 + self._edge - left, y1 + self._edge - top)
        self._pen.text(at, text, fill=ink_on(colour), font=self._font)


def with_legend(pixels: np.ndarray, entries: Sequence[tuple[str, Colour | None]], size: int) -> np.ndarray:
    """Return uint8 (h + strip, w, 3): the picture with a strip under it that names its colours; None is a dashed line."""
    from PIL import Image, ImageDraw, ImageFont

    if not entries:
        return pixels
    font, wide = ImageFont.load_default(size=size), pixels.shape[1]
    line, swatch, gap = round(size * 1.6), size, size // 2
    x, y, placed = gap, 0, []
    for text, colour in entries:
        text = _shortened(text, font, wide - swatch - 3 * gap)
        needed = swatch + gap + round(font.getlength(text))
        if x > gap and x + needed > wide - gap:
            x, y = gap, y + line
        placed.append((x, y, text, colour))
        x += needed + 2 * gap
    strip = Image.new("RGB", (wide, y + line + gap // 2), WHITE)
    pen = ImageDraw.Draw(strip)
    for x, y, text, colour in placed:
        top = y + (line - swatch) // 2
        if colour is None:
            middle = top + swatch // 2
            pen.line((x, middle, x + swatch // 3, middle), fill=BLACK, width=2)
            pen.line((x + 2 * swatch // 3, middle, x + swatch, middle), fill=BLACK, width=2)
        else:
            pen.rectangle((x, top, x + swatch - 1, top + swatch - 1), fill=colour, outline=BLACK)
        pen.text((x + swatch + gap, y + line // 2), text, fill=BLACK, font=font, anchor="lm")
    return np.concatenate([pixels, np.asarray(strip, np.uint8)])


def _shortened(text: str, font: Any, room: int) -> str:
    while len(text) > 1 and font.getlength(text) > room:
        text = text[:-2] + "…"
    return text


def _apart(a: Rect, b: Rect) -> bool:
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
