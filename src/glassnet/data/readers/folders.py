"""Layout: one folder per class, either unsplit or below `train` and any of `val`, `valid`, `validation`, `test`.

photos/cat/1.jpg  photos/dog/2.jpg            photos/train/cat/1.jpg  photos/val/cat/9.jpg  photos/test/dog/3.jpg
"""

from collections import Counter
from collections.abc import Mapping

from glassnet.data.catalog import Catalog, ClassLabel, Example, Quarantined
from glassnet.data.readers.layout import SPLIT_NAMES, Layout, class_of, finish, some
from glassnet.data.readers.listing import Listing
from glassnet.errors import DataError


def claims(listing: Listing) -> bool:
    """Any folder with pictures in subfolders."""
    return any("/" in path for path in listing.pictures)


def read(listing: Listing) -> Catalog:
    """Build the catalog. Raises DataError when pictures have no class folder, or a split has no training part."""
    listing = _descend(listing)
    splits = _split_folders(listing)
    examples: list[Example] = []
    loose: list[str] = []
    beside: Counter[str] = Counter()
    deeper: Counter[str] = Counter()
    for path, key in listing.pictures.items():
        top, _, rest = path.partition("/")
        split = splits.get(top) if rest else None
        if splits and rest and split is None:
            beside[top] += 1
            listing.skipped.append(key)
            continue
        name, _, inner = (rest if split else path).partition("/")
        if not inner:
            loose.append(key)
            listing.quarantined.append(Quarantined(key, "it lies beside the class folders, so it has no class"))
            continue
        if "/" in inner:
            deeper[name] += 1
        examples.append(Example(key, ClassLabel(name), split))
    if not examples:
        raise DataError(_no_classes(listing, splits, loose))
    listing.skipped.extend(listing.others.values())
    notes = [f"{top}/ lies beside the splits and is not used ({count:,} pictures)" for top, count in beside.items()]
    notes += _notes(listing, splits, examples, deeper)
    return finish(listing, "folder per class", examples, notes)


LAYOUT = Layout("folders of classes", claims, read, guessed=True)


def _descend(listing: Listing) -> Listing:
    """Step into a lone wrapping folder, as archives and downloads have them, until classes or splits are in sight."""
    while True:
        tops = listing.tops()
        if len(tops) != 1 or "" in tops:
            return listing
        (top,) = tops
        inner = listing.below(top)
        if "" in inner.tops() or SPLIT_NAMES.get(top.lower()) == "train" or len(_class_folders(listing)) > 1:
            return listing
        if len(inner.tops()) < 2 and not _descends_further(inner):
            return listing
        inner.notes.append(f"the pictures lie inside the folder {top}/")
        listing = inner


def _class_folders(listing: Listing) -> set[str]:
    return {folder for folder in listing.folders if "/" not in folder}


def _descends_further(listing: Listing) -> bool:
    return all(path.count("/") >= 2 for path in listing.pictures)


def _split_folders(listing: Listing) -> Mapping[str, str]:
    """Return {folder: split} when the top folders are splits. `train` may also be a class (of vehicles), so look inside it."""
    tops = [top for top in listing.tops() if top]
    named = {top: SPLIT_NAMES[top.lower()] for top in tops if top.lower() in SPLIT_NAMES}
    if not named:
        return {}
    flat = [top for top in named if not any(p.startswith(top + "/") and p.count("/") >= 2 for p in listing.pictures)]
    if "train" not in named.values():
        others = [top for top in tops if top not in named]
        if others or flat:
            return {}
        raise DataError(
            f"{listing.root} has {' and '.join(f'{top}/' for top in sorted(named))} but no train/ folder, so there is nothing to learn "
            "from. Add train/, or name the folder inside to have it split for you."
        )
    if flat and len(named) == len(tops) and len(flat) == len(named):
        raise DataError(
            f"{listing.root} has {' and '.join(f'{top}/' for top in sorted(named))}, but the pictures in them lie in no class folders and "
            "there is no labels.csv, so nobody knows what they show. Sort them into one folder per class, as train/cat and train/dog."
        )
    trains = [top for top, split in named.items() if split == "train"]
    return {} if all(top in flat for top in trains) else named


def _no_classes(listing: Listing, splits: Mapping[str, str], loose: list[str]) -> str:
    where = " and ".join(f"{top}/" for top in splits) or "it"
    return (
        f"{listing.root} holds {len(loose):,} pictures, but {where} has no class folders, so nobody knows what they show. "
        "Put each kind into a folder of its own, or write a labels.csv with the columns file,label."
    )


def _notes(listing: Listing, splits: Mapping[str, str], examples: list[Example], deeper: Counter[str]) -> list[str]:
    notes = []
    for split in sorted(set(splits.values())):
        folders = sorted(top for top, value in splits.items() if value == split)
        if len(folders) > 1:
            notes.append(f"{' and '.join(folders)} both mean the {split} split and are taken together")
    if deeper:
        names = sorted(deeper)
        notes.append(
            f"{sum(deeper.values()):,} pictures lie in folders inside the class folders {some(names)}; they count for the class above"
        )
    used = {(e.split, class_of(e)) for e in examples}
    depth = 1 if splits else 0
    empty = []
    for folder in sorted(listing.folders):
        parts = folder.split("/")
        if len(parts) != depth + 1 or (splits and parts[0] not in splits):
            continue
        if (splits.get(parts[0]) if splits else None, parts[-1]) not in used:
            empty.append(folder)
    if empty:
        notes.append(
            f"empty class: {some(empty, 5)} {'holds' if len(empty) == 1 else 'hold'} no pictures and is left out"
        )
    return notes
