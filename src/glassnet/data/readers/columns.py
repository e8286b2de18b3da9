"""Tables as text: their lines, and what people call the columns that name a file, a class, a split, a group, or a box."""

import csv
import io
from collections.abc import Sequence

from glassnet.data.readers.layout import SPLIT_NAMES
from glassnet.data.readers.listing import Listing
from glassnet.errors import DataError

FILE = (
    *("file", "filename", "file_name", "image", "image_name", "image_path"),
    *("img", "path", "filepath", "file_path", "image_id", "id"),
)
LABEL = ("label", "class", "class_name", "category", "target", "species", "breed", "type", "diagnosis", "y")
GROUP = (
    *("group", "group_id", "patient", "patient_id", "subject", "subject_id"),
    *("video", "video_id", "animal_id", "scene"),
)
SPLIT = ("split", "set", "subset", "partition", "part")
SPLIT_VALUES = SPLIT_NAMES | {"dev": "validation"}
_LONGEST_HEADER = 16 << 10
_STARTS = ("x1 y1", "xmin ymin", "x_min y_min", "x y", "left top", "bbox_x bbox_y", "x0 y0", "x_0 y_0")
_ENDS = ("x2 y2", "xmax ymax", "x_max y_max", "right bottom", "x_1 y_1", "x1 y1")
_EXTENTS = ("w h", "bbox_width bbox_height", "box_width box_height", "bbox_w bbox_h", "width height")


def table_rows(listing: Listing, path: str) -> list[tuple[int, list[str]]]:
    """Return (line number, cells) of every line that is not blank. Raises DataError."""
    text = listing.text(path)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, line = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{listing.root}: {path} cannot be read as a table from line {line} on: {error}.") from None
    if len(rows) < 2:
        raise DataError(
            f"{listing.root}: {path} needs a header (file,label) and at least one line below it; it has {len(rows)} lines."
        )
    return rows


def header_names(header: Sequence[str]) -> list[str]:
    """Return the names of the columns in lower case, with underscores for spaces and hyphens."""
    return [name.strip().lower().replace(" ", "_").replace("-", "_") for name in header]


def first_header(listing: Listing, path: str) -> list[str]:
    """Return the names of a table's columns from its first line alone; none where it is no table."""
    try:
        lines = listing.source.read(listing.others[path])[:_LONGEST_HEADER].decode("utf-8-sig", "replace").lstrip()
        line = lines.partition("\n")[0]
        return header_names(next(csv.reader([line], delimiter=max(",;\t", key=line.count)), []))
    except (DataError, csv.Error):
        return []


def box_columns(names: Sequence[str]) -> tuple[tuple[int, ...], bool]:
    """Return (the columns that hold a box, whether the last two of four are its far corner and not its size).

    `names` are as `header_names` gives them. One column holds x, y, width and height together; none where no box is named.
    """
    starts = _pairs(names, _STARTS)
    for start in reversed(starts) if "x0" in names or "x_0" in names else starts:  # x1 ends a box where there is an x0
        for ends, corners in ((_ENDS, True), (_EXTENTS, False)):
            rest = next((pair for pair in _pairs(names, ends) if not set(pair) & set(start)), None)
            if rest is not None:
                return (*start, *rest), corners
    return ((names.index("bbox"),), False) if "bbox" in names else ((), False)


def _pairs(names: Sequence[str], aliases: Sequence[str]) -> list[tuple[int, int]]:
    pairs = (alias.split() for alias in aliases)
    return [(names.index(x), names.index(y)) for x, y in pairs if x in names and y in names]
