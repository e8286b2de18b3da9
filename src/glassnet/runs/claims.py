"""Claims: the right to write one row, when a row may be had, and when its process counts as dead.

A process that trains claims its row and gets a token; every later write carries it. When a process is taken for dead and its row is
claimed again, the token has grown, and whatever the late one still writes is refused.
"""

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from glassnet.errors import GlassnetError, LedgerError
from glassnet.runs.folder import RunFolder
from glassnet.runs.lines import read
from glassnet.runs.presence import Presence
from glassnet.runs.rows import Row
from glassnet.runs.schema import RUNS

LEASE_S = 120.0  # without a sign of life for this long, a run counts as abandoned
BEAT_S = 5.0
QUIET_S = 3 * BEAT_S  # after this the run folder's lock is asked whether its process still lives


@dataclass
class Claim:
    """The right to write one row, as long as nobody claims it again. `beaten` is when this process last wrote a sign of life."""

    run: int
    token: int
    name: str
    beaten: float = field(default=0.0, compare=False)
    epochs_done: int = field(default=0, compare=False)

    def is_due(self) -> bool:
        """Tell whether it is time for another sign of life."""
        return time.monotonic() - self.beaten >= BEAT_S

    def beat(self, epochs_done: int | None) -> None:
        """Remember that a sign of life was written just now."""
        self.beaten = time.monotonic()
        self.epochs_done = self.epochs_done if epochs_done is None else epochs_done


def take(connection: Connection, row: Row, now: str, worker: str | None) -> Claim:
    """Mark a row as running under the next token."""
    values = {
        "status": "running",
        "token": row.token + 1,
        "heartbeat_at": now,
        "started_at": row.started_at or now,
        "ended_at": None,
        "exit_code": None,
        "sentence": None,
        "worker": worker,
    }
    connection.execute(RUNS.update().where(RUNS.c.id == row.id).values(**values))
    return Claim(row.id, row.token + 1, row.name, time.monotonic(), row.epochs_done)


def update(connection: Connection, claim: Claim, values: dict[str, Any]) -> None:
    """Write columns of a claimed row. Raises LedgerError when the claim does not hold any more."""
    mine = (RUNS.c.id == claim.run) & (RUNS.c.token == claim.token) & (RUNS.c.status == "running")
    if connection.execute(RUNS.update().where(mine).values(**values)).rowcount != 1:
        raise LedgerError(
            f"{claim.name} does not belong to this process any more: it ended, or another process took it over because no sign "
            f"of life came for {LEASE_S:.0f} seconds. What this process had still to write was refused, so nothing is mixed up."
        )


def waiting(connection: Connection, sweep: str | None, now: str, presence: Presence) -> Row | None:
    """Return the first row of a sweep that waits, or whose process is dead; None when there is none."""
    limit = (datetime.fromisoformat(now) - timedelta(seconds=LEASE_S)).isoformat(timespec="microseconds")
    ours, running = RUNS.c.sweep.is_not_distinct_from(sweep), RUNS.c.status == "running"
    free = (running & (RUNS.c.heartbeat_at < limit)) | RUNS.c.status.in_(("planned", "interrupted"))
    first = connection.execute(select(RUNS.c.id).where(ours & free).order_by(RUNS.c.id).limit(1)).scalar()
    held = connection.execute(
        select(RUNS.c.id, RUNS.c.worker).where(ours & running & RUNS.c.worker.is_not(None)).order_by(RUNS.c.id)
    )
    gone: dict[str, bool] = {}
    for number, worker in held:
        if first is not None and number > first:
            break
        if gone.setdefault(worker, presence.is_gone(worker)):
            first = number
            break
    return None if first is None else read(connection, select(RUNS).where(RUNS.c.id == first))[0]


def check_claimable(row: Row, now: str, abandoned: bool) -> None:
    """Raise LedgerError for a row that somebody trains, or that has nothing left to train."""
    if row.status == "running" and not abandoned and age(row, now) < LEASE_S:
        raise LedgerError(
            f"{row.name} is being trained right now (last sign of life {age(row, now):.0f} seconds ago). Two processes "
            f"would overwrite each other. If its process is dead, wait {LEASE_S:.0f} seconds and try again."
        )
    if row.status in ("done", "pruned"):
        raise LedgerError(f"{row.name} is {row.status}, so there is nothing left to train. Start a new run instead.")


def seen(row: Row, now: str, out: Path, presence: Presence) -> Row:
    """Return the row as it is true now: nobody was left to write that a killed process stopped."""
    if row.status != "running" or not _is_dead(row, now, out, presence):
        return row
    said = f"its process ended without a word; the last sign of life was at {row.heartbeat_at} UTC"
    return replace(row, status="interrupted", sentence=said)


def _is_dead(row: Row, now: str, out: Path, presence: Presence) -> bool:
    quiet = age(row, now)
    if quiet >= LEASE_S:
        return True
    if row.worker is not None:
        if not presence.knows(row.worker):
            return False  # another machine's, whose folder of the same name may be here too
        if presence.is_gone(row.worker):
            return True
    if quiet < QUIET_S or row.folder is None:
        return False
    folder = RunFolder(out / row.folder)
    return folder.was_held() and not folder.is_held()


def age(row: Row, now: str) -> float:
    """Return the seconds since a row's last sign of life."""
    beaten = row.heartbeat_at or row.planned_at
    return (datetime.fromisoformat(now) - datetime.fromisoformat(beaten).astimezone(UTC)).total_seconds()


def exit_code(error: BaseException | str) -> int:
    """Return the exit code that a failure stands for."""
    if isinstance(error, GlassnetError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return 75
    return 6 if isinstance(error, MemoryError) else 70
