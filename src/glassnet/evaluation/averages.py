"""Means over pictures whose scores are shares between 0 and 1, and other resampled figures, with an interval that is never too sure.

Where every resample says the same (one picture, or pictures that all score alike) a bootstrap has nothing to resample and would claim
to know the figure exactly. A share cannot vary more than a coin of the same mean does, so Wilson's interval at that mean is the widest
that is possible, and it stands there instead.
"""

import numpy as np

from glassnet.evaluation.intervals import RESAMPLES, bca, resampled_weights, wilson
from glassnet.evaluation.scores import Figure

_STILL = 1e-12


def resampled_share(
    samples: np.ndarray, value: float, influence: np.ndarray, n: int, split: str, threshold: float | None = None
) -> Figure:
    """Return the figure of a share in [0, 1] from its resamples (B,), NaN where it did not exist, and one `influence` per picture.

    `influence` is how the figure moves when that picture weighs more; pictures on which it does not depend have 0 or NaN. BCa where the
    resamples vary, else Wilson's interval as a bound.
    """
    samples = np.asarray(samples, np.float64)
    kept = samples[np.isfinite(samples)]
    value = float(min(1.0, max(0.0, value)))
    if not kept.size or np.ptp(kept) < _STILL:
        return Figure(value, *wilson(value * n, n), int(n), split, "wilson (bound)", threshold)
    low, high = bca(kept, value, np.nan_to_num(influence))
    return Figure(value, max(0.0, low), min(1.0, high), int(n), split, "bootstrap (BCa)", threshold)


def mean_share(
    values: np.ndarray, split: str, seed: int, purpose: str, resamples: int = RESAMPLES, threshold: float | None = None
) -> Figure:
    """Return the mean of one share per picture, float (n,) in [0, 1] without NaN, as a figure. Raises ValueError for none at all."""
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or not values.size or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"one share between 0 and 1 per picture is needed, got {values.shape}")
    n, value = len(values), float(values.mean())
    samples = np.concatenate([weights @ values for weights in resampled_weights(n, resamples, seed, purpose)]) / n
    return resampled_share(samples, value, values - value, n, split, threshold)
