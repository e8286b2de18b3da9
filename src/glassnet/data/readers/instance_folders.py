"""Layout: one mask file per thing, in a folder that belongs to one picture.

7f3a/images/7f3a.png  7f3a/masks/0001.png  7f3a/masks/0002.png          images/7f3a.png  masks/7f3a/0001.png  masks/7f3a/0002.png

Splits may lie above or below; folders within a picture's masks are classes (`masks/cell/0001.png`), without them things are "object".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from glassnet.data.catalog import Catalog, Example, Fault, MaskFile, Quarantined, Thing, Things
from glassnet.data.readers.class_table import only_name
from glassnet.data.readers.layout import Layout, finish_things, some
from glassnet.data.readers.listing import Listing
from glassnet.data.readers.pairs import MASK_FOLDERS, PICTURE_FOLDERS, by_key, split_of

OBJECT = "object"
"""The class of things that nobody named."""


@dataclass
class _Found:
    """`masks` by picture (paths of the listing) as (class or "", path); `empty` pictures have a folder of masks with nothing in it."""

    masks: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    lonely: list[str] = field(default_factory=list)
    spare: list[str] = field(default_factory=list)


def claims(listing: Listing) -> bool:
    """Most pictures have a folder of masks of their own, and some of these hold several."""
    if not any(folder.rpartition("/")[2].lower() in PICTURE_FOLDERS for folder in listing.folders):
        return False
    found = _find(listing)
    several = any(len(masks) > 1 for masks in found.masks.values())
    return several and len(found.masks) >= len(found.lonely)


def read(listing: Listing) -> Catalog:
    """Build the catalog; no mask is opened here. Raises DataError when nothing usable is left."""
    found = _find(listing)
    for path in found.spare:
        listing.quarantined.append(
            Quarantined(listing.pictures[path], "it is a mask in a folder that belongs to no picture")
        )
    notes = _unanswered(listing, found)
    named = {label for masks in found.masks.values() for label, _ in masks if label}
    name = only_name(listing) or OBJECT
    if not named and name == OBJECT:
        notes.append(f"class of things: nothing names them, so each is called {OBJECT!r}")
    examples = [
        Example(
            listing.pictures[path],
            Things(tuple(_thing(listing, label or name, mask) for label, mask in sorted(masks))),
            split_of(path),
        )
        for path, masks in found.masks.items()
    ]
    examples += [Example(listing.pictures[path], Things(), split_of(path)) for path in sorted(found.empty)]
    fault = Fault("no_mask", "There is no folder of masks for it, so nobody knows what is in it.")
    examples += [Example(listing.pictures[path], Things(faults=(fault,)), split_of(path)) for path in found.lonely]
    listing.skipped += listing.others.values()
    return finish_things(listing, "pictures with a mask for each thing", sorted(examples, key=by_key), "masks", notes)


LAYOUT = Layout("masks of single things", claims, read, tasks=("instances", "detect", "segment", "localize"))


def _thing(listing: Listing, name: str, mask: str) -> Thing:
    return Thing(name, None, MaskFile(listing.pictures[mask]))


def _find(listing: Listing) -> _Found:
    """Sort the files by whose they are: folders of masks by the path of their picture without `images/`, or by that and its stem."""
    pictures: dict[str, list[str]] = {}
    masks: dict[str, list[str]] = {}
    for path in listing.pictures:
        role, place = _place(path.split("/")[:-1])
        (masks if role == "mask" else pictures).setdefault(place, []).append(path)
    owners: dict[str, str] = {}
    for place, paths in pictures.items():
        if len(paths) == 1 and place:
            owners[place] = paths[0]
        for path in paths:
            stem = path.rpartition("/")[2].rpartition(".")[0]
            owners.setdefault(f"{place}/{stem}" if place else stem, path)
    found = _Found()
    for place, paths in masks.items():
        above, _, last = place.rpartition("/")
        owner, name = (owners[place], "") if place in owners else (owners.get(above), last)
        if owner is None:
            found.spare += paths
        else:
            found.masks.setdefault(owner, []).extend((name, path) for path in paths)
    rest = [path for paths in pictures.values() for path in paths if path not in found.masks]
    hollow = {place for role, place in (_place(folder.split("/")) for folder in listing.folders) if role == "mask"}
    found.empty = {owners[place] for place in hollow & owners.keys()} & set(rest)
    found.lonely = [path for path in rest if path not in found.empty]
    return found


def _place(folders: Sequence[str]) -> tuple[str, str]:
    """Return (picture | mask, the folders without the name that says so); the outermost such name counts."""
    for i, folder in enumerate(folders):
        if folder.lower() in PICTURE_FOLDERS or folder.lower() in MASK_FOLDERS:
            role = "picture" if folder.lower() in PICTURE_FOLDERS else "mask"
            return role, "/".join((*folders[:i], *folders[i + 1 :]))
    return "picture", "/".join(folders)


def _unanswered(listing: Listing, found: _Found) -> list[str]:
    """Skip the pictures of splits that have no masks at all: they are there to be answered, not learnt from."""
    known = {split_of(path) for path in (*found.masks, *found.empty)}
    without = [path for path in found.lonely if split_of(path) not in known]
    if not without:
        return []
    found.lonely = [path for path in found.lonely if split_of(path) in known]
    listing.skipped += [listing.pictures[path] for path in without]
    names = sorted({split_of(path) or "no split" for path in without})
    return [f"{len(without):,} pictures of {some(names)} have no masks at all and are not used"]
