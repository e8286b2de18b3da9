"""Learning-rate finder (Smith, arXiv:1506.01186): the rate rises exponentially from step to step, and the loss says how far one can go.

It works through the engine contract alone and leaves the engine exactly as it found it.
"""

import html
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from glassnet.errors import NumericError, RecipeError

_SMOOTHING = 0.9  # memory of the running mean; its start is corrected as Adam does
_DIVERGED = 4.0  # times the best smoothed loss
_FEWEST = 12


@dataclass(frozen=True)
class Sweep:
    """The curve for the plot and what it suggests. `rates`, `losses` and `smoothed` are equally long; `rule` is the reason in words."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggestion: float
    rule: str

    def text(self, width: int = 48, height: int = 9) -> str:
        """Return the smoothed loss over the rate as a plot of characters, and the suggestion with its reason."""
        columns = np.linspace(0, len(self.rates) - 1, min(width, len(self.rates))).round().astype(int)
        losses = [self.smoothed[i] for i in columns]
        low, high = min(losses), max(min(max(losses), 1.5 * losses[0]), min(losses) + 1e-9)
        rows = [min(height - 1, max(0, round((high - loss) / (high - low) * (height - 1)))) for loss in losses]
        lines = [
            (f"{high if row == 0 else low:8.3g} " if row in (0, height - 1) else " " * 9)
            + "".join("*" if at == row else " " for at in rows)
            for row in range(height)
        ]
        ends = f"{self.rates[0]:.0e}", f"{self.rates[-1]:.0e}"
        lines.append(" " * 9 + ends[0] + ends[1].rjust(len(columns) - len(ends[0])))
        return "\n".join([*lines, "", f"suggested rate: {self.suggestion:.2g}, {self.rule}"])

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text())}</pre>"

    def as_dict(self) -> dict[str, Any]:
        """Return the five fields as plain JSON values."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def find(engine: Any, batches: Iterable[Any], low: float = 1e-6, high: float = 10.0, steps: int = 100) -> Sweep:
    """Take up to `steps` steps with rates rising from `low` to `high`, restore the engine, and suggest a rate.

    `engine` keeps the engine contract (`step(batch, rate) -> losses`, `state()`, `load(state)`); `batches` yields its batches, and the
    sweep ends early when they run out, when the smoothed loss exceeds four times its lowest value, or when it is no longer a number.
    Raises RecipeError for a senseless range and NumericError when the loss is not a number before anything can be said.
    """
    if not 0 < low < high or steps < _FEWEST:
        raise RecipeError(f"A sweep needs 0 < low < high and at least {_FEWEST} steps; got {low}, {high}, {steps}.")
    before = engine.state()
    try:
        rates, losses, smoothed = _sweep(engine, batches, low, high, steps)
    finally:
        engine.load(before)
    if len(rates) < _FEWEST:
        raise NumericError(
            f"The loss diverged or the batches ran out after {len(rates)} steps of the sweep, before anything could be learned from it; "
            f"start lower than {low:g} or give more batches."
        )
    return Sweep(tuple(rates), tuple(losses), tuple(smoothed), *suggest(rates, smoothed))


def _sweep(
    engine: Any, batches: Iterable[Any], low: float, high: float, steps: int
) -> tuple[list[float], list[float], list[float]]:
    rates: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    mean = 0.0
    for k, batch in zip(range(steps), batches, strict=False):
        rate = low * (high / low) ** (k / (steps - 1))
        loss = float(engine.step(batch, rate).mean())
        if not math.isfinite(loss):
            break
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
        rates.append(rate)
        losses.append(loss)
        smoothed.append(mean / (1 - _SMOOTHING ** (k + 1)))
        if smoothed[-1] > _DIVERGED * min(smoothed):
            break
    return rates, losses, smoothed


def suggest(rates: list[float], smoothed: list[float]) -> tuple[float, str]:
    """Return (rate, rule): a third of the rate with the lowest smoothed loss.

    Smoothing lags about ten steps behind and the lowest point lies at the edge of divergence. A third keeps a margin and is
    still fast; the steepest point, the other common rule, moves by a factor of ten with the noise of small batches.
    """
    lowest = int(np.argmin(smoothed))
    rule = (
        f"a third of {rates[lowest]:.3g}, the rate at which the smoothed loss was lowest ({smoothed[lowest]:.3g}); "
        "above that rate it stops falling"
    )
    if lowest == len(rates) - 1:
        rule += ". The loss was still falling when the sweep ended: a higher rate may do as well"
    return rates[lowest] / 3, rule
