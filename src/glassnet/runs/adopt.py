"""Rows for a new ledger from the run folders that are there: each folder keeps a copy of its own row in run.json."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from glassnet import durable
from glassnet.errors import GlassnetError
from glassnet.runs.folder import RunFolder, runs, sweep_record
from glassnet.runs.lines import insert, of_recipe
from glassnet.runs.rows import Row, ScoreRow, row_from_dict
from glassnet.runs.sweeps import SweepRow, insert_sweep, put_epoch

if TYPE_CHECKING:
    from glassnet.evaluation.scores import Scores


def adopt(out: Path, connection: Connection) -> None:
    """Put every run folder of `out` on record, with the number it had; one whose number is taken or lost gets the next."""
    _adopt_sweeps(out, connection)
    found = [(folder, _row_of(folder)) for folder in runs(out)]
    found.sort(
        key=lambda pair: pair[1] is None or pair[1].name != pair[0].name
    )  # a copied or renamed folder comes after its original
    used: set[int] = set()
    without = []
    for folder, row in found:
        if row is None or row.id in used:
            without.append((folder, row or _guessed(folder)))
            continue
        used.add(row.id)
        number = insert(connection, replace(row, name=folder.name), row.id)
        if row.sweep is not None:
            _adopt_curve(connection, folder, number)
    for folder, row in without:
        insert(connection, replace(row, name=folder.name), None)


def _adopt_sweeps(out: Path, connection: Connection) -> None:
    """Put every sweep on record whose folder holds a copy of its row that can be read."""
    for record in sorted(out.glob(f"*/{sweep_record(out, '').name}")):
        with contextlib.suppress(GlassnetError, TypeError):
            insert_sweep(connection, replace(SweepRow(**durable.read_json(record)), name=record.parent.name))


def _adopt_curve(connection: Connection, folder: RunFolder, number: int) -> None:
    """Put the learning curve of a sweep's run on record, from its history.csv."""
    from glassnet.training.history import from_csv

    with contextlib.suppress(GlassnetError, OSError):
        for row in from_csv(folder.history.read_text(encoding="utf-8")):
            put_epoch(connection, number, row)


def _row_of(folder: RunFolder) -> Row | None:
    """Read the folder's own copy of its row; None when it has none, or one that cannot be read."""
    try:
        record = folder.read_record()
        return row_from_dict(record | {"folder": folder.name}) if record else None
    except (GlassnetError, KeyError, TypeError, ValueError):
        return None


def _guessed(folder: RunFolder) -> Row:
    """Build what can be said of a run whose own row is lost: its recipe, its scores, and that this is not the original row."""
    settings: dict[str, Any] = {}
    scores: dict[str, Scores] = {}
    sentence = "put back on record from its folder, whose run.json is missing or damaged"
    try:
        settings = of_recipe(folder.read_recipe())
        scores = folder.read_scores()
    except GlassnetError as error:
        sentence += f" ({error})"
    lines = [
        ScoreRow(figure, split, "figure", "", name, name == s.headline)
        for split, s in scores.items()
        for name, figure in s.figures.items()
    ]
    done = folder.model.exists() and bool(scores)
    return Row(
        id=0, sweep=None, name=folder.name, folder=folder.name, status="done" if done else "interrupted", token=0, exit_code=None,
        sentence=sentence, settings=json.loads(settings.get("settings", "{}")), seed=settings.get("seed"), data_hash=None,
        code_version=None, machine=None, task=settings.get("task"), network=settings.get("network"), epochs_done=0,
        epochs_planned=settings.get("epochs_planned"), planned_at=folder.created(), started_at=None, ended_at=None,
        heartbeat_at=None, test_opened=0, scores=tuple(lines),
    )  # fmt: skip
