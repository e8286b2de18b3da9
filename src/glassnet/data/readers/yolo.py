"""Layout: YOLO, one text file per picture in `labels/` beside `images/` (or beside the picture), and `data.yaml` or `classes.txt`.

A line is `class cx cy w h` or `class x1 y1 x2 y2 x3 y3 …`, in fractions of the upright picture. A picture whose label file is empty or
missing is background, which is how the format says it.
"""

from collections.abc import Iterable

from glassnet.data.catalog import Catalog, Polygon, Quarantined
from glassnet.data.readers.finding import not_used, shown, stem
from glassnet.data.readers.gathering import Page, marked_with, never_used, number, numbers
from glassnet.data.readers.layout import Layout, counted, finish_things, some, split_of
from glassnet.data.readers.listing import Listing
from glassnet.data.readers.sizes import upright_sizes
from glassnet.data.readers.yolo_config import Config, find_config, read_config
from glassnet.errors import DataError

_LOOKED_AT = 50
_MOST_BYTES = 16 << 20
_FAR = 2.0
"""Fractions beyond this are no box that reaches over the border, but pixels."""


def claims(listing: Listing) -> bool:
    """A data.yaml and label files, or text files named like pictures whose lines are a class number and at least four numbers."""
    if not listing.pictures:
        return False
    labels = _label_files(listing)
    if labels and find_config(listing) is not None:
        return True
    return any(_looks_right(listing, path) for path in list(labels.values())[:_LOOKED_AT])


def read(listing: Listing) -> Catalog:
    """Build the catalog. A bad line keeps its picture out; DataError for names that contradict each other, or when nothing is usable."""
    config = read_config(listing)
    labels = _label_files(listing)
    notes = list(config.notes)
    splits = _splits(listing, config, labels, notes)
    pages = {picture: Page(listing.pictures[picture], split=split) for picture, split in splits.items()}
    with_labels = {picture: labels[picture] for picture in pages if picture in labels}
    names = _read_labels(listing, config, pages, with_labels)
    if config.names is None:
        notes.append(
            f"no data.yaml or classes.txt names the classes; they are called by their numbers, {some(names, 5)}"
        )
    notes += [*never_used((config.names or {}).values(), pages.values()), *_background(pages, with_labels)]
    used = {*with_labels.values(), config.path, *(path for paths in config.lists.values() for path in paths)}
    where = f"are in no split of {config.path}" if config.places or config.lists else "have no label file near them"
    notes += not_used(listing, pages, where)
    _lonely(listing, used)
    listing.skipped.extend(key for path, key in listing.others.items() if path not in used and not _is_label(path))
    examples = [pages[path].example() for path in listing.pictures if path in pages]
    noun = marked_with(pages.values())
    return finish_things(listing, f"YOLO {noun}", examples, noun, notes)


LAYOUT = Layout("YOLO files", claims, read, ("detect", "instances", "segment", "localize"))


def _label_files(listing: Listing) -> dict[str, str]:
    """Return {picture: its label file}: `labels` in the place of the last `images` of the path, or a file beside the picture."""
    found = {}
    texts = {stem(path): path for path in listing.others if path.lower().endswith(".txt")}
    for picture in listing.pictures:
        label = texts.get(_in_labels(picture)) or texts.get(stem(picture))
        if label is not None:
            found[picture] = label
    return found


def _in_labels(picture: str) -> str:
    """Return the stem of the label file that belongs to a picture in a folder called images."""
    folders = picture.split("/")[:-1]
    for place in reversed(range(len(folders))):
        if folders[place].lower() in ("images", "image", "imgs"):
            return "/".join([*folders[:place], "labels", *folders[place + 1 :], stem(picture.rpartition("/")[2])])
    return "\0"


def _looks_right(listing: Listing, path: str) -> bool:
    try:
        text = listing.source.read(listing.others[path])[:4096].decode("utf-8-sig")
    except (DataError, UnicodeDecodeError):
        return False
    words = next((line.split() for line in text.splitlines() if line.strip()), [])
    return len(words) >= 5 and words[0].isdecimal() and numbers(words[1:5]) is not None


def _splits(listing: Listing, config: Config, labels: dict[str, str], notes: list[str]) -> dict[str, str | None]:
    """Return {picture: split} of all pictures that belong to the data set, in the order train, validation, test."""
    if not config.places and not config.lists:
        folders = {picture.rpartition("/")[0] for picture in labels}
        return {picture: split_of(picture) for picture in listing.pictures if picture.rpartition("/")[0] in folders}
    found: dict[str, str | None] = {}
    torn: list[str] = []
    named = list(config.places.values())
    if len(named) > 1 and not config.lists and all(folders == named[0] for folders in named):
        notes.append(f"{config.path} names the same pictures for {' and '.join(config.places)}, which gives no splits")
        return dict.fromkeys(_of_split(listing, config, next(iter(config.places))))
    for split in ("train", "validation", "test"):
        for picture in _of_split(listing, config, split):
            if found.get(picture, split) != split:
                torn.append(picture)
            found[picture] = split
    if torn:
        notes.append(
            f"{config.path} gives {counted(len(torn), 'picture')} to several splits ({some(torn)}), which count for the last of train, "
            "validation, test"
        )
    return found


