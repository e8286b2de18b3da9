"""COCO's `segmentation`: polygons, or run lengths down the columns, as lists or packed into text. Checked before memory is spent."""

from typing import Any

from glassnet.data.catalog import Polygon, Rle, Shape
from glassnet.data.readers.finding import shown
from glassnet.data.readers.gathering import is_fractions, number, numbers, side, unit
from glassnet.errors import DataError

MOST_PIXELS = 100_000_000
"""A mask of more pixels is refused before it is unpacked."""


class BadShape(DataError):  # noqa: N818  it is a finding about one annotation, not a failure of the product
    """Raised when an outline cannot be read. `code` is bad_polygon, bad_rle, bad_number or unit."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def read_shape(given: Any, size: tuple[int, int] | None, what: str) -> Shape | None:
    """Return the outline of one annotation, or None where it has none. `size` is (height, width) of the picture where it is known.

    Raises BadShape, whose sentence begins with `what`.
    """
    if given is None or given == [] or given == [[]]:
        return None
    if isinstance(given, dict):
        return _run_lengths(given, size, what)
    if not isinstance(given, list):
        raise BadShape("bad_polygon", f"{what}: its segmentation is {shown(given)}, neither polygons nor run lengths.")
    parts = given if isinstance(given[0], list) else [given]
    return Polygon(tuple(_part(part, what) for part in parts))


def _part(part: Any, what: str) -> tuple[float, ...]:
    values = numbers(part) if isinstance(part, list) else None
    if values is None:
        raise BadShape("bad_number", f"{what}: a polygon holds what is no number: {shown(part)}.")
    if len(values) % 2 or len(values) < 6:
        raise BadShape(
            "bad_polygon", f"{what}: a polygon of {len(values)} numbers; it needs x and y for three points at least."
        )
    if is_fractions(values):
        raise BadShape("unit", unit(f"{what}, polygon", values))
    return tuple(values)


def _run_lengths(given: dict, size: tuple[int, int] | None, what: str) -> Rle:
    sides = given.get("size")
    height, width = [side(value) for value in sides] if isinstance(sides, list) and len(sides) == 2 else (None, None)
    if not height or not width or height * width > MOST_PIXELS:
        raise BadShape("bad_rle", f"{what}: its run lengths have the size {shown(sides)}, which no picture has.")
    if size is not None and size != (height, width):
        raise BadShape(
            "bad_rle",
            f"{what}: its run lengths are for {width} × {height} pixels, the picture has {size[1]} × {size[0]}.",
        )
    counts = given.get("counts")
    if isinstance(counts, str):
        from glassnet.data.shapes import decode_compressed

        try:
            return decode_compressed(counts, height, width)
        except DataError as error:
            raise BadShape("bad_rle", f"{what}: {error}") from None
    if not isinstance(counts, list) or len(counts) > height * width + 1:
        raise BadShape("bad_rle", f"{what}: its run lengths are {shown(counts)}, which is no list that fits its size.")
    runs = [number(count) for count in counts]
    if any(run is None or run < 0 or not run.is_integer() for run in runs):
        raise BadShape("bad_rle", f"{what}: its run lengths hold what is no whole number from 0 on.")
    lengths = tuple(int(run) for run in runs if run is not None)
    if sum(lengths) != height * width:
        longer = "longer" if sum(lengths) > height * width else "shorter"
        raise BadShape(
            "bad_rle",
            f"{what}: its run lengths cover {sum(lengths):,} pixels, {longer} than the {height * width:,} of the picture.",
        )
    return Rle(lengths, height, width)
