"""What the ledger says, as the pages show it: rows by id, the curve of one run, how right each picture was. Imports little at start."""

import contextlib
import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.errors import GlassnetError, LedgerError
from glassnet.evaluation.show import name_of
from glassnet.runs.folder import LEDGER, RunFolder, runs
from glassnet.studio import ids

if TYPE_CHECKING:
    import numpy as np

    from glassnet.runs.book import Book
    from glassnet.runs.rows import Row
    from glassnet.runs.sweeps import Epoch, SweepRow


class Gone(GlassnetError):  # noqa: N818  it is an answer, not a fault
    """Raised when an address names something that is not there (any more)."""

    exit_code = 2


class Records:
    """The ledger of one folder of runs, read anew at every question: runs from a terminal show up too."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._book: Book | None = None
        self._file = (0, 0)
        self._numbers: dict[str, int] = {}

    def book(self) -> "Book | None":
        """Return the ledger, or None as long as nothing was trained. Raises LedgerError."""
        from glassnet.runs.book import Book

        try:
            file = self._which()
        except OSError:
            file = (0, 0)
            if not runs(self.out):
                self._book = None
                return None
        if self._book is None or file != self._file:
            self._book = Book(self.out, create=False)
            self._file = self._which()
        return self._book

    def _which(self) -> tuple[int, int]:
        """Return what tells that another file took the ledger's place; one with the number of the old one is empty or tells by itself."""
        found = (self.out / LEDGER).stat()
        return found.st_ino, min(found.st_size, 1)

    def rows(self, where: str = "", sort: str = "", sweep: str | None = None) -> "list[Row]":
        """Return the rows that fit, newest first unless a sort is asked for. Raises RecipeError for a filter that cannot be read."""
        from glassnet.runs.query import parse_filter, parse_sort

        book = self.book()
        if book is None:
            parse_filter(where), parse_sort(sort)
            return []
        found = book.rows(where or None, sort or None, sweep)
        return found if sort else found[::-1]

    def sweeps(self) -> "list[SweepRow]":
        """Return every sweep, newest first."""
        book = self.book()
        return [] if book is None else book.sweeps()[::-1]

    def find(self, given: str) -> "Row":
        """Return the run of an id. Raises Gone."""
        book = self.book() if ids.is_id(given) else None
        if book is not None:
            number = self._numbers.get(given)
            if number is not None:
                with contextlib.suppress(LedgerError):  # the ledger may have been rebuilt since
                    row = book.row(number)
                    if run_id(row) == given:
                        return row
            self._numbers = {run_id(row): row.id for row in book.rows()}
            if given in self._numbers:
                return book.row(self._numbers[given])
        raise Gone("This run is not in the ledger.")

    def find_sweep(self, given: str) -> "SweepRow":
        """Return the sweep of an id. Raises Gone."""
        for sweep in self.sweeps():
            if sweep_id(sweep) == given:
                return sweep
        raise Gone("This sweep is not in the ledger.")

    def folder(self, row: "Row") -> RunFolder | None:
        """Return the run's folder where it is here."""
        if row.folder is None or Path(row.folder).name != row.folder:
            return None
        folder = RunFolder(self.out / row.folder)
        return folder if folder.path.is_dir() else None

    def curve(self, row: "Row") -> list[dict[str, Any]]:
        """Return one line per finished epoch; what was not a number is None."""
        book = self.book()
        return [] if book is None else [_plain(epoch) for epoch in book.curve(row.id)]

    def marks(self, row: "Row", split: str) -> "np.ndarray | None":
        """Return how right each picture of a split is, float32 (n,) in [0, 1], in the order of its rows; None where it is not known."""
        book = self.book()
        return None if book is None else book.marks_of(row.id, split)

    def stamp(self) -> tuple[int, ...]:
        """Return what changes whenever the ledger's file does, without opening it."""
        found = []
        for end in ("", "-wal", "-journal"):
            try:
                found.append(os.stat(self.out / f"{LEDGER}{end}").st_mtime_ns)  # noqa: PTH116  one call, no object, five times a second
            except OSError:
                found.append(0)
        return tuple(found)


def run_id(row: "Row") -> str:
    """Return what stands for a run in addresses. It stays the same when the ledger is rebuilt or merged."""
    return ids.of("run", row.name, row.planned_at)


def sweep_id(sweep: "SweepRow") -> str:
    """Return what stands for a sweep in addresses."""
    return ids.of("sweep", sweep.name, sweep.planned_at)


def shown(row: "Row", records: Records) -> dict[str, Any]:
    """Return what a list shows of a run, as plain JSON values."""
    folder = records.folder(row)
    return {
        "id": run_id(row),
        "name": row.name,
        "status": row.status,
        "sentence": row.sentence,
        "exit_code": row.exit_code,
        "sweep": row.sweep,
        "combination": row.combination,
        "repeat": row.repeat,
        "chosen": row.chosen,
        "task": row.task,
        "data": Path(str(row.settings.get("data.root") or "")).name,
        "network": row.network,
        "seed": row.seed,
        "epochs_done": row.epochs_done,
        "epochs_planned": row.epochs_planned,
        "planned": row.planned_at,
        "started": row.started_at,
        "seconds": row.seconds,
        "scores": {split: _headline(row, split) for split in ("validation", "test")},
        "here": folder is not None,
        "report": folder is not None and folder.report.is_file(),
        "resumable": row.sweep is None and folder is not None and folder.can_resume(),
    }


def _plain(epoch: "Epoch") -> dict[str, Any]:
    """An infinite loss is on record, but JSON has no word for it."""
    values = {name: value for name, value in asdict(epoch).items() if name != "run"}
    return {name: None if value is None or not math.isfinite(value) else value for name, value in values.items()}


def _headline(row: "Row", split: str) -> dict[str, Any] | None:
    found = next((s for s in row.scores if s.headline and s.kind == "figure" and s.split == split), None)
    if found is None:
        return None
    figure = found.figure
    return {"title": name_of(found.name), "value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}
