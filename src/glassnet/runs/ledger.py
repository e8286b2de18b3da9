"""The ledger: one row for every run and every combination from the moment it is planned, failed ones too. Brings SQLAlchemy.

It is a SQLite file in the folder of runs, or a PostgreSQL database that several machines share. A process that trains claims its row
and gets a token, without which nothing is written (see claims.py).
"""

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from glassnet import durable
from glassnet.errors import LedgerError
from glassnet.runs import claims, merging, sweeps
from glassnet.runs.book import Book
from glassnet.runs.claims import Claim
from glassnet.runs.folder import LEDGER, RunFolder, runs, sweep_record
from glassnet.runs.lines import add_run, of_recipe, put_scores
from glassnet.runs.merging import Merged
from glassnet.runs.schema import RUNS
from glassnet.runs.sqlite import set_aside
from glassnet.runs.sweeps import Epoch, Planned, SweepRow

if TYPE_CHECKING:
    import numpy as np

    from glassnet.evaluation.scores import Scores
    from glassnet.recipe import Recipe
    from glassnet.training.history import Row as HistoryRow

__all__ = ["Claim", "Epoch", "Ledger", "Planned", "SweepRow", "rebuild"]
_FACTS = ("task", "data_hash", "code_version", "machine")


class Ledger(Book):
    """The ledger of one folder of runs. Raises LedgerError (exit code 8) for whatever it cannot do, and changes nothing then."""

    def plan(
        self, name: str, recipe: "Recipe", folder: RunFolder | None = None, sweep: str | None = None, **facts: Any
    ) -> int:
        """Put a row on record before anything is computed, and return its number. `facts` are further columns, as `task`."""
        row = {"sweep": sweep, "name": name, "folder": folder.name if folder else None, "status": "planned", "token": 0}
        row |= {"epochs_done": 0, "test_opened": 0, **of_recipe(recipe), **_checked(facts)}
        number = self.database.write(lambda c: add_run(c, row | {"planned_at": self.database.now(c)}))
        self._mirror(number)
        return number

    def claim(self, run: int | None = None, sweep: str | None = None, abandoned: bool = False) -> Claim | None:
        """Take a row to train it: this one, or the first of a sweep that waits or whose process is dead (None when there is none).

        A running row can be had when its heartbeat is older than LEASE_S; at once when its process worked in this folder of runs and
        is dead, or when the caller knows so (`abandoned`: it holds the run folder's lock). Claiming and marking it as running are one
        step.
        """
        worker = None if sweep is None else self._worker()

        def take(connection: Connection) -> Claim | None:
            now = self.database.now(connection)
            if run is None:
                found = claims.waiting(connection, sweep, now, self._presence)
            else:
                found = self._one(connection, run)
                gone = found.worker is not None and self._presence.is_gone(found.worker)
                claims.check_claimable(found, now, abandoned or gone)
            return None if found is None else claims.take(connection, found, now, worker)

        claim = self.database.write(take)
        if claim is not None:
            self._mirror(claim.run)
        return claim

    def begin(self, claim: Claim, recipe: "Recipe | None" = None, **facts: Any) -> None:
        """Write what is known when training begins: the resolved recipe, and columns as data_hash, machine, epochs_planned, folder."""
        resolved = of_recipe(recipe) if recipe is not None else {}
        self._write(claim, {**resolved, **_checked(facts)})

    def beat(self, claim: Claim, epochs_done: int | None = None) -> None:
        """Give a sign of life. Cheap to call at every step: it writes when an epoch was finished or five seconds went by.

        Raises LedgerError when somebody else has taken the run over: stop, and write nothing more into its folder.
        """
        finished = epochs_done is not None and epochs_done != claim.epochs_done
        if finished or claim.is_due():
            self._write(claim, {} if epochs_done is None else {"epochs_done": epochs_done}, mirror=finished)
            claim.beat(epochs_done)

    @contextlib.contextmanager
    def kept_alive(self, claim: Claim) -> Iterator[None]:
        """Give signs of life from a thread while the block lasts, also through minutes in which no step ends (validation, scoring).

        When somebody else has taken the run over the thread ends, and the next write of the block is refused.
        """
        ended = threading.Event()

        def beat() -> None:
            with contextlib.suppress(LedgerError):
                while not ended.wait(claims.BEAT_S):
                    self.beat(claim)

        thread = threading.Thread(target=beat, name="glassnet-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def epoch(self, claim: Claim, row: "HistoryRow") -> None:
        """Put a finished epoch on record, which is a sign of life too. After a resume it takes the place of what stood there."""
        self._write(claim, {"epochs_done": row.epoch}, lambda c: sweeps.put_epoch(c, claim.run, row))
        claim.beat(row.epoch)

    def finish(
        self,
        claim: Claim,
        epochs_done: int | None = None,
        scores: Iterable["Scores"] = (),
        marks: "Mapping[str, np.ndarray] | None" = None,
    ) -> None:
        """Mark the run as done, with its scores, in one step. `marks`: float32 (n,) by split, how right each picture is."""
        done, lines = claim.epochs_done if epochs_done is None else epochs_done, tuple(scores)

        def put(connection: Connection) -> None:
            put_scores(connection, claim.run, lines)
            sweeps.put_marks(connection, claim.run, marks or {})

        self._end(claim, "done", 0, None, done, put)

    def prune(self, claim: Claim, sentence: str, epochs_done: int | None = None) -> None:
        """Mark the run as given up early, and why."""
        self._end(claim, "pruned", 0, sentence, claim.epochs_done if epochs_done is None else epochs_done)

    def fail(self, claim: Claim, error: BaseException | str, exit_code: int | None = None) -> None:
        """Mark the run as failed with its exit code and sentence; or as interrupted when the code is 75."""
        code = claims.exit_code(error) if exit_code is None else exit_code
        sentence = (str(error) or type(error).__name__).replace("\0", " ")
        self._end(claim, "interrupted" if code == 75 else "failed", code, sentence, claim.epochs_done)

    def record_scores(self, run: int, scores: "Scores", claim: Claim | None = None) -> None:
        """Put every figure of one split on record in place of earlier ones. Without a claim: refused while the run is training."""

        def put(connection: Connection) -> None:
            row, now = self._one(connection, run), self.database.now(connection)
            if claim is not None:
                claims.update(connection, claim, {"heartbeat_at": now})
            elif row.status == "running" and claims.age(row, now) < claims.LEASE_S:
                raise LedgerError(
                    f"{row.name} is being trained right now, so its scores are not final. Wait for its end."
                )
            put_scores(connection, run, (scores,))

        self.database.write(put)
        self._mirror(run)

    def opened_test(self, run: int) -> int:
        """Count that the sealed test set is opened for this run, and return how often it was now. Call it before showing scores."""

        def count(connection: Connection) -> int:
            self._one(connection, run)
            connection.execute(RUNS.update().where(RUNS.c.id == run).values(test_opened=RUNS.c.test_opened + 1))
            return int(connection.execute(select(RUNS.c.test_opened).where(RUNS.c.id == run)).scalar_one())

        opened = self.database.write(count)
        self._mirror(run)
        return opened

    def new_sweep(
        self, name: str, recipe: dict[str, Any], space: dict[str, Any], plan: dict[str, Any], **facts: Any
    ) -> SweepRow:
        """Put a sweep on record: three plain JSON values, and `facts` (task, data_hash, code_version, machine). Refuses a taken name."""
        known = dict.fromkeys(_FACTS) | _checked(facts, _FACTS)

        def put(connection: Connection) -> SweepRow:
            now = self.database.now(connection)
            made = SweepRow(name, "open", recipe, space, plan, **known, planned_at=now, ended_at=None, winner=None)
            return sweeps.add_sweep(connection, made)

        return self._mirror_sweep(self.database.write(put))

    def settle_sweep(
        self, name: str, status: str | None = None, winner: int | None = None, ended: bool = False
    ) -> SweepRow:
        """Write how a sweep stands: open, done or stopped; its winner; that it ended now. What is not named stays as it is."""
        if status not in (None, *sweeps.STATES):
            raise TypeError(f"a sweep is {', '.join(sweeps.STATES)}, not {status!r}")

        def put(connection: Connection) -> SweepRow:
            values: dict[str, Any] = {} if status is None else {"status": status}
            values |= {"ended_at": None} if status == "open" else {}
            values |= {} if winner is None else {"winner": self._one(connection, winner).id}
            values |= {"ended_at": self.database.now(connection)} if ended else {}
            return sweeps.change_sweep(connection, name, values)

        return self._mirror_sweep(self.database.write(put))

    def plan_combinations(self, sweep: str, planned: Sequence[Planned]) -> int:
        """Put combinations of a sweep on record, all or none, and return how many rows were new: those that are there stay."""
        return self.database.write(
            lambda c: sweeps.put_combinations(c, sweep, planned, self.database.now(c)),
        )

    def merge(self, other: Book) -> Merged:
        """Bring in what another ledger holds, all or nothing: see merging.py. Run folders are not copied.

        Runs that are being trained there are left out; those that are being trained here stay as they are.
        """
        there = other.everything()
        merged, numbers = self.database.write(lambda c: merging.merge(c, there, self.out))
        for number in numbers:
            self._mirror(number)
        for sweep in self.sweeps():
            self._mirror_sweep(sweep)
        return merged

    def _end(self, claim: Claim, status: str, code: int, sentence: str | None, epochs: int, also: Any = None) -> None:
        ended = {"status": status, "exit_code": code, "sentence": sentence, "epochs_done": epochs}
        self._write(claim, ended, also, ended=True)

    def _write(
        self, claim: Claim, values: dict[str, Any], also: Any = None, mirror: bool = True, ended: bool = False
    ) -> None:
        """Write columns of a claimed row, with a sign of life and whatever `also` puts beside them, in one step."""

        def put(connection: Connection) -> None:
            now = self.database.now(connection)
            times = {"heartbeat_at": now, "ended_at": now} if ended else {"heartbeat_at": now}
            claims.update(connection, claim, values | times)
            if also is not None:
                also(connection)

        self.database.write(put)
        if mirror:
            self._mirror(claim.run)

    def _worker(self) -> str:
        """Return this process's name among the workers; the first time, files of dead ones are tidied away."""
        if self._presence.is_new:
            self._presence.name()
            named = select(RUNS.c.worker).where((RUNS.c.status == "running") & RUNS.c.worker.is_not(None))
            self._presence.tidy(self.database.read(lambda c: set(c.execute(named).scalars())))
        return self._presence.name()

    def _mirror(self, run: int) -> None:
        """Write the row into the run's own folder. Read again first, so that a slow writer cannot put an old state there for long."""
        row = self.database.read(lambda c: self._one(c, run))
        if row.folder is not None and (self.out / row.folder).is_dir():
            durable.write_json(RunFolder(self.out / row.folder).record, row.as_dict())

    def _mirror_sweep(self, sweep: SweepRow) -> SweepRow:
        record = sweep_record(self.out, sweep.name)
        if record.parent.is_dir():
            durable.write_json(record, sweep.as_dict())
        return sweep


def rebuild(out: str | Path) -> tuple[Ledger, Path | None]:
    """Make the ledger anew from the run folders. Return it, and where the old file was set aside. Call it while nothing trains."""
    busy = [run.name for run in runs(out) if run.is_held()]
    if busy:
        raise LedgerError(
            f"{', '.join(busy)} is being trained right now and writes to this ledger. Wait for its end, then rebuild."
        )
    aside = set_aside(Path(out) / LEDGER)
    return Ledger(out), aside


def _checked(
    facts: Mapping[str, Any], allowed: Sequence[str] = (*_FACTS, "epochs_planned", "epochs_done", "folder", "network")
) -> dict[str, Any]:
    if unknown := set(facts) - set(allowed):
        raise TypeError(f"the ledger has no columns {sorted(unknown)} that may be set here; it has {sorted(allowed)}")
    return dict(facts)
