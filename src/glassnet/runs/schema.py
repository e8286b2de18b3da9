"""The ledger's tables, their version, and how an older ledger becomes a newer one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.schema import CreateColumn

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
    Column("combination", Integer),  # its number in the sweep, from 1
    Column("repeat", Integer),  # from 1; the same combination with another seed
    Column("combination_values", Text),  # strict JSON, the settings that the sweep varies
    Column("worker", Text),  # the process that claimed it, by its file in .workers (see presence.py)
    Index("runs_of_a_sweep", "sweep", "combination", "repeat", unique=True),
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

SWEEPS = Table(
    "sweeps",
    TABLES,
    Column("name", Text, primary_key=True),
    Column("status", Text, nullable=False),  # open, done, or stopped
    Column("recipe", Text, nullable=False),  # strict JSON, as space and plan
    Column("space", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("data_hash", Text),
    Column("task", Text),
    Column("code_version", Text),
    Column("machine", Text),
    Column("planned_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("winner", Integer),  # the number of a run
)

EPOCHS = Table(
    "epochs",
    TABLES,
    Column("run", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("loss", Double),  # nothing where it was not a number, in every column
    Column("score", Double),
    Column("validation_loss", Double),
    Column("validation_score", Double),
    Column("seconds", Double),
)

MARKS = Table(
    "marks",
    TABLES,
    Column("run", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("split", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),  # float32, little-endian: how right each picture of the split is
    Column("n", Integer, nullable=False),
)

META = Table("meta", TABLES, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))


def _to_2(connection: Connection) -> None:
    """Sweeps: combinations in RUNS, and three tables beside it."""
    for name in ("combination", "repeat", "combination_values", "worker"):
        words = CreateColumn(RUNS.c[name]).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE runs ADD COLUMN {words}")
    next(index for index in RUNS.indexes if index.name == "runs_of_a_sweep").create(connection)
    TABLES.create_all(connection, [SWEEPS, EPOCHS, MARKS])


# From version n to n + 1: a function that changes tables inside the open transaction. The ledger is copied before the first one runs.
MIGRATIONS: dict[int, Callable[[Connection], None]] = {1: _to_2}


@dataclass(frozen=True)
class Schema:
    """Which tables a ledger has today, and how to get there from every older version."""

    version: int = 2
    tables: MetaData = TABLES
    migrations: Mapping[int, Callable[[Connection], None]] = field(default_factory=lambda: MIGRATIONS)
