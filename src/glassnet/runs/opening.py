"""From an address to the database under a ledger: the file in the folder of runs, another SQLite file, or a PostgreSQL server."""

from functools import partial
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from glassnet.errors import LedgerError, RecipeError
from glassnet.runs.adopt import adopt
from glassnet.runs.database import Database
from glassnet.runs.folder import LEDGER, runs
from glassnet.runs.schema import Schema
from glassnet.runs.sqlite import SqliteDatabase


def open_database(out: Path, url: str | None, create: bool, schema: Schema) -> Database:
    """Return the database of `out/ledger.db`, or of `url`.

    Raises RecipeError for a URL that cannot be read, LedgerError for a database that cannot be used.
    """
    if url is None:
        path = out / LEDGER
        if not create and not path.exists() and not runs(out):
            raise LedgerError(
                f"There is no ledger in {out}: nothing was trained there yet. Train first, or say where with --out."
            )
        return SqliteDatabase(path, schema, fill=partial(adopt, out))
    given = _read(url)
    kind = given.drivername.partition("+")[0] if given is not None else ""
    if given is not None and kind in ("postgresql", "postgres"):
        from glassnet.runs.postgres import PostgresDatabase

        return PostgresDatabase(given, schema, beside=out, create=create)
    if given is not None and kind == "sqlite" and given.database:
        return SqliteDatabase(Path(given.database), schema)
    raise RecipeError(
        "The address of the ledger cannot be read. It looks like postgresql://USER:PASSWORD@HOST:5432/DATABASE; in a password, "
        "write / as %2F, : as %3A, @ as %40 and % as %25, or leave it out and put it into ~/.pgpass or PGPASSWORD."
    )


def _read(url: str) -> URL | None:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # their texts may hold the password, so they are not passed on
        return None
