"""The ledger as a SQLite file, opened so that several processes can write to it, nothing acknowledged is lost, and faults are sentences.

Every writing transaction begins with BEGIN IMMEDIATE: it waits for its turn at the start and cannot fail half-way for a lock. SQLite
below 3.51.3 has a race in write-ahead logging with several connections that can damage the file (see its changelog), so there the
rollback journal is used; it is truncated, not deleted, because with synchronous=FULL only a truncated one is itself made to stay.
"""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from glassnet import durable
from glassnet.errors import LedgerError
from glassnet.runs.database import Database, Fill, T
from glassnet.runs.schema import Schema

_PATIENCE_S = 60.0
_WAL_IS_SAFE = sqlite3.sqlite_version_info >= (3, 51, 3)
_ASIDE = ("", "-journal", "-wal", "-shm")


class SqliteDatabase(Database):
    """One SQLite ledger file."""

    def __init__(self, path: Path, schema: Schema, fill: Fill | None = None):
        """Open the file at `path`, make it when it is absent (then `fill` may put rows in), migrate it when it is older.

        Raises LedgerError when it is damaged, is no ledger, or was written by a newer Glassnet.
        """
        self.path = path
        self.shown = str(path)
        self.schema = schema
        self._engine = _engine(path)
        with self._explained():
            self._settle_journal()
        self._open(fill)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction that sees one state of the ledger, whatever others write meanwhile."""
        with self._explained(), self._engine.connect() as connection, connection.begin():
            return work(connection)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction that has the right to write from its first moment; it stays whole, or leaves no trace."""
        with self._explained(), self._engine.connect() as connection:
            connection = connection.execution_options(immediate=True)
            with connection.begin():
                return work(connection)

    def now(self, connection: Connection) -> str:
        """Return the time (UTC, ISO 8601, microseconds): all who write to a file are on one machine."""
        return datetime.now(UTC).isoformat(timespec="microseconds")

    def backup(self, target: Path) -> None:
        """Write a whole copy of the ledger, also while others write to it."""
        closing = contextlib.closing
        with self._explained(), closing(_connect(self.path)) as source, closing(sqlite3.connect(":memory:")) as copy:
            source.backup(copy)
            durable.write_bytes(target, copy.serialize())

    def problems(self) -> list[str]:
        """Read the whole file and return what SQLite finds wrong with it; empty when it is sound."""
        with contextlib.closing(_connect(self.path)) as connection:
            try:
                rows = [row[0] for row in connection.execute("PRAGMA integrity_check")]
                keys = connection.execute("PRAGMA foreign_key_check").fetchall()
            except sqlite3.DatabaseError as error:
                return [str(error)]
        return [row for row in rows if row != "ok"] + [f"a line in {table} belongs to no run" for table, *_ in keys]

    def _settle_journal(self) -> None:
        """Set the mode that is written into the file itself: write-ahead logging, where it is safe, and nowhere else."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(_connect(self.path)) as connection:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            if _WAL_IS_SAFE and mode != "wal":
                connection.execute("PRAGMA journal_mode=WAL")
            elif not _WAL_IS_SAFE and mode == "wal":
                connection.execute("PRAGMA journal_mode=TRUNCATE")

    def _copy_before(self, connection: Connection, version: int, stamp: str) -> None:
        self.backup(self.path.with_name(f"{self.path.stem}-version-{version}-{stamp}.backup.db"))

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise LedgerError(_sentence(self.path, error.orig or error)) from error
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(_sentence(self.path, error)) from error


def set_aside(path: Path) -> Path | None:
    """Rename a ledger, with the journals that belong to it, and return its new path; None when there is none."""
    if not path.exists():
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    target = path.with_name(f"{path.stem}-set-aside-{stamp}.db")
    try:
        for ending in reversed(_ASIDE):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.rename(target.with_name(target.name + ending))
    except OSError as error:
        raise LedgerError(_sentence(path, error)) from error
    durable.sync_folder(path.parent)
    return target


def copied(path: Path, folder: Path) -> Path:
    """Copy a ledger file as it is now into a folder, and return the copy's path. Raises LedgerError when it cannot be read."""
    target = folder / path.name
    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=_PATIENCE_S)
            ) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
    except (sqlite3.Error, OSError) as error:
        raise LedgerError(_sentence(path, error)) from error
    return target


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA trusted_schema=OFF")  # a ledger from a stranger runs no functions of its own
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _engine(path: Path) -> Engine:
    engine = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _per_connection(connection: Any, _record: object) -> None:
        if not _WAL_IS_SAFE:
            connection.execute("PRAGMA journal_mode=TRUNCATE")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        _patiently(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN DEFERRED"))

    return engine


def _patiently(begin: Callable[[], object]) -> None:
    """Begin, and try again when SQLite reports `busy` without having waited, as it does while another process rolls back a journal."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            begin()
        except DBAPIError as error:
            if "locked" not in str(error.orig) or time.monotonic() >= end:
                raise
            time.sleep(0.005)
        else:
            return


def _sentence(path: Path, error: BaseException) -> str:
    text = str(error)
    low = text.lower()
    if any(sign in low for sign in ("not a database", "malformed", "corrupt", "encrypted", "no such table")):
        return (
            f"The ledger {path} is damaged ({text}). Every run keeps a copy of its own row in its folder: "
            "`glassnet runs --rebuild` sets this file aside and makes a new ledger from the run folders."
        )
    if "locked" in low or "busy" in low:
        return f"The ledger {path} was held by another process for {_PATIENCE_S:.0f} seconds. See which process hangs, then try again."
    if "full" in low:
        return f"The ledger {path} could not be written: the disk is full. Free some space and try again; what it holds is whole."
    if "readonly" in low or "unable to open" in low or isinstance(error, PermissionError):
        return f"The ledger {path} could not be opened for writing ({text}). Choose a folder of runs you may write to with --out."
    return f"The ledger {path} could not be used: {text}."
