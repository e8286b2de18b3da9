"""YOLO's `data.yaml`: the names of the classes, and which folders or lists hold the pictures of each split. Never outside the data set."""

from dataclasses import dataclass, field
from typing import Any

from glassnet.data.readers.finding import shown
from glassnet.data.readers.gathering import side
from glassnet.data.readers.layout import SPLIT_NAMES, some
from glassnet.data.readers.listing import Listing
from glassnet.errors import DataError, RecipeError
from glassnet.recipe import read_yaml

_MOST_CLASSES = 10_000
_NAME_FILES = ("classes.txt", "obj.names", "classes.names", "labels.txt", "predefined_classes.txt")


@dataclass
class Config:
    """What was found: `names` by class number (None where no file names them), `places` {split: folders}, `lists` {split: text files}.

    `path` is the file, `keypoints` whether boxes are followed by keypoints, `notes` what is worth saying.
    """

    names: dict[int, str] | None = None
    places: dict[str, list[str]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    path: str = ""
    keypoints: bool = False
    notes: list[str] = field(default_factory=list)


def find_config(listing: Listing) -> str | None:
    """Return the path of the yaml that names classes and splits, at the root or one folder below it."""
    for path in sorted(listing.others, key=lambda path: (path.count("/"), path)):
        if path.count("/") <= 1 and path.lower().endswith((".yaml", ".yml")):
            try:
                text = listing.text(path, 1 << 20)
            except DataError:
                continue
            keys = {line.partition(":")[0].strip().strip("'\"") for line in text.splitlines()}
            if {"names", "nc"} & keys and {"train", "val", "test"} & keys:
                return path
    return None


def read_config(listing: Listing) -> Config:
    """Read data.yaml, or a file of class names beside it. Raises DataError with a sentence for anything that cannot be meant."""
    path = find_config(listing)
    if path is None:
        return _names_file(listing)
    where = f"{listing.root}: {path}"
    try:
        values = read_yaml(listing.text(path, 1 << 20), path)
    except RecipeError as error:
        raise DataError(f"{where}: {str(error).replace(' in a recipe', '').replace(' to be a recipe', '')}") from None
    if not isinstance(values, dict):
        raise DataError(f"{where} holds no keys such as names, train and val.")
    config = Config(_names(where, values), path=path, keypoints="kpt_shape" in values)
    base = _base(listing, path, values.get("path"))
    for key, split in SPLIT_NAMES.items():
        for entry in _many(where, key, values.get(key)):
            _place(listing, config, split, entry, [*base, path.rpartition("/")[0]])
    return config


def _names(where: str, values: dict) -> dict[int, str]:
    given, count = values.get("names"), values.get("nc")
    if isinstance(given, list):
        given = dict(enumerate(given))
    if given is None and side(count) and isinstance(count, int) and count <= _MOST_CLASSES:
        given = {number: str(number) for number in range(count)}
    if not isinstance(given, dict) or not given or len(given) > _MOST_CLASSES:
        raise DataError(
            f"{where} needs `names`, a list of the classes or a map from their numbers; it has {shown(given)}."
        )
    names: dict[int, str] = {}
    for number, name in given.items():
        whole = int(number) if isinstance(number, str) and number.isdecimal() and len(number) < 9 else number
        if isinstance(whole, bool) or not isinstance(whole, int) or whole < 0:
            raise DataError(f"{where}: the class number {shown(number)} in `names` is no whole number from 0 on.")
        if isinstance(name, dict | list) or name is None or not str(name).strip():
            raise DataError(f"{where}: class {whole} has no name in `names` ({shown(name)}).")
        names[whole] = str(name).strip()
    if count is not None and count != len(names):
        raise DataError(
            f"{where} says nc: {shown(count)} but names {len(names):,} classes ({some(list(names.values()), 5)}). Which numbers mean what "
            "cannot be known; make the two agree."
        )
    twice = sorted({name for name in names.values() if list(names.values()).count(name) > 1})
    if twice:
        raise DataError(
            f"{where} gives several class numbers the name {some(twice)}; name them apart, or make them one."
        )
    return names


def _many(where: str, key: str, value: Any) -> list[str]:
    if value is None or value == "":
        return []
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(entry, str) for entry in entries):
        raise DataError(f"{where}: `{key}` must be a folder, a list of folders or a text file, not {shown(value)}.")
    return entries


def _base(listing: Listing, path: str, given: Any) -> list[str]:
    """Return the folder that `path` names, where it is one of this data set; authors often leave that of their own machine there."""
    if not isinstance(given, str):
        return []
    own = path.rpartition("/")[0]
    inside = _inside(f"{own}/{given}" if own else given)
    return [inside] if inside in listing.folders else []


def _place(listing: Listing, config: Config, split: str, entry: str, bases: list[str]) -> None:
    """Find what `entry` means below one of the bases. `../train/images`, as one exporter writes it, means train/images."""
    entry = entry.replace("\\", "/")
    plain = entry.lstrip("./") if entry.startswith((".", "/")) else entry
    for base in bases:
        for name in dict.fromkeys((entry, plain, "/".join(plain.split("/")[-2:]), plain.rpartition("/")[2])):
            inside = _inside(f"{base}/{name}" if base else name)
            if inside is None:
                continue
            if inside in listing.others and inside.lower().endswith(".txt"):
                config.lists.setdefault(split, []).append(inside)
            elif inside in listing.folders or inside == "":
                config.places.setdefault(split, []).append(inside)
            else:
                continue
            if name != entry:
                config.notes.append(
                    f"{config.path} names {shown(entry)} for {split}, which leads out of the folder or is not there; {inside}/ is read"
                )
            return
    config.notes.append(f"{config.path} names {shown(entry)} for {split}, which is not there")


def _inside(path: str) -> str | None:
    """Return the path with `.` and `..` worked out, or None when it leaves the data set."""
    if path.startswith("/") or path[1:2] == ":":
        return None
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _names_file(listing: Listing) -> Config:
    found = [path for path in listing.others if path.rpartition("/")[2].lower() in _NAME_FILES]
    for path in sorted(found, key=lambda path: (path.count("/"), path)):
        names = [line.strip() for line in listing.text(path, 1 << 20).splitlines()]
        while names and not names[-1]:
            names.pop()
        if not names:
            continue
        if not all(names) or len(set(names)) != len(names) or len(names) > _MOST_CLASSES:
            raise DataError(
                f"{listing.root}: {path} must name every class once, one per line; it has {some(names, 5)}."
            )
        return Config(dict(enumerate(names)), path=path)
    return Config()
