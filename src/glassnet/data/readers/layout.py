"""What every layout is and what all of them share: names of splits, the checks on classes, and the sentence that says what was recognised.

A layout is one file with one `Layout` and one line in the registry (`readers/__init__.py`).
"""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glassnet.data.catalog import SPLITS, Catalog, Example, class_list
from glassnet.data.readers.listing import Listing
from glassnet.errors import DataError

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class Layout:
    """One way in which people lay out labelled pictures.

    `claims` looks at names (and at most one small text file) and says whether this is it; `read` builds the catalog, or raises
    DataError that says what is wrong with it.
    """

    name: str
    claims: Callable[[Listing], bool]
    read: Callable[[Listing], Catalog]


def finish(listing: Listing, name: str, examples: Sequence[Example], notes: Sequence[str] = ()) -> Catalog:
    """Check classes and splits and return the catalog. Raises DataError for one class only, or for a class that training never sees."""
    if not examples:
        raise DataError(
            f"{listing.root} was read as {name}, but not one labelled picture is left. {_why_none(listing)}".strip()
        )
    classes = class_list([example.annotation.name for example in examples])
    _check_splits(listing.root, examples)
    if len(classes) == 1:
        raise DataError(
            f"{listing.root} was read as {name} and holds {len(examples):,} pictures of one class only, {classes[0]!r}. "
            "Telling classes apart needs at least two; add a folder (or label) with pictures of the other kind."
        )
    return Catalog(
        root=listing.root,
        layout=sentence(name, classes, examples),
        task="classify",
        classes=classes,
        examples=tuple(examples),
        source=listing.source,
        quarantined=tuple(listing.quarantined),
        skipped=tuple(listing.skipped),
        notes=(*listing.notes, *notes, *_missing_classes(classes, examples), *_look_alikes(classes)),
    )


def sentence(name: str, classes: Sequence[str], examples: Sequence[Example]) -> str:
    """Return the line that is printed: "recognised: folder per class, 10 classes, train 1,026 + validation 117 + test 126 images"."""
    counts = Counter(example.split for example in examples)
    parts = [f"{split} {counts[split]:,}" for split in SPLITS if counts[split]]
    if counts[None]:
        parts.append(f"{counts[None]:,}" if not parts else f"without a split {counts[None]:,}")
    return f"recognised: {name}, {len(classes)} classes, {' + '.join(parts)} images"


def some(names: Sequence[str], limit: int = 3) -> str:
    """Name the first few and count the rest."""
    shown = ", ".join(map(str, names[:limit]))
    return f"{shown} and {len(names) - limit:,} more" if len(names) > limit else shown


def _check_splits(root: str, examples: Sequence[Example]) -> None:
    seen: dict[str | None, Counter[str]] = {}
    for example in examples:
        seen.setdefault(example.split, Counter())[example.annotation.name] += 1
    if set(seen) == {None}:
        return
    train = seen.get("train")
    if train is None:
        found = " and ".join(str(split) for split in seen)
        raise DataError(f"{root} gives pictures for {found} but none for train, so there is nothing to learn from.")
    for split, names in seen.items():
        extra = sorted(set(names) - set(train))
        if not extra or split is None:
            continue
        near = next((t for t in train if _folded(t) == _folded(extra[0])), None)
        near = near or next(iter(difflib.get_close_matches(extra[0], train, n=1)), None)
        hint = f" Is {extra[0]!r} the {near!r} of train, spelled differently?" if near else ""
        raise DataError(
            f"{root}: the {split} split holds {'a class' if len(extra) == 1 else 'classes'} that train does not: {some(extra)} "
            f"({sum(names[n] for n in extra):,} pictures). A network cannot answer what it never saw, and renumbering classes would spoil "
            f"every score.{hint} Rename the folder or label, add training pictures, or take them out."
        )


def _missing_classes(classes: Sequence[str], examples: Sequence[Example]) -> list[str]:
    present: dict[str, set[str]] = {}
    for example in examples:
        if example.split is not None:
            present.setdefault(example.split, set()).add(example.annotation.name)
    notes = []
    for split in SPLITS:
        absent = [name for name in classes if split in present and name not in present[split]]
        if absent:
            what = "class" if len(absent) == 1 else "classes"
            notes.append(
                f"missing class: the {split} split has no pictures of the {what} {some(absent, 5)}; their score there is unknown"
            )
    return notes


def _look_alikes(classes: Sequence[str]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for name in classes:
        groups.setdefault(_folded(name), []).append(name)
    return [
        f"look-alike classes: {' and '.join(map(repr, names))} differ only in case, spaces or accents' encoding and count as "
        f"{len(names)} classes; rename them if they are one"
        for names in groups.values()
        if len(names) > 1
    ]


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", name).casefold())


def _why_none(listing: Listing) -> str:
    if listing.quarantined:
        first = listing.quarantined[0]
        return f"{len(listing.quarantined):,} were kept out, the first: {first.key}: {first.reason}."
    return ""
