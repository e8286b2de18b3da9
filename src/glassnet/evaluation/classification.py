"""From logits to the scores of a classifier, every figure with its interval.

Rates over independent pictures (accuracy, recall, precision among the pictures given a class, top-5) have Wilson intervals; F1 of a class
has Wilson's through the overlap it is a function of; balanced accuracy combines the Wilson intervals of the recalls. All else is resampled
over pictures: class averages by drawing confusion matrices, log-loss and Brier score with the BCa correction, the calibration error
reflected, because resampling by itself makes it larger.
"""

from dataclasses import dataclass

import numpy as np

from glassnet.choice import Choice
from glassnet.errors import DataError, NumericError
from glassnet.evaluation.calibration import bin_of, calibration_error, log_probabilities, reliability
from glassnet.evaluation.confusion import confusion, figures_of, margins, resampled_margins
from glassnet.evaluation.curves import Ranking, area_figures, best_threshold
from glassnet.evaluation.intervals import (
    RESAMPLES,
    bca,
    mean_of_rates,
    percentile,
    reflected,
    resampled_weights,
    wilson_f1,
)
from glassnet.evaluation.scores import Figure, Scores, rate

HALF = 0.5
_TOP = 5
_TOP_FROM = 10
_CELL_ROWS = 24
_WORST = 60
_BINS = 15
# Nobody reads an interval of one or two pictures as anything but "unknown"; said aloud below this many.
_FEW = 10


@dataclass(frozen=True)
class Answered:
    """The answers to one split: logs float64 (N, K) of calibrated probabilities, targets and answers int64 (N,), rows of the catalog."""

    logs: np.ndarray
    targets: np.ndarray
    answers: np.ndarray
    rows: np.ndarray
    classes: tuple[str, ...]

    @property
    def confidence(self) -> np.ndarray:
        """Probability of the given answer, (N,)."""
        return np.exp(self.logs[np.arange(len(self.answers)), self.answers])

    @property
    def right(self) -> np.ndarray:
        """Whether the answer is the truth, bool (N,)."""
        return self.answers == self.targets

    @property
    def losses(self) -> np.ndarray:
        """Minus the log of the probability given to the truth, (N,)."""
        return -self.logs[np.arange(len(self.targets)), self.targets]


def classification_scores(
    logits: np.ndarray,
    targets: np.ndarray,
    classes: tuple[str, ...],
    split: str,
    seed: int = 0,
    *,
    temperature: float = 1.0,
    threshold: float | None = None,
    rows: np.ndarray | None = None,
    positive: str | None = None,
    resamples: int = RESAMPLES,
) -> Scores:
    """Score logits (N, K) against int targets (N,) in 0..K-1; headline `accuracy`.

    `temperature` divides the logits before any probability is taken. `threshold`, for two classes only, gives the positive class (the
    second in the list, or `positive`) wherever its probability reaches it; without it the larger probability wins, which is 0.5.
    `rows` are the catalog rows of the pictures, shown in the tables. Classes without pictures have no recall and no F1: they are left out
    of averages and named in a warning, and no NaN leaves. Raises NumericError for logits that are not finite, DataError for no pictures,
    ValueError for shapes, targets or a threshold that do not fit.
    """
    classes = tuple(classes)
    logits, targets = _checked(logits, targets, classes, split)
    binary = len(classes) == 2
    side = classes.index(positive) if positive is not None else 1
    answered = _answer(logits, targets, classes, rows, temperature, threshold, side)
    at = (HALF if threshold is None else float(threshold)) if binary else None
    matrix = confusion(answered.targets, answered.answers, len(classes))
    warnings: list[str] = []
    per_class = _per_class(matrix, classes, split, at, warnings)
    figures = _matrix_figures(matrix, classes, split, at, seed, resamples)
    figures |= _probability_figures(answered, logits, temperature, split, seed, resamples)
    if len(classes) >= _TOP_FROM:
        figures["top5_accuracy"] = rate(int(_in_top(logits, targets).sum()), len(targets), split)
    tables = _tables(answered, matrix, temperature)
    if binary:
        named = per_class[classes[side]]
        figures |= {name: named[name] for name in ("precision", "recall", "f1") if name in named}
        tables["positive"], tables["threshold"] = classes[side], at
        if 0 < matrix[side].sum() < len(targets):
            ranking = Ranking(np.exp(answered.logs[:, side]), targets == side)
            figures |= area_figures(ranking, split, seed, resamples)
            tables |= ranking.tables()
        else:
            warnings.append(f"{split} holds pictures of one class only: there is no ROC or precision-recall curve.")
    return Scores("classify", split, "accuracy", figures, per_class, tables=tables, warnings=tuple(warnings))


