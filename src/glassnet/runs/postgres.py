"""The ledger in a PostgreSQL database that several machines share: one writer at a time, and restarts of the server are survived.

Every writing transaction first takes one advisory lock, which makes it what BEGIN IMMEDIATE is in SQLite. A transaction that a broken
connection cut off is done again, for up to a minute. Where the answer to COMMIT was lost, nobody told whether it stands: so each
transaction leaves a mark, and the next attempt, once it has the lock and the old one is over for certain, looks for it first.
"""

import os
import re
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Column, Connection, MetaData, Table, Text, create_engine, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, StaticPool

from glassnet import durable
from glassnet.errors import LedgerError
from glassnet.runs.database import Database, Fill, T
from glassnet.runs.schema import Schema

PATIENCE_S = 60.0
_OPENING_S = 10.0  # a wrong address looks like a server that restarts; nobody should wait a minute to be told
_LONGEST_PAUSE_S = 2.0
_ASLEEP_S = 20  # a client that is cut off or frozen in the middle holds the lock no longer
_LOCK = 4_785_074_604_081_152  # any number that nobody else uses
_BEGINNING = f"""
SET LOCAL lock_timeout = '{PATIENCE_S:.0f}s';
SET LOCAL idle_in_transaction_session_timeout = '{_ASLEEP_S}s';
SET LOCAL synchronous_commit = on;
SELECT pg_advisory_xact_lock({_LOCK})
"""
_CLIENT = {
    "connect_timeout": 10, "application_name": "glassnet", "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}  # fmt: skip
# Restarting, shutting down, too many clients, thrown out for idling, deadlock: https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING = {"57P01", "57P02", "57P03", "57P05", "53300", "25P03", "25P04", "40001", "40P01"}
_LASTING = re.compile(
    r"authentication failed|does not exist|no pg_hba\.conf|no password supplied|certificate|not permitted"
)

_OWN = MetaData()
_WRITERS = Table(
    "writers",
    _OWN,
    Column("writer", Text, primary_key=True),  # a thread of a process
    Column("mark", Text, nullable=False),  # its last transaction
    Column("at", Text, nullable=False),
)


class PostgresDatabase(Database):
    """One PostgreSQL database that holds a ledger and nothing else."""

    def __init__(self, url: URL, schema: Schema, beside: Path, create: bool = True):
        """Open the database, make its tables when it is empty and `create`, migrate it when it is older (a copy goes to `beside`).

        Raises LedgerError when it cannot be reached, is no ledger, or was written by a newer Glassnet.
        """
        self.shown = _shown(url)
        self.schema = schema
        self._beside = beside
        self._secrets = [str(url.password)] if url.password else []
        self._patience = _OPENING_S
        self._thread = threading.local()
        try:
            self._engine = create_engine(
                url.set(drivername="postgresql+psycopg"), poolclass=NullPool, connect_args=_CLIENT
            )
        except ImportError:
            raise LedgerError(
                "A ledger in PostgreSQL needs the package psycopg. Install it: `pip install 'glassnet[postgres]'`."
            ) from None
        if not create and self.read(self._version) is None:
            raise LedgerError(f"There is no ledger in {self.shown}: it is an empty database.")
        self._open(None)
        self._patience = PATIENCE_S

    def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction that sees one state of the ledger; again from its start when the connection breaks."""

        def attempt() -> T:
            with self._engine.connect() as connection:
                whole = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                with whole.begin():
                    return work(whole)

        return self._patiently(attempt)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction that writes alone; again from its start when the connection breaks, but never twice."""
        mark = uuid.uuid4().hex
        sent: list[T] = []  # what the last attempt gave whose COMMIT may have arrived

        def attempt() -> T:
            with self._engine.connect() as connection, connection.begin():
                connection.execution_options(no_parameters=True).exec_driver_sql(_BEGINNING)
                if sent and self._stands(connection, mark):
                    return sent[-1]
                sent.clear()
                made = work(connection)
                self._sign(connection, mark)
                sent.append(made)
            return made

        return self._patiently(attempt)

    def now(self, connection: Connection) -> str:
        """Return the server's time (UTC, ISO 8601, microseconds)."""
        return (
            connection.execute(select(func.clock_timestamp()))
            .scalar_one()
            .astimezone(UTC)
            .isoformat(timespec="microseconds")
        )

    def backup(self, target: Path) -> None:
        """Write a whole copy of the ledger as a SQLite file, also while others write to it."""
        durable.write_bytes(target, self.read(_as_sqlite))

    def problems(self) -> list[str]:
        """Read every line of every table, and return what the server says of those that it cannot read."""
        found = []
        for table in self.schema.tables.sorted_tables:
            try:
                self.read(lambda connection, table=table: connection.execute(select(table)).all())
            except LedgerError as error:
                found.append(f"{table.name}: {error}")
        return found

    def _elsewhere(self) -> str:
        return "Give the ledger a database of its own, as made by `createdb glassnet`, and name that one."

    def _bring_up_to_date(self, connection: Connection, fill: Fill | None) -> None:
        super()._bring_up_to_date(connection, fill)
        _OWN.create_all(connection)

    def _copy_before(self, connection: Connection, version: int, stamp: str) -> None:
        durable.write_bytes(self._beside / f"ledger-version-{version}-{stamp}.backup.db", _as_sqlite(connection))

    def _stands(self, connection: Connection, mark: str) -> bool:
        found = select(_WRITERS.c.mark).where(_WRITERS.c.writer == self._writer())
        return connection.execute(found).scalar() == mark

    def _sign(self, connection: Connection, mark: str) -> None:
        """Leave this transaction's mark in place of the last one of this thread; marks of a day ago are nobody's any more."""
        signed = text(
            "INSERT INTO writers (writer, mark, at) VALUES (:writer, :mark, to_char(now() AT TIME ZONE 'utc', 'YYYY-MM-DD HH24:MI:SS')) "
            "ON CONFLICT (writer) DO UPDATE SET mark = excluded.mark, at = excluded.at"
        )
        if getattr(self._thread, "mine", (0, ""))[0] != os.getpid():
            old = text(
                "DELETE FROM writers WHERE at < to_char(now() AT TIME ZONE 'utc' - interval '1 day', 'YYYY-MM-DD HH24:MI:SS')"
            )
            connection.execute(old)
        connection.execute(signed, {"writer": self._writer(), "mark": mark})

    def _writer(self) -> str:
        mine = getattr(self._thread, "mine", (0, ""))
        if mine[0] != os.getpid():  # new, or copied by a fork
            mine = self._thread.mine = (os.getpid(), uuid.uuid4().hex)
        return mine[1]

    def _patiently(self, attempt: Callable[[], T]) -> T:
        """Try until it works, with growing pauses, as long as what stands in the way may pass."""
        end, pause = time.monotonic() + self._patience, 0.05
        while True:
            try:
                return attempt()
            except DBAPIError as error:
                if not _may_pass(error) or time.monotonic() + pause > end:
                    raise LedgerError(self._sentence(error)) from error
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _sentence(self, error: DBAPIError) -> str:
        said = " ".join(str(error.orig).split())
        for secret in self._secrets:
            said = said.replace(secret, "***")
        code, low = _code(error), said.lower()
        if code == "55P03":
            return (
                f"The ledger {self.shown} was held by another process for {PATIENCE_S:.0f} seconds. "
                "See which process hangs, then try again."
            )
        if code == "53100" or "no space left" in low:
            return f"The ledger {self.shown} could not be written: the server's disk is full. What it holds is whole."
        if code in ("42501", "25006"):
            return f"The ledger {self.shown} may not be written to by this user, or is a read-only copy ({said})."
        if code is None and _LASTING.search(low):
            return (
                f"The ledger {self.shown} was refused by its server ({said}). Check user, database and password in the URL; a password "
                "can also stand in ~/.pgpass or PGPASSWORD."
            )
        if _may_pass(error):
            return (
                f"The ledger {self.shown} could not be reached for {self._patience:.0f} seconds ({said}). "
                "What it acknowledged is not lost. Start the server, or check the URL, and go on."
            )
        return f"The ledger {self.shown} could not be used: {said}."


def _shown(url: URL) -> str:
    """Return the address without the password and without what may hold one."""
    host = url.host or url.query.get("host") or "localhost"
    return f"postgresql://{f'{url.username}@' if url.username else ''}{host}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def _code(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _may_pass(error: DBAPIError) -> bool:
    """Tell whether the same may work in a moment: the connection broke, or the server is on its way down or up."""
    code = _code(error)
    if code is not None:
        return code in _PASSING or code.startswith("08")
    kind = type(error.orig).__name__
    return kind in ("OperationalError", "InterfaceError", "ConnectionTimeout") and not _LASTING.search(
        str(error.orig).lower()
    )


def _as_sqlite(connection: Connection) -> bytes:
    """Return the bytes of a SQLite file with every table of the ledger as it is in the database, whatever its version."""
    held = MetaData()
    held.reflect(connection, only=lambda name, _: name != _WRITERS.name)
    for table in held.sorted_tables:
        for column in table.columns:
            counted, column.server_default = column.server_default is not None and column.primary_key, None
            column.type = column.type.as_generic()
            if counted:
                table.dialect_options["sqlite"]["autoincrement"] = True
    memory = sqlite3.connect(":memory:")
    try:
        copy = create_engine("sqlite://", creator=lambda: memory, poolclass=StaticPool)
        with copy.begin() as target:
            held.create_all(target)
            for table in held.sorted_tables:
                lines: list[dict[str, Any]] = [dict(line._mapping) for line in connection.execute(select(table))]
                if lines:
                    target.execute(insert(table), lines)
        return memory.serialize()
    finally:
        memory.close()
