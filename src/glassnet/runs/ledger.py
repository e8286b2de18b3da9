"""The ledger: one row for every run and every combination from the moment it is planned, failed ones too. Brings SQLAlchemy.

A process that trains claims its row and gets a token; every later write carries it. When a process is taken for dead and its row is
claimed again, the token has grown, and whatever the late one still writes is refused. Today the ledger is a SQLite file in the folder
of runs; `Database` is the only place that knows so.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, select

from glassnet import durable
from glassnet.errors import GlassnetError, LedgerError
from glassnet.runs.adopt import adopt
from glassnet.runs.database import Database, set_aside
from glassnet.runs.folder import LEDGER, RunFolder, runs
from glassnet.runs.lines import add_run, of_recipe, put_scores, read
from glassnet.runs.query import parse_filter, parse_sort, pick
from glassnet.runs.rows import Row
from glassnet.runs.schema import RUNS, Schema

if TYPE_CHECKING:
    from glassnet.evaluation.scores import Scores
    from glassnet.recipe import Recipe

LEASE_S = 120.0  # without a sign of life for this long, a run counts as abandoned
_BEAT_S = 5.0
_QUIET_S = 3 * _BEAT_S  # after this the run folder's lock is asked whether its process still lives


@dataclass
class Claim:
    """The right to write one row, as long as nobody claims it again. `beaten` is when this process last wrote a sign of life."""

    run: int
    token: int
    name: str
    beaten: float = field(default=0.0, compare=False)
    epochs_done: int = field(default=0, compare=False)


class Ledger:
    """The ledger of one folder of runs. Raises LedgerError (exit code 8) for whatever it cannot do, and changes nothing then."""

    def __init__(self, out: str | Path, create: bool = True, schema: Schema | None = None):
        """Open `out/ledger.db`. When it is absent it is made, from the run folders that are there; or refused, unless `create`."""
        self.out = Path(out)
        path = self.out / LEDGER
        if not create and not path.exists() and not runs(self.out):
            raise LedgerError(
                f"There is no ledger in {self.out}: nothing was trained there yet. Train first, or say where with --out."
            )
        self.database = Database(path, schema or Schema(), fill=partial(adopt, self.out))

    def plan(
        self, name: str, recipe: "Recipe", folder: RunFolder | None = None, sweep: str | None = None, **facts: Any
    ) -> int:
        """Put a row on record before anything is computed, and return its number. `facts` are further columns, as `task`."""
        row = {
            "sweep": sweep,
            "name": name,
            "folder": folder.name if folder else None,
            "status": "planned",
            "token": 0,
            "planned_at": self.database.now(),
            "epochs_done": 0,
            "test_opened": 0,
        }
        with self.database.writing() as connection:
            number = add_run(connection, {**row, **of_recipe(recipe), **_checked(facts)})
        self._mirror(number)
        return number

    def claim(self, run: int | None = None, sweep: str | None = None, abandoned: bool = False) -> Claim | None:
        """Take a row to train it: this one, or the first of a sweep that waits or whose process is dead (None when there is none).

        A running row can be had when its heartbeat is older than LEASE_S, or at once when the caller knows that its process is
        dead (`abandoned`: it holds the run folder's lock). Claiming and marking it as running are one step.
        """
        with self.database.writing() as connection:
            now = self.database.now()
            found = self._waiting(connection, sweep, now) if run is None else self._one(connection, run)
            if found is None:
                return None
            if run is not None:
                _check_claimable(found, now, abandoned)
            values = {
                "status": "running",
                "token": found.token + 1,
                "heartbeat_at": now,
                "started_at": found.started_at or now,
                "ended_at": None,
                "exit_code": None,
                "sentence": None,
            }
            connection.execute(RUNS.update().where(RUNS.c.id == found.id).values(**values))
        self._mirror(found.id)
        return Claim(found.id, found.token + 1, found.name, time.monotonic(), found.epochs_done)

    def begin(self, claim: Claim, recipe: "Recipe | None" = None, **facts: Any) -> None:
        """Write what is known when training begins: the resolved recipe, and columns as data_hash, machine, epochs_planned, folder."""
        resolved = of_recipe(recipe) if recipe is not None else {}
        self._write(claim, {**resolved, **_checked(facts), "heartbeat_at": self.database.now()})

    def beat(self, claim: Claim, epochs_done: int | None = None) -> None:
        """Give a sign of life. Cheap to call at every step: it writes when an epoch was finished or five seconds went by.

        Raises LedgerError when somebody else has taken the run over: stop, and write nothing more into its folder.
        """
        finished = epochs_done is not None and epochs_done != claim.epochs_done
        if not finished and time.monotonic() - claim.beaten < _BEAT_S:
            return
        values: dict[str, Any] = {"heartbeat_at": self.database.now()}
        if epochs_done is not None:
            values["epochs_done"] = epochs_done
        self._write(claim, values, mirror=finished)
        claim.beaten = time.monotonic()
        claim.epochs_done = claim.epochs_done if epochs_done is None else epochs_done

    def finish(self, claim: Claim, epochs_done: int | None = None, scores: Iterable["Scores"] = ()) -> None:
        """Mark the run as done, with its scores, in one step."""
        done = claim.epochs_done if epochs_done is None else epochs_done
        self._end(claim, "done", 0, None, done, tuple(scores))

    def prune(self, claim: Claim, sentence: str, epochs_done: int | None = None) -> None:
        """Mark the run as given up early, and why."""
        self._end(claim, "pruned", 0, sentence, claim.epochs_done if epochs_done is None else epochs_done)

    def fail(self, claim: Claim, error: BaseException | str, exit_code: int | None = None) -> None:
        """Mark the run as failed with its exit code and sentence; or as interrupted when the code is 75."""
        if exit_code is None:
            exit_code = _exit_code(error)
        status = "interrupted" if exit_code == 75 else "failed"
        sentence = str(error) or type(error).__name__
        self._end(claim, status, exit_code, sentence, claim.epochs_done)

    def record_scores(self, run: int, scores: "Scores", claim: Claim | None = None) -> None:
        """Put every figure of one split on record in place of earlier ones. Without a claim: refused while the run is training."""
        with self.database.writing() as connection:
            row = self._one(connection, run)
            if claim is None and row.status == "running" and _age(row, self.database.now()) < LEASE_S:
                raise LedgerError(
                    f"{row.name} is being trained right now, so its scores are not final. Wait for its end."
                )
            if claim is not None:
                self._update(connection, claim, {"heartbeat_at": self.database.now()})
            put_scores(connection, run, (scores,))
        self._mirror(run)

    def opened_test(self, run: int) -> int:
        """Count that the sealed test set is opened for this run, and return how often it was now. Call it before showing scores."""
        with self.database.writing() as connection:
            self._one(connection, run)
            changed = RUNS.update().where(RUNS.c.id == run).values(test_opened=RUNS.c.test_opened + 1)
            connection.execute(changed)
            count = connection.execute(select(RUNS.c.test_opened).where(RUNS.c.id == run)).scalar_one()
        self._mirror(run)
        return int(count)

    def row(self, run: int | str) -> Row:
        """Return one row, by number or by name (the newest of that name). A run whose process is dead is shown as interrupted."""
        with self.database.reading() as connection:
            if isinstance(run, str):
                number = connection.execute(select(func.max(RUNS.c.id)).where(RUNS.c.name == run)).scalar()
                if number is None:
                    raise LedgerError(f"The ledger in {self.out} has no run {run!r}.")
                run = int(number)
            return self._seen(self._one(connection, run))

    def rows(self, where: str | None = None, sort: str | None = None, sweep: str | None = None) -> list[Row]:
        """Return the rows that fit, in the order asked for (else oldest first). See glassnet.runs.query for how to ask."""
        terms, keys = parse_filter(where or ""), parse_sort(sort or "")
        chosen = select(RUNS).order_by(RUNS.c.id)
        with self.database.reading() as connection:
            found = read(connection, chosen.where(RUNS.c.sweep == sweep) if sweep else chosen)
        return pick([self._seen(row) for row in found], terms, keys)

    def names(self) -> set[str]:
        """Return every name on record, of deleted folders too: `folder.create` gives none of them twice."""
        with self.database.reading() as connection:
            return set(connection.execute(select(RUNS.c.name).distinct()).scalars())

    def check(self) -> list[str]:
        """Read the whole ledger and return what is wrong with it; empty when it is sound."""
        return self.database.problems()

    def backup(self, target: str | Path) -> None:
        """Write a whole copy of the ledger, also while runs are training."""
        self.database.backup(Path(target))

    def _end(
        self, claim: Claim, status: str, code: int, sentence: str | None, epochs: int, scores: tuple["Scores", ...] = ()
    ) -> None:
        now = self.database.now()
        ended = {"status": status, "exit_code": code, "sentence": sentence, "ended_at": now, "heartbeat_at": now}
        self._write(claim, ended | {"epochs_done": epochs}, scores)

    def _write(
        self, claim: Claim, values: dict[str, Any], scores: tuple["Scores", ...] = (), mirror: bool = True
    ) -> None:
        with self.database.writing() as connection:
            self._update(connection, claim, values)
            put_scores(connection, claim.run, scores)
        if mirror:
            self._mirror(claim.run)

    def _update(self, connection: Connection, claim: Claim, values: dict[str, Any]) -> None:
        mine = (RUNS.c.id == claim.run) & (RUNS.c.token == claim.token) & (RUNS.c.status == "running")
        if connection.execute(RUNS.update().where(mine).values(**values)).rowcount != 1:
            raise LedgerError(
                f"{claim.name} does not belong to this process any more: it ended, or another process took it over because no sign "
                f"of life came for {LEASE_S:.0f} seconds. What this process had still to write was refused, so nothing is mixed up."
            )

    def _one(self, connection: Connection, run: int) -> Row:
        found = read(connection, select(RUNS).where(RUNS.c.id == run))
        if not found:
            raise LedgerError(f"The ledger in {self.out} has no run number {run}.")
        return found[0]

    def _waiting(self, connection: Connection, sweep: str | None, now: str) -> Row | None:
        limit = (datetime.fromisoformat(now) - timedelta(seconds=LEASE_S)).isoformat(timespec="microseconds")
        dead = (RUNS.c.status == "running") & (RUNS.c.heartbeat_at < limit)
        free = dead | RUNS.c.status.in_(("planned", "interrupted"))
        chosen = select(RUNS).where(free & RUNS.c.sweep.is_not_distinct_from(sweep)).order_by(RUNS.c.id).limit(1)
        found = read(connection, chosen)
        return found[0] if found else None

    def _seen(self, row: Row) -> Row:
        """Return the row as it is true now: nobody was left to write that a killed process stopped."""
        if row.status != "running" or (age := _age(row, self.database.now())) < _QUIET_S:
            return row
        if age < LEASE_S:
            folder = RunFolder(self.out / row.folder) if row.folder else None
            if folder is None or not folder.was_held() or folder.is_held():
                return row
        said = f"its process ended without a word; the last sign of life was at {row.heartbeat_at} UTC"
        return replace(row, status="interrupted", sentence=said)

    def _mirror(self, run: int) -> None:
        """Write the row into the run's own folder. Read again first, so that a slow writer cannot put an old state there for long."""
        with self.database.reading() as connection:
            row = self._one(connection, run)
        if row.folder is not None and (self.out / row.folder).is_dir():
            durable.write_json(RunFolder(self.out / row.folder).record, row.as_dict())


def rebuild(out: str | Path) -> tuple[Ledger, Path | None]:
    """Make the ledger anew from the run folders. Return it, and where the old file was set aside. Call it while nothing trains."""
    busy = [run.name for run in runs(out) if run.is_held()]
    if busy:
        raise LedgerError(
            f"{', '.join(busy)} is being trained right now and writes to this ledger. Wait for its end, then rebuild."
        )
    aside = set_aside(Path(out) / LEDGER)
    return Ledger(out), aside


def _checked(facts: Mapping[str, Any]) -> dict[str, Any]:
    allowed = {"task", "data_hash", "code_version", "machine", "epochs_planned", "epochs_done", "folder", "network"}
    if unknown := set(facts) - allowed:
        raise TypeError(f"the ledger has no columns {sorted(unknown)} that may be set here; it has {sorted(allowed)}")
    return dict(facts)


def _check_claimable(row: Row, now: str, abandoned: bool) -> None:
    if row.status == "running" and not abandoned and _age(row, now) < LEASE_S:
        raise LedgerError(
            f"{row.name} is being trained right now (last sign of life {_age(row, now):.0f} seconds ago). Two processes "
            f"would overwrite each other. If its process is dead, wait {LEASE_S:.0f} seconds and try again."
        )
    if row.status in ("done", "pruned"):
        raise LedgerError(f"{row.name} is {row.status}, so there is nothing left to train. Start a new run instead.")


def _age(row: Row, now: str) -> float:
    beaten = row.heartbeat_at or row.planned_at
    return (datetime.fromisoformat(now) - datetime.fromisoformat(beaten).astimezone(UTC)).total_seconds()


def _exit_code(error: BaseException | str) -> int:
    if isinstance(error, GlassnetError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return 75
    return 6 if isinstance(error, MemoryError) else 70
