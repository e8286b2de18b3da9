"""Overfitting, underfitting or balanced: said in plain words, with the numbers that say so and the cheapest next thing to try.

All rules stand in one table, `RULES`; the first that holds decides. What to try stands in `advice.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from glassnet.evaluation.advice import Option, options_for
from glassnet.evaluation.intervals import difference_of_rates
from glassnet.evaluation.scales import OTHER, SCALES, Scale
from glassnet.evaluation.scores import Figure, Scores
from glassnet.evaluation.show import name_of, number
from glassnet.recipe import Recipe

OVERFITTING, UNDERFITTING, BALANCED, UNCLEAR = "overfitting", "underfitting", "balanced", "not enough evidence"

GAP = 0.05
"""Training score minus validation score from which on it is called a gap, if chance cannot explain it."""
HIDDEN = 0.15
"""When the interval of the gap reaches this far, a serious gap could hide in it."""
RISE = 0.01
"""Gain in training and validation score to be expected of a quarter more epochs, from which on training ended too early."""


@dataclass(frozen=True)
class Evidence:
    """The numbers a verdict rests on. `rise` is what a quarter more epochs would add to the validation score if the end of the curve went
    on (None: too short to say); `best_epoch`, `epochs` count from 1; `loss_rise` is how far the validation loss is above its lowest
    point at the end, as a share of it; `trivial` is the best trivial model; `headline` names the figure that all scores are.
    """

    train: Figure
    validation: Figure
    gap: tuple[float, float, float]
    epochs: int = 0
    best_epoch: int | None = None
    rise: float | None = None
    train_rise: float | None = None
    loss_rise: float | None = None
    trivial: tuple[str, Figure] | None = None
    headline: str = "accuracy"

    @property
    def scale(self) -> Scale:
        """What the headline's numbers mean."""
        return SCALES.get(self.headline, OTHER)

    @property
    def no_better_than_trivial(self) -> bool:
        """Whether the best trivial model lies inside or above the interval of the network's validation score."""
        return self.trivial is not None and self.trivial[1].value >= self.validation.low

    @property
    def gap_is_real(self) -> bool:
        """Whether training is at least GAP above validation and more than chance explains."""
        return self.gap[0] >= GAP and self.gap[1] > 0

    @property
    def still_rising(self) -> bool:
        """Whether the last third of the curves promises RISE for a quarter more epochs, on training and validation pictures alike."""
        return self.rise is not None and self.rise >= RISE and (self.train_rise is None or self.train_rise >= RISE)


@dataclass(frozen=True)
class Rule:
    """When `holds`, the verdict is `kind` because of `cause`."""

    cause: str
    kind: str
    holds: Callable[[Evidence], bool]


RULES = (
    Rule("few pictures", UNCLEAR, lambda e: e.validation.n < e.scale.few),
    Rule("gap", OVERFITTING, lambda e: e.gap_is_real),
    Rule("nothing learned", UNDERFITTING, lambda e: e.no_better_than_trivial and e.train.value < e.scale.learned),
    Rule("ended early", UNDERFITTING, lambda e: e.still_rising and e.train.value < e.scale.fitted),
    Rule("too weak", UNDERFITTING, lambda e: e.train.value < e.scale.learned),
    Rule("wide gap interval", UNCLEAR, lambda e: e.gap[2] > HIDDEN),
    Rule("balanced", BALANCED, lambda e: True),
)


@dataclass(frozen=True)
class Verdict:
    """`kind` is overfitting, underfitting, balanced or not enough evidence; `cause` names the rule that decided.

    `sentences` say it with numbers; `next_step` is the cheapest thing to try, in one sentence with its command; `options` are all that were
    considered, cheapest first; `numbers` is the evidence as plain JSON values.
    """

    kind: str
    cause: str
    sentences: tuple[str, ...]
    next_step: str
    options: tuple[Option, ...] = ()
    numbers: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """Return the verdict as a few lines for a terminal."""
        return "\n".join([f"Verdict: {self.kind}.", *self.sentences, f"Next: {self.next_step}"])

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        told = " ".join(escape(sentence) for sentence in self.sentences)
        return f"<p><strong>{escape(self.kind.capitalize())}.</strong> {told}</p><p>Next: {escape(self.next_step)}</p>"

    def as_dict(self) -> dict:
        """Return plain JSON values; `verdict_from_dict` is the inverse, exact to the last bit."""
        return {
            "kind": self.kind,
            "cause": self.cause,
            "sentences": list(self.sentences),
            "next_step": self.next_step,
            "options": [option.as_dict() for option in self.options],
            "numbers": self.numbers,
        }


