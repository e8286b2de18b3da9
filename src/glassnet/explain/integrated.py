"""Integrated gradients: how much each pixel moved a target on the way from an empty picture (Sundararajan, Taly and Yan, arXiv:1703.01365).

The picture is blended from one colour into itself, and each pixel's derivatives on the way are summed, times how far the pixel went. All
pixels together make exactly the difference of the two scores; a sum over a few steps misses it by some, and this is known for every step:
between two blends the scores differ by what the pixels should make there. So the steps that miss most are halved until all together miss
no more than was asked.
"""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.explain.attribution import Attribution, at_once, background, given, outcome, undisturbed, written

if TYPE_CHECKING:
    import torch

    from glassnet.explain.target import Target
    from glassnet.networks.network import Network

STEPS, MOST = 32, 512
"""Steps to begin with, and in the end at most."""
_MOST_NUMBERS = 2**26  # kept for all steps together: 256 MB of float32
_ROUNDING = 1e-5  # of the scores; a difference below it is noise


def integrated(
    network: "Network",
    x: Any,
    target: "Target",
    baseline: Any = "border",
    steps: int = STEPS,
    tolerance: float | None = 0.01,
    most: int = MOST,
) -> Attribution:
    """Return the integrated gradients of `target` for a picture x, float32 (1, C, H, W) as the network takes it.

    `baseline` is the picture compared with, one of BACKGROUNDS or (1, C, H, W). Steps are added until the sum is within `tolerance` of the
    difference of the scores, at most `most` of them; None keeps to `steps` equal ones. Raises ValueError for less than one step.
    """
    if not 1 <= steps <= most:
        raise ValueError(f"Between 1 and {most} steps are needed, not {steps}.")
    with undisturbed(network):
        end = given(network, x)
        start, words = background(end, baseline)
        path = _Path(network, target, start, end)
        edges = np.linspace(0.0, 1.0, steps + 1)
        scores = path.scores(edges)
        found = path.steps(edges[:-1], edges[1:], scores[:-1], scores[1:])
        compared, score = float(scores[0]), float(scores[-1])
        if tolerance is not None:
            enough = max(tolerance * abs(score - compared), _ROUNDING * (abs(score) + abs(compared)))
            room = max(steps, min(most, _MOST_NUMBERS // end[0, 0].numel()))
            while abs(found.missed.sum()) > enough and len(found.low) < room:
                found = _halved(path, found, enough, room)
    values = found.maps.sum(0, dtype=np.float64)
    delta = float(values.sum() - (score - compared))
    return Attribution(
        "integrated gradients",
        target.name,
        values.astype(np.float32),
        score,
        _sentence(target, words, score, compared, delta, len(found.low), tolerance),
        compared=compared,
        delta=delta,
        steps=len(found.low),
    )


@dataclass(frozen=True, eq=False)
class _Steps:
    """Steps of the way from `low` to `high`, float64 (n,) in [0, 1]; the target's values `before`, in the `middle` of and `after` each.

    `maps` float32 (n, H, W): what each pixel makes in each step, by the derivatives in its middle.
    """

    low: np.ndarray
    high: np.ndarray
    before: np.ndarray
    middle: np.ndarray
    after: np.ndarray
    maps: np.ndarray

    @property
    def missed(self) -> np.ndarray:
        """How far each step's pixels together miss the difference of the values at its ends, float64 (n,)."""
        return self.after - self.before - self.maps.sum((1, 2), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Path:
    """The way from one picture (1, C, H, W) to another, and the target's scores and derivatives on it, in batches."""

    network: "Network"
    target: "Target"
    start: "torch.Tensor"
    end: "torch.Tensor"

    def scores(self, at: np.ndarray) -> np.ndarray:
        """Return the target's values at these places of the way, float64 (n,)."""
        import torch

        found = []
        with torch.no_grad():
            for batch in self._batches(at):
                found += outcome(self.network, self.target, self._blends(batch)).tolist()
        return np.array(found, np.float64)

    def steps(self, low: np.ndarray, high: np.ndarray, before: np.ndarray, after: np.ndarray) -> _Steps:
        """Return these steps with the derivatives in their middles; `before` and `after` are the target's values at their ends."""
        import torch

        values, maps = [], []
        way = self.end - self.start
        for places, long in zip(self._batches((low + high) / 2), self._batches(high - low), strict=True):
            pictures = self._blends(places).requires_grad_(True)
            scores = outcome(self.network, self.target, pictures)
            (slopes,) = torch.autograd.grad(scores.sum(), pictures)
            length = torch.as_tensor(long).to(way)[:, None, None]
            maps.append(((slopes * way).sum(1) * length).float().cpu().numpy())
            values += scores.tolist()
        return _Steps(low, high, before, np.array(values, np.float64), after, np.concatenate(maps))

    def _blends(self, at: np.ndarray) -> "torch.Tensor":
        import torch

        part = torch.as_tensor(at).to(self.end)[:, None, None, None]
        return torch.lerp(self.start, self.end, part).contiguous(memory_format=torch.channels_last)

    def _batches(self, values: np.ndarray) -> list[np.ndarray]:
        size = max(1, at_once(self.network) // 4)  # derivatives keep every layer's values
        return [values[at : at + size] for at in range(0, len(values), size)]


def _halved(path: _Path, found: _Steps, enough: float, room: int) -> _Steps:
    """Return the steps with as many of them halved, those that miss most first, as leave half of `enough` to the others."""
    missed = np.abs(found.missed)
    order = np.argsort(-missed, kind="stable")
    left = missed.sum() - np.cumsum(missed[order])
    count = int(np.searchsorted(-left, -enough / 2)) + 1
    chosen = order[: min(count, room - len(order))]
    kept = np.setdiff1d(order, chosen)
    low, high, middle = found.low[chosen], found.high[chosen], found.middle[chosen]
    halfway = (low + high) / 2
    new = path.steps(
        np.r_[low, halfway],
        np.r_[halfway, high],
        np.r_[found.before[chosen], middle],
        np.r_[middle, found.after[chosen]],
    )
    parts = ((getattr(found, each.name)[kept], getattr(new, each.name)) for each in fields(_Steps))
    return _Steps(*(np.concatenate(pair) for pair in parts))


def _sentence(
    target: "Target", words: str, score: float, compared: float, delta: float, steps: int, tolerance: float | None
) -> str:
    difference = score - compared
    said = (
        f"Orange pixels raised {target.words}, blue pixels lowered it, compared with {words}. Together they make {written(difference)}: "
        f"from {written(compared)} to {written(score)}. The sum is off by {written(abs(delta))}{_share(difference, delta)}, from {steps} "
        f"step{'s' * (steps != 1)}"
    )
    noise = _ROUNDING * (abs(score) + abs(compared))
    if tolerance is not None and abs(delta) > 1.01 * max(tolerance * abs(difference), noise):
        said += f", which is more than was asked for: the steps ended at {steps}"
    return f"{said}. A pixel that is as in the picture compared with gets nothing."


def _share(difference: float, delta: float) -> str:
    return f" ({100 * abs(delta / difference):.1g} %)" if difference else ""
