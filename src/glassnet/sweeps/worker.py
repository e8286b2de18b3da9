"""A worker: takes one combination after the other from the ledger and trains it. Runners differ only in where workers are.

All that workers share is the ledger and the sweep's folder, so a worker may be killed at any moment: its combination waits, and whoever
takes it over goes on from its checkpoint.
"""

import contextlib
import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from glassnet import durable
from glassnet.errors import InterruptedRun, LedgerError, StorageError
from glassnet.pipeline.logged import Logged
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.recorded import Judge, Work, carry_out, write_beginning
from glassnet.recipe import recipe_from
from glassnet.runs.folder import RunFolder
from glassnet.runs.ledger import Claim, Ledger, Planned
from glassnet.runs.rows import Row
from glassnet.sweeps.bench import Bench
from glassnet.sweeps.plan import Plan, plan_from
from glassnet.sweeps.rows import tried
from glassnet.sweeps.space import Space, space_from
from glassnet.sweeps.stopping import hearing

_BEGINNINGS = 5  # a run that was begun so often and never came to its first checkpoint is not tried again
_HANDOVER_S = 30.0  # so long may a process whose run was taken over need to notice it and let go of the folder


@dataclass(frozen=True)
class Station:
    """Where a worker works, in plain values that can be sent to another process or machine.

    `root` is where the pictures are here (None: where the sweep's recipe says), `deadline` a time.time() after which nothing new is begun,
    `began` the time.time() of the command: one run is begun after it even when less time is left than a run takes.
    """

    out: str
    ledger: str | None
    sweep: str
    root: str | None = None
    deadline: float | None = None
    began: float = 0.0


