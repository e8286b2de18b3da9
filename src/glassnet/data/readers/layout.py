"""What every layout is and what all of them share: names of splits, the checks on classes, and the sentence that says what was recognised.

A layout is one file with one `Layout` and one line in the registry (`readers/__init__.py`).
"""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from glassnet.data.catalog import BACKGROUND, SPLITS, Catalog, ClassLabel, Example, Fault, Thing, Things, class_list
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
_ONE = {"boxes": "box", "outlines": "outline", "masks": "mask"}


@dataclass(frozen=True)
class Layout:
    """One way in which people lay out labelled pictures.

    `claims` looks at names (and into a few annotation files) and says whether this is it; `read` builds the catalog, or raises
    DataError that says what is wrong with it. `tasks` are the questions that such a layout may answer; what it really answers stands
    in `Catalog.answers`. A layout that is `guessed` from folders alone is not worth a remark where another one claims the files as well.
    """

    name: str
    claims: Callable[[Listing], bool]
    read: Callable[[Listing], Catalog]
    tasks: tuple[str, ...] = ("classify",)
    guessed: bool = False


def finish(listing: Listing, name: str, examples: Sequence[Example], notes: Sequence[str] = ()) -> Catalog:
    """Check classes and splits and return the catalog. Raises DataError for one class only, or for a class that training never sees."""
    if not examples:
        raise DataError(
            f"{listing.root} was read as {name}, but not one labelled picture is left. {_why_none(listing)}".strip()
        )
    classes = class_list([class_of(example) for example in examples])
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


def finish_things(
    listing: Listing, name: str, examples: Sequence[Example], noun: str = "boxes", notes: Sequence[str] = ()
) -> Catalog:
    """Check classes and splits of pictures whose annotations are Things, find out what they can answer, and return the catalog.

    `noun` is what a thing is marked with (boxes, outlines, masks). One class is enough; a class that only validation or test holds is
    a note. Raises DataError when no picture, no thing or no sound annotation is left.
    """
    _check_things(listing, name, examples, noun)
    _check_train(listing.root, {example.split for example in examples})
    classes = class_list([thing.label for example in examples for thing in things_of(example)])
    answers = what_things_answer(examples)
    catalog = Catalog(
        root=listing.root,
        layout=_things_sentence(name, classes, examples, noun),
        task=answers[0],
        classes=classes,
        examples=tuple(examples),
        source=listing.source,
        quarantined=tuple(listing.quarantined),
        skipped=tuple(listing.skipped),
        notes=(*listing.notes, *notes, *_things_notes(classes, examples), *_look_alikes(classes)),
        answers=answers,
    )
    return ask(catalog, answers[0])


def ask(catalog: Catalog, task: str) -> Catalog:
    """Return the catalog with this question asked, one of its `answers`: pixels beside all things are the class `background`."""
    if not any(isinstance(example.annotation, Things) for example in catalog.examples):
        return replace(catalog, task=task)
    named = [thing.label for example in catalog.examples for thing in things_of(example)]
    return replace(catalog, task=task, classes=class_list([*named, BACKGROUND] if task == "segment" else named))


def what_things_answer(examples: Sequence[Example]) -> tuple[str, ...]:
    """Return the questions that these pictures and their Things can answer, the most natural first. Faulty ones do not count."""
    sound = [things_of(example) for example in examples if not faults_of(example)]
    one_each = all(len(things) == 1 and not things[0].crowd for things in sound)
    if all(thing.shape is not None for things in sound for thing in things):
        return ("instances", "detect", "segment", "localize") if one_each else ("instances", "detect", "segment")
    return ("localize", "detect") if one_each else ("detect",)


def class_of(example: Example) -> str:
    """Return the class of a classified picture; empty where its annotation is of another kind."""
    return example.annotation.name if isinstance(example.annotation, ClassLabel) else ""


def things_of(example: Example) -> tuple[Thing, ...]:
    """Return the things in a picture; none where its annotation is of another kind."""
    return example.annotation.things if isinstance(example.annotation, Things) else ()


def faults_of(example: Example) -> tuple[Fault, ...]:
    """Return what is wrong with the annotation of a picture."""
    return () if isinstance(example.annotation, ClassLabel) else example.annotation.faults


def split_of(path: str, in_name: bool = False) -> str | None:
    """Return the split that a folder of the path names (`train`, `val2017`), the nearest first; with `in_name` also a word of the name."""
    *folders, name = path.lower().split("/")
    for folder in reversed(folders):
        if (split := SPLIT_NAMES.get(folder.rstrip("0123456789_-"))) is not None:
            return split
    words = re.findall(r"[a-z]+", name.rpartition(".")[0]) if in_name else []
    return next((SPLIT_NAMES[word] for word in reversed(words) if word in SPLIT_NAMES), None)


