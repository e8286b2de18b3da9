"""The pixels of a thing from its shape, and shapes from pixels: polygons, run lengths and masks, their boxes and convex hulls.

Polygons become pixels by COCO's own definition (the C code of faster-coco-eval, the same as pycocotools'). What a file claims is checked
here before it gets there. Coordinates are edges: the pixel in column c covers x from c to c + 1.
"""

from collections.abc import Callable, Sequence

import numpy as np

from glassnet.data.catalog import MaskFile, Polygon, Rle, Shape
from glassnet.data.contours import polygon_of
from glassnet.data.mask_files import mask_values, matched
from glassnet.errors import DataError

__all__ = [
    "box_of",
    "box_of_shape",
    "check_polygon",
    "check_rle",
    "compressed",
    "convex_hull",
    "decode_compressed",
    "decode_rle",
    "fits",
    "hull_of",
    "hull_of_shape",
    "mask_of",
    "polygon_of",
    "rasterise",
    "rle_of",
]

Read = Callable[[str], bytes]
Box = tuple[float, float, float, float]

_LONGEST = 2_000_000
"""Pixels that the outline of one part may measure. COCO's code walks along it in steps of a fifth of a pixel, all of them in memory."""


def rasterise(shape: Shape, height: int, width: int, read: Read) -> np.ndarray:
    """Return bool (height, width): the pixels of a thing in an upright picture of this size.

    `read` returns the bytes of a mask file by its key. Raises DataError for a shape that makes no sense or does not fit the picture.
    """
    if isinstance(shape, Polygon):
        return _fill(shape, height, width)
    if isinstance(shape, Rle):
        return decode_rle(shape, height, width)
    return mask_of(shape, mask_values(read(shape.key)), height, width)


