"""Calibration: does a network that says 80 % have it right in 80 of 100 pictures, and the one number that mends it.

Temperature scaling divides all logits by T (Guo et al. 2017, ICML): no answer changes, only how sure it sounds.
"""

from dataclasses import asdict, dataclass

import numpy as np

from glassnet.errors import NumericError
from glassnet.evaluation.intervals import wilson

BINS = 15
# Fewer pictures or mistakes than this say nothing reliable about how sure the network should be.
ENOUGH_PICTURES = 50
ENOUGH_MISTAKES = 5
LOWEST, HIGHEST = 0.05, 20.0


@dataclass(frozen=True)
class Calibration:
    """The temperature, why it is that, and what it did to the calibration error on the n pictures it was fitted on."""

    temperature: float
    reason: str
    ece_before: float
    ece_after: float
    log_loss_before: float
    log_loss_after: float
    n: int

    def __str__(self) -> str:
        return f"temperature = {self.temperature:.3f}: {self.reason}"

    def as_dict(self) -> dict:
        """Return plain JSON values; `Calibration(**values)` is the inverse."""
        return asdict(self)


def log_probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return float64 (N, K): log softmax of logits / temperature, safe for any finite logits."""
    scaled = np.asarray(logits, np.float64) / temperature
    scaled = scaled - scaled.max(1, keepdims=True)
    return scaled - np.log(np.exp(scaled).sum(1, keepdims=True))


def bin_of(confidence: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Return int64 (N,): which of `bins` equal bins (low, high] a confidence falls into; 0 falls into the first."""
    return np.clip(np.ceil(np.asarray(confidence, np.float64) * bins).astype(np.int64) - 1, 0, bins - 1)


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = BINS) -> float:
    """Return ECE: the mean over pictures of |accuracy - mean confidence| of their bin (Naeini et al. 2015, AAAI)."""
    gaps = np.bincount(bin_of(confidence, bins), weights=np.asarray(right, np.float64) - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


def reliability(confidence: np.ndarray, right: np.ndarray, bins: int = BINS) -> list[dict]:
    """Return the bins that hold pictures, as {low, high, n, confidence, accuracy, accuracy_low, accuracy_high} (Wilson)."""
    place = bin_of(confidence, bins)
    found = []
    for i in np.unique(place):
        inside = place == i
        n, hits = int(inside.sum()), int(np.asarray(right)[inside].sum())
        low, high = wilson(hits, n)
        found.append({
            "low": float(i / bins), "high": float((i + 1) / bins), "n": n, "confidence": float(np.asarray(confidence)[inside].mean()),
            "accuracy": hits / n, "accuracy_low": low, "accuracy_high": high,
        })  # fmt: skip
    return found


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Return the temperature with the smallest log-loss on these (validation) pictures, 1.0 where they are too few to say."""
    return calibrate(logits, targets).temperature


def calibrate(logits: np.ndarray, targets: np.ndarray) -> Calibration:
    """Fit the temperature on validation logits (N, K) and int targets (N,), and say why it is what it is.

    With under 50 pictures or under 5 mistakes it stays 1: without mistakes the log-loss falls for ever as T goes to 0, and a handful of
    them would let single pictures decide. Raises NumericError for logits that are not finite.
    """
    logits, targets = np.asarray(logits, np.float64), np.asarray(targets, np.int64)
    n = len(targets)
    bad = int((~np.isfinite(logits).all(1)).sum())
    if bad:
        raise NumericError(
            f"The network answered {bad:,} of {n:,} validation pictures with a NaN or an infinity. No score can be taken from that. "
            "Train again with a lower rate (--lr) or with --clip 1."
        )
    mistakes = int((logits.argmax(1) != targets).sum()) if n else 0
    if n < ENOUGH_PICTURES:
        temperature, reason = (
            1.0,
            f"left alone: {n} validation pictures are too few to calibrate on (at least {ENOUGH_PICTURES})",
        )
    elif mistakes < ENOUGH_MISTAKES:
        temperature = 1.0
        reason = (
            f"left alone: {mistakes} mistakes on {n:,} validation pictures cannot say how sure the network should be"
        )
    else:
        temperature = _lowest_loss(logits, targets)
        kind = "too sure of itself" if temperature > 1.0 else "less sure than it could be"
        reason = (
            f"the network was {kind} on {n:,} validation pictures"
            if abs(temperature - 1) > 0.02
            else "already calibrated"
        )
    before, after = _state(logits, targets, 1.0), _state(logits, targets, temperature)
    return Calibration(temperature, reason, before[0], after[0], before[1], after[1], n)


def _state(logits: np.ndarray, targets: np.ndarray, temperature: float) -> tuple[float, float]:
    if not len(targets):
        return 0.0, 0.0
    logs = log_probabilities(logits, temperature)
    confidence = np.exp(logs.max(1))
    return calibration_error(confidence, logs.argmax(1) == targets), float(
        -logs[np.arange(len(targets)), targets].mean()
    )


def _lowest_loss(logits: np.ndarray, targets: np.ndarray) -> float:
    """Newton on the slope of the log-loss in b = 1/T, which is convex in b; bisection whenever a step leaves the bracket."""
    centred = logits - logits.max(1, keepdims=True)
    true = centred[np.arange(len(targets)), targets].mean()
    low, high = 1 / HIGHEST, 1 / LOWEST
    b = 1.0
    for _ in range(100):
        p = np.exp(b * centred)
        p /= p.sum(1, keepdims=True)
        mean = (p * centred).sum(1)
        slope = mean.mean() - true
        curvature = ((p * centred**2).sum(1) - mean**2).mean()
        low, high = (b, high) if slope < 0 else (low, b)
        step = b - slope / curvature if curvature > 0 else low - 1
        following = step if low < step < high else (low + high) / 2
        if abs(following - b) < 1e-10 * b:
            break
        b = following
    return float(1 / b)