def sentence(name: str, classes: Sequence[str], examples: Sequence[Example]) -> str:
    """Return the line that is printed: "recognised: folder per class, 10 classes, train 1,026 + validation 117 + test 126 images"."""
    return f"recognised: {name}, {counted(len(classes), 'class', 'classes')}, {_split_counts(examples)} images"


def _things_sentence(name: str, classes: Sequence[str], examples: Sequence[Example], noun: str) -> str:
    things = sum(len(things_of(example)) for example in examples)
    line = f"{sentence(name, classes, examples)}, {counted(things, _ONE.get(noun, noun), noun)}"
    empty = sum(not things_of(example) and not faults_of(example) for example in examples)
    return f"{line}, {empty:,} of the images without any" if empty else line


def _split_counts(examples: Sequence[Example]) -> str:
    counts = Counter(example.split for example in examples)
    parts = [f"{split} {counts[split]:,}" for split in SPLITS if counts[split]]
    if counts[None]:
        parts.append(f"{counts[None]:,}" if not parts else f"without a split {counts[None]:,}")
    return " + ".join(parts)


def counted(number: int, one: str, many: str = "") -> str:
    """Return "1 picture", "2 pictures": the number and the word that goes with it."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def some(names: Sequence[object], limit: int = 3) -> str:
    """Name the first few and count the rest."""
    shown = ", ".join(map(str, names[:limit]))
    return f"{shown} and {len(names) - limit:,} more" if len(names) > limit else shown


def _check_splits(root: str, examples: Sequence[Example]) -> None:
    seen: dict[str | None, Counter[str]] = {}
    for example in examples:
        seen.setdefault(example.split, Counter())[class_of(example)] += 1
    if set(seen) == {None}:
        return
    _check_train(root, set(seen))
    train = seen["train"]
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


def _check_train(root: str, splits: set[str | None]) -> None:
    if splits != {None} and "train" not in splits:
        found = " and ".join(str(split) for split in SPLITS if split in splits)
        raise DataError(f"{root} gives pictures for {found} but none for train, so there is nothing to learn from.")


def _check_things(listing: Listing, name: str, examples: Sequence[Example], noun: str) -> None:
    if not examples:
        raise DataError(
            f"{listing.root} was read as {name}, but not one annotated picture is left. {_why_none(listing)}".strip()
        )
    faults = [(example.key, faults_of(example)[0].reason) for example in examples if faults_of(example)]
    if len(faults) == len(examples):
        shown = " ".join(f"{key}: {reason}" for key, reason in faults[:2])
        raise DataError(
            f"{listing.root} was read as {name}, but none of its {counted(len(examples), 'annotation')} can be used. {shown}"
        )
    if not any(things_of(example) for example in examples if not faults_of(example)):
        raise DataError(
            f"{listing.root} was read as {name}: {counted(len(examples), 'picture')} and not one of the {noun} that say what is to be "
            "found, so there is nothing to learn. Are the annotations in another folder, or under other names than the pictures?"
        )


def _things_notes(classes: Sequence[str], examples: Sequence[Example]) -> list[str]:
    """Say which classes a split lacks or has for itself, and where outlines are missing."""
    present: dict[str, set[str]] = {}
    for example in examples:
        if example.split is not None:
            present.setdefault(example.split, set()).update(thing.label for thing in things_of(example))
    notes = []
    for split in SPLITS:
        absent = [name for name in classes if split in present and name not in present[split]]
        if absent and split == "train":
            notes.append(
                f"class never learnt: train has nothing of {some(absent, 5)}, which the other splits hold; it can only be missed there"
            )
        elif absent:
            notes.append(
                f"missing class: the {split} split has nothing of {some(absent, 5)}; the score of {'it' if len(absent) == 1 else 'them'} "
                "there is unknown"
            )
    every = [thing for example in examples for thing in things_of(example)]
    outlined = sum(thing.shape is not None for thing in every)
    if 0 < outlined < len(every):
        notes.append(
            f"{outlined:,} of {len(every):,} things have an outline, the others a box only; without all outlines, boxes are what can be "
            "learnt"
        )
    return notes


def _missing_classes(classes: Sequence[str], examples: Sequence[Example]) -> list[str]:
    present: dict[str, set[str]] = {}
    for example in examples:
        if example.split is not None:
            present.setdefault(example.split, set()).add(class_of(example))
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
