"""One-sided test of paired differences by flipped signs: how often is their sum as large when every sign is a fair coin?

Fisher's randomisation test (1935, The Design of Experiments, ch. 3). Differences that are all of one size, as those of right and wrong
answers, leave a binomial count and the answer is exact: McNemar's test. Few differences are counted out. Many different ones would need
millions of drawn signs for a p value that stands a correction for thousands of combinations, so their tail is taken from the saddlepoint
(Lugannani and Rice 1980, Adv. Appl. Prob. 12:475), whose relative error stays small far out.
"""

import math

import numpy as np

_ALL_SIGNS = 15
_STEPS = 60


def signs_above(differences: np.ndarray) -> float:
    """Return the one-sided p value of differences, float (n,): small where their mean is above 0. Equal pairs count for nothing.

    Exact for differences of one size and for up to 15 of them; otherwise within a few percent of itself.
    """
    sizes = np.asarray(differences, np.float64)
    sizes = sizes[sizes != 0]
    if not sizes.size:
        return 1.0
    spread = np.abs(sizes)
    if spread.max() - spread.min() <= 1e-6 * spread.max():
        return coins_above(int((sizes > 0).sum()), sizes.size)
    if sizes.size <= _ALL_SIGNS:
        # Sums of the same numbers in another order differ in the last bits, and must count as equal.
        seen = float(sizes.sum()) - 1e-12 * float(spread.sum())
        signs = 1 - 2 * ((np.arange(2**sizes.size)[:, None] >> np.arange(sizes.size)) & 1)
        return float((signs @ spread >= seen).mean())
    return _saddlepoint(spread, float(sizes.sum()))


def coins_above(heads: int, n: int) -> float:
    """Return the chance of `heads` or more in n throws of a fair coin: one side of McNemar's exact test (1947, Psychometrika 12:153)."""
    if heads <= 0:
        return 1.0
    if 2 * heads <= n:
        return 1.0 - coins_above(n - heads + 1, n)
    k = np.arange(heads, n + 1)
    # Ratios of neighbouring terms, from the largest on: no factorial is ever formed.
    ratios = np.concatenate([[0.0], np.log((n - k[:-1]) / (k[:-1] + 1.0))])
    first = math.lgamma(n + 1) - math.lgamma(heads + 1) - math.lgamma(n - heads + 1) - n * math.log(2)
    return float(min(1.0, math.exp(first) * np.exp(np.cumsum(ratios)).sum()))


def _saddlepoint(spread: np.ndarray, seen: float) -> float:
    """Return the chance that a sum of ±spread is at least `seen`; its cumulants are those of log cosh."""
    if seen < 0:
        return 1.0 - _saddlepoint(spread, -seen)
    scale = math.sqrt(float(np.square(spread).sum()))
    spread, seen = spread / scale, seen / scale
    total = float(spread.sum())
    least = 2.0 ** -min(spread.size, 1000)  # all signs alike; a p value is never 0
    if seen <= 1e-9:
        return 0.5
    if seen >= total * (1 - 1e-9):
        return least
    t = _tilt(spread, seen, total)
    bent = np.tanh(t * spread)
    # log cosh(x) = x + log(1 + e^-2x) - log 2, which cannot overflow.
    cumulant = float((t * spread + np.log1p(np.exp(-2 * t * spread)) - math.log(2)).sum())
    r = math.sqrt(max(2 * (t * seen - cumulant), 0.0))
    q = t * math.sqrt(float((np.square(spread) * (1 - np.square(bent))).sum()))
    normal = 0.5 * math.erfc(r / math.sqrt(2))
    if r < 1e-3 or q < 1e-12:
        return max(normal, least)
    density = math.exp(-r * r / 2) / math.sqrt(2 * math.pi)
    return float(min(1.0, max(normal + density * (1 / q - 1 / r), least)))


def _tilt(spread: np.ndarray, seen: float, total: float) -> float:
    """Return t at which the tilted sum has mean `seen`, 0 < seen < total: Newton's steps, kept between bounds that close in."""
    low, high = 0.0, 1.0
    while float((spread * np.tanh(high * spread)).sum()) < seen:
        low, high = high, 2 * high
    t = min(max(seen, low), high)
    for _ in range(_STEPS):
        bent = np.tanh(t * spread)
        miss = float((spread * bent).sum()) - seen
        if abs(miss) < 1e-11 * total:
            break
        low, high = (t, high) if miss < 0 else (low, t)
        slope = float((np.square(spread) * (1 - np.square(bent))).sum())
        t = t - miss / slope if slope > 0 else high
        if not low < t < high:
            t = (low + high) / 2
    return t
