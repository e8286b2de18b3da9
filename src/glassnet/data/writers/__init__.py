"""Annotations in other people's layouts: one file per format, each with `write(folder, pictures, classes, task) -> list[Loss]`.

`pictures` are `record.Written`, taken one after the other, so that a set of any size can be written; a `Loss` is something that the format
could not hold. Two users: `convert`, which writes what is true, and `predict`, which writes answers.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from glassnet.data.writers import coco, csv, masks, voc, yolo
from glassnet.data.writers.record import Loss, Losses, Written

__all__ = ["FORMATS", "HOLDS", "Loss", "Losses", "Writer", "Written"]

Writer = Callable[[Path, Iterable[Written], Sequence[str], str], list[Loss]]

FORMATS: dict[str, Writer] = {
    "coco": coco.write,
    "yolo": yolo.write,
    "voc": voc.write,
    "masks": masks.write,
    "csv": csv.write,
}
HOLDS: dict[str, tuple[str, ...]] = {
    "coco": ("instances", "detect", "localize", "segment"),
    "yolo": ("instances", "detect", "localize", "segment"),
    "voc": ("detect", "localize", "instances"),
    "masks": ("instances", "segment"),
    "csv": ("detect", "localize", "instances"),
}
"""The tasks whose answers a format can hold, wholly or with losses that it names."""
