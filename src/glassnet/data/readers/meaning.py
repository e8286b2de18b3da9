"""What the values in masks of classes mean: by a table beside them, or counted without one; what is taken for granted is said aloud."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from glassnet.data.mask_files import Value, mask_palette, mask_values, present
from glassnet.data.readers import pairs
from glassnet.data.readers.class_table import ClassTable, Entry, is_ignored
from glassnet.data.readers.layout import some
from glassnet.data.readers.listing import Listing
from glassnet.data.readers.numbering import VOID
from glassnet.errors import DataError

_MOST = 100
"""More different values than this in masks without a table are no classes that anybody counted."""


class Meaning(NamedTuple):
    """What the values of all masks mean: class names, ignored values, and remarks for the person."""

    names: tuple[tuple[Value, str], ...]
    ignore: tuple[Value, ...]
    notes: tuple[str, ...]


def by_table(listing: Listing, table: ClassTable, masks: Sequence[str]) -> Meaning:
    """Let the table say what values mean: by number for grey and palette masks, by colour for colour masks."""
    seen = pairs.look(listing, masks, most=6)
    if not seen:
        raise DataError(f"{listing.root}: none of the masks can be read ({some(masks, 2)}).")
    coloured = any(values.ndim == 3 and not (values == values[:, :, :1]).all() for values in seen)
    if not coloured:
        values = {
            value for one in seen for value in present(one[:, :, 0] if one.ndim == 3 else one) if isinstance(value, int)
        }
        found, notes = _numbered(listing, table, masks, values)
    elif any(entry.colour is None for entry in table.entries):
        raise DataError(
            f"{listing.root}: the masks are colour pictures, but {table.path} gives no colours. Add the columns r,g,b, or write masks "
            "whose values are the numbers of the classes."
        )
    else:
        values = set()
        found = [(entry.colour, entry.name) for entry in table.entries if entry.colour is not None]
        notes = [f"values of masks: colours, as {table.path} names them"]
    ignore: list[Value] = [value for value, name in found if is_ignored(name)]
    if ignore:
        shown = some([f"{name} ({value})" for value, name in found if is_ignored(name)])
        notes.append(f"ignored pixels: {shown}, by the name in {table.path}; they are neither learnt nor counted")
    if not coloured and VOID not in {value for value, _ in found}:
        ignore.append(VOID)
        if VOID in values:
            notes.append("ignored pixels: the value 255, which no class has; they are neither learnt nor counted")
    return Meaning(tuple((value, name) for value, name in found if not is_ignored(name)), tuple(ignore), tuple(notes))


def _numbered(
    listing: Listing, table: ClassTable, masks: Sequence[str], values: set[int]
) -> tuple[list[tuple[Value, str]], list[str]]:
    """Return what the numbers in grey masks mean by the table, whatever it leaves to be understood said aloud."""
    entries, path = list(table.entries), table.path
    drawn = _by_palette(listing, entries, masks) if table.counted else None
    found: list[tuple[Value, str]] = [
        (entry.index, entry.name) for entry in drawn or entries if entry.index is not None
    ]
    if drawn:
        return found, [f"values of masks: by their palette, which has the colours of {path}"]
    largest = max(values - {VOID}, default=0)
    background = any(name.casefold() == "background" for _, name in found)
    notes: list[str] = []
    if table.counted:
        shifted = largest == len(entries) and 0 in values and not background
        if shifted or (len(entries) == 1 and values <= {0, 1, VOID}):
            found = [(i + 1, entry.name) for i, entry in enumerate(entries)]
            notes.append(
                f"values of masks: {path} gives no numbers, so its lines are counted from 1, and 0 is background"
            )
        else:
            notes.append(f"values of masks: {path} gives no numbers, so its lines are counted from 0")
    if values == {0, VOID} and {value for value, _ in found} in ({0, 1}, {1}):
        found = [(VOID if value == 1 else value, name) for value, name in found]
        notes.append(f"values of masks: they are 0 and 255, so 255 is what {path} calls 1")
    if 0 in values and 0 not in {value for value, _ in found}:
        found.insert(0, (0, "background"))
        if not notes:
            notes.append(f"values of masks: {path} does not name 0, so it is background")
    return found, notes


def _by_palette(listing: Listing, entries: Sequence[Entry], masks: Sequence[str]) -> list[Entry] | None:
    """Return the entries numbered by the palette of the masks, where it holds the colours of the table."""
    try:
        palette = mask_palette(listing.source.read(listing.pictures[masks[0]]))
    except DataError:
        return None
    if palette is None or not all(entry.colour in palette for entry in entries):
        return None
    return [entry._replace(index=palette.index(entry.colour)) for entry in entries if entry.colour is not None]


def counted(listing: Listing, masks: Sequence[str]) -> Meaning:
    """Without a table every mask is looked at, since a value that only one of them has is a class too."""
    seen: Counter[Value] = Counter()
    colours: Counter[Value] = Counter()
    for _, values, coloured in _value_sets(listing, masks):
        if not isinstance(values, DataError):
            (colours if coloured else seen).update(values)
    if colours:
        raise DataError(
            _no_table(listing, [colour for colour, _ in colours.most_common() if isinstance(colour, tuple)])
        )
    found = sorted(value for value in seen if isinstance(value, int))
    if not found:
        raise DataError(f"{listing.root}: none of the masks can be read ({some(masks, 2)}).")
    if found in ([0, 1], [0, VOID]):
        note = f"values of masks: 0 is background, {found[1]} is foreground"
        return Meaning(((0, "background"), (found[1], "foreground")), (), (note,))
    if len(found) > _MOST:
        raise DataError(
            f"{listing.root}: the masks hold {len(found):,} different values ({some(list(map(str, found)))}), too many to be classes. "
            "Smoothed edges (a mask that was resized or saved as JPEG in between) give such values; write the masks anew without "
            "smoothing. If the values are meant, say what they are in a classes.csv with the columns index,name."
        )
    notes = []
    if VOID in found:
        notes.append(
            "ignored pixels: the value 255, by convention; if it is a class, write a classes.csv with the columns index,name"
        )
    names = tuple((value, f"class {value}") for value in found if value != VOID)
    listed = some([str(value) for value, _ in names], 8)
    notes.append(
        f"values of masks: {listed} are taken as classes without names; a classes.csv with the columns index,name names them, and "
        "--task instances takes them as numbers of things"
    )
    return Meaning(names, (VOID,), tuple(notes))


def _no_table(listing: Listing, colours: Sequence[tuple[int, int, int]]) -> str:
    lines = "; ".join(f"name,{r},{g},{b}" for r, g, b in colours[:5])
    more = f" (and {len(colours) - 5:,} more)" if len(colours) > 5 else ""
    return (
        f"{listing.root}: the masks are colour pictures, and nothing says which colour is which class. Write a classes.csv beside them "
        f"with the columns name,r,g,b and one line for each colour; the masks hold: {lines}{more}."
    )


def _value_sets(listing: Listing, masks: Sequence[str]) -> Iterator[tuple[str, list[Value] | DataError, bool]]:
    """Yield (path, values that occur, whether it is a colour file) of every mask; the DataError of those that cannot be read.

    Decoders release the interpreter, so a few threads share the work.
    """

    def one(path: str) -> tuple[str, list[Value] | DataError, bool]:
        try:
            values = mask_values(listing.source.read(listing.pictures[path]))
        except DataError as error:
            return path, error, False
        if values.ndim == 3 and (values == values[:, :, :1]).all():
            values = values[:, :, 0].astype(np.int32)  # grey that was saved as colour
        return path, present(values), values.ndim == 3

    with ThreadPoolExecutor(4 if len(masks) > 16 else 1) as pool:
        yield from pool.map(one, masks)
