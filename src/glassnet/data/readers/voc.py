"""Layout: Pascal VOC, one XML file of boxes per picture (`Annotations/`, or beside the pictures), and lists of names in `ImageSets/Main`.

Without lists the splits come from folders (`train/`, `val/`). Corners count pixels from 1 and belong to the box (Everingham and others,
"The PASCAL Visual Object Classes Challenge 2007 Development Kit"), so xmin..xmax become the edges xmin − 1..xmax.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from glassnet.data.catalog import Catalog, Quarantined
from glassnet.data.readers.finding import Finder, not_used, shown, stem
from glassnet.data.readers.gathering import Box, Page, bad_number, is_fractions, numbers, side, unit
from glassnet.data.readers.layout import SPLIT_NAMES, Layout, counted, finish_things, some, split_of
from glassnet.data.readers.listing import Listing
from glassnet.errors import DataError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LOOKED_AT = 50
_MOST_BYTES = 16 << 20
_LIST = re.compile(r"(?:^|/)imagesets/(main/)?([a-z]+)\.txt$", re.IGNORECASE)
_ORDER = ("train", "validation", "test")
_FLAG = re.compile(r"\s+-?[01]$")
"""Lists per class end in 1, 0 or -1. So do the names of some pictures, which are looked for first."""


class _Lists(NamedTuple):
    """`splits` maps a listed name to its split, `files` the lists that were read, `torn` the names in several of them."""

    splits: dict[str, str | None]
    files: list[str]
    torn: list[str]


def claims(listing: Listing) -> bool:
    """XML files named like pictures in a folder called Annotations; or one of the two, and they begin like VOC annotations."""
    files = _xml_files(listing)
    if not files or not listing.pictures:
        return False
    stems = {stem(path.rpartition("/")[2]) for path in listing.pictures}
    fitting = []
    for path in files:
        named, placed = stem(path.rpartition("/")[2]) in stems, "annotations" in path.lower().split("/")[:-1]
        if named and placed:
            return True
        fitting += [path] if named or placed else []
    for path in fitting[:_LOOKED_AT]:
        try:
            if b"<annotation" in listing.source.read(listing.others[path]):
                return True
        except DataError:
            continue
    return False


def read(listing: Listing) -> Catalog:
    """Build the catalog. A bad XML file keeps its picture out; DataError when nothing usable is left."""
    finder = Finder(listing)
    lists = _lists(listing)
    reading = _Reading(listing, finder)
    pages = reading.pages()
    notes = reading.notes()
    if lists.files:
        notes += _by_lists(listing, lists, finder, pages)
    else:
        _by_folders(listing, pages)
    where = f"are in none of the lists {some(lists.files, 4)}" if lists.files else "have no XML file near them"
    notes += not_used(listing, pages, where)
    used = {page.file for page in pages.values()}
    listing.skipped.extend(key for path, key in listing.others.items() if key not in used and path not in lists.files)
    examples = [pages[path].example() for path in listing.pictures if path in pages]
    return finish_things(listing, "VOC boxes", examples, "boxes", notes)


LAYOUT = Layout("VOC files", claims, read, ("detect", "localize"))


class _Reading:
    """One pass over the XML files; what is worth a note is counted on the way."""

    def __init__(self, listing: Listing, finder: Finder) -> None:
        self._listing, self._finder = listing, finder
        self._at_zero = 0
        self._misnamed: list[str] = []

    def pages(self) -> dict[str, Page]:
        """Return {picture's path: its page} for every XML file that has a picture."""
        listing, pages = self._listing, {}
        paths = {listing.others[path]: path for path in _xml_files(listing)}
        for key, data in listing.source.iterate(paths):
            path = paths[key]
            root, reason = (None, str(data)) if isinstance(data, DataError) else _parse(data)
            code = "not_utf8" if "UTF-8" in reason else "bad_xml"
            picture, why = self._picture(path, "" if root is None else (root.findtext("filename") or ""))
            if picture is None:
                listing.quarantined.append(Quarantined(key, f"no picture belongs to it: {why}"))
                continue
            if picture in pages:
                other = pages[picture].file
                listing.quarantined.append(Quarantined(key, f"{picture} has an annotation already, {other}"))
                continue
            page = pages[picture] = Page(listing.pictures[picture], key)
            if root is None:
                page.fault(code, f"{path} {reason}")
            else:
                self._fill(page, root)
        return pages

    def notes(self) -> list[str]:
        """Say what was odd in the files as a whole."""
        notes = []
        if self._at_zero:
            notes.append(
                f"{counted(self._at_zero, 'box', 'boxes')} at 0, but VOC counts pixels from 1; the edge of the picture is taken"
            )
        if self._misnamed:
            notes.append(
                f"{counted(len(self._misnamed), 'XML file')} with another name inside; the name of the file itself counts: "
                f"{some(self._misnamed)}"
            )
        return notes

    def _picture(self, path: str, filename: str) -> tuple[str | None, str]:
        same = self._finder.of_file(path)
        if len(same) == 1:
            inside = stem(filename.strip().replace("\\", "/").rpartition("/")[2])
            if inside and inside != stem(path.rpartition("/")[2]):
                self._misnamed.append(path)
            return same[0], ""
        if same:
            return None, f"it may be {some(same)}; put the XML file beside the one that is meant"
        if filename:
            return self._finder.find(filename.strip().replace("\\", "/").rpartition("/")[2])
        return None, "none has its name"

    def _fill(self, page: Page, root: "Element") -> None:
        size = root.find("size")
        if size is not None:
            height, width = side(size.findtext("height") or ""), side(size.findtext("width") or "")
            page.size = (height, width) if height and width else None
        for count, thing in enumerate(root.findall("object"), 1):
            label = (thing.findtext("name") or "").strip()
            what = f"{page.file}, object {count}"
            if not label:
                page.fault("unknown_class", f"{what} has no name, so nobody knows what it is.")
                continue
            box = self._box(page, f"{what} ({shown(label)})", thing.find("bndbox"))
            if box is not None:
                crowd = (thing.findtext("difficult") or "").strip().lower() in ("1", "true")
                page.add(label, box, crowd=crowd)

    def _box(self, page: Page, what: str, bndbox: "Element | None") -> Box | None:
        if bndbox is None:
            page.fault("bad_xml", f"{what} has no bndbox, so nobody knows where it is.")
            return None
        given = [bndbox.findtext(name) for name in ("xmin", "ymin", "xmax", "ymax")]
        values = numbers(given)
        if values is None:
            page.fault("bad_number", bad_number(what, ", ".join(str(value) for value in given)))
            return None
        if is_fractions(values):
            page.fault("unit", unit(what, values))
            return None
        self._at_zero += 0 in values[:2]
        (x1, x2), (y1, y2) = _edges(values[0], values[2]), _edges(values[1], values[3])
        return x1, y1, x2, y2


def _edges(low: float, high: float) -> tuple[float, float]:
    """Return the edges of low..high, pixels counted from 1. Both the same is a click and no thing one pixel wide: it stays without size."""
    if low >= high:
        return low, high
    return (0.0 if 0 <= low < 1 else low - 1), high


def _parse(data: bytes) -> "tuple[Element | None, str]":
    """Return (the root, "") or (None, what is wrong). Nothing outside the file is opened, no entity is expanded."""
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(data) > _MOST_BYTES:
        return None, f"has {len(data):,} bytes, too many for the annotation of one picture."
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        return None, "declares a document type or entities, as files do that attack a reader; it was not read."
    except (ParseError, ValueError, LookupError) as error:
        if b"encoding" not in data[:100].lower() and not _is_utf8(data):
            return None, "is not UTF-8 text; save it again as UTF-8."
        where = f" (line {error.position[0]})" if isinstance(error, ParseError) else ""
        return None, f"is broken or cut off{where}: {shown(str(error).partition(':')[0])}."
    if root.tag != "annotation":
        return None, f"has the root <{shown(root.tag)}>, not <annotation>."
    return root, ""


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _xml_files(listing: Listing) -> list[str]:
    return sorted(path for path in listing.others if path.lower().endswith(".xml"))


def _lists(listing: Listing) -> _Lists:
    found = {path: match for path in sorted(listing.others) if (match := _LIST.search(path))}
    if any(match.group(1) for match in found.values()):
        found = {path: match for path, match in found.items() if match.group(1)}
    named: dict[str, list[str]] = {}
    for path, match in found.items():
        word = match.group(2).lower()
        split = "trainval" if word == "trainval" else SPLIT_NAMES.get(word, "")
        if split:
            named.setdefault(split, []).append(path)
    both = named.pop("trainval", [])
    if both and not {"train", "validation"} & named.keys():
        named["train"] = both
    splits: dict[str, str | None] = {}
    torn: list[str] = []
    for split in _ORDER:
        for path in named.get(split, []):
            for line in listing.text(path).splitlines():
                name = line.strip()
                if name and splits.get(name, split) != split:
                    torn.append(name)
                if name:
                    splits[name] = split
    if set(named) == {"train"} and named["train"] == both:
        splits = dict.fromkeys(splits)
    return _Lists(splits, [path for paths in (*named.values(), both) for path in paths] if named else [], torn)


def _by_lists(listing: Listing, lists: _Lists, finder: Finder, pages: dict[str, Page]) -> list[str]:
    """Give the pages their splits, and take out those that no list names. A listed picture without XML gets a page with the fault."""
    listed: dict[str, str | None] = {}
    for name, split in lists.splits.items():
        picture, why = finder.find(name)
        if picture is None:
            picture, _ = finder.find(_FLAG.sub("", name))
        if picture is None:
            listing.quarantined.append(Quarantined(shown(name), f"a list in ImageSets names it, but {why}"))
        else:
            listed[picture] = split
    for picture, split in listed.items():
        page = pages.setdefault(picture, Page(listing.pictures[picture]))
        page.split = split
        if not page.file:
            page.fault("missing_annotation", _missing(picture))
    left = [picture for picture in pages if picture not in listed]
    for picture in left:
        del pages[picture]
    if not lists.torn:
        return []
    return [
        f"{counted(len(lists.torn), 'picture')} in several of the lists ({some(lists.torn)}): the last of train, validation, test counts"
    ]


def _by_folders(listing: Listing, pages: dict[str, Page]) -> None:
    """Give the pages the splits of their folders; pictures without XML among annotated ones get a page with the fault."""
    files: Mapping[str, str] = {key: path for path, key in listing.others.items()}
    folders = set()
    for picture, page in pages.items():
        page.split = split_of(picture) or split_of(files[page.file])
        folders.add(picture.rpartition("/")[0])
    for picture, key in listing.pictures.items():
        if picture not in pages and picture.rpartition("/")[0] in folders:
            page = pages[picture] = Page(key, split=split_of(picture))
            page.fault("missing_annotation", _missing(picture))


def _missing(picture: str) -> str:
    return f"{picture} has no XML file; a picture without things needs one without objects."
