"""What one picture's annotation gathers while it is read, whatever the format: things, faults, and numbers that are checked once."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from glassnet.data.catalog import Example, Fault, Shape, Thing, Things
from glassnet.data.readers.finding import shown
from glassnet.data.readers.layout import some

Box = tuple[float, float, float, float]
FARTHEST = 1e7
"""No picture is as wide as this in pixels, so larger coordinates are refused as numbers."""
_MOST_FAULTS = 5
_PLAIN = {int, float}


@dataclass
class Page:
    """The annotation of one picture in the making. `key` is the picture, `file` the key of the annotation file."""

    key: str
    file: str = ""
    split: str | None = None
    group: str | None = None
    size: tuple[int, int] | None = None
    things: list[Thing] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, code: str, reason: str) -> None:
        """Put down what is wrong; of many faults the first few are enough."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(Fault(code, reason))

    def add(self, label: str, box: Box | None, shape: Shape | None = None, crowd: bool = False) -> None:
        """Add a thing as given; whether its geometry makes sense is for the audit to say, which knows the picture."""
        self.things.append(Thing(label, box, shape, crowd))

    def example(self) -> Example:
        """Return the finished example."""
        return Example(
            self.key, Things(tuple(self.things), self.size, self.file, tuple(self.faults)), self.split, self.group
        )


def marked_with(pages: Iterable[Page]) -> str:
    """Return the word for what all things are marked with: outlines, or boxes where one of them has no outline."""
    things = [thing for page in pages for thing in page.things]
    return "outlines" if things and all(thing.shape is not None for thing in things) else "boxes"


def never_used(names: Iterable[str], pages: Iterable[Page]) -> list[str]:
    """Say which named classes no picture of any split has; they are left out of the class list. Returns the note, or nothing."""
    used = {thing.label for page in pages for thing in page.things}
    never = sorted(set(names) - used)
    if not never:
        return []
    what = "class has" if len(never) == 1 else "classes have"
    return [f"{len(never):,} named {what} no thing anywhere, which leaves nothing to learn: {some(never, 5)}"]


def number(value: Any) -> float | None:
    """Return a coordinate as float, or None for what is no finite number of a sensible size. Text is read as a plain decimal."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) > 40 or not text.isascii() or "_" in text:
            return None
        try:
            value = float(text)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not abs(value) <= FARTHEST:  # NaN is not either
        return None
    return float(value)


def numbers(values: Sequence[Any]) -> list[float] | None:
    """Return all of them as floats, or None when one is no number."""
    if {type(value) for value in values} <= _PLAIN:  # outlines have thousands of numbers, all of them plain
        return [float(value) for value in values] if all(-FARTHEST <= value <= FARTHEST for value in values) else None
    found = [number(value) for value in values]
    return None if any(value is None for value in found) else [value for value in found if value is not None]


def side(value: Any) -> int | None:
    """Return the side of a picture in whole pixels, or None."""
    found = number(value)
    return int(found) if found is not None and found >= 1 and found.is_integer() else None


def is_fractions(values: Sequence[float]) -> bool:
    """Tell whether coordinates that should be pixels look like fractions of a picture: none beyond 1, and not all of them whole."""
    return all(abs(value) <= 1 for value in values) and any(math.floor(value) != value for value in values)


def bad_number(what: str, values: Any) -> str:
    """Return the sentence about coordinates that are no numbers."""
    return f"{what}: {shown(values)} are no numbers that a picture can hold."


UNIT = "{what}: {values} look like fractions of the picture, where pixels are expected."


def unit(what: str, values: Sequence[float]) -> str:
    """Return the sentence about coordinates in the wrong unit."""
    return UNIT.format(what=what, values=", ".join(f"{value:g}" for value in values[:4]))
