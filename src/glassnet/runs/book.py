"""What a ledger tells: rows, sweeps, learning curves, marks, and whether it is sound. Writing is in ledger.py."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from glassnet.errors import LedgerError
from glassnet.runs import claims, sweeps
from glassnet.runs.checking import inconsistencies
from glassnet.runs.folder import LEDGER
from glassnet.runs.lines import read
from glassnet.runs.merging import Content, content
from glassnet.runs.opening import open_database
from glassnet.runs.presence import Presence
from glassnet.runs.query import parse_filter, parse_sort, pick
from glassnet.runs.rows import Row
from glassnet.runs.schema import RUNS, SWEEPS, Schema
from glassnet.runs.sqlite import copied
from glassnet.runs.sweeps import Epoch, SweepRow

if TYPE_CHECKING:
    import numpy as np


class Book:
    """A ledger to read in. Raises LedgerError (exit code 8) for whatever it cannot do."""

    def __init__(
        self, out: str | Path, url: str | None = None, create: bool = True, schema: Schema | None = None
    ) -> None:
        """Open `out/ledger.db`, or the database at `url` (postgresql://…, shared by machines that each have an `out` of their own).

        When the file is absent it is made, from the run folders that are there; or refused, unless `create`.
        """
        self.out = Path(out)
        self.database = open_database(self.out, url, create, schema or Schema())
        self._presence = Presence(self.out)

    def row(self, run: int | str) -> Row:
        """Return one row, by number or by name (the newest of that name). A run whose process is dead is shown as interrupted."""

        def one(connection: Connection) -> Row:
            number = run
            if isinstance(number, str):
                number = connection.execute(select(func.max(RUNS.c.id)).where(RUNS.c.name == run)).scalar()
                if number is None:
                    raise LedgerError(f"The ledger in {self.out} has no run {run!r}.")
            return self._seen([self._one(connection, number)], connection)[0]

        return self.database.read(one)

    def rows(self, where: str | None = None, sort: str | None = None, sweep: str | None = None) -> list[Row]:
        """Return the rows that fit, in the order asked for (else oldest first). See glassnet.runs.query for how to ask."""
        terms, keys = parse_filter(where or ""), parse_sort(sort or "")
        chosen = select(RUNS).order_by(RUNS.c.id)
        chosen = chosen.where(RUNS.c.sweep == sweep) if sweep else chosen
        return pick(self.database.read(lambda c: self._seen(read(c, chosen), c)), terms, keys)

    def names(self) -> set[str]:
        """Return every name on record, of deleted folders and of sweeps too: `names.create` gives none of them twice."""
        both = select(RUNS.c.name).union(select(SWEEPS.c.name))
        return self.database.read(lambda c: set(c.execute(both).scalars()))

    def sweep(self, name: str = "last") -> SweepRow:
        """Return one sweep, by name or the newest for `last`. Raises LedgerError that says what there is."""
        found = self.sweeps()
        fitting = [one for one in found if name in (one.name, "last")]
        if fitting:
            return fitting[-1]
        there = f"There are: {', '.join(one.name for one in found[-5:])}." if found else "There are none yet."
        raise LedgerError(f"The ledger has no sweep {name!r}. {there}")

    def sweeps(self) -> list[SweepRow]:
        """Return every sweep, oldest first."""
        return self.database.read(sweeps.read_sweeps)

    def curves(self, sweep: str) -> dict[int, list[Epoch]]:
        """Return the epochs on record of every run of a sweep, by the run's number."""
        return self.database.read(lambda c: sweeps.read_curves(c, sweep))

    def marks(self, sweep: str, split: str) -> "dict[int, np.ndarray]":
        """Return how right each picture of a split is, for the runs of a sweep that have it: float32 (n,) by the run's number."""
        return self.database.read(lambda c: sweeps.read_marks(c, sweep, split))

    def curve(self, run: int) -> list[Epoch]:
        """Return the epochs on record of one run; empty for a number that no run has."""
        return self.database.read(lambda c: sweeps.read_curve(c, run))

    def marks_of(self, run: int, split: str) -> "np.ndarray | None":
        """Return how right each picture of a split is, float32 (n,) in the order of its rows; None where it is not on record."""
        return self.database.read(lambda c: sweeps.read_marks_of(c, run, split))

    def check(self) -> list[str]:
        """Read the whole ledger and return what is wrong with it; empty when it is sound."""
        return self.database.problems() or self.database.read(inconsistencies)

    def backup(self, target: str | Path) -> None:
        """Write a whole copy of the ledger, as a SQLite file, also while runs are training."""
        self.database.backup(Path(target))

    def everything(self) -> Content:
        """Return all that the ledger holds, as it is at one moment; runs whose process is dead are shown as interrupted."""

        def whole(connection: Connection) -> Content:
            found = content(connection)
            return replace(found, rows=tuple(self._seen(list(found.rows), connection)))

        return self.database.read(whole)

    def _one(self, connection: Connection, run: int) -> Row:
        found = read(connection, select(RUNS).where(RUNS.c.id == run))
        if not found:
            raise LedgerError(f"The ledger in {self.out} has no run number {run}.")
        return found[0]

    def _seen(self, found: list[Row], connection: Connection) -> list[Row]:
        now = self.database.now(connection)
        return [claims.seen(row, now, self.out, self._presence) for row in found]


@contextlib.contextmanager
def another(where: str) -> Iterator[Book]:
    """Open a ledger to read from: a folder of runs, a file (both are copied first and stay as they are), or a database URL."""
    if "://" in where:
        yield Book(Path(), where, create=False)
        return
    file = Path(where) / LEDGER if Path(where).is_dir() else Path(where)
    if not file.is_file():
        raise LedgerError(
            f"There is no ledger at {where}. Name a folder of runs, a ledger's file or copy, or a database URL."
        )
    with tempfile.TemporaryDirectory(prefix="glassnet-ledger-") as folder:
        yield Book(file.parent, f"sqlite:///{copied(file, Path(folder))}")
