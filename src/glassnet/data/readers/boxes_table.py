"""Layout: pictures and a table of boxes, one line per thing: `file,label,x1,y1,x2,y2[,split][,group]`, or x, y, w, h.

Other headers people write (`filename,width,height,class,xmin,ymin,xmax,ymax`; `image_id,bbox`) are understood where they can mean only
one thing. Coordinates are pixels counted from the picture's edge; a line with neither label nor box is a picture of background.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from glassnet.data.catalog import Catalog, Quarantined
from glassnet.data.readers.columns import (
    FILE,
    GROUP,
    LABEL,
    SPLIT,
    SPLIT_VALUES,
    box_columns,
    first_header,
    header_names,
    table_rows,
)
from glassnet.data.readers.finding import Finder, not_used, shown
from glassnet.data.readers.gathering import Box, Page, bad_number, is_fractions, numbers, side, unit
from glassnet.data.readers.layout import Layout, finish_things, some, split_of
from glassnet.data.readers.listing import Listing
from glassnet.data.readers.sizes import upright_sizes
from glassnet.errors import DataError

_SIZES = (("image_width", "image_height"), ("img_width", "img_height"), ("width", "height"))
_CROWD = ("iscrowd", "is_crowd", "crowd", "difficult", "isgroupof")
_NO_LABEL = "object"


@dataclass(frozen=True)
class _Columns:
    """Which column holds what (0 is the first). `box` are four columns, or one that lists all; `corners`: the last two are x2, y2."""

    file: int
    label: int | None
    box: tuple[int, ...]
    corners: bool
    size: tuple[int, int] | None
    split: int | None
    group: int | None
    crowd: int | None


def claims(listing: Listing) -> bool:
    """A table whose header names a file and a box."""
    return bool(listing.pictures) and bool(_tables(listing))


def read(listing: Listing) -> Catalog:
    """Build the catalog. A bad line keeps its picture out; DataError when the header cannot be understood or nothing usable is left."""
    tables = _tables(listing)
    pages: dict[str, Page] = {}
    notes: list[str] = []
    for path in tables:
        notes += _Table(listing, path, pages).read()
    notes += not_used(listing, pages, f"are not in {some(tables)}")
    listing.skipped.extend(key for path, key in listing.others.items() if path not in tables)
    examples = [pages[path].example() for path in listing.pictures if path in pages]
    return finish_things(listing, f"boxes in {some(tables)}", examples, "boxes", notes)


LAYOUT = Layout("boxes in a table", claims, read, ("detect", "localize"))


class _Table:
    """One table, line by line, into `pages` by picture (shared with the tables of other splits)."""

    def __init__(self, listing: Listing, path: str, pages: dict[str, Page]) -> None:
        self._listing, self._path, self._pages = listing, path, pages
        (_, self._header), *self._rows = table_rows(listing, path)
        self._columns = _columns(f"{listing.root}: {path}", self._header)
        self._split = split_of(path, in_name=True)
        self._finder = Finder(listing, path.rpartition("/")[0], self._split)
        self._boxes: list[tuple[Page, str, str, list[float], bool]] = []
        self._lost: set[str] = set()
        self._said: dict[int, tuple[int, str | None, str | None]] = {}

    def read(self) -> list[str]:
        """Read all lines and return the notes."""
        for line, cells in self._rows:
            self._line(line, cells)
        notes = []
        fractions = bool(self._boxes) and all(is_fractions(values) or max(values) <= 1 for *_, values, _ in self._boxes)
        fractions = fractions and any(is_fractions(values) for *_, values, _ in self._boxes)
        if fractions:
            notes.append(
                f"all boxes of {self._path} lie between 0 and 1, so they are taken as fractions of their pictures"
            )
        self._place(fractions)
        if self._columns.label is None:
            notes.append(f"{self._path} has no column that names the class; every box is one {_NO_LABEL!r}")
        used = {*self._columns.box, *(self._columns.size or ())}
        used |= {c for c in (self._columns.file, self._columns.label, self._columns.split) if c is not None}
        used |= {c for c in (self._columns.group, self._columns.crowd) if c is not None}
        ignored = [name for place, name in enumerate(self._header) if place not in used and name]
        return [*notes, f"columns not used: {', '.join(map(shown, ignored))}"] if ignored else notes

    def _line(self, line: int, cells: list[str]) -> None:
        columns, what = self._columns, f"{self._path} line {line}"
        name = _cell(cells, columns.file)
        picture, reason = self._finder.find(name)
        if picture is None:
            if name not in self._lost:
                self._lost.add(name)
                self._listing.quarantined.append(Quarantined(shown(name, 200) or what, f"{what}: {reason}"))
            return
        key = self._listing.pictures[picture]
        page = self._pages.setdefault(picture, Page(key, self._listing.others[self._path]))
        self._split_and_group(page, line, cells, picture)
        if columns.size is not None:
            height, width = (side(_cell(cells, place)) for place in reversed(columns.size))
            page.size = (height, width) if height and width else page.size
        label = _cell(cells, columns.label) if columns.label is not None else _NO_LABEL
        given = self._given(cells)
        if not any(given):
            if label and columns.label is not None:
                page.fault(
                    "bad_line", f"{what}: there is a label ({shown(label)}) but no box, so nobody knows where it is."
                )
            return
        if not label:
            page.fault("unknown_class", f"{what}: there is a box but no label, so nobody knows what it is.")
            return
        values = numbers(given) if len(given) == 4 else None
        if values is None:
            page.fault("bad_number", bad_number(what, ", ".join(given)))
            return
        crowd = columns.crowd is not None and _cell(cells, columns.crowd).lower() in ("1", "true", "yes")
        self._boxes.append((page, what, label, values, crowd))

    def _given(self, cells: list[str]) -> list[str]:
        if len(self._columns.box) == 4:
            return [_cell(cells, place) for place in self._columns.box]
        text = _cell(cells, self._columns.box[0]).strip("[](){} ")
        return text.replace(",", " ").split() if text else [""]

    def _split_and_group(self, page: Page, line: int, cells: list[str], picture: str) -> None:
        """Take split and group from the line; every line of a picture must say the same."""
        columns, what = self._columns, f"{self._path} line {line}"
        word = _cell(cells, columns.split) if columns.split is not None else ""
        split = SPLIT_VALUES.get(word.lower()) if word else self._split or split_of(picture)
        if word and split is None:
            page.fault("bad_line", f"{what}: the split {shown(word)!r} is none of train, validation and test.")
        group = (_cell(cells, columns.group) if columns.group is not None else "") or None
        before = self._said.setdefault(id(page), (line, split, group))
        if before[1:] != (split, group):
            page.fault(
                "bad_line", f"{what}: the split or group differs from line {before[0]} ({picture}); which is right?"
            )
        elif page.split is not None and page.split != split:
            page.fault("bad_line", f"{what}: another table gives {picture} to {page.split}; which is right?")
        page.split, page.group = split, group

    def _place(self, fractions: bool) -> None:
        """Add the boxes to their pages, in pixels."""
        sizes = upright_sizes(self._listing, {page.key: None for page, *_ in self._boxes}) if fractions else {}
        for page, what, label, values, crowd in self._boxes:
            x1, y1, x2, y2 = _corners(values, self._columns.corners)
            if not fractions and is_fractions(values):
                page.fault("unit", unit(what, values))
                continue
            if fractions:
                if page.key not in sizes:
                    page.fault(
                        "missing_size", f"The size of {page.key} cannot be read, so fractions of it mean nothing."
                    )
                    continue
                height, width = sizes[page.key]
                x1, y1, x2, y2 = x1 * width, y1 * height, x2 * width, y2 * height
            page.add(label, (x1, y1, x2, y2), crowd=crowd)


def _corners(values: Sequence[float], corners: bool) -> Box:
    x, y, right, bottom = values
    return (x, y, right, bottom) if corners else (x, y, x + right, y + bottom)


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if len(cells) > place else ""


def _tables(listing: Listing) -> list[str]:
    """Return the tables with boxes: all of them where each is of a split, else the first."""
    found = []
    for path in sorted(listing.others, key=lambda path: (path.count("/"), path)):
        if path.lower().endswith((".csv", ".tsv")):
            names = first_header(listing, path)
            if any(name in FILE for name in names) and box_columns(names)[0]:
                found.append(path)
    of_splits = [path for path in found if split_of(path, in_name=True)]
    return of_splits or found[:1]


def _columns(where: str, header: Sequence[str]) -> _Columns:
    names = header_names(header)
    doubles = sorted({name for name in names if name and names.count(name) > 1})
    if doubles:
        raise DataError(f"{where} names the column {doubles[0]!r} twice; which of the two is meant cannot be known.")

    def one(aliases: Sequence[str], taken: Sequence[int] = ()) -> int | None:
        return next(
            (names.index(alias) for alias in aliases if alias in names and names.index(alias) not in taken), None
        )

    file = one(FILE)
    assert file is not None, "only tables with a column for the file get here"
    box, corners = box_columns(names)
    sizes = ((names.index(x), names.index(y)) for x, y in _SIZES if x in names and y in names)
    return _Columns(
        file=file,
        label=one(LABEL, (file, *box)),
        box=box,
        corners=corners,
        size=next((size for size in sizes if not set(size) & set(box)), None),
        split=one(SPLIT),
        group=one(GROUP),
        crowd=one(_CROWD),
    )
