"""`convert`: a data set in another layout, its pictures byte for byte, and a plain list of what that layout could not hold."""

import contextlib
import os
import shutil
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import durable
from glassnet.data.audit.annotations import audit_annotations
from glassnet.data.catalog import SPLITS, Catalog, Example, Things
from glassnet.data.headers import header
from glassnet.data.pixels import PixelSettings, decode
from glassnet.data.readers import recognise
from glassnet.data.rows import GOOD, ROW
from glassnet.data.store import Store
from glassnet.data.truths import truth_of
from glassnet.data.writers import FORMATS, HOLDS
from glassnet.data.writers.encoding import encoded
from glassnet.data.writers.record import Loss, Losses, Written
from glassnet.errors import DataError, RecipeError, StorageError
from glassnet.pipeline.observer import Observer

NO_SPLIT = "Pictures outside the splits put into train, as training would"


@dataclass(frozen=True)
class Converted:
    """What was written to `folder`: pictures by split (`all` without splits), things, what got lost, and what was left out and why."""

    folder: Path
    form: str
    task: str
    pictures: dict[str, int]
    things: int
    losses: tuple[Loss, ...]
    left_out: tuple[tuple[str, str], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "folder": str(self.folder),
            "format": self.form,
            "task": self.task,
            "pictures": self.pictures,
            "things": self.things,
            "losses": [loss.as_dict() for loss in self.losses],
            "left_out": [{"file": key, "reason": reason} for key, reason in self.left_out],
        }


def convert(
    root: str | Path, form: str, folder: str | Path, task: str | None = None, observer: Observer | None = None
) -> Converted:
    """Write the data set at `root` to `folder` in the layout `form`, a key of FORMATS. Either all of it appears there, or nothing.

    `task` is the question whose answers are written; None takes the most natural one that the layout can hold. Raises RecipeError for
    a folder that holds something already, DataError where nothing can be written, StorageError.
    """
    observer = observer or Observer()
    folder = Path(folder)
    _check_target(Path(root), folder)
    catalog = _asked(root, form, task)
    observer.line(f"{catalog.root}: {catalog.layout}")
    quarantined = _quarantined(catalog)
    work = _Work(catalog, quarantined, partial(observer.progress, "writing pictures"))
    with _appearing(folder) as part:
        losses = FORMATS[form](part, work.pictures(), catalog.classes, catalog.task)
        if not work.counts:
            reasons = " ".join(f"{key}: {reason}" for key, reason in work.left_out[:2])
            raise DataError(f"Nothing of {catalog.root} could be written as {form}. {reasons}".strip())
    left_out = (*((fault.key, fault.reason) for fault in catalog.quarantined), *work.left_out)
    counts = {split or "all": work.counts[split] for split in (*SPLITS, None) if work.counts[split]}
    return Converted(folder, form, catalog.task, counts, work.things, (*work.losses, *losses), left_out)


def _asked(root: str | Path, form: str, task: str | None) -> Catalog:
    """Return the catalog with a question whose answers this layout holds. Raises DataError where there is none, RecipeError for `task`."""
    held = HOLDS[form]
    if task is not None and task not in held:
        raise RecipeError(f"{form} holds answers to {' or '.join(held)}, and --task {task} was asked for.")
    catalog = recognise(root, task=task)
    if task is None and "segment" not in held and catalog.task == "instances":
        return recognise(root, task="detect")  # only boxes will be written
    if catalog.task in held:
        return catalog
    other = next((answer for answer in catalog.answers if answer in held), None)
    if task is None and other is not None:
        return recognise(root, task=other)
    raise DataError(
        f"{catalog.root} answers {' or '.join(catalog.answers)}, and {form} holds answers to {' or '.join(held)}. {_instead(catalog)}"
    )


def _instead(catalog: Catalog) -> str:
    if "segment" in catalog.answers and len(catalog.answers) == 1:
        return "Masks of classes can be written as masks, coco or yolo."
    if catalog.answers == ("classify",):
        return "Classes of whole pictures have no boxes or masks to be written; folders are their layout."
    return "Boxes can be written as coco, yolo, voc or csv."


