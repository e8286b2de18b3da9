"""Student's t and the largest of several t values that share a control (Dunnett 1955, JASA 50:1096), by NumPy alone.

With T_j = (Z_j - Z_0) / (S·√(1/n_j + 1/n_0)) the event "all T_j < t" is a product once Z_0 and S are known, so two sums remain: over the
control's chance and over that of the pooled standard deviation. Both integrands are smooth and fade at the ends, where the plain sum over
equal steps converges faster than any power of the step.
"""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

_NODES = 65
_REACH = 9.0  # standard deviations; beyond lies less than 1e-18
_FADED = 45.0  # a density e^-45 below its peak adds nothing
_STEPS = 4096  # of the table, per standard deviation


def largest_above(t: float, counts: Sequence[int], control: int, freedom: float) -> float:
    """Return the chance that the largest of several t values is t or more when all means are equal.

    `counts` holds how many observations each of the others has, `control` how many the control has; all share one standard deviation,
    estimated with `freedom` degrees of freedom, 2 or more. One other is Student's one-sided test. Correct to about 1e-6.
    """
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    z = np.linspace(-_REACH, _REACH, _NODES)
    weight_z = np.exp(-z * z / 2)
    spread, weight_s = _spread(freedom)
    fail = np.zeros((len(spread), len(z)))
    sizes, times = np.unique(np.asarray(counts, np.float64), return_counts=True)
    for size, count in zip(sizes, times, strict=True):
        # Correlation of T_j with the control's part is √(n_j / (n_j + n_0)).
        shared = math.sqrt(size / (size + control))
        limit = (t * spread[:, None] + shared * z) / math.sqrt(1 - shared**2)
        fail += count * np.log1p(-np.minimum(_upper(limit), 1 - 1e-16))
    below = -np.expm1(fail)
    return float(np.clip(weight_s @ below @ weight_z / (weight_s.sum() * weight_z.sum()), 0.0, 1.0))


@cache
def quantile(level: float, freedom: float) -> float:
    """Return the point that a t value stays below with probability `level`, 0.5 <= level < 1, by halving."""
    low, high = 0.0, 2.0
    while largest_above(high, (1,), 1, freedom) > 1 - level:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if largest_above(middle, (1,), 1, freedom) > 1 - level else (low, middle)
    return (low + high) / 2


def _spread(freedom: float) -> tuple[np.ndarray, np.ndarray]:
    """Return values of s / sigma on a logarithmic scale and their weights: freedom·s² / sigma² is chi-squared."""
    u = np.linspace(-4 - _FADED / freedom, 4, 40001)
    log_density = freedom * (u - np.exp(2 * u) / 2)
    seen = u[log_density > log_density.max() - _FADED]
    # Few degrees of freedom have a long lower tail.
    u = np.linspace(seen[0], seen[-1], _NODES + int(128 / freedom))
    log_density = freedom * (u - np.exp(2 * u) / 2)
    return np.exp(u), np.exp(log_density - log_density.max())


@cache
def _table() -> np.ndarray:
    return np.array([0.5 * math.erfc(i / _STEPS / math.sqrt(2)) for i in range(int(_REACH * _STEPS) + 2)])


def _upper(x: np.ndarray) -> np.ndarray:
    """Return the chance that a standard normal is above x, by a straight line between the points of a table: error below 2e-9."""
    place = np.minimum(np.abs(x), _REACH) * _STEPS
    whole = place.astype(np.int64)
    table = _table()
    tail = table[whole] + (place - whole) * (table[whole + 1] - table[whole])
    return np.where(x < 0, 1 - tail, tail)
