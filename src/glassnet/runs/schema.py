"""The ledger's tables, their version, and how an older ledger becomes a newer one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, Column, Connection, Double, ForeignKey, Integer, MetaData, Table, Text

PRODUCT = "glassnet ledger"
TABLES = MetaData()

# Times are ISO 8601 text in UTC with microseconds: they sort as text, read as written, and are equal in every database.
RUNS = Table(
    "runs",
    TABLES,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sweep", Text, index=True),
    Column("name", Text, nullable=False, index=True),
    Column("folder", Text),  # relative to the folder of runs; none while a combination is only planned
    Column("status", Text, nullable=False, index=True),
    Column("token", Integer, nullable=False),  # grows with every claim; a write with an older one is refused
    Column("exit_code", Integer),
    Column("sentence", Text),
    Column("settings", Text, nullable=False),  # strict JSON, every dotted field
    Column("seed", BigInteger),
    Column("data_hash", Text),
    Column("code_version", Text),
    Column("machine", Text),
    Column("task", Text),
    Column("network", Text),
    Column("epochs_done", Integer, nullable=False),
    Column("epochs_planned", Integer),
    Column("planned_at", Text, nullable=False),
    Column("started_at", Text),
    Column("ended_at", Text),
    Column("heartbeat_at", Text),
    Column("test_opened", Integer, nullable=False),
    sqlite_autoincrement=True,  # the number of a deleted run is never given to another
)

SCORES = Table(
    "scores",
    TABLES,
    Column("run", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("split", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # figure, class, or trivial
    Column("of", Text, primary_key=True),  # the class or the trivial model; empty for figures of the whole split
    Column("name", Text, primary_key=True),
    Column("headline", Integer, nullable=False),
    Column("value", Double, nullable=False),
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("n", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("threshold", Double),
)

META = Table("meta", TABLES, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

# From version n to n + 1: a function that changes tables inside the open transaction. The file is copied before the first one runs.
MIGRATIONS: dict[int, Callable[[Connection], None]] = {}


@dataclass(frozen=True)
class Schema:
    """Which tables a ledger has today, and how to get there from every older version."""

    version: int = 1
    tables: MetaData = TABLES
    migrations: Mapping[int, Callable[[Connection], None]] = field(default_factory=lambda: MIGRATIONS)
