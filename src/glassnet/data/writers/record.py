"""What every format gets to write, one picture after the other, and the list of what a format could not hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from glassnet.data.catalog import BACKGROUND, Thing
from glassnet.data.shapes import box_of, rle_of
from glassnet.data.truths import IGNORED, Truth

_FOLDERS = {"train": "train", "validation": "val", "test": "test"}
SAME = 0.01
"""Pixels within which two boxes are the same."""


@dataclass(frozen=True, eq=False)
class Written:
    """One picture and its annotation.

    `name` is its file name without folders; no two pictures of a set share the part before the last dot. `things` are as the source has
    them, `truth` says the same in numbers (boxes and masks, thing by thing, or a class for every pixel). `data` are the picture's own
    bytes, None where only the annotation is written. `scores` are how sure an answer is of each thing, empty for what is true.
    """

    name: str
    things: tuple[Thing, ...]
    truth: Truth
    split: str | None = None
    data: bytes | None = None
    scores: tuple[float, ...] = ()

    @property
    def stem(self) -> str:
        """The name without its ending, which pairs a picture with its annotation."""
        return self.name.rpartition(".")[0] or self.name

    @property
    def place(self) -> str:
        """The folder of its split with a slash at the end, as other people call it: train/, val/, test/; empty without a split."""
        return f"{split_word(self.split)}/" if self.split else ""

    @property
    def height(self) -> int:
        """Rows of the upright picture."""
        return self.truth.height

    @property
    def width(self) -> int:
        """Columns of the upright picture."""
        return self.truth.width

    def box(self, number: int) -> tuple[float, float, float, float]:
        """Return x1, y1, x2, y2 of one thing, edges of the upright picture."""
        x1, y1, x2, y2 = self.truth.boxes[number].tolist()
        return x1, y1, x2, y2

    def score(self, number: int) -> float | None:
        """Return how sure the answer is of one thing; None for what is true."""
        return self.scores[number] if self.scores else None


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that a format could not hold: `what` in words, how often, and the first picture it happened to."""

    what: str
    count: int
    first: str

    def __str__(self) -> str:
        return f"{self.what}: {self.count:,} (first: {self.first})"

    def as_dict(self) -> dict:
        """Return plain JSON values."""
        return {"what": self.what, "count": self.count, "first": self.first}


class Losses:
    """Counts losses while a format is written."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._first: dict[str, str] = {}

    def add(self, what: str, picture: Written, count: int = 1) -> None:
        """Count one kind of loss; nothing for a count of 0."""
        if count:
            self._counts[what] = self._counts.get(what, 0) + count
            self._first.setdefault(what, picture.name)

    def __iter__(self) -> Iterator[Loss]:
        return (Loss(what, count, self._first[what]) for what, count in self._counts.items())


ONE_REGION = "Class regions written as one thing per class and picture, since class masks do not tell things apart"
IGNORED_PIXELS = (
    "Pixels that are to be ignored, written as if nothing were there, since the format has no mark for them"
)


def as_things(picture: Written, classes: Sequence[str], losses: Losses) -> Written:
    """Return a picture with a class for every pixel as one with a thing for every class in it; any other picture as it is.

    The background is no thing. What gets lost on the way is counted.
    """
    if picture.truth.map is None:
        return picture
    pixels = picture.truth.classes_map()
    things, boxes, labels, masks = [], [], [], []
    for number in np.unique(pixels).tolist():
        if number == IGNORED or classes[number] == BACKGROUND:
            continue
        mask = pixels == number
        box = box_of(mask)
        things.append(Thing(classes[number], box, rle_of(mask)))
        boxes.append(box)
        labels.append(number)
        masks.append(mask)
    losses.add(ONE_REGION, picture, len(things))
    losses.add(IGNORED_PIXELS, picture, int((pixels == IGNORED).sum()))
    truth = Truth(
        picture.height,
        picture.width,
        np.array(labels, np.int64),
        np.array(boxes, np.float64).reshape(-1, 4),
        np.zeros(len(things), bool),
        tuple(masks),
    )
    return replace(picture, things=tuple(things), truth=truth)


def thing_classes(classes: Sequence[str], task: str) -> list[str]:
    """Return the classes that things can have: for segment without the background, which is the class of pixels beside them."""
    return [name for name in classes if task != "segment" or name != BACKGROUND]


def split_word(split: str) -> str:
    """Return what a split is called in other people's layouts."""
    return _FOLDERS[split]


def plain(value: float) -> int | float:
    """Return a coordinate as a whole number where it is one, which reads better in a file."""
    return int(value) if float(value).is_integer() else float(value)
