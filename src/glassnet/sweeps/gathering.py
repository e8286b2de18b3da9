"""From the rows of a sweep to what can be said of it: read from the ledger, put together by combination, judged by the statistics."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from glassnet.evaluation.importance import importance
from glassnet.evaluation.selection import Outcome, cheapest, distinguishable, optimism, repeat_intervals
from glassnet.report.sweep.material import CombinationLine, SweepMaterial
from glassnet.runs.ledger import Ledger
from glassnet.runs.rows import Row
from glassnet.runs.sweeps import SweepRow
from glassnet.sweeps.plan import Plan, plan_from
from glassnet.sweeps.result import SweepResult
from glassnet.sweeps.rows import OPEN, by_combination, score, status
from glassnet.sweeps.space import space_from

if TYPE_CHECKING:
    import numpy as np

Intervals = Mapping[int, tuple[float, float]]


def gather(book: Ledger, name: str, out: Path) -> SweepResult:
    """Read a sweep from the ledger and judge it. Raises LedgerError when there is none of that name."""
    found = book.sweep(name)
    plan, space = plan_from(found.plan), space_from(found.space)
    rows = book.rows(sweep=found.name)
    groups = by_combination(rows)
    marks = book.marks(found.name, "validation")
    outcomes = [outcome for number, repeats in groups.items() if (outcome := _outcome(number, repeats, marks))]
    scored = [outcome.number for outcome in outcomes if outcome.finite]
    told = distinguishable(outcomes) if len(scored) > 1 else None
    equal = set(told.not_distinguishable) if told else set()
    best = told.best if told else (scored[0] if scored else None)
    over_seeds = repeat_intervals(outcomes)
    winner = None if best is None else max(groups[best], key=lambda row: (score(row) or 0.0, -row.id))
    if found.winner is not None:
        winner = next((row for row in rows if row.id == found.winner), winner)
    curves = book.curves(found.name)
    lines = tuple(_line(number, repeats, best, equal, over_seeds) for number, repeats in groups.items())
    headline = _headline(rows)
    proposed = max(groups, default=0)
    missing = 0 if plan.is_over(proposed) or plan.combinations is None else plan.combinations - proposed
    unproposed = 0 if found.status == "done" else missing * plan.repeats
    left = sum(row.status in OPEN for row in rows) + unproposed
    material = SweepMaterial(
        name=found.name,
        root=str(found.recipe.get("data", {}).get("root", "")),
        task=found.task or "",
        headline=headline,
        lines=lines,
        settings=tuple(space.names),
        space=tuple(space.text()),
        curves={number: _curve(repeats, curves) for number, repeats in groups.items()},
        distinguished=told,
        optimism=optimism(outcomes, plan.seed) if len(scored) > 1 else None,
        optimism_of="" if found.task == "classify" else "how right a picture is, from 0 to 1",
        importance=importance(outcomes, space) if len(scored) > 1 else None,
        cheapest=cheapest(outcomes, told) if told else None,
        interval=_interval_name(plan, over_seeds),
        winner="" if winner is None else winner.name,
        test=None if winner is None else winner.headline("test"),
        open_test="" if winner is None else f"glassnet eval {winner.name}",
        plan=_plan_words(plan, rows),
        notes=(*_notes(plan, rows, left), *_elsewhere(winner, found, out)),
        created=found.planned_at[:10],
        resume=f"glassnet sweep --resume {found.name}" if left else "",
    )
    return SweepResult(found.name, out / found.name, material, tuple(rows), winner, unproposed)


def _outcome(number: int, repeats: Sequence[Row], marks: "Mapping[int, np.ndarray]") -> Outcome | None:
    """Return what the statistics see of a combination: one that was pruned or failed has no score; None while it may still get one."""
    if status(repeats) in OPEN:
        return None
    scores = [value for row in repeats if (value := score(row)) is not None]
    if len(scores) < len(repeats):
        return Outcome(number, repeats[0].chosen, ())
    seconds = sum(row.seconds or 0.0 for row in repeats)
    kept = tuple(marks[row.id] for row in repeats if row.id in marks)
    return Outcome(number, repeats[0].chosen, tuple(scores), seconds, kept if len(kept) == len(repeats) else ())


def _interval(number: int, repeats: Sequence[Row], over_seeds: Intervals) -> tuple[float, float]:
    """Return the ends that are shown: of one run its interval over pictures, of several that of their mean over seeds."""
    if number in over_seeds:
        return over_seeds[number]
    figures = [figure for row in repeats if (figure := row.headline("validation")) is not None]
    if len(figures) == 1:
        return figures[0].low, figures[0].high
    return min(f.value for f in figures), max(f.value for f in figures)


def _interval_name(plan: Plan, over_seeds: Intervals) -> str:
    if plan.repeats == 1:
        return "95 % interval over pictures"
    return "95 % interval of the mean over seeds" if over_seeds else "smallest to largest of the repeats"


def _line(
    number: int, repeats: Sequence[Row], best: int | None, equal: set[int], over_seeds: Intervals
) -> CombinationLine:
    scores = [value for row in repeats if (value := score(row)) is not None]
    state = status(repeats)
    whole = state == "done" and len(scores) == len(repeats)
    low, high = _interval(number, repeats, over_seeds) if whole else (None, None)
    seconds = [row.seconds for row in repeats if row.seconds is not None]
    sentence = next((row.sentence for row in repeats if row.sentence and row.status == state), "") or ""
    return CombinationLine(
        number=number,
        values=repeats[0].chosen,
        status=state,
        score=fmean(scores) if whole else None,
        low=low,
        high=high,
        repeats=tuple(scores),
        seconds=sum(seconds) if seconds else None,
        epochs=sum(row.epochs_done for row in repeats),
        sentence=sentence,
        runs=tuple(row.name for row in repeats),
        best=number == best,
        equal_to_best=number in equal,
    )


def _curve(repeats: Sequence[Row], curves: Mapping[int, Sequence[Any]]) -> list[tuple[int, float]]:
    """Return (epoch, validation score), the mean over the repeats that have that epoch."""
    by_epoch: dict[int, list[float]] = {}
    for row in repeats:
        for line in curves.get(row.id, ()):
            if line.validation_score is not None:
                by_epoch.setdefault(line.epoch, []).append(line.validation_score)
    return [(epoch, fmean(values)) for epoch, values in sorted(by_epoch.items())]


def _headline(rows: Sequence[Row]) -> str:
    names = (s.name for row in rows for s in row.scores if s.headline and s.split == "validation")
    return next(names, "score").replace("_", " ")


def _plan_words(plan: Plan, rows: Sequence[Row]) -> tuple[str, ...]:
    said = plan.text()
    threads = f"{plan.threads} thread{'s' if plan.threads != 1 else ''}" if plan.threads else "threads as measured"
    how = f"Every run: {threads}, {plan.device or 'cpu'}, {plan.precision or 'precision as set'}."
    machines = sorted({row.machine for row in rows if row.machine})
    return (f"{said[0].upper()}{said[1:]}.", how, *(f"Machine: {name}." for name in machines))


def _notes(plan: Plan, rows: Sequence[Row], left: int) -> tuple[str, ...]:
    notes = []
    if left:
        notes.append(f"{left:,} runs have not ended yet, so the best may still change.")
    if len({row.code_version for row in rows if row.code_version}) > 1:
        notes.append(
            "The runs were made by different versions of the code: `glassnet runs --sweep` with --csv says which by which."
        )
    if plan.repeats == 1 and len(rows) > 1:
        notes.append("Every combination ran with one seed. Another seed would move the scores too: see --repeats.")
    return tuple(notes)


def _elsewhere(winner: Row | None, found: SweepRow, out: Path) -> tuple[str, ...]:
    """Say where the winner is when another machine trained it, whose folder alone holds its network."""
    if winner is None or found.status != "done" or (out / winner.name).is_dir() or winner.headline("test") is not None:
        return ()
    where = f"on {winner.machine}" if winner.machine else "on another machine"
    return (
        f"The winner {winner.name} was trained {where}, and its network is in the folder of runs there. "
        f"`glassnet sweep --resume {found.name}` there opens its test set.",
    )
