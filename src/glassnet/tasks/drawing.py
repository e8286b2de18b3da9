"""Answers and truths drawn into pictures: boxes, masks, a class for every pixel. `predict` and the report draw with this alone.

Every function takes a picture uint8 (H, W, 1 or 3) and returns uint8 (h, w, 3). An answer may be of another size than the picture, as
when the picture was shrunk for a page: it is scaled to it. Small pictures are enlarged by a whole factor, so that words can be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from glassnet.data.catalog import BACKGROUND
from glassnet.data.truths import IGNORED, Truth
from glassnet.tasks.answers import Box, PixelsAnswer, ThingsAnswer
from glassnet.tasks.lettering import Labels, with_legend
from glassnet.tasks.palette import BLACK, UNCOUNTED, WHITE, Colour, colour_of, ink_on

_SMALLEST = 320  # pixels of the longer side that a drawn picture has at least
_LEAST_MASK = 30  # pixels of the canvas
_FEW = 16  # things up to which a label may be wider than its box
_FILL, _PIXELS = 0.38, 0.55  # how much of the colour covers the picture: of a mask, of a class map


@dataclass(frozen=True)
class _Mark:
    """One thing to draw, in pixels of the canvas. `texts` from the longest to the shortest; `remarked` dashes the line in its own colour,
    `dashed` in black and white.
    """

    box: tuple[int, int, int, int]
    mask: np.ndarray | None
    colour: Colour
    texts: tuple[str, ...]
    dashed: bool = False
    remarked: bool = False


def draw(
    picture: np.ndarray,
    answer: ThingsAnswer | PixelsAnswer,
    truth: Truth | None = None,
    classes: Sequence[str] = (),
    legend: bool = True,
) -> np.ndarray:
    """Return the picture with an answer of either kind drawn on it, and the truth dashed over it where it is known."""
    if isinstance(answer, PixelsAnswer):
        return draw_pixels(picture, answer, truth, legend)
    return draw_things(picture, answer, truth, classes, legend)


def draw_things(
    picture: np.ndarray,
    answer: ThingsAnswer,
    truth: Truth | None = None,
    classes: Sequence[str] = (),
    legend: bool = True,
    remarks: Mapping[int, str] | None = None,
) -> np.ndarray:
    """Return the picture with a box, or a mask where there is one, around every thing, its class and confidence beside it.

    `classes` is the class list, which gives the colours and names the truth; without it the answer's own is, or the labels in it.
    `remarks` are words about single things, by their place in the answer; lines around these are dashed. A class that is the only one is
    not named on every thing without a legend, or on every one of many.
    """
    classes = tuple(classes) or answer.classes or tuple(sorted({thing.label for thing in answer.found}))
    canvas = canvas_of(picture)
    scale = canvas.shape[1] / answer.width, canvas.shape[0] / answer.height
    plain = len(classes) == 1 and (not legend or len(answer.found) > _FEW)
    marks = []
    for place, thing in enumerate(answer.found):
        mask = None if thing.mask is None else _seen(_resized(thing.mask, canvas.shape[:2]))
        sure = f"{thing.confidence:.0%}"
        texts = (sure,) if plain else (f"{thing.label} {sure}", thing.label, sure)
        texts = _remarked(texts, (remarks or {}).get(place))
        colour = colour_of(classes.index(thing.label)) if thing.label in classes else UNCOUNTED
        marks.append(_Mark(_scaled(thing.box, scale, canvas), mask, colour, texts, remarked=place in (remarks or {})))
    truths = [] if truth is None else _marks_of(truth, classes, canvas, True)
    drawn = _paint(canvas, [*marks, *truths])
    if not legend:
        return drawn
    counts = [(name, sum(thing.label == name for thing in answer.found)) for name in classes]
    entries: list[tuple[str, Colour | None]] = [
        (f"{name}: {n}", colour_of(classes.index(name))) for name, n in counts if n
    ]
    entries += [("truth", None)] if truths else []
    return with_legend(drawn, entries or [("nothing found", WHITE)], _letters(canvas))


def draw_pixels(
    picture: np.ndarray, answer: PixelsAnswer, truth: Truth | None = None, legend: bool = True
) -> np.ndarray:
    """Return the picture with every pixel tinted by its class, `background` left as it is, and the borders of the truth dashed."""
    shares = list(answer.shares.items())
    entries: list[tuple[str, Colour | None]] = [
        (f"{name} {share:.0%}" if share >= 0.005 else f"{name} <1%", colour_of(answer.classes.index(name)))
        for name, share in shares
        if name != BACKGROUND
    ]
    entries += [("truth", None)] if truth is not None else []
    canvas = _tinted(canvas_of(picture), answer.pixels, answer.classes)
    if truth is not None:
        borders = _thick(_borders(_resized(truth.classes_map(), canvas.shape[:2])), _line(canvas) // 2)
        canvas[borders] = np.where(_dashes(canvas)[borders, None], WHITE, BLACK)
    return with_legend(canvas, entries, _letters(canvas)) if legend else canvas


def draw_truth(
    picture: np.ndarray,
    truth: Truth,
    classes: Sequence[str],
    pixels: bool = False,
    legend: bool = False,
    remarks: Mapping[int, str] | None = None,
    boxes: bool = False,
) -> np.ndarray:
    """Return the picture with its annotation drawn as an answer would be; `pixels`: as a class for every pixel; `boxes`: as boxes also
    where more is known.

    `remarks` are words about single things, by their place in the truth, whose lines are dashed.
    """
    canvas = canvas_of(picture)
    if pixels:
        found = truth.classes_map()
        present = [i for i in np.unique(found).tolist() if i < len(classes) and classes[i] != BACKGROUND]
        drawn = _tinted(canvas, found, classes)
    else:
        present = sorted({int(label) for label in truth.labels})
        known = replace(truth, masks=()) if boxes else truth
        drawn = _paint(canvas, _marks_of(known, classes, canvas, False, remarks))
    entries = [(classes[i], colour_of(i)) for i in present]
    return with_legend(drawn, entries, _letters(canvas)) if legend else drawn


def canvas_of(picture: np.ndarray) -> np.ndarray:
    """Return a copy to draw on, uint8 (h, w, 3), enlarged by a whole factor where the picture is small."""
    pixels = np.repeat(picture, 3, 2) if picture.shape[2] == 1 else picture
    factor = max(1, -(-_SMALLEST // max(pixels.shape[:2])))
    return np.ascontiguousarray(pixels if factor == 1 else pixels.repeat(factor, 0).repeat(factor, 1)).copy()


def _line(canvas: np.ndarray) -> int:
    return max(2, round(max(canvas.shape[:2]) / 280))


def _letters(canvas: np.ndarray) -> int:
    return min(max(11, round(max(canvas.shape[:2]) / 36)), max(11, canvas.shape[1] // 14))


def _scaled(box: Box, scale: tuple[float, float], canvas: np.ndarray) -> tuple[int, int, int, int]:
    """Return the pixels that a box encloses on the canvas, at least one."""
    high, wide = canvas.shape[:2]
    x1, x2 = (min(max(round(float(x) * scale[0]), 0), wide) for x in (box[0], box[2]))
    y1, y2 = (min(max(round(float(y) * scale[1]), 0), high) for y in (box[1], box[3]))
    x1, y1 = min(x1, wide - 1), min(y1, high - 1)
    return x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)


def _seen(mask: np.ndarray) -> np.ndarray | None:
    """Return a mask that is large enough to be seen, else None: its box is drawn then."""
    return mask if np.count_nonzero(mask) >= _LEAST_MASK else None


def _remarked(texts: tuple[str, ...], remark: str | None) -> tuple[str, ...]:
    """Return the texts with a remark that outlives the rest of them where there is little room."""
    return texts if remark is None else (*(f"{text}, {remark}" for text in texts), remark)


def _resized(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the nearest values on another grid of pixels: (h, w) as `shape` says."""
    rows, columns = (((np.arange(n) + 0.5) * m / n).astype(np.int64) for n, m in zip(shape, values.shape, strict=True))
    return values[rows[:, None], columns]


