"""What a sweep says: every combination with its score, which cannot be told from the best, what each setting mattered, and the winner."""

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.report.sweep.material import CombinationLine, SweepMaterial
from glassnet.runs.rows import Row
from glassnet.sweeps.rows import ENDED, OPEN, short

if TYPE_CHECKING:
    from glassnet.evaluation.scores import Figure

_SHOWN = 10


@dataclass(frozen=True)
class SweepResult:
    """A sweep, finished or not. `rows` are its runs as the ledger holds them, `winner` the run that did best on validation."""

    name: str
    folder: Path
    material: SweepMaterial
    rows: tuple[Row, ...]
    winner: Row | None
    unproposed: int = 0

    @property
    def left(self) -> int:
        """How many runs have not ended yet, those of combinations still to be proposed too."""
        return sum(row.status in OPEN for row in self.rows) + self.unproposed

    @property
    def report(self) -> Path:
        """The page; it is written when the sweep is over, and by `glassnet report --sweep`."""
        return self.folder / "report.html"

    def text(self) -> str:
        """Return the best combinations, and what may be said of them, in words."""
        found = self.material
        counts = [f"{n:,} {word}" for word in (*ENDED, *OPEN) if (n := found.counted(word))]
        parts = [f"{found.name}: {len(found.lines):,} combinations, {', '.join(counts)}"]
        if found.ranked:
            parts.append(_table(found))
        if found.distinguished is not None:
            parts.append(f"{_distinguished(found)} {found.distinguished.test}")
        if found.optimism is not None:
            parts.append(_flattery(found, found.optimism))
        if found.test is not None:
            parts.append(
                f"On the test set, opened once for {found.winner}: {found.headline} {found.test.value:.4f} "
                f"[{found.test.low:.3f}, {found.test.high:.3f}]."
            )
        return "\n\n".join([*parts, *found.notes])

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        found = self.material
        tested = None if found.test is None else found.test.as_dict()
        return {
            "sweep": self.name,
            "folder": str(self.folder),
            "left": self.left,
            "winner": None if self.winner is None else self.winner.name,
            "test": tested,
            "headline": found.headline,
            "combinations": [_plain(line) for line in found.lines],
            "not_distinguishable": [line.number for line in found.lines if line.equal_to_best],
            "cheapest": found.cheapest,
            "optimism": None if found.optimism is None else found.optimism.as_dict(),
            "importance": None if found.importance is None else dict(found.importance.shares),
        }

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"SweepResult({self.name!r})"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text())}</pre>"


def _flattery(found: SweepMaterial, much: "Figure") -> str:
    what = found.optimism_of or f"its {found.headline}"
    edges = f"[{much.low:.3f}, {much.high:.3f}]"
    if much.value < 0.0005:
        return f"Picking the best of {len(found.ranked):,} flatters nothing that could be measured in {what} {edges}."
    return f"Picking the best of {len(found.ranked):,} flatters {what} by about {much.value:.3f} {edges}."


def _table(found: SweepMaterial) -> str:
    rows = [
        ["", found.headline, found.interval.partition(",")[0], *(n.rpartition(".")[2] for n in found.named), "seconds"]
    ]
    for place, line in enumerate(found.ranked[:_SHOWN], 1):
        sign = "best" if line.best else "≈" if line.equal_to_best else ""
        ends = "" if line.low is None or line.high is None else f"{line.low:.3f} – {line.high:.3f}"
        values = [short(line.values[name]) if name in line.values else "" for name in found.named]
        seconds = "" if line.seconds is None else f"{line.seconds:.0f}"
        rows.append([f"{place} {sign}".rstrip(), f"{line.score:.4f}", ends, *values, seconds])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    shown = ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    more = len(found.ranked) - _SHOWN
    return "\n".join([*shown, *([f"  … and {more:,} more, in the table and on the page"] if more > 0 else [])])


def _distinguished(found: SweepMaterial) -> str:
    equal = [line for line in found.ranked if line.equal_to_best and not line.best]
    if not equal:
        said = "The best can be told from every other combination."
    else:
        said = f"{len(equal):,} other combination{'s' if len(equal) > 1 else ''} (≈) cannot be told from the best."
        thrifty = next((line for line in found.lines if line.number == found.cheapest), None)
        if thrifty is not None and not thrifty.best:
            values = ", ".join(f"{name.rpartition('.')[2]} {short(value)}" for name, value in thrifty.values.items())
            said += f" The cheapest of them: {values} ({thrifty.seconds or 0:.0f} seconds)."
    return said


def _plain(line: CombinationLine) -> dict[str, Any]:
    return {
        "number": line.number, "values": dict(line.values), "status": line.status, "score": line.score, "low": line.low,
        "high": line.high, "repeats": list(line.repeats), "seconds": line.seconds, "epochs": line.epochs,
        "sentence": line.sentence, "runs": list(line.runs), "best": line.best, "equal_to_best": line.equal_to_best,
    }  # fmt: skip
