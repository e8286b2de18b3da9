"""Sweeps in the ledger: the search itself, its combinations, and what pruning and comparing need of every run (curves and marks)."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from glassnet.errors import LedgerError
from glassnet.runs.lines import as_json, of_recipe
from glassnet.runs.schema import EPOCHS, MARKS, RUNS, SWEEPS

if TYPE_CHECKING:
    import numpy as np

    from glassnet.recipe import Recipe
    from glassnet.training.history import Row as HistoryRow

STATES = ("open", "done", "stopped")


@dataclass(frozen=True)
class SweepRow:
    """One sweep, as the ledger holds it. `recipe`, `space` and `plan` are plain JSON; `winner` is the number of a run."""

    name: str
    status: str
    recipe: dict[str, Any]
    space: dict[str, Any]
    plan: dict[str, Any]
    data_hash: str | None
    task: str | None
    code_version: str | None
    machine: str | None
    planned_at: str
    ended_at: str | None
    winner: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values; `SweepRow(**values)` is the inverse."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True)
class Planned:
    """One run of a sweep before it is on record: `values` are those of the settings that vary, `repeat` counts from 1."""

    combination: int
    repeat: int
    name: str
    values: dict[str, Any]
    recipe: "Recipe"
    task: str | None = None


@dataclass(frozen=True)
class Epoch:
    """One epoch of a run, as the ledger holds it. What was not a number is None; `seconds` is the time since training began."""

    run: int
    epoch: int
    loss: float | None
    score: float | None
    validation_loss: float | None
    validation_score: float | None
    seconds: float | None


def read_sweeps(connection: Connection, name: str | None = None) -> list[SweepRow]:
    """Return every sweep, oldest first, or the one of that name."""
    chosen = select(SWEEPS) if name is None else select(SWEEPS).where(SWEEPS.c.name == name)
    plain: list[dict[str, Any]] = [dict(row._mapping) for row in connection.execute(chosen)]
    found = [SweepRow(**row | {k: json.loads(row[k]) for k in ("recipe", "space", "plan")}) for row in plain]
    return sorted(found, key=lambda sweep: (sweep.planned_at, sweep.name))


def insert_sweep(connection: Connection, sweep: SweepRow) -> None:
    """Write a sweep as it is."""
    plain = sweep.as_dict()
    connection.execute(SWEEPS.insert().values(**plain | {k: as_json(plain[k]) for k in ("recipe", "space", "plan")}))


def add_sweep(connection: Connection, sweep: SweepRow) -> SweepRow:
    """Write a new sweep. Raises LedgerError when its name is taken."""
    used = select(RUNS.c.id).where((RUNS.c.name == sweep.name) | (RUNS.c.sweep == sweep.name)).limit(1)
    if read_sweeps(connection, sweep.name) or connection.execute(used).first() is not None:
        raise LedgerError(f"There is already a sweep or a run {sweep.name!r} in the ledger. Choose another name.")
    insert_sweep(connection, sweep)
    return sweep


def change_sweep(connection: Connection, name: str, values: dict[str, Any]) -> SweepRow:
    """Write columns of a sweep and return it as it is then."""
    if values:
        connection.execute(SWEEPS.update().where(SWEEPS.c.name == name).values(**values))
    found = read_sweeps(connection, name)
    if not found:
        raise LedgerError(f"The ledger has no sweep {name!r}.")
    return found[0]


def put_combinations(connection: Connection, sweep: str, planned: Sequence[Planned], now: str) -> int:
    """Put those on record that are not there yet, and return how many were new.

    A number that is there with other values stands for another combination, proposed by somebody else at the same moment: none of
    its repeats is added to.
    """
    if not read_sweeps(connection, sweep):
        raise LedgerError(f"There is no sweep {sweep!r} in the ledger, so it can have no combinations.")
    wanted = {one.combination for one in planned}
    there = select(RUNS.c.combination, RUNS.c.repeat, RUNS.c.combination_values).where(RUNS.c.sweep == sweep)
    if len(wanted) < 100:
        there = there.where(RUNS.c.combination.in_(wanted))
    taken: set[tuple[int, int]] = set()
    values: dict[int, str] = {}
    for combination, repeat, text in connection.execute(there):
        taken.add((combination, repeat))
        values[combination] = text
    lines = []
    for one in planned:
        text = as_json(one.values)
        if (one.combination, one.repeat) in taken or values.setdefault(one.combination, text) != text:
            continue
        taken.add((one.combination, one.repeat))
        lines.append(_line(sweep, one, text, now))
    if lines:
        connection.execute(RUNS.insert(), lines)
    return len(lines)


def put_epoch(connection: Connection, run: int, row: "HistoryRow") -> None:
    """Write the line of one epoch. Those that stood at or after it are from before an interruption, and go."""
    connection.execute(EPOCHS.delete().where((EPOCHS.c.run == run) & (EPOCHS.c.epoch >= row.epoch)))
    values = {
        "loss": row.loss,
        "score": row.train_score,
        "validation_loss": row.validation_loss,
        "validation_score": row.validation_score,
        "seconds": row.seconds,
    }
    kept = {name: None if math.isnan(value) else float(value) for name, value in values.items()}
    connection.execute(EPOCHS.insert().values(run=run, epoch=row.epoch, **kept))


def read_curves(connection: Connection, sweep: str) -> dict[int, list[Epoch]]:
    """Return the epochs of every run of a sweep, by the run's number; an empty list for one that has none."""
    found: dict[int, list[Epoch]] = {
        run: []
        for run in connection.execute(select(RUNS.c.id).where(RUNS.c.sweep == sweep).order_by(RUNS.c.id)).scalars()
    }
    columns = [EPOCHS.c[f.name] for f in fields(Epoch)]
    ours = select(*columns).join(RUNS, RUNS.c.id == EPOCHS.c.run).where(RUNS.c.sweep == sweep)
    for line in connection.execute(ours.order_by(EPOCHS.c.run, EPOCHS.c.epoch)):
        found[line.run].append(Epoch(*line))
    return found


