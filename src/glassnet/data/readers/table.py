"""Layout: pictures and a `labels.csv` with the columns `file,label[,group][,split]`, at the root or in one of its folders.

Other headers people write (`filename`, `species`, `patient_id`, `subset`, …) are understood where they can mean only one thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from glassnet.data.catalog import Catalog, ClassLabel, Example, Quarantined
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
from glassnet.data.readers.finding import Finder, not_used
from glassnet.data.readers.layout import Layout, class_of, finish, some
from glassnet.data.readers.listing import Listing
from glassnet.errors import DataError


@dataclass(frozen=True)
class _Columns:
    """Which column of the table holds what (0 is the first)."""

    file: int
    label: int
    group: int | None
    split: int | None


def claims(listing: Listing) -> bool:
    """A table whose name is labels.csv, or the only .csv, with a header that names a file and a label."""
    path = _table(listing)
    return path is not None


def read(listing: Listing) -> Catalog:
    """Build the catalog. Raises DataError with the line for what makes the whole table useless; single bad lines are quarantined."""
    path = _table(listing)
    assert path is not None, "read is only called after claims"
    rows = table_rows(listing, path)
    header = rows[0][1]
    columns, notes = _columns(f"{listing.root}: {path}", header)
    finder = Finder(listing, path.rpartition("/")[0])
    examples = _examples(listing, path, rows[1:], columns, finder)
    notes += not_used(listing, {example.key for example in examples}, f"are not in {path}")
    listing.skipped.extend(key for other, key in listing.others.items() if other != path)
    return finish(listing, f"pictures and {path}", examples, notes)


LAYOUT = Layout("labels in a table", claims, read)


def _table(listing: Listing) -> str | None:
    tables = sorted(
        (p for p in listing.others if p.lower().endswith((".csv", ".tsv"))), key=lambda p: (p.count("/"), p)
    )
    tables = [p for p in tables if not box_columns(first_header(listing, p))[0]]
    named = [p for p in tables if p.rpartition("/")[2].lower() in ("labels.csv", "labels.tsv", "label.csv")]
    if named:
        return named[0]
    if len(tables) == 1 and listing.pictures:
        try:
            names = header_names(table_rows(listing, tables[0])[0][1])
        except DataError:
            return None
        if any(n in FILE for n in names) and any(n in LABEL for n in names):
            return tables[0]
    return None


def _columns(where: str, header: Sequence[str]) -> tuple[_Columns, list[str]]:
    names = header_names(header)
    notes: list[str] = []
    doubles = sorted({name for name in names if name and names.count(name) > 1})
    if doubles:
        raise DataError(f"{where} names the column {doubles[0]!r} twice; which of the two is meant cannot be known.")
    file = next((names.index(alias) for alias in FILE if alias in names), None)
    if file is None:
        raise DataError(f"{where} has the columns {', '.join(header)}, but none that names the file; call it `file`.")
    group = next((names.index(alias) for alias in GROUP if alias in names), None)
    split = next((names.index(alias) for alias in SPLIT if alias in names), None)
    candidates = [i for i, name in enumerate(names) if name in LABEL]
    if "label" in names:
        label = names.index("label")
    elif candidates:
        label = candidates[0]
        if len(candidates) > 1:
            others = " and ".join(repr(header[i]) for i in candidates[1:])
            notes.append(
                f"ambiguous label: {header[label]!r} is taken as the class because it comes first; {others} would do as well. "
                "Rename the column that you mean to `label`"
            )
    else:
        left = [i for i in range(len(names)) if i not in (file, group, split)]
        if len(left) != 1:
            raise DataError(
                f"{where} has the columns {', '.join(header)}, but none that names the class; call it `label`."
            )
        label = left[0]
        notes.append(f"the column {header[label]!r} is taken as the class, as no other is left")
    used = {file, label, group, split, *candidates}
    ignored = [header[i] for i in range(len(names)) if i not in used and names[i]]
    if ignored:
        notes.append(f"columns not used: {', '.join(ignored)}")
    return _Columns(file, label, group, split), notes


def _examples(
    listing: Listing, path: str, rows: Sequence[tuple[int, list[str]]], columns: _Columns, finder: Finder
) -> list[Example]:
    found: dict[str, tuple[int, Example]] = {}
    torn: set[str] = set()
    has_split = columns.split is not None and any(len(c) > columns.split and c[columns.split] for _, c in rows)
    needed = max(columns.file, columns.label, columns.split or 0)

    def refuse(line: int, key: str, reason: str) -> None:
        listing.quarantined.append(Quarantined(key, f"{path} line {line}: {reason}"))

    for line, cells in rows:
        name = cells[columns.file] if len(cells) > columns.file else ""
        if len(cells) <= needed and not (len(cells) > max(columns.file, columns.label) and not has_split):
            refuse(line, name or f"{path}:{line}", f"the line has {len(cells)} columns, the header says more")
            continue
        place, reason = finder.find(name)
        if place is None:
            refuse(line, name or f"{path}:{line}", reason)
            continue
        key = listing.pictures[place]
        label = cells[columns.label]
        if not label:
            refuse(line, key, "the label is empty")
            continue
        split = None
        if has_split and columns.split is not None:
            split = SPLIT_VALUES.get(cells[columns.split].lower())
            if split is None:
                refuse(line, key, f"the split {cells[columns.split]!r} is none of train, validation and test")
                continue
        group = cells[columns.group] if columns.group is not None and len(cells) > columns.group else ""
        example = Example(key, ClassLabel(label), split, group or None)
        if key in torn:
            continue
        if key not in found:
            found[key] = (line, example)
        elif found[key][1] == example:
            listing.notes.append(f"{path} line {line} repeats line {found[key][0]} ({name}); it counts once")
        else:
            before = found.pop(key)
            torn.add(key)
            refuse(
                line,
                key,
                f"it is listed on line {before[0]} as {_said(before[1])} and here as {_said(example)}; which is right?",
            )
    if not found and rows:
        where = some([f"{f.key}: {f.reason}" for f in listing.quarantined], 2)
        raise DataError(f"{listing.root}: none of the {len(rows):,} lines of {path} could be used. {where}.")
    return [example for _, example in found.values()]


def _said(example: Example) -> str:
    parts = [repr(class_of(example)), example.split, example.group and f"group {example.group}"]
    return ", ".join(part for part in parts if part)
