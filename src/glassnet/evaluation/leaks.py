"""What leaked pictures are worth: the score on the whole test set, without them, and on them alone."""

from dataclasses import asdict, dataclass

import numpy as np

from glassnet.evaluation.intervals import difference_of_rates
from glassnet.evaluation.scores import Figure, rate


@dataclass(frozen=True)
class LeakPrice:
    """Accuracy on the `whole` split, on the `clean` pictures and on the `leaked` ones; `flattery` is whole - clean.

    None stands where there are no such pictures.
    """

    whole: Figure
    clean: Figure | None
    leaked: Figure | None
    flattery: Figure | None
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    def as_dict(self) -> dict:
        """Return plain JSON values; `leak_price_from_dict` is the inverse."""
        return asdict(self)


def leak_price_from_dict(values: dict) -> LeakPrice:
    """Rebuild a LeakPrice from what `as_dict` gave."""
    clean, leaked, flattery = (
        Figure(**values[name]) if values[name] else None for name in ("clean", "leaked", "flattery")
    )
    return LeakPrice(Figure(**values["whole"]), clean, leaked, flattery, values["sentence"])


def leak_price(right: np.ndarray, leaked: np.ndarray, split: str = "test") -> LeakPrice:
    """Price the leak of one split: `right` bool (n,) whether each answer was right, `leaked` bool (n,) whether its picture leaked.

    The whole split contains the clean pictures, so whole - clean = share leaked × (accuracy on leaked - accuracy on clean), whose two
    parts are independent: its interval is that of their difference (Newcombe), times the share.
    """
    right, leaked = np.asarray(right, bool), np.asarray(leaked, bool)
    if right.shape != leaked.shape or not len(right):
        raise ValueError(f"one flag per picture is needed, got {right.shape} answers and {leaked.shape} flags")
    n, bad = len(right), int(leaked.sum())
    whole = rate(int(right.sum()), n, split)
    clean = rate(int(right[~leaked].sum()), n - bad, f"{split} without leaked") if bad < n else None
    on_leaked = rate(int(right[leaked].sum()), bad, f"{split}, leaked only") if bad else None
    if clean is None or on_leaked is None:
        what = f"No {split} picture leaked into training" if clean else f"Every {split} picture is also in training"
        meaning = (
            "the score stands as it is"
            if clean
            else "this score says nothing about new pictures; collect a test set that training never saw"
        )
        return LeakPrice(whole, clean, on_leaked, None, f"{what}: {meaning}.")
    share = bad / n
    value, low, high = difference_of_rates(*((f.value, f.low, f.high) for f in (on_leaked, clean)))
    flattery = Figure(value * share, low * share, high * share, n, split, "wilson (difference)")
    return LeakPrice(whole, clean, on_leaked, flattery, _sentence(whole, clean, on_leaked, flattery))


def _sentence(whole: Figure, clean: Figure, leaked: Figure, flattery: Figure) -> str:
    points = 100 * flattery.value
    head = (
        f"{leaked.n:,} of {whole.n:,} {whole.split} pictures leaked into training. Accuracy is {whole.value:.3f} on all of them, "
        f"{clean.value:.3f} [{clean.low:.3f}, {clean.high:.3f}] without the leaked ones and {leaked.value:.3f} on the leaked ones"
    )
    if flattery.low > 0:
        return f"{head}: the leak flatters the score by {points:.1f} points. Quote {clean.value:.3f}."
    return (
        f"{head}: a difference of {points:+.1f} points, which chance can explain. Quote {clean.value:.3f} all the same."
    )