def choose_threshold(
    logits: np.ndarray, targets: np.ndarray, temperature: float = 1.0, goal: str = "balanced_accuracy", side: int = 1
) -> Choice:
    """Choose on validation logits (N, 2) the threshold for class `side` that makes `goal` (balanced_accuracy, f1, accuracy) highest.

    Stays at 0.5, with the reason, where validation holds fewer than ten pictures of a class: it would follow single pictures.
    """
    targets = np.asarray(targets, np.int64)
    fewest = int(np.bincount(targets, minlength=2).min())
    if fewest < _FEW:
        return Choice(
            "threshold", HALF, f"validation holds only {fewest} pictures of the rarer class, too few to choose another"
        )
    scores = np.exp(log_probabilities(logits, temperature)[:, side])
    threshold, reached = best_threshold(scores, targets == side, goal)
    goal = goal.replace("_", " ")
    return Choice(
        "threshold", threshold, f"{goal} is highest there on validation ({reached:.3f}, {len(targets):,} pictures)"
    )


def _checked(
    logits: np.ndarray, targets: np.ndarray, classes: tuple[str, ...], split: str
) -> tuple[np.ndarray, np.ndarray]:
    logits, targets = np.asarray(logits, np.float64), np.asarray(targets)
    if logits.ndim != 2 or logits.shape[1] != len(classes) or targets.shape != logits.shape[:1]:
        raise ValueError(f"logits {logits.shape} and targets {targets.shape} do not fit {len(classes)} classes")
    if not len(targets):
        raise DataError(f"The {split} split holds no pictures, so there is nothing to score.")
    if not np.issubdtype(targets.dtype, np.integer) or targets.min() < 0 or targets.max() >= len(classes):
        raise ValueError(f"targets must be whole numbers from 0 to {len(classes) - 1}")
    bad = np.flatnonzero(~np.isfinite(logits).all(1))
    if bad.size:
        raise NumericError(
            f"The network answered {bad.size:,} of {len(targets):,} {split} pictures with a NaN or an infinity (first: number {bad[0]}). "
            "No score can be taken from that. Train again with a lower rate (--lr) or with --clip 1."
        )
    return logits, targets.astype(np.int64)


def _answer(logits, targets, classes, rows, temperature, threshold, side) -> Answered:
    logs = log_probabilities(logits, temperature)
    answers = logits.argmax(1)
    if threshold is not None:
        if len(classes) != 2 or not 0 < threshold < 1:
            raise ValueError(
                f"a threshold lies between 0 and 1 and needs two classes, got {threshold} for {len(classes)}"
            )
        answers = np.where(np.exp(logs[:, side]) >= threshold, side, 1 - side)
    rows = np.arange(len(targets)) if rows is None else np.asarray(rows, np.int64)
    return Answered(logs, targets, answers, rows, classes)


def _per_class(matrix: np.ndarray, classes: tuple[str, ...], split: str, at: float | None, warnings: list[str]) -> dict:
    m = margins(matrix)
    found: dict[str, dict[str, Figure]] = {}
    for i, name in enumerate(classes):
        hits, truths, answers = int(m.hits[i]), int(m.truths[i]), int(m.answers[i])
        row: dict[str, Figure] = {}
        if answers:
            row["precision"] = rate(hits, answers, split, at)
        if truths:
            row["recall"] = rate(hits, truths, split, at)
            union = truths + answers - hits
            row["f1"] = _f1(hits, union, split, at)
        found[name] = row
    _name(
        warnings,
        [c for c, n in zip(classes, m.truths, strict=True) if not n],
        f"without a picture in {split}, so without recall and F1",
    )
    mute = [c for c, n, a in zip(classes, m.truths, m.answers, strict=True) if n and not a]
    _name(warnings, mute, "never given as an answer, so without precision (counted as 0 in the mean)")
    few = [f"{c} ({int(n)})" for c, n in zip(classes, m.truths, strict=True) if 0 < n < _FEW]
    _name(warnings, few, f"with fewer than {_FEW} pictures in {split}: read the intervals, not the values")
    return found


def _f1(hits: int, union: int, split: str, at: float | None) -> Figure:
    low, high = wilson_f1(hits, union)
    share = hits / union
    value = 2 * share / (1 + share)
    return Figure(value, min(low, value), max(high, value), union, split, "wilson", at)


def _name(warnings: list[str], names: list[str], what: str) -> None:
    if names:
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        warnings.append(f"{len(names)} {'class' if len(names) == 1 else 'classes'} {what}: {shown}.")


