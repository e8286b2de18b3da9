"""What can be wrong in a ledger whose database is sound: values that cannot be read, and lines that do not fit together."""

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, select

from glassnet.runs.folder import STATES
from glassnet.runs.schema import MARKS, RUNS, SWEEPS
from glassnet.runs.sweeps import STATES as SWEEP_STATES

_TIMES = ("planned_at", "started_at", "ended_at", "heartbeat_at")


def inconsistencies(connection: Connection) -> list[str]:
    """Return a sentence for everything that does not fit together; empty when all does."""
    return [*_in_runs(connection), *_in_sweeps(connection), *_in_marks(connection)]


def _in_runs(connection: Connection) -> Iterator[str]:
    sweeps = set(connection.execute(select(SWEEPS.c.name)).scalars())
    for row in connection.execute(select(RUNS).order_by(RUNS.c.id)):
        who = f"run {row.id} ({row.name})"
        if row.status not in STATES:
            yield f"{who} has a status that there is not: {row.status!r}"
        for column in ("settings", "combination_values"):
            text = getattr(row, column)
            if text is not None and not _is_mapping(text):
                yield f"{who} has {column} that cannot be read"
        for column in _TIMES:
            if not _is_time(getattr(row, column)):
                yield f"{who} has a {column} that is no time: {getattr(row, column)!r}"
        if row.combination is not None and row.sweep not in sweeps:
            yield f"{who} is combination {row.combination} of the sweep {row.sweep!r}, which is not on record"
        if row.status == "done" and row.ended_at is None:
            yield f"{who} is done but has no end"


def _in_sweeps(connection: Connection) -> Iterator[str]:
    runs = {row.id: row.sweep for row in connection.execute(select(RUNS.c.id, RUNS.c.sweep))}
    for row in connection.execute(select(SWEEPS).order_by(SWEEPS.c.planned_at)):
        if row.status not in SWEEP_STATES:
            yield f"sweep {row.name} has a status that there is not: {row.status!r}"
        if not all(_is_mapping(text) for text in (row.recipe, row.space, row.plan)):
            yield f"sweep {row.name} has a recipe, a space or a plan that cannot be read"
        if row.winner is not None and runs.get(row.winner) != row.name:
            yield f"sweep {row.name} has a winner that is none of its runs: {row.winner}"


def _in_marks(connection: Connection) -> Iterator[str]:
    for row in connection.execute(select(MARKS).order_by(MARKS.c.run, MARKS.c.split)):
        if len(row.data) != 4 * row.n:
            yield f"run {row.run} has {len(row.data):,} bytes of marks on {row.split} for {row.n:,} pictures"


def _is_mapping(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _is_time(text: str | None) -> bool:
    if text is None:
        return True
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