def _marks_of(
    truth: Truth, classes: Sequence[str], canvas: np.ndarray, dashed: bool, remarks: Mapping[int, str] | None = None
) -> list[_Mark]:
    scale = canvas.shape[1] / truth.width, canvas.shape[0] / truth.height
    marks = []
    for i, label in enumerate(truth.labels.tolist()):
        mask = truth.mask(i) if truth.masks and truth.masks[i] is not None else None
        crowd = bool(truth.crowd[i])
        name = () if len(classes) == 1 and len(truth) > 1 else (classes[label],)
        name = (f"{classes[label]}, not counted",) if crowd else name
        marks.append(
            _Mark(
                _scaled(tuple(truth.boxes[i]), scale, canvas),
                None if mask is None else _seen(_resized(mask, canvas.shape[:2])),
                UNCOUNTED if crowd else colour_of(label),
                () if dashed else _remarked(name, (remarks or {}).get(i)),
                dashed,
                i in (remarks or {}),
            )
        )
    return marks


def _paint(canvas: np.ndarray, marks: Sequence[_Mark]) -> np.ndarray:
    """Return the canvas with the marks: large before small, fills before lines, words last."""
    from PIL import Image

    line = _line(canvas)
    ordered = sorted(marks, key=lambda mark: (mark.dashed, -_area(mark.box)))
    for mark in ordered:
        if mark.mask is not None and not mark.dashed:
            canvas[mark.mask] = _mixed(canvas[mark.mask], mark.colour, _FILL)
    dashes = _dashes(canvas)
    for mark in ordered:
        _outline(canvas, mark, line, dashes)
    drawn = Image.fromarray(canvas)
    labels = Labels(drawn, max(11, round(_letters(canvas) * 0.85)))
    for mark in marks:
        room = None if len(marks) <= _FEW else round(1.25 * (mark.box[2] - mark.box[0]))
        labels.write(mark.texts, mark.box, mark.colour, room)
    return np.array(drawn, np.uint8)