def _quarantined(catalog: Catalog) -> dict[int, str]:
    """Return {row: why} of the pictures that cannot be read, and of those whose annotation the audit keeps out of training."""
    rows = np.zeros(len(catalog), ROW)
    unread: dict[int, str] = {}
    for row, example in enumerate(catalog.examples):
        try:
            found = header(catalog.source.read(example.key))
        except DataError as error:
            unread[row] = str(error)
            continue
        rows["height"][row], rows["width"][row], rows["status"][row] = found.height, found.width, GOOD
    # The audit of annotations needs the sizes of the pictures, and none of their pixels.
    sizes = Store(PixelSettings(256, 256, "pad"), np.empty((len(rows), 0)), rows)
    return audit_annotations(catalog, sizes).quarantined | unread


@dataclass
class _Work:
    """Reads one picture after the other, and counts."""

    catalog: Catalog
    quarantined: dict[int, str]
    progress: Any
    counts: Counter[str | None] = field(default_factory=Counter)
    things: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)

    def pictures(self) -> Iterator[Written]:
        """Yield what can be written; what cannot is put down with its reason."""
        catalog, total = self.catalog, len(self.catalog)
        names = picture_names([example.key for example in catalog.examples])
        for row, example in enumerate(catalog.examples):
            self.progress(row, total)
            try:
                written = self._written(row, example, names[row])
            except DataError as error:
                self.left_out.append((example.key, str(error)))
                continue
            if written.split is None and catalog.given_splits:
                written = replace(written, split="train")
                self.losses.add(NO_SPLIT, written)
            self.counts[written.split] += 1
            self.things += len(written.things)
            yield written
        self.progress(total, total)

    def _written(self, row: int, example: Example, name: str) -> Written:
        if row in self.quarantined:
            raise DataError(self.quarantined[row])
        data = self.catalog.source.read(example.key)
        found = header(data)
        truth = truth_of(self.catalog, row, found.height, found.width)
        if found.format == "ARRAY":
            data = encoded(decode(data), name)
        things = example.annotation.things if isinstance(example.annotation, Things) else ()
        return Written(name, things, truth, example.split, data)


def picture_names(keys: list[str]) -> list[str]:
    """Return a file name for every key, no two with the same stem on any file system: the last part of the key where that is enough."""
    own = [_with_ending(key.rpartition("/")[2]) for key in keys]
    often = Counter(map(_folded_stem, own))
    taken: set[str] = set()
    names = []
    for key, name in zip(keys, own, strict=True):
        if often[_folded_stem(name)] > 1:
            name = _with_ending(key.replace("/", "_"))
        stem, ending = os.path.splitext(name)  # noqa: PTH122  a name, not a path
        number = 1
        while _folded_stem(name) in taken:
            number += 1
            name = f"{stem}-{number}{ending}"
        taken.add(_folded_stem(name))
        names.append(name)
    return names


def _with_ending(name: str) -> str:
    return name if "." in name else f"{name}.png"  # arrays in memory are written as PNG


def _folded_stem(name: str) -> str:
    return unicodedata.normalize("NFC", name.rpartition(".")[0]).casefold()


def _check_target(root: Path, folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RecipeError(f"{folder} exists and is not empty. Nothing is ever overwritten; name a new folder.")
    inside = root.is_dir() and folder.resolve().is_relative_to(root.resolve())
    if inside:
        raise RecipeError(
            f"{folder} lies inside {root}; the copy would be taken for a part of the data set. Name a folder elsewhere."
        )


@contextlib.contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """Give a folder beside `folder` that takes its place when the block ends well, and vanishes otherwise. Raises StorageError."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    except OSError as error:
        raise StorageError(durable.why(folder, error)) from error
    try:
        inner = part / folder.name
        inner.mkdir()
        yield inner
        if folder.exists():
            folder.rmdir()
        inner.replace(folder)
        durable.sync_folder(folder.parent)
    except OSError as error:
        raise StorageError(durable.why(folder, error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
