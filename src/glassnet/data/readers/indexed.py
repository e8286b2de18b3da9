"""Layout: one mask per picture whose values number the things in it: 0 is nothing, 1 the first thing, and so on, in 8 or 16 bits.

images/1.png  masks/1.tif                          JPEGImages/1.jpg  SegmentationObject/1.png  (and SegmentationClass/1.png for classes)
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from glassnet.data.catalog import Catalog, Example, Fault, MaskFile, Thing, Things
from glassnet.data.mask_files import mask_values
from glassnet.data.readers import pairs
from glassnet.data.readers.class_table import ClassTable, names_classes, only_name, read_table
from glassnet.data.readers.instance_folders import OBJECT
from glassnet.data.readers.layout import Layout, finish_things
from glassnet.data.readers.listing import Listing
from glassnet.data.readers.numbering import VOID, smoothed
from glassnet.errors import DataError

_MOST = 10_000
"""More things than this in one picture are no things but grey values."""
Box = tuple[float, float, float, float]


def claims(listing: Listing) -> bool:
    """Most pictures have a mask, in a folder that says so (SegmentationObject), or with whole values of which there are more than two."""
    found = pairs.pair(listing)
    if not found.mostly or not found.any:
        return False
    paths = list((found.objects or found.masks).values())
    if not found.objects and names_classes(listing):
        return False
    if not pairs.are_masks(listing, paths):
        return False
    seen = pairs.look(listing, paths)
    if any(values.ndim == 3 or smoothed(values) for values in seen):
        return False
    return any(set(np.unique(values).tolist()) - {0, VOID} for values in seen)


def claims_both(listing: Listing) -> bool:
    """Most pictures have two masks: one of classes, and one in a folder that says that it tells things apart (SegmentationObject)."""
    found = pairs.pair(listing)
    return bool(found.masks and found.objects) and claims(listing)


def read(listing: Listing) -> Catalog:
    """Build the catalog. Every mask is opened, as only its values say how many things there are. Raises DataError."""
    found = pairs.pair(listing)
    notes = pairs.set_aside(listing, found)
    masks = found.objects or found.masks
    classes = found.masks if found.objects else {}
    table = read_table(listing) if classes else None
    splits = pairs.listed_splits(listing)
    name = only_name(listing) or OBJECT

    def split_of(path: str) -> str | None:
        return splits.get(pairs.stem_of(path)) if splits else pairs.split_of(path)

    with ThreadPoolExecutor(4 if len(masks) > 16 else 1) as pool:
        read_ones = pool.map(lambda path: _things(listing, masks[path], classes.get(path), table, name), masks)
        things = dict(zip(masks, read_ones, strict=True))
    examples = [
        Example(listing.pictures[path], found_things, split_of(path)) for path, (found_things, _) in things.items()
    ]
    fault = Fault("no_mask", "There is no mask of the same name, so nobody knows what is in it.")
    lonely = [*found.lonely, *(path for path in found.masks if path not in masks)]
    examples += [Example(listing.pictures[path], Things(faults=(fault,)), split_of(path)) for path in lonely]
    if not found.objects:
        notes.append(
            "values of masks: they are taken as the numbers of the things in a picture, 0 as nothing; if they are classes, write a "
            "classes.csv with the columns index,name"
        )
    if not classes and name == OBJECT:
        notes.append(f"class of things: nothing names them, so each is called {OBJECT!r}")
    bordered = sum(border for _, border in things.values())
    if bordered:
        notes.append(
            f"value 255: taken as the border between things in {bordered:,} masks, as in Pascal VOC; it is no thing"
        )
    pairs.skip_rest(listing, {*things, *masks.values(), *classes.values(), *lonely})
    return finish_things(
        listing, "pictures with a mask that numbers their things", sorted(examples, key=pairs.by_key), "masks", notes
    )


BOTH = Layout("masks that tell things apart", claims_both, read, tasks=("instances", "detect", "localize"))
LAYOUT = Layout(
    "masks that number things", claims, read, tasks=("instances", "detect", "segment", "localize"), guessed=True
)


def boxes_by_value(values: np.ndarray) -> dict[int, Box]:
    """Return {value: (x1, y1, x2, y2)} around the pixels of each value other than 0 in int32 (H, W)."""
    rows, columns = np.nonzero(values)
    found, which = np.unique(values[rows, columns], return_inverse=True)
    corners = np.empty((4, len(found)), np.int64)
    corners[:2], corners[2:] = max(values.shape), 0
    for place, where in ((0, columns), (1, rows)):
        np.minimum.at(corners[place], which, where)
        np.maximum.at(corners[place + 2], which, where + 1)
    boxes = corners.T.astype(float).tolist()
    return {value: (x1, y1, x2, y2) for value, (x1, y1, x2, y2) in zip(found.tolist(), boxes, strict=True)}


def _things(
    listing: Listing, mask: str, classes: str | None, table: ClassTable | None, name: str
) -> tuple[Things, bool]:
    """Return the things of one mask, and whether 255 marks the border between them."""
    key = listing.pictures[mask]

    def refused(code: str, reason: str) -> tuple[Things, bool]:
        return Things(key=key, faults=(Fault(code, reason),)), False

    try:
        values = mask_values(listing.source.read(key))
        of_classes = mask_values(listing.source.read(listing.pictures[classes])) if classes else None
    except DataError as error:
        return refused("unreadable_mask", f"The mask {key} cannot be used. {error}")
    if values.ndim == 3:
        return refused("colour_mask", f"The mask {key} is a colour picture; numbers of things are expected.")
    if of_classes is not None and of_classes.shape[:2] != values.shape:
        return refused(
            "mask_size", f"{mask} and {classes} differ in size, so the classes of things cannot be read off."
        )
    boxes = boxes_by_value(values)
    if len(boxes) > _MOST:
        return refused("mask_values", f"The mask {key} has {len(boxes):,} values, which number no things.")
    bordered = values.max(initial=0) <= VOID and VOID in boxes and len(boxes) < VOID - 1
    if bordered:
        del boxes[VOID]
    things = []
    for value, box in boxes.items():
        label = name if of_classes is None else _label(of_classes[values == value], table)
        things.append(Thing(label, box, MaskFile(key, value)))
    return Things(tuple(things), (values.shape[0], values.shape[1]), key), bordered


def _label(values: np.ndarray, table: ClassTable | None) -> str:
    """Return the class that most pixels of a thing have in the mask of classes; background and border only where there is no other."""
    found, counts = np.unique(values.reshape(len(values), -1), axis=0, return_counts=True)
    counts = np.where((found == 0).all(axis=1) | (found == VOID).all(axis=1), 0, counts)
    winner: Sequence[int] = found[counts.argmax()].tolist()
    for entry in table.entries if table else ():
        if (len(winner) == 1 and entry.index == winner[0]) or (len(winner) == 3 and entry.colour == tuple(winner)):
            return entry.name
    return f"class {winner[0]}" if len(winner) == 1 else f"class {' '.join(map(str, winner))}"
