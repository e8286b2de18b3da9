"""Two networks on the same pictures: is one better, or were the pictures kind to it? Paired, because both saw the same ones.

A classifier is right or wrong on a picture: `compare`, McNemar's test. Every other task has a score for each picture (the IoU of its box,
the mean IoU of its classes, the F1 of its things): `compare_scores` compares their means over pictures. That mean is not the headline
figure, which for AP50 and the mean IoU of a segmentation is taken over all pictures together.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from glassnet.evaluation.intervals import RESAMPLES, Z, bca, resampled_weights
from glassnet.evaluation.scores import Figure
from glassnet.randomness import generator

ALPHA = 0.05
_ALL_FLIPS = 13  # pictures up to which all 2^n signs are tried
_FLIPS = 9999  # beyond that; with the signs that were seen they make 10,000
_BLOCK = 1_000_000


@dataclass(frozen=True)
class Comparison:
    """`difference` of accuracy or of the mean score of a picture, first - second; `p` of the exact McNemar test or of flipped signs.

    `only_first` and `only_second` count the pictures that only one of them has right, or on which it has the higher score.
    """

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


def compare_scores(
    first: np.ndarray,
    second: np.ndarray,
    split: str,
    names: tuple[str, str] = ("the first", "the second"),
    *,
    what: str = "mean score of a picture",
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Compare two networks from one score per picture, float (n,) each, the same pictures in the same order; `what` names their mean.

    The interval is a bootstrap over pictures of the paired differences, p comes from `flipped_signs`. Raises ValueError for scores of
    different pictures, none, or a NaN.
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if first.shape != second.shape or first.ndim != 1 or not len(first) or not np.isfinite(first + second).all():
        raise ValueError(f"both need one score for each of the same pictures, got {first.shape} and {second.shape}")
    figure = paired_difference(first, second, split, seed, resamples)
    p = flipped_signs(first - second, seed)
    ahead, behind = int((first > second).sum()), int((second > first).sum())
    better, worse = names if figure.value > 0 else names[::-1]
    told = (
        f"difference {figure.value:+.3f} [{figure.low:+.3f}, {figure.high:+.3f}], {len(first):,} {split} pictures; "
        f"{names[0]} is ahead on {ahead:,}, {names[1]} on {behind:,}, p = {p:.3g}"
    )
    if p < ALPHA:
        sentence = f"{better} is better than {worse} by the {what} ({told})."
    else:
        sentence = f"{names[0]} and {names[1]} cannot be told apart by the {what} ({told})."
    return Comparison(figure, p, ahead, behind, sentence[0].upper() + sentence[1:])


def flipped_signs(differences: np.ndarray, seed: int = 0) -> float:
    """Return the two-sided p value of paired differences, float (n,): how often is their mean as far from 0 when signs are fair coins?

    Fisher's randomisation test (1935, The Design of Experiments, ch. 3): all 2^n signs up to 13 pictures, else 10,000 drawn.
    """
    differences = np.asarray(differences, np.float64)
    differences = differences[differences != 0]
    n = len(differences)
    if not n:
        return 1.0
    # Sums of the same numbers in another order differ in the last bits, and must count as equal.
    seen = abs(float(differences.sum())) - 1e-12 * float(np.abs(differences).sum())
    if n <= _ALL_FLIPS:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return float((np.abs(signs @ differences) >= seen).mean())
    source, extreme, step = generator(seed, 0, "flipped signs"), 0, max(1, _BLOCK // n)
    for start in range(0, _FLIPS, step):
        signs = 1.0 - 2.0 * source.integers(0, 2, (min(step, _FLIPS - start), n), dtype=np.int8)
        extreme += int((np.abs(signs @ differences) >= seen).sum())
    return (extreme + 1) / (_FLIPS + 1)


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
