"""What is there: examples, their annotations, one class list by name, and where their bytes come from.

Readers build a `Catalog`; every later room takes one. Nothing here opens a picture or imports torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

SPLITS = ("train", "validation", "test")
BACKGROUND = "background"
"""The class of the pixels beside all things, where every pixel has one."""


@dataclass(frozen=True, slots=True)
class ClassLabel:
    """The annotation of a classified picture: its class, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Polygon:
    """The outline of a thing: one tuple x0, y0, x1, y1, … for each of its parts. A pixel in column c covers x from c to c + 1."""

    parts: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Rle:
    """The pixels of a thing as COCO's run lengths, not compressed: down the columns, beginning with a run of zeros."""

    counts: tuple[int, ...]
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class MaskFile:
    """The pixels of a thing in a mask of its own (whatever is not 0), or where a mask has this `value`. `key` is read from the source."""

    key: str
    value: int | None = None


Shape = Polygon | Rle | MaskFile


@dataclass(frozen=True, slots=True)
class Thing:
    """One object in a picture.

    `box` is (x1, y1, x2, y2) in pixels of the upright picture, edges and not centres: a thing of one pixel in the corner has (0, 0, 1, 1).
    None where only `shape` says where it is. A `crowd` is a region that is neither learnt nor counted (COCO's iscrowd, VOC's difficult).
    """

    label: str
    box: tuple[float, float, float, float] | None = None
    shape: Shape | None = None
    crowd: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one annotation, found while reading it: a `code` for the audit, and a plain sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Things:
    """The annotation of a picture with any number of things. None at all is a picture of background, which the layout says it is.

    `size` is the (height, width) that the annotation claims for its picture, `key` the file it stands in. With any of `faults` the
    picture is kept out of training and scores: a thing that is there and not named must not be taught as background.
    """

    things: tuple[Thing, ...] = ()
    size: tuple[int, int] | None = None
    key: str = ""
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Mask:
    """The annotation of a picture whose pixels each have a class: a mask of the same size, read from the source by `key`.

    `names` maps pixel values (grey or palette index, or (r, g, b) of colour masks) to class names; `ignore` holds the values that are
    neither learnt nor counted. Any other value in the mask is a fault, which the audit finds.
    """

    key: str
    names: tuple[tuple[int | tuple[int, int, int], str], ...]
    ignore: tuple[int | tuple[int, int, int], ...] = ()
    faults: tuple[Fault, ...] = ()


Annotation = ClassLabel | Things | Mask


@dataclass(frozen=True, slots=True)
class Example:
    """One picture.

    `key` is unique in its catalog and stable between visits: the path below the root with forward slashes, archive members as
    `photos.zip/cat/1.jpg`, arrays as `array/000012`. `split` is set only where the layout gives one. `group` names what must stay on one
    side of a split (patient, video, burst) where the layout gives it.
    """

    key: str
    annotation: Annotation
    split: str | None = None
    group: str | None = None


class Source(Protocol):
    """Where the bytes of the pictures are: a folder, archives, or arrays in memory. Picklable, so that workers can read too."""

    def read(self, key: str) -> bytes:
        """Return the undecoded bytes of one picture. Raises DataError with the reason when they cannot be had."""
        ...

    def stamp(self, key: str) -> tuple[int, int]:
        """Return (size in bytes, modification time in ns): a cheap sign that the bytes are the same as last time."""
        ...

    def release(self) -> None:
        """Let go of whatever is kept in memory to read faster; reading still works afterwards."""
        ...


@dataclass(frozen=True)
class Quarantined:
    """A file that is kept out, and the plain reason. Never silently dropped, never trained on."""

    key: str
    reason: str


@dataclass(frozen=True)
class Catalog:
    """Every example of a data set. `classes` is sorted by name, stored once, and matched by name in every split.

    `root` is what the user named, `layout` the sentence that says what was recognised, `task` the question asked: one of classify,
    localize, detect, segment, instances; `answers` all the questions that these annotations can answer, the most natural first. `skipped`
    are hidden or foreign files (said aloud, not counted as bad), `notes` are named warnings.
    """

    root: str
    layout: str
    task: str
    classes: tuple[str, ...]
    examples: tuple[Example, ...]
    source: Source
    quarantined: tuple[Quarantined, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    extras: dict = field(default_factory=dict)
    answers: tuple[str, ...] = ("classify",)

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def given_splits(self) -> tuple[str, ...]:
        """The splits that the layout itself gives, in the order train, validation, test; empty when it gives none."""
        present = {example.split for example in self.examples}
        return tuple(split for split in SPLITS if split in present)


def class_list(names: Sequence[str]) -> tuple[str, ...]:
    """Return the one class list: distinct names, sorted. Every room takes its numbering from this order and no other."""
    return tuple(sorted(set(names)))