def verdict_from_dict(values: dict) -> Verdict:
    """Rebuild a Verdict from what `as_dict` gave."""
    options = tuple(Option(**option) for option in values["options"])
    return Verdict(
        values["kind"], values["cause"], tuple(values["sentences"]), values["next_step"], options, values["numbers"]
    )


def verdict(
    history: Any,
    train_scores: Scores,
    validation_scores: Scores | None,
    trivial: Mapping[str, Figure] | None = None,
    recipe: Recipe | None = None,
    command: str = "",
) -> Verdict:
    """Judge one run from its history, its scores on training pictures (not augmented) and on validation pictures.

    `history` is any object or dict with the columns train_score, validation_score and validation_loss, one value per epoch, missing ones
    None or NaN. `trivial` are figures of the headline on the validation pictures. `recipe`, resolved, keeps the advice from proposing what
    is already done; `command` is what the user typed (`glassnet train photos --size 96`), to which the advice adds its options, so that
    one thing changes and the rest stays.
    """
    task, headline = train_scores.task, train_scores.headline
    missing = _missing(train_scores, validation_scores)
    if validation_scores is None or missing:
        options = options_for("few pictures", recipe, command=command, task=task)
        return Verdict(UNCLEAR, "few pictures", (missing,), options[0].sentence(), options)
    evidence = gather(history, train_scores.main, validation_scores.main, trivial, headline)
    rule = next(rule for rule in RULES if rule.holds(evidence))
    options = options_for(rule.cause, recipe, epochs=evidence.epochs, command=command, task=task)
    return Verdict(
        rule.kind, rule.cause, _sentences(rule, evidence), options[0].sentence(), options, _numbers(evidence)
    )


def _missing(train: Scores, validation: Scores | None) -> str:
    """Say why there is nothing to compare; empty when there is."""
    if validation is None:
        return "There were no validation pictures, so nobody knows how the network does on pictures it has not seen."
    for scores in (validation, train):
        if scores.headline not in scores.figures:
            named = name_of(scores.headline)
            return f"The {named} could not be taken on the {scores.split} pictures, so there is nothing to compare."
    return ""


def gather(
    history: Any,
    train: Figure,
    validation: Figure,
    trivial: Mapping[str, Figure] | None = None,
    headline: str = "accuracy",
) -> Evidence:
    """Collect the numbers that the rules look at."""
    scores, train_scores, losses = (
        _column(history, name) for name in ("validation_score", "train_score", "validation_loss")
    )
    gap = difference_of_rates((train.value, train.low, train.high), (validation.value, validation.low, validation.high))
    best = max(trivial.items(), key=lambda item: item[1].value) if trivial else None
    known = np.isfinite(scores)
    lowest = np.nanmin(losses) if np.isfinite(losses).any() else 0.0
    ending = losses[np.isfinite(losses)][-1] if np.isfinite(losses).any() else 0.0
    return Evidence(
        train,
        validation,
        gap,
        len(scores),
        _best_epoch(scores, losses) if known.any() else None,
        rise(scores),
        rise(train_scores),
        float(ending / lowest - 1) if lowest > 0 else None,
        best,
        headline,
    )


def _best_epoch(scores: np.ndarray, losses: np.ndarray) -> int:
    """Return the epoch, from 1, whose weights training kept: of equal scores the lower loss, of equal losses the later epoch."""
    if losses.shape != scores.shape:  # a history without the losses: they cannot decide
        losses = np.full_like(scores, np.nan)
    ranked = np.lexsort((np.nan_to_num(-losses, nan=-np.inf), np.nan_to_num(scores, nan=-np.inf)))
    return int(ranked[-1]) + 1