def _outline(canvas: np.ndarray, mark: _Mark, line: int, dashes: np.ndarray) -> None:
    """Draw the edge of a mark: its colour with a rim that stands out from it, so that it can be seen on any ground."""
    x1, y1, x2, y2 = mark.box if mark.mask is None else _around(mark.mask, mark.box)
    high, wide = canvas.shape[:2]
    reach = line + 2
    part = slice(max(0, y1 - reach), min(high, y2 + reach)), slice(max(0, x1 - reach), min(wide, x2 + reach))
    if mark.mask is not None:
        inside = mark.mask[part]
        edge, rim = inside & ~_shrunk(inside, line), _thick(inside, 1) & ~inside
    else:
        edge, rim = _frame((x1, y1, x2, y2), part, line)
    window = canvas[part]
    if mark.dashed:
        window[edge] = np.where(dashes[part][edge, None], WHITE, BLACK)
        return
    window[rim] = ink_on(mark.colour)
    window[edge] = (
        np.where(dashes[part][edge, None], mark.colour, ink_on(mark.colour)) if mark.remarked else mark.colour
    )


def _frame(box: tuple[int, int, int, int], part: tuple[slice, slice], line: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the edge of a box and the rim around it, bool in a part of the canvas: what a mask of the box would have, without its cost."""
    high, wide = (each.stop - each.start for each in part)
    x1, y1, x2, y2 = (at - part[1 - i % 2].start for i, at in enumerate(box))
    edge, rim = np.zeros((high, wide), bool), np.zeros((high, wide), bool)
    edge[y1:y2, x1:x2] = True
    edge[y1 + line : max(y2 - line, 0), x1 + line : max(x2 - line, 0)] = False
    rim[max(y1 - 1, 0) : y2 + 1, x1:x2] = rim[y1:y2, max(x1 - 1, 0) : x2 + 1] = True
    rim[y1:y2, x1:x2] = False
    return edge, rim


def _around(mask: np.ndarray, box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Return the pixels from the first to the last of a mask; the box where the mask is empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1) if len(rows) else box


def _tinted(canvas: np.ndarray, pixels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return the canvas tinted by class, `background` untouched, ignored pixels in grey stripes, borders between classes drawn."""
    found = _resized(pixels, canvas.shape[:2])
    for place in np.unique(found).tolist():
        where = found == place
        if place == IGNORED:
            where &= _dashes(canvas)
            canvas[where] = _mixed(canvas[where], UNCOUNTED, _PIXELS)
        elif classes[place] != BACKGROUND:
            canvas[where] = _mixed(canvas[where], colour_of(place), _PIXELS)
    canvas[_borders(found)] = WHITE
    return canvas


def _borders(found: np.ndarray) -> np.ndarray:
    """Return bool (h, w): the pixels whose right or lower neighbour has another value."""
    borders = np.zeros(found.shape, bool)
    borders[:, :-1] |= found[:, 1:] != found[:, :-1]
    borders[:-1] |= found[1:] != found[:-1]
    return borders


def _dashes(canvas: np.ndarray) -> np.ndarray:
    """Return bool (h, w): stripes that fall from right to left, so that a line in any direction but theirs is dashed by them."""
    high, wide = canvas.shape[:2]
    length = 3 * _line(canvas)
    return (np.add.outer(np.arange(high), np.arange(wide)) // length) % 2 == 0


def _thick(mask: np.ndarray, by: int) -> np.ndarray:
    """Return a mask grown by `by` pixels to every side."""
    for _ in range(by):
        grown = mask.copy()
        grown[1:] |= mask[:-1]
        grown[:-1] |= mask[1:]
        grown[:, 1:] |= mask[:, :-1]
        grown[:, :-1] |= mask[:, 1:]
        mask = grown
    return mask


def _shrunk(mask: np.ndarray, by: int) -> np.ndarray:
    """Return a mask shrunk by `by` pixels; the edge of the picture is an edge of the mask too."""
    return ~_thick(np.pad(~mask, by, constant_values=True), by)[by:-by, by:-by]


def _mixed(pixels: np.ndarray, colour: Colour, share: float) -> np.ndarray:
    return (pixels * (1 - share) + np.array(colour) * share).astype(np.uint8)


def _area(box: tuple[int, int, int, int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
