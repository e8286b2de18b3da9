"""Which mask belongs to which picture, by their names: the same stem on both sides of `images/` and `masks/`, or `x.jpg` and `x_mask.png`.

Folders called so may lie below the splits or above them; `train/` beside `train_masks/` or `trainannot/` counts as well.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from glassnet.data.catalog import Example, Quarantined
from glassnet.data.mask_files import is_lossy, mask_values
from glassnet.data.readers.layout import SPLIT_NAMES, some
from glassnet.data.readers.listing import Listing
from glassnet.errors import DataError

PICTURE_FOLDERS = frozenset(("images", "image", "imgs", "img", "jpegimages", "pictures", "photos", "leftimg8bit"))
OBJECT_FOLDERS = frozenset(("segmentationobject", "instances", "instance_masks", "instance"))
MASK_FOLDERS = OBJECT_FOLDERS | {
    *("masks", "mask", "labels", "label", "annotations", "annotation", "segmentationclass", "segmentation", "segmentations"),
    *("gt", "groundtruth", "ground_truth", "annot", "gtfine"),
}  # fmt: skip
_MASK_ENDING = re.compile(r"^(.+?)[_-]?(?:masks?|labels?|annot|annotations?|gt|seg|segmentations?)$")
_MASK_WORDS = frozenset(("mask", "masks", "gt", "seg", "segmentation", "label", "labels", "labelids", "l"))
_LISTS = re.compile(r"(?:^|/)imagesets/segmentation/([a-z]+)\.txt$", re.IGNORECASE)


@dataclass
class Pairs:
    """Pictures and their masks, as paths of the listing; `lonely` pictures have no mask, `spare` masks no picture.

    `masks` maps pictures to masks, `objects` to those that number instances beside masks of classes (SegmentationObject).
    """

    masks: dict[str, str] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    lonely: list[str] = field(default_factory=list)
    spare: list[str] = field(default_factory=list)
    double: dict[str, list[str]] = field(default_factory=dict)

    @property
    def any(self) -> dict[str, str]:
        """The masks by picture, whatever their values mean."""
        return self.masks or self.objects

    @property
    def mostly(self) -> bool:
        """Whether at least half of the pictures have a mask, so that this is what the names are for."""
        paired = len(self.masks.keys() | self.objects.keys() | self.double.keys())
        return paired > 0 and paired >= len(self.lonely)


def pair(listing: Listing) -> Pairs:
    """Find the pairs. Where `ImageSets/Segmentation` lists pictures, only those are looked at."""
    found, sides = Pairs(), _sides(listing.pictures)
    pictures = _listed(listing, sides["picture"])
    for key, paths in pictures.items():
        masks, objects = sides["mask"].get(key, []), sides["object"].get(key, [])
        if len(paths) > 1 or len(masks) > 1 or len(objects) > 1:
            for path in paths:
                found.double[path] = [*(other for other in paths if other != path), *masks, *objects]
            continue
        if masks:
            found.masks[paths[0]] = masks[0]
        if objects:
            found.objects[paths[0]] = objects[0]
        if not masks and not objects:
            found.lonely.append(paths[0])
    for kind in ("mask", "object"):
        found.spare += [path for key, paths in sides[kind].items() if key not in sides["picture"] for path in paths]
    return found


def split_of(path: str) -> str | None:
    """Return the split that one of the folders names (`train`, `val2017`), the outermost first."""
    for folder in path.lower().split("/")[:-1]:
        if (split := SPLIT_NAMES.get(folder.rstrip("0123456789_-"))) is not None:
            return split
    return None


def by_key(example: Example) -> str:
    """Return what examples are sorted by: the order of folders in a listing is nothing that a person would expect."""
    return example.key


def stem_of(path: str) -> str:
    """Return the file's name without folder and ending."""
    return path.rpartition("/")[2].rpartition(".")[0]


def listed_splits(listing: Listing) -> dict[str, str]:
    """Return {stem: split} of `ImageSets/Segmentation/{train,val,test}.txt`; empty without them."""
    splits: dict[str, str] = {}
    for path in sorted(listing.others):
        found = _LISTS.search(path)
        if found and (split := SPLIT_NAMES.get(found[1].lower())) is not None:
            splits.update(dict.fromkeys(listing.text(path).split(), split))
    return splits


def look(listing: Listing, masks: Sequence[str], most: int = 12) -> list[np.ndarray]:
    """Return the values of some of these masks, evenly spread; those that cannot be read are left to the audit."""
    chosen = [masks[i] for i in np.unique(np.linspace(0, len(masks) - 1, min(most, len(masks))).astype(int)).tolist()]
    found = []
    for path in chosen:
        try:
            found.append(mask_values(listing.source.read(listing.pictures[path])))
        except DataError:
            continue
    return found


def flat(values: np.ndarray) -> bool:
    """Whether a picture can be a mask: nearly all neighbours are equal, which photographs never are."""
    return values.shape[1] < 2 or bool((values[:, 1:] == values[:, :-1]).mean() > 0.7)


