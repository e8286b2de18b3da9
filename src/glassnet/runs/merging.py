"""Two ledgers become one: what the other has and this one lacks comes in, and of what both have the newer state stays.

A run is the same in both when its name and the moment it was planned are; in a sweep that both know, also when it is the same repeat of
the same values. A sweep is the same when it was planned at the same moment over the same space. Machines that worked apart have often
given one name to two sweeps: the one that comes in gets another name then, and a number that stands for other values another number.
"""

import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from glassnet.errors import GlassnetError
from glassnet.runs import lines
from glassnet.runs.folder import RunFolder
from glassnet.runs.lines import as_json, overwrite, read
from glassnet.runs.rows import Row
from glassnet.runs.schema import EPOCHS, MARKS, RUNS
from glassnet.runs.sweeps import SweepRow, change_sweep, insert_sweep, read_sweeps


@dataclass(frozen=True)
class Merged:
    """What a merge did. `renamed`: sweeps that came in under another name; `left_out`: runs that were being trained there."""

    new: tuple[str, ...]
    newer: tuple[str, ...]
    equal: int
    sweeps: tuple[str, ...]
    renamed: dict[str, str]
    left_out: tuple[str, ...]

    def __str__(self) -> str:
        said = [
            f"Runs that came in: {len(self.new):,}; brought up to date: {len(self.newer):,}; left as they were: {self.equal:,}."
        ]
        if self.sweeps:
            said.append(f"Sweeps that came in: {', '.join(self.sweeps)}.")
        said += [
            f"The sweep {old} is called {new} here, because another one has its name."
            for old, new in self.renamed.items()
        ]
        if self.left_out:
            said.append(
                f"Left out, because they are being trained there: {', '.join(self.left_out)}. Merge again when they ended."
            )
        return "\n".join(said)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "new": list(self.new),
            "newer": list(self.newer),
            "equal": self.equal,
            "sweeps": list(self.sweeps),
            "renamed": self.renamed,
            "left_out": list(self.left_out),
        }


@dataclass(frozen=True)
class Content:
    """Everything that a ledger holds. `epochs` and `marks` are lines of their tables by the number of the run."""

    rows: tuple[Row, ...]
    sweeps: tuple[SweepRow, ...]
    epochs: dict[int, list[dict[str, Any]]]
    marks: dict[int, list[dict[str, Any]]]


def content(connection: Connection) -> Content:
    """Read everything, as it is at one moment."""
    rows = read(connection, select(RUNS).order_by(RUNS.c.id))
    return Content(tuple(rows), tuple(read_sweeps(connection)), _by_run(connection, EPOCHS), _by_run(connection, MARKS))


def merge(connection: Connection, there: Content, out: Path) -> tuple[Merged, list[int]]:
    """Bring in what another ledger holds. Return what was done, and the numbers of the rows that are new or changed."""
    here = _Here(connection, out)
    names, came, winners = _merge_sweeps(connection, here, there.sweeps)
    new, newer, equal, numbers = [], [], 0, {}
    for row in there.rows:
        if row.status == "running":
            continue
        row = here.fitted(replace(row, sweep=names.get(row.sweep, row.sweep) if row.sweep else None, worker=None))
        held = here.same(row)
        if held is not None and not _is_newer(row, held):
            numbers[row.id] = held.id
            equal += 1
            continue
        if held is None:
            numbers[row.id] = lines.insert(connection, replace(row, folder=here.folder_of(row)), None)
            new.append(row.name)
        else:
            numbers[row.id] = held.id
            overwrite(connection, held.id, here.brought_up(row, held))
            newer.append(held.name)
        here.remember(replace(row, id=numbers[row.id]))
        for table, found in ((EPOCHS, there.epochs), (MARKS, there.marks)):
            _replace_lines(connection, table, numbers[row.id], found.get(row.id, []))
    for name, winner in winners.items():
        if winner in numbers:
            change_sweep(connection, name, {"winner": numbers[winner]})
    left = tuple(row.name for row in there.rows if row.status == "running")
    renamed = {old: new for old, new in names.items() if old != new and new in came}
    touched = [number for number in numbers.values() if number in here.touched]
    return Merged(tuple(new), tuple(newer), equal, tuple(came), renamed, left), touched


