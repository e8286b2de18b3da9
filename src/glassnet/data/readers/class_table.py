"""The table beside a set of masks that says what their values mean: classes.csv, class_dict.csv, classes.txt and the like.

A table has a header and any of: an index, a name, a colour (three columns, or one as `#804080` or `128 64 128`). A text file has one name
per line, counted from 0, or `128 64 128 Road`, or `Road:128,64,128::`.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from glassnet.data.readers.layout import some
from glassnet.data.readers.listing import Listing
from glassnet.errors import DataError

_TABLES = ("classes.csv", "class_dict.csv", "colors.csv", "colours.csv", "palette.csv", "class_colors.csv")
_TEXTS = ("classes.txt", "label_colors.txt", "labelmap.txt", "codes.txt", "names.txt", "classes.names")
_INDEX = ("index", "id", "value", "class_id", "class_index", "pixel", "pixel_value", "number", "train_id")
_NAME = ("name", "class_name", "class", "label", "category", "label_name")
_RED, _GREEN, _BLUE = ("r", "red"), ("g", "green"), ("b", "blue")
_COLOUR = ("colour", "color", "rgb", "hex")
_IGNORED = frozenset(
    ("unlabelled", "unlabeled", "void", "ignore", "ignored", "ignore_label", "ignorelabel", "dont_care", "don't care")
)

Colour = tuple[int, int, int]


class Entry(NamedTuple):
    """One line: what a value of the masks means. At least one of `index` and `colour` is there."""

    name: str
    index: int | None
    colour: Colour | None


class ClassTable(NamedTuple):
    """A table that was read; `path` is where, `counted` whether its indices are only the order of its lines."""

    path: str
    entries: tuple[Entry, ...]
    counted: bool


def is_ignored(name: str) -> bool:
    """Whether a class of this name means that its pixels are neither learnt nor counted."""
    return name.strip().casefold().replace(" ", "_").replace("don't", "dont") in _IGNORED


def find_table(listing: Listing) -> str | None:
    """Return the path of the table that lies nearest to the root, if there is one."""
    order = (*_TABLES, *_TEXTS)
    found = [path for path in listing.others if path.rpartition("/")[2].lower() in order]
    return min(found, key=lambda p: (p.count("/"), order.index(p.rpartition("/")[2].lower()), p), default=None)


def names_classes(listing: Listing) -> bool:
    """Whether a table gives the values of masks several meanings, so that they are classes. Raises DataError as `read_table`."""
    table = read_table(listing)
    return table is not None and len(table.entries) > 1


def only_name(listing: Listing) -> str | None:
    """Return the one name that a table beside the masks gives, where it gives just one: what things are called."""
    table = read_table(listing)
    return table.entries[0].name if table is not None and len(table.entries) == 1 else None


def read_table(listing: Listing) -> ClassTable | None:
    """Read the table; None without one. Raises DataError with the line for what makes no sense."""
    path = find_table(listing)
    if path is None:
        return None
    text = listing.text(path, limit=1 << 20)
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise DataError(f"{listing.root}: {path} is empty; it should name the classes of the masks.")
    where = f"{listing.root}: {path}"
    entries = _of_csv(where, text) if path.lower().endswith(".csv") else _of_text(where, lines)
    _check(where, entries)
    counted = all(entry.index is None for entry in entries)
    if counted:
        entries = [entry._replace(index=i) for i, entry in enumerate(entries)]
    return ClassTable(path, tuple(entries), counted)


def _of_csv(where: str, text: str) -> list[Entry]:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as error:
        raise DataError(f"{where} cannot be read as a table: {error}.") from None
    header = [cell.strip().lower().replace(" ", "_") for cell in rows[0]]
    name = next((header.index(word) for word in _NAME if word in header), None)
    if name is None:
        raise DataError(f"{where} has the columns {', '.join(rows[0])}, but none called name.")
    index = next((header.index(word) for word in _INDEX if word in header), None)
    colour = _colour_reader(header)
    entries = []
    for number, row in enumerate(rows[1:], 2):
        cells = [cell.strip() for cell in row] + [""] * (len(header) - len(row))
        if not cells[name]:
            raise DataError(f"{where} line {number}: the name is empty.")
        place = f"{where} line {number}"
        value = _whole(place, cells[index], 2**31 - 1) if index is not None else None
        entries.append(Entry(cells[name], value, colour(place, cells) if colour else None))
    return entries


def _colour_reader(header: Sequence[str]) -> Callable[[str, list[str]], Colour] | None:
    channels = [next((header.index(word) for word in words if word in header), None) for words in (_RED, _GREEN, _BLUE)]
    one = next((header.index(word) for word in _COLOUR if word in header), None)
    if None not in channels:
        r, g, b = (at for at in channels if at is not None)
        return lambda place, cells: _colour(place, f"{cells[r]} {cells[g]} {cells[b]}")
    return None if one is None else lambda place, cells: _colour(place, cells[one])


def _of_text(where: str, lines: Sequence[tuple[int, str]]) -> list[Entry]:
    entries = []
    for number, line in lines:
        if line.lstrip().startswith("#"):
            continue
        place, text = f"{where} line {number}", line.strip()
        before = re.match(r"^(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\S.*)$", text)
        after = re.match(r"^([^:]+):\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?::.*)?$", text)
        counted = re.match(r"^(\d+)\s*[:,\t ]\s*([^\d\s].*)$", text)
        if before:
            entries.append(Entry(before[4].strip(), None, _colour(place, " ".join(before.groups()[:3]))))
        elif after:
            entries.append(Entry(after[1].strip(), None, _colour(place, " ".join(after.groups()[1:]))))
        elif counted:
            entries.append(Entry(counted[2].strip(), int(counted[1]), None))
        else:
            entries.append(Entry(text, None, None))
    return entries


def _colour(place: str, text: str) -> Colour:
    code = re.fullmatch(r"#?([0-9a-fA-F]{6})", text.strip())
    if code and not text.strip().isdigit():
        return int(code[1][:2], 16), int(code[1][2:4], 16), int(code[1][4:], 16)
    parts = re.findall(r"[^\s,;()\[\]]+", text)
    if len(parts) != 3:
        raise DataError(f"{place}: {text!r} is no colour; write three numbers from 0 to 255, or #804080.")
    red, green, blue = (_whole(place, part, 255) for part in parts)
    return red, green, blue


def _whole(place: str, text: str, most: int) -> int:
    if not re.fullmatch(r"\d{1,10}", text) or int(text) > most:
        raise DataError(f"{place}: {text!r} is no whole number from 0 to {most:,}.")
    return int(text)


def _check(where: str, entries: Sequence[Entry]) -> None:
    if not entries:
        raise DataError(f"{where} has a header and no line below it; it should name the classes of the masks.")
    indexed = [entry.index is not None for entry in entries]
    if any(indexed) and not all(indexed):
        raise DataError(
            f"{where} gives some classes a number and others none ({some([e.name for e in entries if e.index is None])})."
        )
    for what in ("index", "colour"):
        seen: dict[object, str] = {}
        for entry in entries:
            value = getattr(entry, what)
            if value is not None and seen.setdefault(value, entry.name) != entry.name:
                raise DataError(f"{where} gives the {what} {value} to both {seen[value]!r} and {entry.name!r}.")
