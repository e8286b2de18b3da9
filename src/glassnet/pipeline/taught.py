"""The pictures that a run was trained on, as its network saw them, to compare a new picture with."""

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import randomness
from glassnet.errors import DataError
from glassnet.pipeline.observer import Observer

if TYPE_CHECKING:
    from glassnet.data.catalog import Catalog
    from glassnet.data.store import Store
    from glassnet.explain.exciting import Excited
    from glassnet.pipeline.run import Run

_LEAST, _MOST = 100, 2000  # pictures looked through unless others are asked for
_WORK = 100_000_000_000  # multiply-adds for all of them: a second or two on a few cores


@dataclass(frozen=True, eq=False)
class Crop:
    """A training picture that excites a channel: `key` and class (`label`, "" where a picture has no single class), the strongest `value`
    at row `y` and column `x` of the map (None in a row of values), and what it sees: `box` (x1, y1, x2, y2) and `pixels` uint8 (h, w, C).
    """

    key: str
    label: str
    value: float
    y: int | None
    x: int | None
    box: tuple[int, int, int, int]
    pixels: np.ndarray = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without the pixels."""
        return {
            "picture": self.key,
            "label": self.label,
            "value": self.value,
            "y": self.y,
            "x": self.x,
            "box": list(self.box),
        }


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A training picture near to the one explained: `key`, class, cosine in the last features, and its `pixels` uint8 (H, W, C)."""

    key: str
    label: str
    similarity: float
    pixels: np.ndarray = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without the pixels."""
        return {"picture": self.key, "label": self.label, "similarity": self.similarity}


class Taught:
    """The training pictures of one run. Nothing is opened before it is asked for."""

    def __init__(self, run: "Run", observer: Observer | None = None) -> None:
        self.run = run
        self.observer = observer or Observer()

    @cached_property
    def catalog(self) -> "Catalog":
        """What stands in the run's folder of pictures. Raises DataError when it is gone or was never a folder."""
        from glassnet.data.readers import recognise

        data = self.run.recipe.data
        if data.root == "arrays":
            raise DataError(
                f"{self.run.name} was trained on arrays in memory, which are not kept, so its training pictures cannot be shown."
            )
        return recognise(data.root, task=data.task)

    @cached_property
    def store(self) -> "Store":
        """Their pixels, fitted; read anew where the store is not there any more."""
        from glassnet.data.store import open_store

        return open_store(
            self.catalog,
            self.run.predictor.pixels,
            self.run.folder.path.parent / ".store",
            progress=partial(self.observer.progress, "reading pictures"),
            say=self.observer.line,
        )

    @cached_property
    def _numbers(self) -> dict[int, int]:
        """From the rows of the store to the rows of the run's lock, for every training picture that is still what it was."""
        from glassnet.data.lock import image_hashes

        lock, hashes = self.run.lock, image_hashes(self.store)
        place = {example.key: row for row, example in enumerate(self.catalog.examples)}
        both = ((place.get(lock.keys[number], -1), number) for number in lock.train.tolist())
        same = {row: number for row, number in both if row >= 0 and hashes[row] == lock.hashes[number]}
        if not same:
            raise DataError(
                f"None of the {len(lock.train):,} pictures that {self.run.name} was trained on is in {self.catalog.root} any more."
            )
        return same

    def read(self, key: str) -> bytes:
        """Return the bytes of one picture of the set. Raises DataError."""
        return self.catalog.source.read(key)

    def rows(self, most: int | None = None, without: str = "") -> np.ndarray:
        """Return the rows of training pictures that are still what they were, all but the picture `without`.

        `most` of them, evenly drawn (0: all); None: as many as are quickly looked through. Raises DataError where there are none.
        """
        keys = self.run.lock.keys
        rows = np.array(sorted(row for row, number in self._numbers.items() if keys[number] != without), np.int64)
        if most is None:
            most = max(_LEAST, min(_MOST, _WORK // max(1, self.run.summary().multiply_adds)))
        if not most or len(rows) <= most:
            return rows
        return np.sort(rows[randomness.permutation(0, 0, len(rows), "explain")[:most]])

    def crop(self, found: "Excited") -> Crop:
        """Return what a value saw in a training picture."""
        x1, y1, x2, y2 = found.box
        pixels = np.array(self.store.pixels[found.row][y1:y2, x1:x2])
        return Crop(*self._named(found.row), found.value, found.y, found.x, found.box, pixels)

    def neighbour(self, row: int, similarity: float) -> Neighbour:
        """Return a training picture by its row."""
        return Neighbour(*self._named(row), similarity, np.array(self.store.pixels[row]))

    def _named(self, row: int) -> tuple[str, str]:
        lock, number = self.run.lock, self._numbers[row]
        return lock.keys[number], lock.labels[number] if self.catalog.task == "classify" else ""
