"""Precision and recall with a threshold: what is gained on one side is lost on the other."""

from typing import Any

import numpy as np

from glassnet.errors import RecipeError
from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick
from glassnet.lessons.reading import few

_SHARES = [
    0.97,
    0.93,
    0.9,
    0.84,
    0.78,
    0.71,
    0.66,
    0.58,
    0.52,
    0.44,
    0.4,
    0.33,
    0.27,
    0.21,
    0.15,
    0.12,
    0.08,
    0.05,
    0.03,
    0.01,
]
_TRUE = [1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]
_CLASSES = ("no", "yes")
_MOST = 2000
"""Pictures that one call takes."""


def threshold(values: dict[str, Any]) -> dict[str, Any]:
    """Return the four counts, precision, recall, F1 and accuracy of the answers “yes, from this threshold on”.

    `shares` are the network's probabilities of yes, `positive` says for each picture whether yes is true (1) or not (0).
    """
    from glassnet.evaluation.classification import classification_scores

    given = Given(values, "shares", "positive", "threshold")
    shares, positive = _read(given)
    at = given.number("threshold", 0.001, 0.999, 0.5)
    logs = np.log(np.stack([1 - shares, shares], 1))
    # A share goes through a logarithm and back: one that equals the threshold must not fall below it by rounding.
    found = classification_scores(logs, positive, _CLASSES, "these pictures", threshold=at - 1e-9, resamples=50)
    (right_no, false_yes), (missed, right_yes) = found.tables["confusion"]["counts"]
    figures = {
        name: {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}
        for name, figure in found.figures.items()
        if name in ("precision", "recall", "f1", "accuracy")
    }
    return {
        "counts": {
            "true positives": right_yes,
            "false positives": false_yes,
            "false negatives": missed,
            "true negatives": right_no,
        },
        "figures": figures,
        "notes": list(found.warnings),
    }


def curve(values: dict[str, Any]) -> dict[str, Any]:
    """Return precision and recall at every threshold, the area under that curve, and the threshold with the highest F1."""
    from glassnet.evaluation.curves import Ranking, best_threshold

    given = Given(values, "shares", "positive")
    shares, positive = _read(given)
    if positive.min() == positive.max():
        raise RecipeError(
            "A curve needs pictures of both kinds: some for which yes is true, and some for which it is not."
        )
    ranking = Ranking(shares, positive == 1)
    auc, average = ranking.areas()
    at, reached = best_threshold(shares, positive == 1, "f1")
    return {
        **ranking.tables()["pr"],
        "average_precision": float(average),
        "roc_auc": float(auc),
        "best": {"threshold": at, "f1": reached},
    }


def answers_of(scores: Any) -> dict[str, Any]:
    """Return {own, note}: shares and truths of the pictures that a run was scored on, read from its ROC curve, for `threshold`; or why not.

    `own` has the name of the class beside them, and is empty where `note` says why.

    A curve of more than two hundred different shares is kept with about two hundred: pictures between two of them have the lower one.
    """
    if scores is None or scores.task != "classify" or len(scores.tables["confusion"]["classes"]) != 2:
        return {"own": {}, "note": "Your run does not tell two classes apart, so it has no threshold of this kind."}
    if "roc" not in scores.tables:
        return {
            "own": {},
            "note": "Your run's validation pictures are all of one class, so there is nothing to move a threshold over.",
        }
    tables = scores.tables
    name, roc = tables["positive"], tables["roc"]
    truths = np.array(tables["confusion"]["counts"]).sum(1)
    side = tables["confusion"]["classes"].index(name)
    if truths.sum() > _MOST:
        return {
            "own": {},
            "note": f"Your run has {truths.sum():,} validation pictures; up to {_MOST:,} are shown here.",
        }
    shares: list[float] = []
    positive: list[int] = []
    for rates, of, true in (("true_positive_rate", side, 1), ("false_positive_rate", 1 - side, 0)):
        new = np.diff(np.rint(np.array(roc[rates]) * truths[of]).astype(int), prepend=0)
        shares += np.repeat(roc["threshold"], new).tolist()
        positive += [true] * int(new.sum())
    found = {"shares": shares, "positive": positive, "name": name, "threshold": tables["threshold"]}
    return {"own": {"threshold": found}, "note": ""}


