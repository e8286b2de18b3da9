"""What a person reads while a sweep goes on: the plan, how long it may take, and a line for every run that ended."""

from collections.abc import Callable
from typing import Any

from glassnet.choice import Choice
from glassnet.pipeline.observer import Observer
from glassnet.runs.ledger import Ledger
from glassnet.sweeps.plan import Plan
from glassnet.sweeps.rows import ENDED, score, short
from glassnet.sweeps.space import Space


def tell(observer: Observer, name: str, space: Space, plan: Plan, choices: list[Choice], time_said: str) -> None:
    """Say what will be done, what was chosen, and how long it may take."""
    observer.line(f"\n{name}: {plan.text()}")
    for line in space.text():
        observer.line(f"  {line}")
    if choices:
        observer.line("\nchosen for you (each can be set):")
        for choice in choices:
            observer.line(f"  {choice}")
    observer.line(f"\n{time_said}")


def said_time(plan: Plan, workers: int, seconds: float) -> str:
    """Return how long the sweep may take, `seconds` being those of one run."""
    if plan.combinations is None:
        runs = max(1, int((plan.minutes or 0.0) * 60 * workers / seconds))
        return f"A run takes about {_clock(seconds)}, so about {runs:,} fit into {plan.minutes:g} minutes."
    runs = plan.combinations * plan.repeats
    whole = f"{runs:,} run{'s' if runs > 1 else ''} of about {_clock(seconds)} each"
    if workers > 1:
        whole += f", {workers} at a time"
    return f"{whole}: about {_clock(whole_seconds(plan, workers, seconds) or 0.0)} in all, less whatever is given up early."


def whole_seconds(plan: Plan, workers: int, seconds: float) -> float | None:
    """Return how long all runs take, `seconds` being those of one; None where only the minutes say when it ends."""
    return None if plan.combinations is None else -(-plan.combinations * plan.repeats // workers) * seconds


def _clock(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def ended_runs(book: Ledger, name: str, plan: Plan, observer: Observer) -> Callable[[], None]:
    """Return what tells, each time it is called, the runs that have ended since."""
    told = {row.id for row in book.rows(sweep=name) if row.status in ENDED}
    best = [max((value for row in book.rows(sweep=name) if (value := score(row)) is not None), default=float("-inf"))]

    def look() -> None:
        rows = book.rows(sweep=name)
        ended = [row for row in rows if row.status in ENDED]
        every = len(rows) if plan.combinations is None else plan.combinations * plan.repeats
        for row in sorted((row for row in ended if row.id not in told), key=lambda row: row.ended_at or ""):
            told.add(row.id)
            observer.line(_line(row, len(told), every, best))
        observer.progress("runs", len(told), every)

    return look


def _line(row: Any, place: int, every: int, best: list[float]) -> str:
    values = "  ".join(f"{name.rpartition('.')[2]} {short(value)}" for name, value in row.chosen.items())
    figure = row.headline("validation")
    if row.status == "done" and figure is not None:
        said = f"validation {figure.value:.4f}"
        if figure.value > best[0]:
            best[0], said = figure.value, said + "  best so far"
    else:
        said = f"{row.status}: {row.sentence or 'no score'}"
    seconds = "" if row.seconds is None else f"  {row.seconds:.0f} s"
    return f"  {place:>{len(str(every))}}/{every}  {row.name}  {values}  {said}{seconds}"
