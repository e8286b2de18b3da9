"""What leaked pictures are worth: the score on the whole test set, without them, and on them alone."""

from dataclasses import asdict, dataclass

import numpy as np

from glassnet.evaluation.averages import mean_share
from glassnet.evaluation.intervals import difference_of_rates
from glassnet.evaluation.scores import Figure, rate


@dataclass(frozen=True)
class LeakPrice:
    """The score on the `whole` split, on the `clean` pictures and on the `leaked` ones; `flattery` is whole - clean.

    The score is accuracy where answers are right or wrong, else the mean of the pictures' own scores. None stands where there are no
    such pictures.
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


def leak_price(
    right: np.ndarray, leaked: np.ndarray, split: str = "test", *, what: str = "mean score of a picture", seed: int = 0
) -> LeakPrice:
    """Price the leak of one split from `leaked` bool (n,), whether a picture leaked, and one score per picture.

    `right` is bool (n,), whether each answer was right, and priced as accuracy; or float (n,) in [0, 1], how right it was (an IoU, an F1),
    and priced as the mean, which `what` names. The whole split contains the clean pictures, so whole - clean = share leaked × (score on
    leaked - score on clean), whose two parts are independent: its interval is that of their difference (Newcombe), times the share.
    """
    right, leaked = np.asarray(right), np.asarray(leaked, bool)
    if right.shape != leaked.shape or not len(right):
        raise ValueError(f"one flag per picture is needed, got {right.shape} answers and {leaked.shape} flags")
    shares = right.dtype != bool
    n, bad = len(right), int(leaked.sum())

    def figure(kept: np.ndarray, name: str) -> Figure:
        own = right[kept]
        return mean_share(own, name, seed, "leaks") if shares else rate(int(own.sum()), len(own), name)

    whole = figure(np.ones(n, bool), split)
    clean = figure(~leaked, f"{split} without leaked") if bad < n else None
    on_leaked = figure(leaked, f"{split}, leaked only") if bad else None
    if clean is None or on_leaked is None:
        happened = f"No {split} picture leaked into training" if clean else f"Every {split} picture is also in training"
        meaning = (
            "the score stands as it is"
            if clean
            else "this score says nothing about new pictures; collect a test set that training never saw"
        )
        return LeakPrice(whole, clean, on_leaked, None, f"{happened}: {meaning}.")
    share = bad / n
    value, low, high = difference_of_rates(*((f.value, f.low, f.high) for f in (on_leaked, clean)))
    method = f"{'bootstrap' if shares else 'wilson'} (difference)"
    flattery = Figure(value * share, low * share, high * share, n, split, method)
    said = _shares_sentence if shares else _sentence
    return LeakPrice(whole, clean, on_leaked, flattery, said(whole, clean, on_leaked, flattery, what))


def _sentence(whole: Figure, clean: Figure, leaked: Figure, flattery: Figure, _: str) -> str:
    points = 100 * flattery.value
    head = _head(whole, clean, leaked, "Accuracy")
    if flattery.low > 0:
        return f"{head}: the leak flatters the score by {points:.1f} points. Quote {clean.value:.3f}."
    return (
        f"{head}: a difference of {points:+.1f} points, which chance can explain. Quote {clean.value:.3f} all the same."
    )


def _shares_sentence(whole: Figure, clean: Figure, leaked: Figure, flattery: Figure, what: str) -> str:
    # The mean over pictures is not the headline (a mean over classes, say), so its value is no number to quote for it.
    head = _head(whole, clean, leaked, f"The {what}")
    again = "Take the scores again without the leaked pictures before you quote them."
    if flattery.low > 0:
        return f"{head}: the leak flatters the scores by {flattery.value:.3f}. {again}"
    return f"{head}: a difference of {flattery.value:+.3f}, which chance can explain. {again}"


def _head(whole: Figure, clean: Figure, leaked: Figure, what: str) -> str:
    return (
        f"{leaked.n:,} of {whole.n:,} {whole.split} pictures leaked into training. {what} is {whole.value:.3f} on all of them, "
        f"{clean.value:.3f} [{clean.low:.3f}, {clean.high:.3f}] without the leaked ones and {leaked.value:.3f} on the leaked ones"
    )