def _read(given: Given) -> tuple[np.ndarray, np.ndarray]:
    shares = given.numbers("shares", 2, _MOST, 0, 1)
    positive = given.wholes("positive", len(shares), len(shares), 0, 1)
    return np.clip(np.array(shares), 1e-12, 1 - 1e-12), np.array(positive, np.int64)


def _asks(explained: Any, pick: Pick) -> list[Question]:
    hits, alarms, missed, name, whose = _counts(explained, pick)
    shares = [0.9] * hits + [0.8] * alarms + [0.2] * missed + [0.1]
    positive = [1] * hits + [0] * alarms + [1] * missed + [0]
    figures = threshold({"shares": shares, "positive": positive, "threshold": 0.5})["figures"]
    precision, recall, f1 = (figures[each]["value"] for each in ("precision", "recall", "f1"))
    swapped = abs(precision - recall) > 0.012
    return [
        Question(
            f"{whose} answered {name} for {hits + alarms} pictures, and was right for {hits} of them. {missed} more pictures "
            f"are {name}, and it did not say so. What is the precision? (2 decimals)",
            precision,
            0.006,
            how=f"Of the {hits + alarms} that were found, {hits} are relevant: {hits} ÷ {hits + alarms} = {precision:.3f}.",
            slips=((recall, "That is the recall: the relevant that were found."),) if swapped else (),
        ),
        Question(
            "And the recall? (2 decimals)",
            recall,
            0.006,
            how=f"Of the {hits + missed} that are {name}, {hits} were found: {hits} ÷ {hits + missed} = {recall:.3f}.",
            slips=((precision, "That is the precision: of what was found, the relevant."),) if swapped else (),
        ),
        Question(
            "And their harmonic mean, the F1? (2 decimals)",
            f1,
            0.006,
            how=f"2 · {few(precision, 3)} · {few(recall, 3)} ÷ ({few(precision, 3)} + {few(recall, 3)}) = {f1:.3f}.",
            slips=(((precision + recall) / 2, "That is the ordinary mean."),)
            if abs((precision + recall) / 2 - f1) > 0.012
            else (),
        ),
        Question(
            "The threshold is raised. Can recall rise by that: yes or no?",
            "no",
            how="Fewer pictures are answered with yes, so none is found that was not found before. Precision may rise or fall.",
            choices=("yes", "no"),
        ),
    ]


def _counts(explained: Any, pick: Pick) -> tuple[int, int, int, str, str]:
    """Return hits, false alarms, missed, the class and who answered: of the run's validation pictures where it classifies."""
    scores = None if explained is None else explained.run.scores.get("validation")
    matrix = None if scores is None or scores.task != "classify" else scores.tables.get("confusion", {}).get("counts")
    if matrix is not None:
        counts = np.array(matrix)
        usable = [k for k in range(len(counts)) if counts[k, k] and counts[:, k].sum() <= 2000]
        if usable:
            k = pick.one(usable)
            hits = int(counts[k, k])
            name = scores.tables["confusion"]["classes"][k]  # type: ignore[union-attr]
            return (
                hits,
                int(counts[:, k].sum()) - hits,
                int(counts[k].sum()) - hits,
                name,
                "On its validation pictures, your network",
            )
    hits = pick.whole(12, 40)
    return hits, pick.whole(2, 9), pick.whole(10, 18), "cat", "A network"


LESSON = Lesson(
    "precision",
    "Precision and recall",
    "Precision says how many of the found points are relevant, recall how many of the relevant points were found. A threshold "
    "moves between the two: the higher it is, the fewer are found, and where it should stand depends on which mistake costs "
    "more.",
    {"threshold": threshold, "curve": curve},
    {
        "threshold": {"shares": _SHARES, "positive": _TRUE, "threshold": 0.5},
        "curve": {"shares": _SHARES, "positive": _TRUE},
    },
    _asks,
    scored=answers_of,
)
