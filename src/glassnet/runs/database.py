"""The file under the ledger: opened so that several processes can write to it, nothing acknowledged is lost, and faults are sentences.

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

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from glassnet import durable
from glassnet.errors import LedgerError
from glassnet.runs.schema import META, PRODUCT, Schema

_PATIENCE_S = 60.0
_WAL_IS_SAFE = sqlite3.sqlite_version_info >= (3, 51, 3)
_ASIDE = ("", "-journal", "-wal", "-shm")


class Database:
    """One SQLite ledger file. Safe to use from several threads and after a fork: every transaction has a connection of its own."""

    def __init__(self, path: Path, schema: Schema, fill: Callable[[Connection], None] | None = None):
        """Open the file at `path`, make it when it is absent (then `fill` may put rows in), migrate it when it is older.

        Raises LedgerError when it is damaged, is no ledger, or was written by a newer Glassnet.
        """
        self.path = path
        self.schema = schema
        self._engine = _engine(path)
        with self._explained():
            self._settle_journal()
        with self.reading() as connection:
            version = self._version(connection)
        if version != schema.version:
            with self.writing() as connection:
                self._bring_up_to_date(connection, fill)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the ledger, whatever others write meanwhile."""
        with self._explained(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that has the right to write from its first moment; it stays when the block ends, or leaves no trace."""
        with self._explained(), self._engine.connect() as connection:
            connection = connection.execution_options(immediate=True)
            with connection.begin():
                yield connection

    def now(self) -> str:
        """Return the database's time (UTC, ISO 8601, microseconds). A shared server's clock would be asked here."""
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
        return [row for row in rows if row != "ok"] + [f"a score in {table} belongs to no run" for table, *_ in keys]

    def _settle_journal(self) -> None:
        """Set the mode that is written into the file itself: write-ahead logging, where it is safe, and nowhere else."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(_connect(self.path)) as connection:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            if _WAL_IS_SAFE and mode != "wal":
                connection.execute("PRAGMA journal_mode=WAL")
            elif not _WAL_IS_SAFE and mode == "wal":
                connection.execute("PRAGMA journal_mode=TRUNCATE")

    def _version(self, connection: Connection) -> int | None:
        """Return the schema version of the file, None for a new file. Raises LedgerError for one that is no ledger or newer."""
        names = inspect(connection).get_table_names()
        if not names:
            return None
        rows = dict(connection.execute(select(META.c.key, META.c.value)).all()) if "meta" in names else {}
        if rows.get("product") != PRODUCT or not str(rows.get("version")).isdigit():
            raise LedgerError(
                f"{self.path} is a database, but no ledger of Glassnet's (its tables: {', '.join(sorted(names)[:5])}). "
                "Nothing was changed. Move it away, or choose another folder of runs with --out."
            )
        version = int(rows["version"])
        if version > self.schema.version:
            raise LedgerError(
                f"{self.path} was written by a newer Glassnet (ledger version {version}; this one knows {self.schema.version}). "
                "Nothing was changed. Update Glassnet, or choose another folder of runs with --out."
            )
        return version

    def _bring_up_to_date(self, connection: Connection, fill: Callable[[Connection], None] | None) -> None:
        version = self._version(connection)  # asked again: another process may have been here first
        if version is None:
            self.schema.tables.create_all(connection)
            connection.execute(META.insert(), [{"key": "product", "value": PRODUCT}, {"key": "version", "value": "0"}])
            if fill is not None:
                fill(connection)
        elif version < self.schema.version:
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
            self.backup(self.path.with_name(f"{self.path.stem}-version-{version}-{stamp}.backup.db"))
            for step in range(version, self.schema.version):
                if step not in self.schema.migrations:
                    raise LedgerError(
                        f"{self.path} has ledger version {step}, which this Glassnet cannot bring up to date. Nothing was changed."
                    )
                self.schema.migrations[step](connection)
        connection.execute(META.update().where(META.c.key == "version").values(value=str(self.schema.version)))

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
    if "not a database" in low or "malformed" in low or "corrupt" in low or "encrypted" in low:
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