def mask_of(shape: MaskFile, values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return bool (height, width) from the values of the shape's mask, read before. Raises DataError when the sizes differ."""
    fits(shape.key, values, height, width)
    if shape.value is not None:
        return matched(values, [shape.value]) == 0 if values.ndim == 3 else values == shape.value
    there = values != 0
    return there.any(axis=2) if there.ndim == 3 else there


def fits(key: str, values: np.ndarray, height: int, width: int) -> None:
    """Raise DataError when the values (H, W) or (H, W, 3) of a mask are not as high and wide as the picture."""
    if values.shape[:2] != (height, width):
        raise DataError(
            f"The mask {key} is {values.shape[1]} × {values.shape[0]} pixels, its picture {width} × {height}; they must be of one size."
        )


def box_of(mask: np.ndarray) -> Box:
    """Return (x1, y1, x2, y2), the edges around the pixels of bool (H, W). Raises DataError for a mask without any."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise DataError("The mask of a thing has no pixels, so it has no place in the picture.")
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def hull_of(mask: np.ndarray) -> np.ndarray:
    """Return float64 (V, 2): the corners x, y of the convex hull of the pixels of bool (H, W), whole pixels and not their centres.

    Clockwise as seen, no three on a line, V ≥ 4. Raises DataError for a mask without pixels.
    """
    x1, y1, x2, y2 = map(int, box_of(mask))
    part = mask[y1:y2, x1:x2]
    rows = np.flatnonzero(part.any(axis=1))
    left = part[rows].argmax(axis=1) + x1
    right = x2 - part[rows, ::-1].argmax(axis=1)
    top = rows + y1
    points = np.concatenate(
        [np.stack(pair, axis=1) for pair in ((left, top), (left, top + 1), (right, top), (right, top + 1))]
    )
    return convex_hull(points)


def hull_of_shape(shape: Shape, height: int, width: int, read: Read) -> np.ndarray:
    """Return float64 (V, 2): the convex hull of a thing, cut at the edges of the picture.

    For a polygon the hull of its own points, which are finer than pixels; otherwise that of its pixels. Raises DataError, also when
    nothing of it lies within the picture.
    """
    if not isinstance(shape, Polygon):
        return hull_of(rasterise(shape, height, width, read))
    check_polygon(shape, height, width)
    hull = _clipped(convex_hull(np.concatenate([np.reshape(part, (-1, 2)) for part in shape.parts])), height, width)
    if len(hull) < 3:
        raise DataError(f"The polygon lies outside its picture of {width} × {height} pixels, or has no area.")
    return hull


def box_of_shape(shape: Shape, height: int, width: int, read: Read) -> Box:
    """Return (x1, y1, x2, y2) of the convex hull of a thing. Raises DataError as `hull_of_shape`."""
    hull = hull_of_shape(shape, height, width, read)
    (x1, y1), (x2, y2) = hull.min(axis=0).tolist(), hull.max(axis=0).tolist()
    return x1, y1, x2, y2


def convex_hull(points: np.ndarray) -> np.ndarray:
    """Return float64 (V, 2), the corners of the convex hull of points (n, 2), clockwise as seen (y points down), none on a line of others.

    Fewer than three corners come back where all points lie on one line. Monotone chain (A. M. Andrew, 1979).
    """
    ordered = np.unique(np.asarray(points, np.float64).reshape(-1, 2), axis=0).tolist()
    if len(ordered) < 3:
        return np.array(ordered, np.float64).reshape(-1, 2)
    upper, lower = _chain(ordered), _chain(ordered[::-1])
    return np.array(upper[:-1] + lower[:-1], np.float64)


def check_polygon(shape: Polygon, height: int, width: int) -> None:
    """Raise DataError for a polygon that has no parts, a part of fewer than three points, numbers that are none, or far too long a way.

    Points may lie outside by as much as the picture's longer side, since annotators' hands slip; what is outside is cut off.
    """
    if not shape.parts:
        raise DataError("The polygon has no points.")
    far = max(height, width)
    for part in shape.parts:
        if len(part) < 6 or len(part) % 2:
            what = f"{len(part) // 2} points" if len(part) % 2 == 0 else f"{len(part)} numbers, which are no pairs"
            raise DataError(f"A polygon needs at least three points x, y; this one has {what}.")
        points = np.asarray(part, np.float64).reshape(-1, 2)
        if not np.isfinite(points).all():
            raise DataError("The polygon has coordinates that are no numbers (NaN or infinity).")
        if (points < -far).any() or (points > (width + far, height + far)).any():
            raise DataError(
                f"The polygon leads to ({points[:, 0].max():.6g}, {points[:, 1].max():.6g}), far outside its picture of "
                f"{width} × {height} pixels; are the coordinates in another unit?"
            )
        if np.abs(np.diff(points, axis=0, append=points[:1])).max(axis=1).sum() > _LONGEST:
            raise DataError(f"The outline of the polygon is more than {_LONGEST:,} pixels long; nobody drew that.")


def check_rle(shape: Rle, height: int, width: int) -> None:
    """Raise DataError for run lengths that are negative, belong to another size, or do not sum to height · width."""
    if (shape.height, shape.width) != (height, width):
        raise DataError(
            f"The run lengths are for {shape.width} × {shape.height} pixels, the picture has {width} × {height}."
        )
    total = 0
    for run in shape.counts:
        if isinstance(run, bool) or not isinstance(run, int) or run < 0:
            raise DataError(f"A run length is {run!r}; they are whole numbers from 0 on.")
        total += run
    if total != height * width:
        raise DataError(f"The run lengths sum to {total:,}, the picture has {height * width:,} pixels.")


def decode_rle(shape: Rle, height: int, width: int) -> np.ndarray:
    """Return bool (height, width) of run lengths. Raises DataError where they do not fit the picture exactly."""
    check_rle(shape, height, width)
    counts = np.array(shape.counts, np.int64)
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return np.ascontiguousarray(flat.reshape(width, height).T)


def rle_of(mask: np.ndarray) -> Rle:
    """Return the run lengths of bool (H, W). `decode_rle` is the inverse. Only the columns that hold pixels are walked through."""
    height, width = mask.shape
    mask = np.asarray(mask, bool)
    columns = np.flatnonzero(mask.any(axis=0))
    changes = np.zeros(0, np.int64)
    if len(columns):
        first, last = int(columns[0]), int(columns[-1]) + 1
        down = np.zeros((last - first) * height + 2, bool)
        down[1:-1] = mask[:, first:last].T.ravel()
        changes = np.flatnonzero(down[1:] != down[:-1]) + first * height
        changes = changes[changes < mask.size]  # a thing in the last corner has no zeros after it
    return Rle(tuple(np.diff(changes, prepend=0, append=mask.size).tolist()), height, width)


def decode_compressed(text: str | bytes, height: int, width: int) -> Rle:
    """Return the run lengths that COCO's compressed `counts` stand for. Raises DataError for anything that is none, or another size.

    Each number is written in groups of five bits, lowest first, as characters from 0 on; the bit of value 32 says that more follow. From
    the fourth number on they are differences from the run two places before.
    """
    try:
        codes = np.frombuffer(text.encode("ascii") if isinstance(text, str) else text, np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError:
        raise DataError("The compressed run lengths hold characters that do not belong there.") from None
    if not len(codes) or (codes < 0).any() or (codes > 63).any() or codes[-1] & 32:
        raise DataError("The compressed run lengths are empty, cut off, or hold characters that do not belong there.")
    ends = np.flatnonzero(codes & 32 == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > 8:
        raise DataError("A compressed run length has more than 40 bits; no picture is as large.")
    place = np.arange(len(codes)) - np.repeat(starts, lengths)
    numbers = np.add.reduceat((codes & 31) << (5 * place), starts)
    numbers = np.where(codes[ends] & 16, numbers - (np.int64(1) << (5 * lengths)), numbers)
    runs = numbers.copy()
    runs[1::2] = np.cumsum(numbers[1::2])
    runs[2::2] = np.cumsum(numbers[2::2])
    rle = Rle(tuple(runs.tolist()), height, width)
    check_rle(rle, height, width)
    return rle


def compressed(shape: Rle) -> str:
    """Return COCO's compressed `counts` of run lengths; `decode_compressed` is the inverse."""
    letters: list[str] = []
    for place, run in enumerate(shape.counts):
        rest = run - shape.counts[place - 2] if place > 2 else run
        while True:
            low, rest = rest & 31, rest >> 5
            done = rest == (-1 if low & 16 else 0)
            letters.append(chr(48 + (low if done else low | 32)))
            if done:
                break
    return "".join(letters)


def _fill(shape: Polygon, height: int, width: int) -> np.ndarray:
    from faster_coco_eval.core import mask as coco

    check_polygon(shape, height, width)
    parts = coco.frPyObjects([list(map(float, part)) for part in shape.parts], height, width)
    assert isinstance(parts, list), "a list of polygons gives a list of run lengths"
    return np.ascontiguousarray(coco.decode(coco.merge(parts)).reshape(height, width)).astype(bool)


def _chain(points: Sequence[list[float]]) -> list[list[float]]:
    chain: list[list[float]] = []
    for x, y in points:
        while len(chain) > 1:
            (x0, y0), (x1, y1) = chain[-2:]
            if (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0:
                break
            chain.pop()
        chain.append([x, y])
    return chain


def _clipped(hull: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cut a convex outline (V, 2) at the four edges of the picture, one after the other (Sutherland and Hodgman, 1974)."""
    for axis, limit, sign in ((0, 0.0, 1.0), (0, float(width), -1.0), (1, 0.0, 1.0), (1, float(height), -1.0)):
        inside = sign * (hull[:, axis] - limit) >= 0 if len(hull) else np.zeros(0, bool)
        if inside.all():
            continue
        kept = []
        for i, point in enumerate(hull):
            before = hull[i - 1]
            if inside[i] != inside[i - 1]:
                share = (limit - before[axis]) / (point[axis] - before[axis])
                crossing = before + share * (point - before)
                crossing[axis] = limit
                kept.append(crossing)
            if inside[i]:
                kept.append(point)
        hull = convex_hull(np.array(kept)) if kept else np.zeros((0, 2))
    return hull