def rise(scores: Sequence[float] | np.ndarray) -> float | None:
    """Return what a quarter more epochs would add if the line through the last third of the curve went on; None under six epochs.

    The slope is Theil and Sen's, the median of all pairs, so that one bad epoch does not turn it.
    """
    scores = np.asarray(scores, np.float64)
    if np.isfinite(scores).sum() < 6:
        return None
    at = np.flatnonzero(np.isfinite(scores))[-max(4, len(scores) // 3) :]
    left, right = np.triu_indices(len(at), 1)
    slope = float(np.median((scores[at[right]] - scores[at[left]]) / (at[right] - at[left])))
    return slope * max(1.0, len(scores) / 4)


def _column(history: Any, name: str) -> np.ndarray:
    values = history.get(name, ()) if isinstance(history, Mapping) else getattr(history, name, ())
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _sentences(rule: Rule, e: Evidence) -> tuple[str, ...]:
    low, high = _said(e, e.validation.low), _said(e, e.validation.high)
    if e.scale.shares:
        scores = (
            f"On training pictures the network is right in {_said(e, e.train.value)}, on {e.validation.n:,} validation pictures "
            f"in {_said(e, e.validation.value)} [{low}, {high}]"
        )
    else:
        scores = (
            f"The {name_of(e.headline)} is {_said(e, e.train.value)} on {e.train.n:,} training pictures and "
            f"{_said(e, e.validation.value)} [{low}, {high}] on {e.validation.n:,} validation pictures"
        )
    gap = f"a gap of {_distance(e, e.gap[0], unit=True)} [{_distance(e, e.gap[1])}, {_distance(e, e.gap[2])}]"
    told = {
        "few pictures": f"{scores}: {e.validation.n} pictures are too few to tell luck from learning (at least {e.scale.few}).",
        "gap": f"{scores}: {gap}, more than chance explains. It knows its training pictures better than the question.",
        "nothing learned": f"{scores}: it has learned hardly anything yet.",
        "ended early": f"{scores}: {gap}, and both were still rising when training ended.",
        "too weak": f"{scores}: it does not even fit the pictures it was shown.",
        "wide gap interval": f"{scores}: {gap}. That interval is too wide to say that there is no serious gap.",
        "balanced": f"{scores}: {gap}, which is small. It does on new pictures nearly what it does on known ones.",
    }
    return (told[rule.cause], *_remarks(rule, e))


def _said(e: Evidence, value: float) -> str:
    """A score: a share of pictures in per cent, any other figure as it stands in the tables."""
    return f"{value:.1%}" if e.scale.shares else number(value)


def _distance(e: Evidence, value: float, unit: bool = False) -> str:
    """A difference of two scores: points of a hundred where scores are said in per cent."""
    if e.scale.shares:
        return f"{100 * value:.1f}" + (" points" if unit else "")
    return number(value)


def _remarks(rule: Rule, e: Evidence) -> list[str]:
    found = []
    if rule.cause == "gap" and e.best_epoch is not None and e.loss_rise is not None and e.loss_rise > 0.1:
        found.append(
            f"The validation loss ended {e.loss_rise:.0%} above its lowest point; "
            f"the best epoch was {e.best_epoch} of {e.epochs}."
        )
    if rule.cause == "ended early" and e.rise is not None:
        # Not a forecast: a falling learning rate lifts the end of a curve in a way that does not go on.
        step = _distance(e, e.rise / max(1.0, e.epochs / 4), unit=True)
        found.append(f"Over the last third of training the validation score rose by {step} an epoch.")
    if e.no_better_than_trivial and e.trivial is not None:
        name, figure = e.trivial
        found.append(f"A trivial model ({name}) reaches {_said(e, figure.value)}, which is not clearly less.")
    return found


def _numbers(e: Evidence) -> dict[str, Any]:
    return {
        "headline": e.headline,
        "train": e.train.as_dict(),
        "validation": e.validation.as_dict(),
        "gap": {"value": e.gap[0], "low": e.gap[1], "high": e.gap[2]},
        "epochs": e.epochs,
        "best_epoch": e.best_epoch,
        "rise": e.rise,
        "train_rise": e.train_rise,
        "loss_rise": e.loss_rise,
        "trivial": {"name": e.trivial[0], **e.trivial[1].as_dict()} if e.trivial else None,
    }