def _of_split(listing: Listing, config: Config, split: str) -> Iterable[str]:
    for folder in config.places.get(split, []):
        below = [path for path in listing.pictures if not folder or path.startswith(folder + "/")]
        inside = [path for path in below if "images" in path[len(folder) :].lower().split("/")]
        yield from inside or below
    for path in config.lists.get(split, []):
        bases = ("", path.rpartition("/")[0] + "/")
        for line in listing.text(path).splitlines():
            name = line.strip().replace("\\", "/").removeprefix("./")
            picture = next((base + name for base in bases if base + name in listing.pictures), None)
            if picture is not None:
                yield picture
            elif name:
                listing.quarantined.append(
                    Quarantined(shown(name, 200), f"{path} names it, but no such picture is in the folder")
                )


def _read_labels(listing: Listing, config: Config, pages: dict[str, Page], labels: dict[str, str]) -> list[str]:
    """Fill the pages from their label files; return the names of the classes that occur."""
    owners = {listing.others[path]: picture for picture, path in labels.items()}
    lines: dict[str, list[tuple[int, list[str]]]] = {}
    for key, data in listing.source.iterate(owners):
        page = pages[owners[key]]
        page.file = key
        if isinstance(data, DataError):
            page.fault("missing_annotation", str(data))
        elif len(data) > _MOST_BYTES:
            page.fault("bad_line", f"{key} has {len(data):,} bytes, too many for the labels of one picture.")
        else:
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                page.fault("not_utf8", f"{key} is not UTF-8 text.")
                continue
            words = [(at, line.split()) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
            if words:
                lines[owners[key]] = words
    sizes = upright_sizes(listing, [pages[picture].key for picture in lines])
    for picture, words in lines.items():
        page = pages[picture]
        size = sizes.get(page.key)
        if size is None:
            page.fault("missing_size", f"The size of {picture} cannot be read, so fractions of it mean nothing.")
            continue
        for at, values in words:
            _add(page, config, f"{page.file} line {at}", values, size)
    return sorted({thing.label for page in pages.values() for thing in page.things})


def _add(page: Page, config: Config, what: str, words: list[str], size: tuple[int, int]) -> None:
    """Add the thing of one line, in pixels of a picture of `size` (height, width), or put down the fault."""
    height, width = size
    label = _label(page, config, what, words[0])
    if label is None:
        return
    values = numbers(words[1:5] if config.keypoints else words[1:])
    if values is None:
        page.fault("bad_number", f"{what}: {shown(' '.join(words))} holds what is no number.")
    elif len(values) < 4 or (len(values) != 4 and (len(values) < 6 or len(values) % 2)):
        code = "bad_polygon" if len(values) > 6 else "bad_line"
        page.fault(code, f"{what} has {len(words)} values; a box has 5, a polygon an odd number from 7 on.")
    elif max(map(abs, values)) > _FAR:
        page.fault(
            "unit", f"{what}: {shown(' '.join(words))} looks like pixels, where fractions of the picture are expected."
        )
    elif len(values) == 4:
        x, y, w, h = (value * by for value, by in zip(values, (width, height, width, height), strict=True))
        page.add(label, (x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    else:
        points = tuple(value * (height if place % 2 else width) for place, value in enumerate(values))
        page.add(label, None, Polygon((points,)))


def _label(page: Page, config: Config, what: str, word: str) -> str | None:
    value = number(word)
    if value is None or value < 0 or not value.is_integer():
        page.fault("bad_line", f"{what} begins with {shown(word)}, which is no class number.")
        return None
    if config.names is None:
        return str(int(value))
    label = config.names.get(int(value))
    if label is None:
        known = f"{len(config.names):,} classes, {min(config.names)} to {max(config.names)}"
        page.fault("unknown_class", f"{what} has the class number {int(value)}, but {config.path} names {known}.")
    return label


def _background(pages: dict[str, Page], labels: dict[str, str]) -> list[str]:
    missing = [picture for picture in pages if picture not in labels]
    empty = [
        picture for picture in pages if picture in labels and not pages[picture].things and not pages[picture].faults
    ]
    notes = []
    if missing:
        notes.append(f"background: {counted(len(missing), 'picture')} without a label file ({some(missing)})")
    if empty:
        notes.append(f"background: {counted(len(empty), 'picture')} with an empty label file ({some(empty)})")
    return notes


def _lonely(listing: Listing, used: set[str]) -> None:
    """Put label files without a picture into quarantine: it may have been lost or renamed. Those of unused pictures are skipped."""
    stems = {stem(path) for path in listing.pictures} | {_in_labels(path) for path in listing.pictures}
    for path, key in listing.others.items():
        if path not in used and _is_label(path):
            if stem(path) in stems:
                listing.skipped.append(key)
            else:
                listing.quarantined.append(Quarantined(key, "no picture belongs to it: none has its name"))


def _is_label(path: str) -> bool:
    *folders, name = path.lower().split("/")
    return name.endswith(".txt") and "labels" in folders and name != "classes.txt"
