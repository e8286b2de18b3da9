"""From the rows of a sweep to what can be said of it: read from the ledger, put together by combination, judged by the statistics."""

from collections.abc import Sequence
from pathlib import Path

from glassnet.evaluation.importance import importance
from glassnet.evaluation.selection import cheapest, distinguishable, optimism
from glassnet.report.sweep.material import SweepMaterial
from glassnet.runs.book import Book
from glassnet.runs.rows import Row
from glassnet.runs.sweeps import SweepRow
from glassnet.sweeps.overview import mean_curve, overview
from glassnet.sweeps.plan import Plan
from glassnet.sweeps.result import SweepResult


def gather(book: Book, name: str, out: Path) -> SweepResult:
    """Read a sweep from the ledger and judge it, which resamples its pictures many times. Raises LedgerError when there is none."""
    seen = overview(book, name)
    found, plan, winner = seen.found, seen.plan, seen.winner
    outcomes = seen.outcomes_with(book.marks(found.name, "validation"))
    compared = sum(bool(one.finite) for one in outcomes) > 1
    told = distinguishable(outcomes) if compared else None
    curves = book.curves(found.name)
    material = SweepMaterial(
        name=found.name,
        root=str(found.recipe.get("data", {}).get("root", "")),
        task=found.task or "",
        headline=seen.headline,
        lines=seen.lines(frozenset(told.not_distinguishable if told else ())),
        settings=tuple(seen.space.names),
        space=tuple(seen.space.text()),
        curves={number: mean_curve(repeats, curves) for number, repeats in seen.groups.items()},
        distinguished=told,
        optimism=optimism(outcomes, plan.seed) if compared else None,
        optimism_of="" if found.task == "classify" else "how right a picture is, from 0 to 1",
        importance=importance(outcomes, seen.space) if compared else None,
        cheapest=cheapest(outcomes, told) if told else None,
        interval=_interval_name(plan, bool(seen.over_seeds)),
        winner="" if winner is None else winner.name,
        test=None if winner is None else winner.headline("test"),
        open_test="" if winner is None else f"glassnet eval {winner.name}",
        plan=_plan_words(plan, seen.rows),
        notes=(*_notes(plan, seen.rows, seen.left), *_elsewhere(winner, found, out)),
        created=found.planned_at[:10],
        resume=f"glassnet sweep --resume {found.name}" if seen.left else "",
    )
    return SweepResult(found.name, out / found.name, material, seen.rows, winner, seen.unproposed)


def _interval_name(plan: Plan, over_seeds: bool) -> str:
    if plan.repeats == 1:
        return "95 % interval over pictures"
    return "95 % interval of the mean over seeds" if over_seeds else "smallest to largest of the repeats"


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
