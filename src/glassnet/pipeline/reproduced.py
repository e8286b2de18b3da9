"""The answer of `reproduce`: bit-identical, equal within the interval, or different, and where first."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from glassnet.evaluation.intervals import difference_of_rates
from glassnet.evaluation.scores import Figure

_SAID = {
    "identical": "bit-identical",
    "within": "equal within the interval, and not to the last bit",
    "different": "different",
}
_DIFFERENT = 1  # as `cmp` and `diff` say it; 2 and above are faults, and a difference is an answer


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same. `before` and `now` are plain JSON values, `text` says both in words."""

    what: str
    before: Any
    now: Any
    text: str


@dataclass(frozen=True)
class Reproduced:
    """What doing a run again showed.

    `verdict` is identical (no result differs), within (the interval of the difference of the two headline scores holds zero) or
    different. `around` holds what differs in pictures, code, network, packages, machine, threads and precision, `results` the first
    difference in each of end, history, weights and scores; both in that order. `epochs`, `tensors`, `numbers` and `figures` say how much
    was compared. `ends` is how each ended; `headline` the figure that ranks runs, then and now, where both have it.
    """

    run: str
    again: str
    folder: Path
    verdict: str
    around: tuple[Difference, ...]
    results: tuple[Difference, ...]
    epochs: int
    tensors: int
    numbers: int
    figures: int
    ends: tuple[str, str]
    headline: tuple[Figure, Figure] | None = None
    headline_name: str = ""
    weights: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 for the same bits or within the interval, 1 for different."""
        return _DIFFERENT if self.verdict == "different" else 0

    @property
    def first(self) -> Difference | None:
        """The first difference: what is around a run decides its numbers, so it comes first."""
        return next(iter((*self.around, *self.results)), None)

    def text(self) -> str:
        """Return the answer and its grounds in words."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        before, now = self.ends
        said = _SAID[self.verdict]
        if before.startswith("failed") and before == now:
            said = f"{said}, and failed again" if self.epochs else "failed again before its first epoch"
        yield f"{self.run} was run again as {self.again}: {said}."
        if before == now != "done":
            yield f"  both times: {now}"
        if self.verdict == "identical" and self.epochs:
            yield f"  equal to the last bit: {self._compared()}"
        elif self.headline is not None:
            old, new = self.headline
            yield f"  {self.headline_name} on {old.split}: {_shown(old)} then, {_shown(new)} now"
            _, low, high = _gap(old, new)
            word = "holds" if equal(old, new) else "leaves out"
            yield f"  the interval of the difference, from {low:+.4f} to {high:+.4f}, {word} zero"
        if self.around:
            yield (
                "  Around the run, these are not the same:"
                if self.results
                else "  although around the run these are not the same:"
            )
            yield from (f"    {difference.what}: {difference.text}" for difference in self.around)
        elif self.results:
            yield "  Around the run nothing on record differs: pictures, code, network, packages, machine, threads, precision."
        if self.results:
            yield "  In its numbers:"
            yield from (f"    {difference.what}: {difference.text}" for difference in self.results)
        for note in self.notes:
            yield f"  Note: {note}."

    def _compared(self) -> str:
        parts = [counted(self.epochs, "epoch") + " of the history"]
        if self.weights is not None:
            digest = self.weights[0][:12]
            parts.append(f"{self.numbers:,} weights in {counted(self.tensors, 'tensor')} (SHA-256 {digest}…)")
        if self.figures:
            parts.append(f"{counted(self.figures, 'figure')} on validation")
        return ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        first = self.first
        return {
            "run": self.run,
            "again": self.again,
            "folder": str(self.folder),
            "verdict": self.verdict,
            "first": None if first is None else first.what,
            "around": [asdict(difference) for difference in self.around],
            "results": [asdict(difference) for difference in self.results],
            "compared": {
                "epochs": self.epochs, "tensors": self.tensors, "numbers": self.numbers, "figures": self.figures,
            },
            "headline": None if self.headline is None else {
                "name": self.headline_name, "before": self.headline[0].as_dict(), "now": self.headline[1].as_dict(),
            },
            "ends": list(self.ends),
            "weights": None if self.weights is None else {"before": self.weights[0], "now": self.weights[1]},
            "notes": list(self.notes),
            "exit_code": self.exit_code,
        }  # fmt: skip

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text())}</pre>"


def _gap(before: Figure, now: Figure) -> tuple[float, float, float]:
    """(value, low, high) of now - before, as if of different pictures; they are the same, so the true interval is narrower."""
    return difference_of_rates((now.value, now.low, now.high), (before.value, before.low, before.high))


def equal(before: Figure, now: Figure) -> bool:
    """Tell whether the interval of the difference of two figures holds zero."""
    _, low, high = _gap(before, now)
    return low <= 0 <= high


def _shown(figure: Figure) -> str:
    return f"{figure.value:.4f} [{figure.low:.4f}, {figure.high:.4f}]"


def counted(count: int, word: str) -> str:
    """Return a number with its word."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
