"""What is true of a picture, in its own pixels: boxes, class numbers and masks, as scores and drawings need them.

Masks are made when they are asked for, so that the truths of a thousand pictures are a thousand small tables.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import field as of

import numpy as np

from glassnet.data.catalog import BACKGROUND, Catalog, ClassLabel, Mask, MaskFile, Polygon, Shape, Thing, Things
from glassnet.data.mask_files import mask_values, matched, unknown
from glassnet.data.rows import GOOD
from glassnet.data.shapes import Box, box_of, box_of_shape, fits, hull_of, hull_of_shape, mask_of, rasterise
from glassnet.data.store import Store
from glassnet.errors import DataError

IGNORED = 255
"""The number of pixels that are neither learnt nor counted, in maps of classes."""

_KEPT = 64 * 2**20
"""Bytes of decoded masks that are held at most, besides one that is larger by itself."""

Pixels = np.ndarray | Callable[[], np.ndarray]


@dataclass(frozen=True, eq=False)
class Truth:
    """The annotation of one picture of `height` × `width` pixels, upright, with m things.

    `labels` int64 (m,) are places in the catalog's class list, `boxes` float64 (m, 4) are x1, y1, x2, y2 at the edges, `crowd` bool (m,)
    marks what is neither learnt nor counted. `masks` has one entry per thing, bool (height, width) or a function that returns it, or is
    empty where only boxes are known. `hulls` likewise gives convex hulls, where they are known better than from the masks. `map` is
    the mask of a picture whose pixels have classes, uint8 (height, width), or a function. `background` is the class of pixels without
    a thing.
    """

    height: int
    width: int
    labels: np.ndarray
    boxes: np.ndarray
    crowd: np.ndarray
    masks: Sequence[Pixels | None] = ()
    hulls: Sequence[Pixels | None] = ()
    map: Pixels | None = None
    background: int = IGNORED

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shaped(self) -> bool:
        """Whether every thing has a mask (also true where there is no thing)."""
        return len(self.masks) == len(self) and all(mask is not None for mask in self.masks)

    def mask(self, number: int) -> np.ndarray:
        """Return bool (height, width): the pixels of one thing. Raises DataError where only its box is known."""
        pixels = self.masks[number] if self.masks else None
        if pixels is None:
            raise DataError("Only the box of this thing is known, not its pixels.")
        return pixels if isinstance(pixels, np.ndarray) else pixels()

    def hull(self, number: int) -> np.ndarray:
        """Return float64 (V, 2): the convex hull of one thing where its shape is known, else the corners of its box, clockwise."""
        known = self.hulls[number] if self.hulls else None
        if known is not None:
            return known if isinstance(known, np.ndarray) else known()
        if self.masks and self.masks[number] is not None:
            return hull_of(self.mask(number))
        x1, y1, x2, y2 = self.boxes[number]
        return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])

    def classes_map(self) -> np.ndarray:
        """Return uint8 (height, width): the class number of each pixel, 255 where it is ignored.

        Of things that overlap the smaller one lies on top; pixels of a crowd that belong to nothing else are ignored. Raises
        DataError where only boxes are known.
        """
        if self.map is not None:
            return self.map if isinstance(self.map, np.ndarray) else self.map()
        pixels = np.full((self.height, self.width), self.background, np.uint8)
        masks = [self.mask(i) for i in range(len(self))]
        areas = np.array([mask.sum() for mask in masks], np.int64)
        for i in np.lexsort((-areas, ~self.crowd)).tolist():
            pixels[masks[i]] = IGNORED if self.crowd[i] else self.labels[i]
        return pixels


def truths(catalog: Catalog, store: Store, rows: Sequence[int] | np.ndarray) -> list[Truth]:
    """Return what is true of these rows, in original pixels, classes numbered as in `catalog.classes`.

    Boxes that are written are cut at the edges of the picture; those of things that only have a shape come from the shape, so their
    mask files are read. Raises DataError, with the picture's name, for a picture that cannot be read or an annotation that does not fit
    it; the audit keeps such rows out of every split.
    """
    files = _Files(catalog)
    return [_truth(catalog, store, int(row), files) for row in rows]


def truth_of(catalog: Catalog, row: int, height: int, width: int) -> Truth:
    """Return what is true of one row whose picture has this size. Raises DataError as `truths`."""
    return _build(catalog, row, height, width, _Files(catalog))


def annotation_digest(catalog: Catalog, row: int) -> str:
    """Return 16 hex digits of a SHA-256 over one row's annotation, bytes of mask files included: equal digests, equal annotations.

    Names of files do not count. A mask file that cannot be read counts as such.
    """
    annotation = catalog.examples[row].annotation
    hashed: dict[str, str] = {}

    def content(key: str) -> str:
        if key not in hashed:
            try:
                hashed[key] = hashlib.sha256(catalog.source.read(key)).hexdigest()
            except DataError:
                hashed[key] = "unreadable"
        return hashed[key]

    if isinstance(annotation, ClassLabel):
        plain: object = annotation.name
    elif isinstance(annotation, Mask):
        plain = [content(annotation.key), annotation.names, annotation.ignore]
    else:
        things = [[t.label, t.box, _plain(t.shape, content), t.crowd] for t in annotation.things]
        plain = [sorted(map(json.dumps, things)), [fault.code for fault in annotation.faults]]
    return hashlib.sha256(json.dumps(plain).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def class_map(key: str, values: np.ndarray, annotation: Mask, classes: Sequence[str]) -> np.ndarray:
    """Return uint8 (H, W): the values of a mask as class numbers, 255 where ignored. Raises DataError for values without a name."""
    number = {name: i for i, name in enumerate(classes)}
    wanted = [*(value for value, _ in annotation.names), *annotation.ignore]
    numbers = [number.get(name, -1) for _, name in annotation.names] + [IGNORED] * len(annotation.ignore)
    if -1 in numbers:
        missing = next(name for _, name in annotation.names if name not in number)
        raise DataError(f"The mask {key} has the class {missing!r}, which the class list does not.")
    places = matched(values, wanted)
    if (places < 0).any():
        strange = unknown(values, wanted)
        raise DataError(
            f"The mask {key} has the value {strange[0]}, which has no class ({len(strange):,} such values)."
        )
    return np.array(numbers, np.uint8)[places]


def _plain(shape: Shape | None, content: Callable[[str], str]) -> object:
    if shape is None:
        return None
    if isinstance(shape, MaskFile):
        return [content(shape.key), shape.value]
    return [shape.parts] if isinstance(shape, Polygon) else [shape.counts, shape.height, shape.width]


@dataclass
class _Files:
    """Reads mask files and keeps the last ones: things of a picture share one, and are asked for their box, hull and pixels in turn."""

    catalog: Catalog
    kept: dict[str, np.ndarray] = of(default_factory=dict)
    held: int = 0

    def read(self, key: str) -> bytes:
        return self.catalog.source.read(key)

    def values(self, key: str) -> np.ndarray:
        if key not in self.kept:
            try:
                values = mask_values(self.read(key))
            except DataError as error:
                raise DataError(f"The mask {key} cannot be used. {error}") from None
            self.kept[key] = values
            self.held += values.nbytes
            while self.held > _KEPT and len(self.kept) > 1:
                self.held -= self.kept.pop(next(iter(self.kept))).nbytes
            return values
        return self.kept[key]

    def pixels(self, shape: Shape, height: int, width: int) -> np.ndarray:
        if isinstance(shape, MaskFile):
            return mask_of(shape, self.values(shape.key), height, width)
        return rasterise(shape, height, width, self.read)

    def hull(self, shape: Shape, height: int, width: int) -> np.ndarray:
        if isinstance(shape, MaskFile):
            return hull_of(self.pixels(shape, height, width))
        return hull_of_shape(shape, height, width, self.read)

    def box(self, thing: Thing, height: int, width: int) -> Box:
        if thing.box is not None:
            x1, y1, x2, y2 = thing.box  # the audit lets boxes through that reach over the edge by a hair
            return max(0.0, x1), max(0.0, y1), min(float(width), x2), min(float(height), y2)
        if thing.shape is None:
            raise DataError(f"A thing of the class {thing.label!r} has neither a box nor a shape.")
        if isinstance(thing.shape, MaskFile):
            return box_of(self.pixels(thing.shape, height, width))
        return box_of_shape(thing.shape, height, width, self.read)


def _truth(catalog: Catalog, store: Store, row: int, files: _Files) -> Truth:
    record = store.rows[row]
    if record["status"] != GOOD:
        problem = store.problems.get(row)
        reason = problem.reason if problem is not None else "It was not read."
        raise DataError(f"{catalog.examples[row].key} cannot be used. {reason}")
    return _build(catalog, row, int(record["height"]), int(record["width"]), files)


def _build(catalog: Catalog, row: int, height: int, width: int, files: _Files) -> Truth:
    example = catalog.examples[row]
    number = {name: i for i, name in enumerate(catalog.classes)}
    try:
        if isinstance(example.annotation, Mask):
            return _of_mask(example.annotation, catalog.classes, height, width, files)
        if isinstance(example.annotation, Things):
            return _of_things(example.annotation.things, number, height, width, files)
    except DataError as error:
        raise DataError(f"{example.key}: {error}") from None
    raise DataError(f"{example.key} has a class and neither boxes nor masks.")


def _of_mask(annotation: Mask, classes: Sequence[str], height: int, width: int, files: _Files) -> Truth:
    def pixels() -> np.ndarray:
        values = files.values(annotation.key)
        fits(annotation.key, values, height, width)
        return class_map(annotation.key, values, annotation, classes)

    nothing = np.zeros(0, np.int64)
    return Truth(height, width, nothing, np.zeros((0, 4)), nothing.astype(bool), map=pixels)


def _of_things(things: Sequence[Thing], number: dict[str, int], height: int, width: int, files: _Files) -> Truth:
    unknown = next((thing.label for thing in things if thing.label not in number), None)
    if unknown is not None:
        raise DataError(f"The class {unknown!r} is not in the class list.")

    def later(make: Callable[[Shape, int, int], np.ndarray], thing: Thing) -> Pixels | None:
        shape = thing.shape
        return None if shape is None else lambda: make(shape, height, width)

    boxes = [files.box(thing, height, width) for thing in things]
    return Truth(
        height,
        width,
        np.array([number[thing.label] for thing in things], np.int64),
        np.array(boxes, np.float64).reshape(-1, 4),
        np.array([thing.crowd for thing in things], bool),
        tuple(later(files.pixels, thing) for thing in things),
        tuple(later(files.hull, thing) for thing in things),
        background=number.get(BACKGROUND, IGNORED),
    )