class Worker:
    """Works until nothing is left to begin. `observer` sees the training of every combination."""

    def __init__(self, station: Station, observer: Observer | None = None, bench: Bench | None = None) -> None:
        self.station, self.out = station, Path(station.out)
        self.ledger = Ledger(self.out, station.ledger)
        self.observer = observer or Observer()
        found = self.ledger.sweep(station.sweep)
        self.plan: Plan = plan_from(found.plan)
        self.space: Space = space_from(found.space)
        self.base = recipe_from(found.recipe)
        if station.root is not None:
            self.base = self.base.changed({"data.root": station.root})
        self.bench = bench or Bench(self.base, self.out, self.out / station.sweep)
        self._digest = found.data_hash

    def run(self, begun: Callable[[int], None] = lambda run: None) -> None:
        """Train until nothing is left. `begun` is told the number of each row before it begins, and 0 after it ended.

        Raises InterruptedRun once everything is saved, and StorageError and LedgerError: what follows would fail in the same way.
        """
        with hearing() as signals:
            self.bench.prepare(digest=self._digest)
            while (claim := self._next()) is not None:
                begun(claim.run)
                self._carry(claim)
                begun(0)
                signals.check()

    def _next(self) -> Claim | None:
        """Return the next row to train, proposing new combinations where the space is sampled."""
        while self._time_is_left():
            claim = self.ledger.claim(sweep=self.station.sweep)
            if claim is not None:
                return claim
            if self.plan.is_grid or not self._propose():
                return None
        return None

    def _time_is_left(self) -> bool:
        """Whether a run of usual length still ends in time. The first one of a command is always begun, or `--resume` might do nothing."""
        if self.station.deadline is None:
            return True
        rows = self.ledger.rows(sweep=self.station.sweep)
        seconds = [row.seconds for row in rows if row.status == "done" and row.seconds is not None]
        usual = statistics.median(seconds) if seconds else 0.0
        return time.time() + usual < self.station.deadline or not any(
            _alive_since(row, self.station.began) for row in rows
        )

    def _propose(self) -> bool:
        """Put the next combination on record; False when there are as many as planned. Another worker may have been faster."""
        from glassnet.sweeps.proposing import propose

        rows = self.ledger.rows(sweep=self.station.sweep)
        number = max((row.combination or 0 for row in rows), default=0) + 1
        if self.plan.combinations is not None and number > self.plan.combinations:
            return False
        known = tried(rows, self.ledger.curves(self.station.sweep))
        values = propose(self.space, self.plan.method, self.plan.seed, known, number)
        self.ledger.plan_combinations(
            self.station.sweep, planned(self.station.sweep, self.plan, self.base, number, values)
        )
        return True

    def _carry(self, claim: Claim) -> None:
        row = self.ledger.row(claim.run)
        if self._given_up(claim, row):
            return
        folder = RunFolder(self.out / row.name)
        try:
            durable.make_folder(folder.path)
            with folder.held(_HANDOVER_S):
                self._train(claim, row, folder)
        except (InterruptedRun, KeyboardInterrupt, StorageError) as error:
            self._put_down(claim, error)
            raise
        except LedgerError as error:
            if self.ledger.row(claim.run).token == claim.token:
                self._put_down(claim, error)
                raise
            self.observer.line(f"  {error}")  # taken over by somebody else: theirs counts, ours goes on with the next
        except Exception as error:
            self._put_down(claim, error)  # the other combinations have nothing to do with it

    def _put_down(self, claim: Claim, error: BaseException) -> None:
        """Put on record how a run ended, unless it is there by now: a row that stays `running` would wait for its heartbeat to end."""
        with contextlib.suppress(LedgerError):
            self.ledger.fail(claim, error)

    def _given_up(self, claim: Claim, row: Row) -> bool:
        """Close a row that is not worth training: it gets nowhere, or another repeat of its combination was pruned."""
        saved = any(RunFolder(self.out / row.name).checkpoint.glob("*.json"))
        if row.token > _BEGINNINGS and not row.epochs_done and not saved:
            said = f"It was begun {row.token - 1} times and never came to its first checkpoint. Memory may be short: try fewer --workers."
            self.ledger.fail(claim, said, 6)
            return True
        for other in self.ledger.rows(sweep=self.station.sweep):
            if other.combination == row.combination and other.status == "pruned":
                self.ledger.prune(
                    claim, f"{other.name}, the same combination with another seed, was given up: {other.sentence}"
                )
                return True
        return False

    def _train(self, claim: Claim, row: Row, folder: RunFolder) -> None:
        started = time.monotonic()
        observer = Logged(self.observer)
        ready = self.bench.ready(self.base.changed(own_settings(self.plan, self.base, row.repeat or 1)), row.chosen)
        resume = folder.checkpoint.is_dir() and folder.recipe.exists()
        if not resume:
            write_beginning(folder, ready.recipe, ready.choices, ready.prepared)
        given: dict[str, Any] = {"targets": ready.targets, "simple": ready.simple}
        work = Work(folder, self.ledger, claim, ready.recipe, ready.prepared, observer, started, **given)
        carry_out(work, resume, self._judge(row, ready.recipe.train.epochs))
        shutil.rmtree(folder.checkpoint, ignore_errors=True)  # what is done is never resumed, and there may be hundreds

    def _judge(self, row: Row, epochs: int | None) -> Judge | None:
        """Return who decides after every epoch whether the run goes on; None where nothing is pruned."""
        kind = self.plan.prune
        if kind not in ("median", "hyperband") or epochs is None:
            return None
        from glassnet.sweeps.pruning import should_prune

        def judge(seen: Any) -> str | None:
            # A combination is compared with others; its own repeats would be company of its own making.
            own = {
                other.id for other in self.ledger.rows(sweep=self.station.sweep) if other.combination == row.combination
            }
            curves = {
                run: [(e.epoch, e.validation_score) for e in lines if e.validation_score is not None]
                for run, lines in self.ledger.curves(self.station.sweep).items()
                if run == row.id or run not in own
            }
            return should_prune(kind, self.plan.seed, row.id, seen.epoch, curves, epochs)

        return judge


def _alive_since(row: Row, moment: float) -> bool:
    return row.heartbeat_at is not None and datetime.fromisoformat(row.heartbeat_at).timestamp() >= moment


def own_settings(plan: Plan, base: Any, repeat: int) -> dict[str, Any]:
    """Return what a run has besides its combination: the machine settings of the sweep and the seed of its repeat (from 1)."""
    return {**plan.machine(), "train.seed": base.train.seed + repeat - 1}


def planned(sweep: str, plan: Plan, base: Any, number: int, values: dict[str, Any]) -> list[Planned]:
    """Return the rows of one combination, one for each repeat."""
    from glassnet.sweeps.space import split_values

    plain, _ = split_values(values)
    rows = []
    for repeat in range(1, plan.repeats + 1):
        name = f"{sweep}-{number:03d}" + (f"-{repeat}" if plan.repeats > 1 else "")
        recipe = base.changed({**own_settings(plan, base, repeat), **plain})
        rows.append(Planned(number, repeat, name, values, recipe, base.data.task))
    return rows
