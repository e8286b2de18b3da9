"""What is there: examples, their annotations, one class list by name, and where their bytes come from.

Readers build a `Catalog`; every later room takes one. Nothing here opens a picture or imports torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class ClassLabel:
    """The annotation of a classified picture: its class, by name."""

    name: str


Annotation = ClassLabel  # the dense tasks add Boxes, Mask and Instances here


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

    `root` is what the user named, `layout` the sentence that says what was recognised, `task` one of classify, localize, detect,
    segment, instances. `skipped` are hidden or foreign files (said aloud, not counted as bad), `notes` are named warnings.
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