def read_curve(connection: Connection, run: int) -> list[Epoch]:
    """Return the epochs of one run in order."""
    chosen = select(*(EPOCHS.c[f.name] for f in fields(Epoch))).where(EPOCHS.c.run == run)
    return [Epoch(*line) for line in connection.execute(chosen.order_by(EPOCHS.c.epoch))]


def put_marks(connection: Connection, run: int, marks: Mapping[str, "np.ndarray"]) -> None:
    """Write how right each picture of a split is, in place of what stood there: float32 (n,) by split."""
    import numpy as np

    for split, values in marks.items():
        array = np.ascontiguousarray(values, dtype="<f4")
        if array.ndim != 1:
            raise LedgerError(
                f"Marks have one number per picture; these of the {split} split have shape {array.shape}."
            )
        connection.execute(MARKS.delete().where((MARKS.c.run == run) & (MARKS.c.split == split)))
        connection.execute(MARKS.insert().values(run=run, split=split, data=array.tobytes(), n=len(array)))


def read_marks(connection: Connection, sweep: str, split: str) -> dict[int, "np.ndarray"]:
    """Return the marks of every run of a sweep that has them: float32 (n,) by the run's number."""
    import numpy as np

    ours = select(MARKS.c.run, MARKS.c.data).join(RUNS, RUNS.c.id == MARKS.c.run)
    ours = ours.where((RUNS.c.sweep == sweep) & (MARKS.c.split == split)).order_by(MARKS.c.run)
    return {run: np.frombuffer(data, dtype="<f4").astype(np.float32) for run, data in connection.execute(ours)}


def read_marks_of(connection: Connection, run: int, split: str) -> "np.ndarray | None":
    """Return the marks of one run, float32 (n,); None where it has none."""
    import numpy as np

    data = connection.execute(select(MARKS.c.data).where((MARKS.c.run == run) & (MARKS.c.split == split))).scalar()
    return None if data is None else np.frombuffer(data, dtype="<f4").astype(np.float32)


def _line(sweep: str, one: Planned, values: str, now: str) -> dict[str, Any]:
    columns = of_recipe(one.recipe) | ({} if one.task is None else {"task": one.task})
    return {
        "sweep": sweep,
        "name": one.name,
        "status": "planned",
        "token": 0,
        "planned_at": now,
        "epochs_done": 0,
        "test_opened": 0,
        "combination": one.combination,
        "repeat": one.repeat,
        "combination_values": values,
        "task": None,
        "epochs_planned": None,
        **columns,
    }
