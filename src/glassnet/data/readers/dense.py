"""Layouts of the other questions (boxes and masks): recognised by name, so that their pictures are never mistaken for classes.

Reading them is the business of readers to come; each will be a file of its own beside this one, registered before it.
"""

import re

from glassnet.data.catalog import Catalog
from glassnet.data.readers.layout import Layout
from glassnet.data.readers.listing import Listing
from glassnet.errors import DataError


def claims(listing: Listing) -> bool:
    """Whether the files are laid out as VOC, COCO, YOLO, or pictures with masks."""
    return _recognised(listing) is not None


def read(listing: Listing) -> Catalog:
    """Raise DataError that says what was recognised, and what this version answers."""
    raise DataError(
        f"{listing.root} holds {_recognised(listing)}. This version of Glassnet answers one question, classification: which class a whole "
        "picture belongs to. To classify these pictures, add a labels.csv with the columns file,label, or sort them into one folder per "
        "class."
    )


LAYOUT = Layout("boxes and masks", claims, read)


def _recognised(listing: Listing) -> str | None:
    for look in (_voc, _coco, _yolo, _masks):
        found = look(listing)
        if found:
            return found
    return None


def _voc(listing: Listing) -> str | None:
    boxes = [p for p in listing.others if re.search(r"(?:^|/)annotations/[^/]+\.xml$", p, re.IGNORECASE)]
    if boxes and len(boxes) * 2 >= len(listing.pictures):
        return f"boxes in the Pascal VOC layout ({len(listing.pictures):,} pictures, {len(boxes):,} XML files)"
    return None


def _coco(listing: Listing) -> str | None:
    for path in sorted(listing.others):
        if path.lower().endswith(".json") and path.count("/") <= 2:
            data = listing.source.read(listing.others[path])
            if all(word in data for word in (b'"annotations"', b'"images"', b'"image_id"')):
                return f"boxes or polygons in the COCO layout ({len(listing.pictures):,} pictures, {path})"
    return None


def _yolo(listing: Listing) -> str | None:
    texts = [p for p in listing.others if p.lower().endswith(".txt") and "labels" in p.lower().split("/")[:-1]]
    if texts:
        return f"boxes in the YOLO layout ({len(listing.pictures):,} pictures, {len(texts):,} label files)"
    return None


def _masks(listing: Listing) -> str | None:
    """`images` and `masks` side by side, with the same names in both or one folder per picture. Classes may be called so as well."""
    pictures: dict[str, set[str]] = {}
    masks: dict[str, set[str]] = {}
    for path in listing.pictures:
        *parents, name = path.split("/")
        if parents and parents[-1].lower() in ("images", "image", "masks", "mask", "labels"):
            side = pictures if parents[-1].lower().startswith("image") else masks
            side.setdefault("/".join(parents[:-1]), set()).add(name.rpartition(".")[0])
    both = pictures.keys() & masks.keys()
    if not both:
        return None
    paired = sum(len(pictures[place] & masks[place]) for place in both)
    shown = sum(len(pictures[place]) for place in both)
    if len(both) > 2 and shown == len(both):
        return (
            f"one folder per picture, each with its masks ({shown:,} pictures, {sum(map(len, masks.values())):,} masks)"
        )
    if paired * 2 >= shown:
        return f"pictures with a mask of the same name ({shown:,} pictures, {sum(map(len, masks.values())):,} masks)"
    return None