def _matrix_figures(
    matrix: np.ndarray, classes: tuple, split: str, at: float | None, seed: int, resamples: int
) -> dict[str, Figure]:
    n = int(matrix.sum())
    found = {"accuracy": rate(int(np.trace(matrix)), n, split, at)}
    recalls = [rate(int(matrix[i, i]), int(matrix[i].sum()), split) for i in range(len(classes)) if matrix[i].sum()]
    value = float(np.mean([r.value for r in recalls]))
    low, high = mean_of_rates([r.value for r in recalls], [r.low for r in recalls], [r.high for r in recalls])
    found["balanced_accuracy"] = Figure(value, min(low, value), max(high, value), n, split, "wilson (combined)", at)
    values = figures_of(margins(matrix))
    samples = figures_of(resampled_margins(matrix, resamples, seed))
    for name in ("precision_macro", "f1_macro", "precision_weighted", "f1_weighted", "mcc"):
        if name == "mcc" and np.count_nonzero(matrix.sum(1)) < 2:
            continue  # a correlation with a truth that never varies does not exist
        low, high = percentile(samples[name], float(values[name]))
        found[name] = Figure(float(values[name]), low, high, n, split, "bootstrap", at)
    # By definition the same numbers under the names that people look for.
    found["recall_macro"], found["recall_weighted"] = found["balanced_accuracy"], found["accuracy"]
    return found


def _probability_figures(
    answered: Answered, logits: np.ndarray, temperature: float, split: str, seed: int, resamples: int
) -> dict[str, Figure]:
    n = len(answered.targets)
    losses = answered.losses
    miss = np.exp(answered.logs)
    miss[np.arange(n), answered.targets] -= 1
    # Brier (1950) sums over classes; with two classes both terms are equal and one of them is what people mean.
    squares = np.square(miss).sum(1) / (2 if len(answered.classes) == 2 else 1)
    confidences = {"ece": answered.confidence}
    if temperature != 1.0:
        raw = np.exp(log_probabilities(logits))
        confidences["ece_uncalibrated"] = raw[np.arange(n), answered.answers]
    columns = [losses[:, None], squares[:, None], *(_gap_columns(c, answered.right) for c in confidences.values())]
    sums = (
        np.concatenate([w @ np.concatenate(columns, 1) for w in resampled_weights(n, resamples, seed, "probabilities")])
        / n
    )
    found = {}
    for i, (name, values) in enumerate((("log_loss", losses), ("brier", squares))):
        value = float(values.mean())
        found[name] = Figure(value, *bca(sums[:, i], value, values - value), n, split, "bootstrap (BCa)")
    for i, (name, confidence) in enumerate(confidences.items()):
        value = calibration_error(confidence, answered.right)
        samples = np.abs(sums[:, 2 + i * _BINS : 2 + (i + 1) * _BINS]).sum(1)
        low, high = reflected(samples, value)
        found[name] = Figure(value, max(0.0, low), min(1.0, high), n, split, "bootstrap (reflected)")
    return found


def _gap_columns(confidence: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(N, BINS): right - confidence of each picture in the column of its bin; the weighted column sums are what ECE adds up."""
    columns = np.zeros((len(confidence), _BINS))
    columns[np.arange(len(confidence)), bin_of(confidence, _BINS)] = right - confidence
    return columns


def _in_top(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    own = logits[np.arange(len(targets)), targets][:, None]
    before = (logits == own) & (np.arange(logits.shape[1])[None, :] < targets[:, None])
    return ((logits > own) | before).sum(1) < _TOP


def _tables(answered: Answered, matrix: np.ndarray, temperature: float) -> dict:
    confidence, losses, right = answered.confidence, answered.losses, answered.right
    codes = answered.targets * len(answered.classes) + answered.answers
    # The most telling first in each cell: a mistake made with confidence, a right answer given with doubt.
    order = np.lexsort((np.where(right, confidence, -confidence), codes))
    used, starts = np.unique(codes[order], return_index=True)
    cells = [
        [*map(int, divmod(int(code), len(answered.classes))), answered.rows[group[:_CELL_ROWS]].tolist()]
        for code, group in zip(used, np.split(order, starts[1:]), strict=True)
    ]
    wrong = np.flatnonzero(~right)
    wrong = wrong[np.argsort(-losses[wrong], kind="stable")][:_WORST]
    worst = [
        {
            "row": int(answered.rows[i]),
            "truth": answered.classes[answered.targets[i]],
            "answer": answered.classes[answered.answers[i]],
            "confidence": float(confidence[i]),
            "loss": float(losses[i]),
        }
        for i in wrong
    ]
    return {
        "confusion": {"classes": list(answered.classes), "counts": matrix.tolist(), "cells": cells},
        "worst": worst,
        "reliability": {"temperature": float(temperature), "bins": reliability(confidence, right, _BINS)},
    }