def are_masks(listing: Listing, masks: Sequence[str]) -> bool:
    """Whether the files on the side of the masks look like masks. Lossy ones are taken at their word; the audit names them."""
    for path in masks[:: max(1, len(masks) // 4)][:4]:
        try:
            data = listing.source.read(listing.pictures[path])
            if not is_lossy(data) and not flat(mask_values(data)):
                return False
        except DataError:
            continue
    return True


def set_aside(listing: Listing, found: Pairs) -> list[str]:
    """Put masks without a picture and names that fit twice into the listing's quarantine, and return notes of what is not used.

    Pictures of a split that has no mask at all are skipped: they are there to be answered, not learnt from.
    """
    for path in found.spare:
        listing.quarantined.append(
            Quarantined(listing.pictures[path], "it is a mask without a picture of the same name")
        )
    for path, others in found.double.items():
        reason = f"the names fit several files ({some(others)}); which mask belongs to it cannot be known"
        listing.quarantined.append(Quarantined(listing.pictures[path], reason))
    with_masks = {split_of(path) for path in (*found.masks, *found.objects)}
    without = Counter(split for path in found.lonely if (split := split_of(path)) not in with_masks)
    listing.skipped += [listing.pictures[path] for path in found.lonely if split_of(path) in without]
    found.lonely = [path for path in found.lonely if split_of(path) not in without]
    return [
        f"{number:,} pictures of {split or 'no split'} have no masks at all and are not used"
        for split, number in without.items()
    ]


Role = tuple[str, str]
"""(picture | mask | object | either, the folder without the name that says so)."""


def skip_rest(listing: Listing, used: set[str], *tables: str) -> None:
    """Put every file that nothing uses into the listing's skipped ones. `used` pictures and masks and `tables` are paths."""
    known = {fault.key for fault in listing.quarantined} | set(listing.skipped)
    rest = [key for path, key in listing.pictures.items() if path not in used and key not in known]
    listing.skipped += [*rest, *(key for path, key in listing.others.items() if path not in tables)]


def _sides(paths: dict[str, str]) -> dict[str, dict[tuple[str, str], list[str]]]:
    """Return {"picture" | "mask" | "object": {(folder without its role, stem): paths}}."""
    sides: dict[str, dict[tuple[str, str], list[str]]] = {"picture": {}, "mask": {}, "object": {}}
    folders = {path.rpartition("/")[0].lower() for path in paths}
    roles = {folder: _role(folder, folders) for folder in folders}
    plain: list[tuple[str, str, str]] = []
    for path in paths:
        folder, _, name = path.lower().rpartition("/")
        (role, place), stem = roles[folder], name.rpartition(".")[0]
        if role == "either":
            plain.append((path, place, stem))
        else:
            sides[role].setdefault((place, stem), []).append(path)
    for role in ("mask", "object"):
        sides[role] = _without_endings(sides[role], sides["picture"])
    stems = {(place, stem) for _, place, stem in plain}
    for path, place, stem in plain:
        bare = _bare(stem)
        side = "mask" if bare != stem and (place, bare) in stems else "picture"
        sides[side].setdefault((place, bare if side == "mask" else stem), []).append(path)
    return sides


def _without_endings(
    masks: dict[tuple[str, str], list[str]], pictures: dict[tuple[str, str], list[str]]
) -> dict[tuple[str, str], list[str]]:
    """Return masks by the stem of their picture: their own where a picture has it, as `x_mask` may be a picture's name, else bare."""
    found: dict[tuple[str, str], list[str]] = {}
    for (place, stem), paths in masks.items():
        found.setdefault((place, stem if (place, stem) in pictures else _bare(stem)), []).extend(paths)
    return found


def _role(folder: str, folders: set[str]) -> Role:
    """Return what the files of one folder (in lower case) are, by the nearest of its names that says so."""
    parts = folder.split("/")
    for i in range(len(parts) - 1, -1, -1):
        rest = "/".join(parts[:i] + parts[i + 1 :])
        if parts[i] in PICTURE_FOLDERS:
            return "picture", rest
        if parts[i] in MASK_FOLDERS:
            return "object" if parts[i] in OBJECT_FOLDERS else "mask", rest
        ending = _MASK_ENDING.match(parts[i])
        beside = "/".join((*parts[:i], ending[1], *parts[i + 1 :])) if ending else ""
        if beside in folders and beside:
            return "mask", _role(beside, folders)[1]
    return "either", folder


def _bare(stem: str) -> str:
    """Return the stem without an ending that only says that it is a mask."""
    for mark in "_-.":
        before, _, word = stem.rpartition(mark)
        if before and word in _MASK_WORDS:
            return before
    return stem


def _listed(listing: Listing, pictures: dict[tuple[str, str], list[str]]) -> dict[tuple[str, str], list[str]]:
    splits = listed_splits(listing)
    if not splits:
        return pictures
    return {key: paths for key, paths in pictures.items() if stem_of(paths[0]) in splits}
