"""Two networks on the same pictures: is one better, or were the pictures kind to it? Paired, because both saw the same ones."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from glassnet.evaluation.intervals import RESAMPLES, Z, bca, resampled_weights
from glassnet.evaluation.scores import Figure

ALPHA = 0.05


@dataclass(frozen=True)
class Comparison:
    """`difference` of accuracy, first - second; `p` of the exact McNemar test; pictures that only one of them has right."""

    difference: Figure
    p: float
    only_first: int
    only_second: int
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    def as_dict(self) -> dict:
        """Return plain JSON values; `comparison_from_dict` is the inverse."""
        return asdict(self)


def comparison_from_dict(values: dict) -> Comparison:
    """Rebuild a Comparison from what `as_dict` gave."""
    return Comparison(**(values | {"difference": Figure(**values["difference"])}))


def compare(
    first_right: np.ndarray, second_right: np.ndarray, split: str, names: tuple[str, str] = ("the first", "the second")
) -> Comparison:
    """Compare two networks from whether each answer was right, bool (n,) each, the same pictures in the same order.

    The interval of the difference is Bonett and Price's adjusted Wald interval (2012, J. Educ. Behav. Stat. 37:479), which has a width
    even where the two never disagree.
    """
    first, second = np.asarray(first_right, bool), np.asarray(second_right, bool)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError(f"both need one answer for each of the same pictures, got {first.shape} and {second.shape}")
    n = len(first)
    b, c = int((first & ~second).sum()), int((second & ~first).sum())
    value = (b - c) / n
    b_share, c_share = (b + 1) / (n + 2), (c + 1) / (n + 2)
    centre = b_share - c_share
    half = Z * np.sqrt((b_share + c_share - centre**2) / (n + 2))
    low, high = max(-1.0, float(centre - half)), min(1.0, float(centre + half))
    p = mcnemar(b, c)
    figure = Figure(value, min(low, value), max(high, value), n, split, "adjusted wald (paired)")
    better, worse = names if value > 0 else names[::-1]
    told = f"{n:,} {split} pictures; {names[0]} alone is right on {b:,}, {names[1]} alone on {c:,}, p = {p:.3g}"
    if p < ALPHA:
        sentence = f"{better} is better than {worse} by {100 * abs(value):.1f} points ({told})."
    else:
        sentence = f"{names[0]} and {names[1]} cannot be told apart ({told})."
    return Comparison(figure, p, b, c, sentence[0].upper() + sentence[1:])


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p value of McNemar's test (1947, Psychometrika 12:153): a fair coin over the disagreements.

    Whole numbers throughout, so it is exact to the last bit of the final division, however many disagreements there are.
    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    term = total = 1
    for k in range(fewer):
        term = term * (n - k) // (k + 1)
        total += term
    return min(1.0, 2 * total / (1 << n))


def paired_difference(
    first: np.ndarray, second: np.ndarray, split: str, seed: int = 0, resamples: int = RESAMPLES
) -> Figure:
    """Return the mean of first - second, float (n,) each (a loss, an IoU per picture), with a BCa bootstrap interval over pictures."""
    differences = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    value, n = float(differences.mean()), len(differences)
    samples = np.concatenate([w @ differences for w in resampled_weights(n, resamples, seed, "paired")]) / n
    return Figure(value, *bca(samples, value, differences - value), n, split, "bootstrap (BCa, paired)")


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for having asked several times (Holm 1979, Scand. J. Stat. 6:65), in the order given."""
    found = [0.0] * len(p_values)
    largest = 0.0
    for place, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[i]))
        found[i] = largest
    return found
