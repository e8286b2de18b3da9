"""Layout: COCO JSON, one file per split (`annotations/instances_train.json`) or per folder (Roboflow's `train/_annotations.coco.json`).

Boxes are [x, y, width, height] in pixels counted from the picture's edge; outlines are polygons or run lengths (T.-Y. Lin and others,
"Microsoft COCO: Common Objects in Context", 2014; the data format on cocodataset.org). Ids may start anywhere and have gaps.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from glassnet.data.catalog import Catalog, Quarantined, Shape
from glassnet.data.readers.coco_shapes import BadShape, read_shape
from glassnet.data.readers.finding import Finder, not_used, shown, stem
from glassnet.data.readers.gathering import (
    Box,
    Page,
    bad_number,
    is_fractions,
    marked_with,
    never_used,
    numbers,
    side,
    unit,
)
from glassnet.data.readers.layout import Layout, counted, finish_things, some, split_of
from glassnet.data.readers.listing import Listing
from glassnet.errors import DataError

_WORDS, _EITHER = (
    (b'"images"', b'"annotations"'),
    (b'"categories"', b'"image_id"'),
)  # a file that is cut off has lost its end
_TWICE = "\0stands twice"


def claims(listing: Listing) -> bool:
    """A JSON file with images, annotations and categories."""
    return bool(listing.pictures) and next(_files(listing), None) is not None


def read(listing: Listing) -> Catalog:
    """Build the catalog. A bad entry keeps its picture out; DataError for a file that is no JSON, or when nothing usable is left."""
    files, notes = _chosen(list(_files(listing)))
    pages: dict[str, Page] = {}
    owners: dict[str, str] = {}
    named: set[str] = set()
    for path in files:
        reading = _File(listing, path)
        for picture, page in reading.pages().items():
            if picture in owners:
                page.fault("bad_line", f"{picture} is in {owners[picture]} and in {path}; which of the two counts?")
                page.things += pages[picture].things
            owners[picture] = path
            pages[picture] = page
        notes += reading.notes
        named.update(reading.categories.values())
    notes += never_used(named, pages.values())
    notes += not_used(listing, pages, f"are in no JSON file ({some(files)})")
    listing.skipped.extend(key for path, key in listing.others.items() if path not in files)
    examples = [pages[path].example() for path in listing.pictures if path in pages]
    noun = marked_with(pages.values())
    return finish_things(listing, f"COCO {noun}", examples, noun, notes)


LAYOUT = Layout("COCO files", claims, read, ("detect", "instances", "segment", "localize"))


class _File:
    """One JSON file: `pages` by picture, and what is worth a note."""

    def __init__(self, listing: Listing, path: str) -> None:
        self._listing, self._path = listing, path
        self.split = split_of(path, in_name=True)
        self.notes: list[str] = []
        values = _load(listing, path)
        self._images, self._annotations = _entries(listing, path, values, "images", "annotations")
        (categories,) = _entries(listing, path, values, "categories")
        self.categories = self._named(categories)

    def pages(self) -> dict[str, Page]:
        """Return {picture's path: its page}; an image without annotations is a picture of background."""
        by_id = self._by_id()
        strays: Counter[str] = Counter()
        for count, entry in enumerate(self._annotations):
            image = entry.get("image_id") if isinstance(entry, dict) else None
            found = by_id.get(image, ()) if _is_id(image) else ()
            if _is_id(image) and image in by_id:
                for _, page in found:
                    self._annotate(page, entry, f"{self._path}, annotation {shown(entry.get('id', count))}")
            else:
                strays[shown(image)] += 1
        if strays:
            self.notes.append(
                f"{counted(strays.total(), 'annotation')} in {self._path} of images that it does not list (image_id {some(sorted(strays))})"
            )
        return {picture: page for found in by_id.values() for picture, page in found}

    def _by_id(self) -> dict[Any, tuple[tuple[str, Page], ...]]:
        """Return {image id: its (picture, page)}; none where the file is missing, several where an id stands twice."""
        listing, path = self._listing, self._path
        finder = Finder(listing, path.rpartition("/")[0], self.split)
        found: dict[Any, tuple[tuple[str, Page], ...]] = {}
        taken: set[str] = set()
        for count, entry in enumerate(self._images):
            if (
                not isinstance(entry, dict)
                or not _is_id(entry.get("id"))
                or not isinstance(entry.get("file_name"), str)
            ):
                listing.quarantined.append(Quarantined(f"{path}: image {count}", "it has no id and file_name"))
                continue
            name, number = entry["file_name"], entry["id"]
            picture, reason = finder.find(name)
            here = found.setdefault(number, ())
            if picture is None or picture in taken:
                reason = reason or f"{path} lists it twice"
                listing.quarantined.append(Quarantined(shown(name, 200), f"{path} names it, but {reason}"))
                continue
            taken.add(picture)
            page = Page(listing.pictures[picture], listing.others[path], self.split or split_of(picture))
            height, width = side(entry.get("height")), side(entry.get("width"))
            page.size = (height, width) if height and width else None
            found[number] = (*here, (picture, page))
            if here:
                for _, other in found[number]:
                    other.fault(
                        "bad_line",
                        f"{path}: the image id {shown(number)} stands twice, so nobody knows what is in which.",
                    )
        return found

    def _named(self, categories: list) -> dict[Any, str]:
        names: dict[Any, str] = {}
        for count, entry in enumerate(categories):
            name = entry.get("name") if isinstance(entry, dict) else None
            if not isinstance(entry, dict) or not _is_id(entry.get("id")) or not str(name or "").strip():
                raise DataError(
                    f"{self._listing.root}: {self._path}, category {count} has no id and name: {shown(entry)}."
                )
            number, name = entry["id"], str(name).strip()
            if names.get(number, name) != name:
                raise DataError(
                    f"{self._listing.root}: {self._path} gives the category id {shown(number)} to {names[number]!r} and to {name!r}; "
                    "every annotation with it could be either."
                )
            names[number] = name
        twice = sorted(name for name, count in Counter(names.values()).items() if count > 1)
        if twice:
            self.notes.append(f"{self._path} has several category ids for {some(twice)}; they count as one class each")
        return names

    def _annotate(self, page: Page, entry: dict, what: str) -> None:
        if _TWICE in entry:
            page.fault("bad_line", f"{what}: the key {shown(entry[_TWICE])} stands twice.")
            return
        number = entry.get("category_id")
        label = self.categories.get(number) if _is_id(number) else None
        if label is None:
            page.fault("unknown_class", f"{what} has the category_id {shown(number)}, which no category has.")
            return
        what = f"{what} ({shown(label)})"
        shape: Shape | None = None
        try:
            shape = read_shape(entry.get("segmentation"), page.size, what)
        except BadShape as error:
            page.fault(error.code, str(error))
            return
        given = entry.get("bbox")
        box = self._box(page, given, what) if given or shape is None else None
        if box is not None or (shape is not None and not given):
            page.add(label, box, shape, crowd=entry.get("iscrowd") in (1, True))

    def _box(self, page: Page, given: Any, what: str) -> Box | None:
        values = numbers(given) if isinstance(given, list) and len(given) == 4 else None
        if values is None:
            page.fault("bad_number", bad_number(f"{what}, bbox", given))
            return None
        if is_fractions(values):
            page.fault("unit", unit(f"{what}, bbox", values))
            return None
        x, y, width, height = values
        return x, y, x + width, y + height


def _files(listing: Listing) -> Iterator[str]:
    """Yield the JSON files that look like COCO; a JSON beside the picture it is named after is another tool's."""
    stems = {stem(path) for path in listing.pictures}
    for path in sorted(listing.others):
        if path.lower().endswith(".json") and stem(path) not in stems:
            try:
                data = listing.source.read(listing.others[path])
            except DataError:
                continue
            if all(word in data for word in _WORDS) and any(word in data for word in _EITHER):
                yield path


def _chosen(files: list[str]) -> tuple[list[str], list[str]]:
    """Return the files to read and notes on the others: `instances_*` before other kinds, files of a split before a whole."""
    instances = [path for path in files if path.rpartition("/")[2].lower().startswith("instances")]
    chosen = instances or files
    if any(split_of(path, in_name=True) for path in chosen):
        chosen = [path for path in chosen if split_of(path, in_name=True)]
    left = [path for path in files if path not in chosen]
    return chosen, [f"{some(left)} {'is' if len(left) == 1 else 'are'} not used, {some(chosen)} is"] if left else []


def _load(listing: Listing, path: str) -> dict:
    data = listing.source.read(listing.others[path])
    where = f"{listing.root}: {path}"
    try:
        values = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is not UTF-8 text (byte {error.start:,}). Save it again as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"{where} is broken or cut off at line {error.lineno}, column {error.colno}: {error.msg}."
        ) from None
    except ValueError as error:  # whole numbers of thousands of digits
        raise DataError(f"{where} holds what is no number: {shown(error, 100)}.") from None
    except RecursionError:
        raise DataError(f"{where} is nested too deeply for annotations.") from None
    if not isinstance(values, dict):
        raise DataError(
            f"{where} holds a {type(values).__name__}, not an object with images, annotations and categories."
        )
    if _TWICE in values:
        raise DataError(f"{where} has the key {shown(values[_TWICE])} twice; one of the two would be lost.")
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        found[_TWICE] = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    return found


def _entries(listing: Listing, path: str, values: dict, *names: str) -> list[list]:
    for name in names:
        if not isinstance(values.get(name), list):
            raise DataError(f"{listing.root}: {path} has no list of {name}.")
    return [values[name] for name in names]


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)