class _Here:
    """What this ledger holds, by everything by which a run of the other is recognised; it grows as runs come in."""

    def __init__(self, connection: Connection, out: Path) -> None:
        self.out = out
        self.rows = read(connection, select(RUNS).order_by(RUNS.c.id))
        self.sweeps = {(sweep.planned_at, as_json(sweep.space)): sweep for sweep in read_sweeps(connection)}
        self.names = {row.name for row in self.rows} | {sweep.name for sweep in self.sweeps.values()}
        self.folders = {row.folder for row in self.rows}
        self.touched: set[int] = set()
        self._by_birth = {(row.name, row.planned_at): row for row in self.rows}
        self._by_place = {(row.sweep, row.combination, row.repeat): row for row in self.rows if row.combination}
        self._values: dict[str, dict[int, str]] = {}  # by sweep: what each number stood for before anything came in
        for row in self.rows:
            if row.sweep and row.combination:
                self._values.setdefault(row.sweep, {})[row.combination] = as_json(row.chosen)
        self._fitted: dict[tuple[str, int], int] = {}

    def fitted(self, row: Row) -> Row:
        """Return the row with the number that stands for its values here: its own, that of equal values, or the next free one."""
        if row.sweep is None or row.combination is None:
            return row
        asked = (row.sweep, row.combination)
        if asked not in self._fitted:
            values, wanted = self._values.get(row.sweep, {}), as_json(row.chosen)
            taken = {*values, *(number for (sweep, _), number in self._fitted.items() if sweep == row.sweep)}
            equal = [number for number, text in values.items() if text == wanted]
            if row.combination in equal or (not equal and row.combination not in taken):
                self._fitted[asked] = row.combination
            else:
                self._fitted[asked] = equal[0] if equal else max(taken) + 1
        return replace(row, combination=self._fitted[asked])

    def same(self, row: Row) -> Row | None:
        """Return the row of this ledger that is the same run, or None."""
        born = self._by_birth.get((row.name, row.planned_at))
        if born is not None and born.sweep == row.sweep:
            return born
        return self._by_place.get((row.sweep, row.combination, row.repeat)) if row.combination else None

    def brought_up(self, row: Row, held: Row) -> Row:
        """Return a newer row as it stands in place of `held`: a late writer of either is refused."""
        return replace(
            row,
            name=held.name,
            planned_at=held.planned_at,
            folder=held.folder or self.folder_of(row),
            combination=held.combination,
            token=max(row.token, held.token) + 1,
            test_opened=max(row.test_opened, held.test_opened),
        )

    def folder_of(self, row: Row) -> str | None:
        """Return the folder to write for a run that comes in: its own, unless a folder or a run here has that name and is another run."""
        if row.folder is None or row.folder in self.folders:
            return None
        folder = RunFolder(self.out / row.folder)
        if not folder.path.exists():
            return row.folder  # its folder may be copied later
        try:
            record = folder.read_record()
        except GlassnetError:
            return None
        return row.folder if (record.get("name"), record.get("planned_at")) == (row.name, row.planned_at) else None

    def remember(self, row: Row) -> None:
        """Take a row that came in, or was brought up to date, among those that are here."""
        self.touched.add(row.id)
        self.folders.add(row.folder)
        self._by_birth[row.name, row.planned_at] = row
        if row.combination:
            self._by_place[row.sweep, row.combination, row.repeat] = row


def _merge_sweeps(
    connection: Connection, here: _Here, there: tuple[SweepRow, ...]
) -> tuple[dict[str, str], list[str], dict[str, int]]:
    """Return what each sweep of the other is called here, those that came in, and winners by the numbers they have there."""
    names, came, winners = {}, [], {}
    for sweep in there:
        known = here.sweeps.get((sweep.planned_at, as_json(sweep.space)))
        if known is None:
            names[sweep.name] = name = _free(sweep.name, here.names)
            here.names.add(name)
            insert_sweep(connection, replace(sweep, name=name, winner=None))
            came.append(name)
        else:
            names[sweep.name] = name = known.name
            if known.status == "done" or sweep.status != "done":
                continue
            change_sweep(connection, name, {"status": sweep.status, "ended_at": sweep.ended_at})
        if sweep.winner is not None:
            winners[name] = sweep.winner
    return names, came, winners


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(other for number in itertools.count(2) if (other := f"{name}_{number}") not in taken)


def _is_newer(row: Row, held: Row) -> bool:
    if held.status == "running":  # whoever trains it here will say more
        return False
    return _age(row) > _age(held)


def _age(row: Row) -> tuple[bool, str, int]:
    times = (row.planned_at, row.started_at, row.heartbeat_at, row.ended_at)
    return row.status == "done", max(time for time in times if time is not None), row.test_opened


def _by_run(connection: Connection, table: Table) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for line in connection.execute(select(table)):
        found.setdefault(line.run, []).append(dict(line._mapping))
    return found


def _replace_lines(connection: Connection, table: Table, number: int, found: list[dict[str, Any]]) -> None:
    connection.execute(table.delete().where(table.c.run == number))
    if found:
        connection.execute(insert(table), [line | {"run": number} for line in found])
