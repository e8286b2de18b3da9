"""What the page of a sweep is shown, as plain JSON values: how far it is, its combinations, their learning curves, and what was found."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from glassnet.studio.records import run_id, sweep_id
from glassnet.studio.workplace import Workplace
from glassnet.sweeps.rows import ENDED

if TYPE_CHECKING:
    from glassnet.report.sweep.material import CombinationLine
    from glassnet.runs.rows import Row
    from glassnet.runs.sweeps import SweepRow
    from glassnet.sweeps.overview import Overview

SHOWN = 200
"""Combinations on the page; the ledger and the table have all."""
_POINTS = 60  # a longer curve shows every second or third epoch
_TAIL = 60  # lines of what the process says


def summaries(work: Workplace) -> list[dict[str, Any]]:
    """Return every sweep as lists show it, newest first."""
    book = work.records.book()
    by_sweep: dict[str | None, list[Row]] = {}
    for row in [] if book is None else book.rows():
        by_sweep.setdefault(row.sweep, []).append(row)
    at_work = work.jobs.sweeps_at_work()
    return [_summary(one, by_sweep.get(one.name, []), one.name in at_work) for one in work.records.sweeps()]


def _summary(found: "SweepRow", rows: Sequence["Row"], at_work: bool) -> dict[str, Any]:
    winner = next((row for row in rows if row.id == found.winner), None)
    return {
        "id": sweep_id(found),
        "name": found.name,
        "status": _status(found.status, rows, at_work),
        "planned": found.planned_at,
        "data": _data(found),
        "settings": list(found.space),
        "ended": sum(row.status in ENDED for row in rows),
        "runs": len(rows),
        "winner": None if winner is None else {"id": run_id(winner), "name": winner.name},
    }


def state(work: Workplace, name: str) -> dict[str, Any]:
    """Return how a sweep stands. `lines` are at most SHOWN of its combinations: those at work, then the best, then the others."""
    from glassnet.sweeps.overview import mean_curve, overview

    book = work.records.book()
    assert book is not None
    seen = overview(book, name)
    job = work.jobs.of_sweep(name)
    curves = book.curves(name)
    ranked = {line.number: place for place, line in enumerate(_ranked(seen.lines()), 1)}
    shown = sorted(seen.lines(), key=lambda line: _order(line, ranked))[:SHOWN]
    lines = [
        _line(line, seen.groups[line.number], ranked.get(line.number))
        | {"curve": _thinned(mean_curve(seen.groups[line.number], curves))}
        for line in shown
    ]
    status = _status(seen.found.status, seen.rows, job is not None)
    counts = {
        word: n
        for word in ("done", "pruned", "failed", "running", "interrupted", "planned")
        if (n := sum(row.status == word for row in seen.rows))
    }
    ended = sum(row.status in ENDED for row in seen.rows)
    folder = work.out / name
    return {
        "sweep": {
            "id": sweep_id(seen.found),
            "name": name,
            "status": status,
            "data": _data(seen.found),
            "task": seen.found.task,
            "plan": seen.plan.text(),
            "space": seen.space.text(),
            "settings": list(seen.space.names),
            "headline": seen.headline,
            "repeats": seen.plan.repeats,
            "ended": ended,
            "runs": len(seen.rows) + seen.unproposed if seen.plan.combinations is not None else None,
            "counts": counts,
            "left": seen.left,
            "seconds_left": _seconds_left(seen) if status == "running" else None,
            "combinations": len(seen.groups),
            "best": seen.best,
            "report": (folder / "report.html").is_file(),
            "table": (folder / "combinations.csv").is_file(),
            "mirrored": any(row.status == "done" and row.settings.get("train.views") == "mirror" for row in seen.rows),
            "over": seen.found.status == "done",
        },
        "job": None if job is None else job.id,
        "said": _said(work, name),
        "lines": lines,
    }


def stamp(work: Workplace, name: str) -> str:
    """Return what changes whenever something else may be said of a sweep."""
    book = work.records.book()
    assert book is not None
    rows = [(row.id, row.status, row.token, row.test_opened) for row in book.rows(sweep=name)]
    return json.dumps([book.sweep(name).as_dict(), rows])


def judged(work: Workplace, name: str) -> dict[str, Any]:
    """Return what may be said of a sweep's combinations, as its report says it: the winner, and what cannot be told from the best."""
    from glassnet.sweeps.gathering import gather

    book = work.records.book()
    assert book is not None
    found = gather(book, name, work.out)
    material, winner = found.material, found.winner
    validation = None if winner is None else winner.headline("validation")
    return {
        "winner": None
        if winner is None
        else {"id": run_id(winner), "name": winner.name, "combination": winner.combination},
        "values": {} if winner is None else winner.chosen,
        "headline": material.headline,
        "validation": None if validation is None else validation.as_dict(),
        "test": None if material.test is None else material.test.as_dict(),
        "equal": [line.number for line in material.ranked if line.equal_to_best and not line.best],
        "told": "" if material.distinguished is None else material.distinguished.test,
        "cheapest": material.cheapest,
        "notes": list(material.notes),
    }


def _line(line: "CombinationLine", rows: Sequence["Row"], place: int | None) -> dict[str, Any]:
    return {
        "number": line.number,
        "place": place,
        "values": dict(line.values),
        "status": line.status,
        "score": _finite(line.score),
        "low": _finite(line.low),
        "high": _finite(line.high),
        "seconds": line.seconds,
        "epochs_done": sum(row.epochs_done for row in rows),
        "epochs_planned": sum(row.epochs_planned or 0 for row in rows),
        "sentence": line.sentence,
        "runs": [{"id": run_id(row), "name": row.name, "status": row.status} for row in rows],
    }


def _ranked(lines: Sequence["CombinationLine"]) -> list["CombinationLine"]:
    return sorted((line for line in lines if line.known), key=lambda line: (-(line.score or 0.0), line.number))


def _order(line: "CombinationLine", ranked: dict[int, int]) -> tuple[int, int]:
    if line.status in ("running", "interrupted"):
        return 0, line.number
    if line.number in ranked:
        return 1, ranked[line.number]
    return (3 if line.status == "planned" else 2), line.number


def _thinned(curve: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    known = [(epoch, value) for epoch, value in curve if math.isfinite(value)]
    every = max(1, math.ceil(len(known) / _POINTS))
    return [point for i, point in enumerate(known) if i % every == 0 or i == len(known) - 1]


def _status(kept: str, rows: Sequence["Row"], at_work: bool) -> str:
    """Return done, running or interrupted: what a sweep that is not over is, its rows and its process tell."""
    if kept == "done" and not at_work:
        return "done"
    return "running" if at_work or any(row.status == "running" for row in rows) else "interrupted"


def _data(found: "SweepRow") -> str:
    return Path(str(found.recipe.get("data", {}).get("root") or "")).name


def _seconds_left(seen: "Overview") -> float | None:
    """Return about how long the rest takes with as many runs at a time as now; None before the first has ended."""
    took = [row.seconds for row in seen.rows if row.status == "done" and row.seconds is not None]
    if not took or seen.plan.combinations is None:
        return None
    at_work = max(1, sum(row.status == "running" for row in seen.rows))
    return median(took) * max(seen.left - at_work / 2, 0.5) / at_work


def _said(work: Workplace, name: str) -> str:
    newest = next((job for job in work.jobs.all() if job.is_sweep and work.jobs.run_of(job) == name), None)
    return "" if newest is None else "\n".join(work.jobs.said(newest).splitlines()[-_TAIL:])


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
