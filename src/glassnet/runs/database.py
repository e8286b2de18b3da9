"""What every database under the ledger has in common: whole transactions, its version, and how an older one is brought up to date.

There are two kinds: a SQLite file (sqlite.py) and a PostgreSQL server (postgres.py). Work is handed over as a function of a connection,
because a transaction that a broken connection cut off is done again from its start.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, inspect, select

from glassnet.errors import LedgerError
from glassnet.runs.schema import META, PRODUCT, Schema

T = TypeVar("T")
Fill = Callable[[Connection], None]


class Database(ABC):
    """One ledger's database. Safe to use from several threads and after a fork: every transaction has a connection of its own.

    `shown` names it in messages, without a password. Whatever goes wrong is a LedgerError.
    """

    shown: str
    schema: Schema

    @abstractmethod
    def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction that sees one state of the ledger, whatever others write meanwhile."""

    @abstractmethod
    def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction that has the right to write from its first moment; it stays whole, or leaves no trace.

        `work` may be called more than once when the connection breaks, so it changes nothing but the ledger.
        """

    @abstractmethod
    def now(self, connection: Connection) -> str:
        """Return the database's time (UTC, ISO 8601, microseconds): one clock for all who write."""

    @abstractmethod
    def backup(self, target: Path) -> None:
        """Write a whole copy of the ledger as a SQLite file, also while others write to it."""

    @abstractmethod
    def problems(self) -> list[str]:
        """Read everything and return what the database finds wrong with itself; empty when it is sound."""

    @abstractmethod
    def _copy_before(self, connection: Connection, version: int, stamp: str) -> None:
        """Put a copy of the older ledger where the user finds it, before the first change."""

    def _open(self, fill: Fill | None) -> None:
        if self.read(self._version) != self.schema.version:
            self.write(lambda connection: self._bring_up_to_date(connection, fill))

    def _version(self, connection: Connection) -> int | None:
        """Return the schema version of the database, None for an empty one. Raises LedgerError for one that is no ledger or newer."""
        names = inspect(connection).get_table_names()
        if not names:
            return None
        rows = dict(connection.execute(select(META.c.key, META.c.value)).all()) if "meta" in names else {}
        if rows.get("product") != PRODUCT or not str(rows.get("version")).isdigit():
            raise LedgerError(
                f"{self.shown} is a database, but no ledger of Glassnet's (its tables: {', '.join(sorted(names)[:5])}). "
                f"Nothing was changed. {self._elsewhere()}"
            )
        version = int(rows["version"])
        if version > self.schema.version:
            raise LedgerError(
                f"{self.shown} was written by a newer Glassnet (ledger version {version}; this one knows {self.schema.version}). "
                f"Nothing was changed. Update Glassnet, or choose another folder of runs with --out."
            )
        return version

    def _elsewhere(self) -> str:
        return "Move it away, or choose another folder of runs with --out."

    def _bring_up_to_date(self, connection: Connection, fill: Fill | None) -> None:
        version = self._version(connection)  # asked again: another process may have been here first
        if version is None:
            self.schema.tables.create_all(connection)
            connection.execute(META.insert(), [{"key": "product", "value": PRODUCT}, {"key": "version", "value": "0"}])
            if fill is not None:
                fill(connection)
        elif version < self.schema.version:
            missing = [step for step in range(version, self.schema.version) if step not in self.schema.migrations]
            if missing:
                raise LedgerError(
                    f"{self.shown} has ledger version {version}, which this Glassnet cannot bring up to date. Nothing was changed."
                )
            self._copy_before(connection, version, datetime.now(UTC).strftime("%Y%m%dT%H%M%S"))
            for step in range(version, self.schema.version):
                self.schema.migrations[step](connection)
        connection.execute(META.update().where(META.c.key == "version").values(value=str(self.schema.version)))
