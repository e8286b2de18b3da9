"""Over- and underfitting: the same points, learned by networks of any size, with more or fewer points and dropout."""

import math
from typing import Any

from glassnet.lessons import points
from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.examples import PUBLISHED
from glassnet.lessons.inputs import Given
from glassnet.lessons.learner import Examples, Learner, fully_connected
from glassnet.lessons.picking import Pick
from glassnet.lessons.reading import few

_NEW = 400
"""Points that were held back, for the validation curve."""
_CURVE = ("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy")


def train(values: dict[str, Any]) -> dict[str, Any]:
    """Go on training for some passes and return their curves, with the product's own verdict on where training stands.

    `neurons` in each of two hidden layers (0: none at all), `count` training points, `dropout`; `state` and `curves` as the call before
    gave them.
    """
    given = Given(
        values,
        "points",
        "neurons",
        "count",
        "noise",
        "dropout",
        "decay",
        "rate",
        "passes",
        "seed",
        "state",
        "curves",
    )
    neurons = given.whole("neurons", 0, 64, 32)
    drawn, held = _drawn(given)
    learner = Learner(
        fully_connected([neurons, neurons] if neurons else [], "relu", given.number("dropout", 0, 0.9, 0)),
        drawn,
        points.CLASSES,
        rate=given.number("rate", 1e-5, 1, 0.01),
        batch=20,
        decay=given.number("decay", 0, 10, 0),
        seed=given.whole("seed", 0, 10**6, 0),
    )
    if given.has("state"):
        learner.load(given.values["state"])
    curves = _before(given)
    for _ in range(given.whole("passes", 1, 60, 20)):
        learner.passes(1)
        loss, accuracy = learner.measured(drawn)
        held_loss, held_accuracy = learner.measured(held)
        curves.append(dict(zip(_CURVE, (learner.epoch, loss, accuracy, held_loss, held_accuracy), strict=True)))
    return {
        "curves": curves,
        "parameters": sum(p.numel() for p in learner.network.parameters()),
        "gap": curves[-1]["accuracy"] - curves[-1]["validation_accuracy"],
        "verdict": _verdict(learner, drawn, held, curves),
        "places": points.shown(drawn),
        "boundary": points.boundary(learner),
        "state": learner.state(),
    }


def published(values: dict[str, Any]) -> dict[str, Any]:
    """Return what is published of the tutorial network's run, and what it says: the gap is in the losses before it is in the scores."""
    Given(values)
    rows = {row["epoch"]: row for row in PUBLISHED}
    first, last = PUBLISHED[0], PUBLISHED[-1]
    lowest = min((row for row in PUBLISHED if "validation_loss" in row), key=lambda row: row["validation_loss"])
    return {
        "rows": [dict(row) for row in rows.values()],
        "best_epoch": lowest["epoch"],
        "rise": last["validation_loss"] / lowest["validation_loss"] - 1,
        "loss_fell": first["loss"] - last["loss"],
        "validation_loss_fell": first["validation_loss"] - last["validation_loss"],
        "loss_gap": last["validation_loss"] - last["loss"],
    }


def _drawn(given: Given) -> tuple[Examples, Examples]:
    name = given.choice("points", points.SETS, "circle")
    noise, seed = given.number("noise", 0, 1, 0.35), given.whole("seed", 0, 10**6, 0)
    drawn = points.draw(name, given.whole("count", 8, 400, 24), noise, seed)
    return drawn, points.draw(name, _NEW, noise, seed, "held out")


def _before(given: Given) -> list[dict[str, float]]:
    """Return the curves of the calls before, read strictly: they came back from the page."""
    rows = given.values.get("curves") or []
    if not isinstance(rows, list) or len(rows) > 2000:
        from glassnet.errors import RecipeError

        raise RecipeError("curves must be the list that the call before returned.")
    found = []
    for row in rows:
        line = Given(row, *_CURVE)
        found.append({name: line.number(name, 0, 1e9) for name in _CURVE})
    return found


def _verdict(learner: Learner, drawn: Examples, held: Examples, curves: list[dict[str, float]]) -> dict[str, Any]:
    """Return what `glassnet train` would say of these two scores."""
    from glassnet.evaluation.classification import classification_scores
    from glassnet.evaluation.verdict import verdict
    from glassnet.training.history import History, Row

    train, validation = (
        classification_scores(learner.logits(each.inputs), each.targets, learner.classes, split, resamples=100)
        for each, split in ((drawn, "train"), (held, "validation"))
    )
    rows = tuple(
        Row(
            at,
            0,
            learner.rate,
            row["loss"],
            row["accuracy"],
            row["validation_loss"],
            row["validation_accuracy"],
            0.0,
            0.0,
            0,
        )
        for at, row in enumerate(curves, 1)
    )
    found = verdict(History(rows), train, validation)
    return {"kind": found.kind, "sentences": list(found.sentences)}


def _asks(explained: Any, pick: Pick) -> list[Question]:
    rows = [] if explained is None else [row for row in explained.run.history if not math.isnan(row.validation_score)]
    if rows:
        last = rows[-1]
        score, held = round(last.train_score, 3), round(last.validation_score, 3)
        where = f"After epoch {last.epoch} your run had a training score of {score:.3f} and a validation score of {held:.3f}."
    else:
        score, held = pick.whole(85, 99) / 100, pick.whole(55, 75) / 100
        where = f"A network answers {score} of its training pictures rightly, and {held} of new ones."
    gap = round(score - held, 6)
    kind = "overfitting" if pick.whole(0, 1) else "underfitting"
    told = (
        "0.99 in training and 0.62 on new pictures"
        if kind == "overfitting"
        else "0.55 in training and 0.54 on new pictures"
    )
    return [
        Question(
            f"{where} What is the first less the second, the gap?",
            gap,
            0.0006,
            how=f"{few(score)} − {few(held)} = {few(gap)}. A large positive gap is the sign of overfitting.",
        ),
        Question(
            f"Another network of two equally frequent classes reaches {told}. What is this called: overfitting or underfitting?",
            kind,
            how="It knows its training pictures and little else: overfitting."
            if kind == "overfitting"
            else "It has learned hardly anything, not even of its training pictures: underfitting.",
            choices=("overfitting", "underfitting"),
        ),
        Question(
            "Which of these helps against underfitting: dropout, or a larger network?",
            "a larger network",
            how="Dropout and other regularisation hold a network back. One that is too weak needs more neurons, or more time.",
            choices=("dropout", "a larger network"),
        ),
    ]


LESSON = Lesson(
    "fitting",
    "Over- and underfitting",
    "A network with too much room and too few examples learns every single one of them by heart (overfitting); one with too "
    "little room, or too little training, does not even learn those (underfitting). The two curves tell: training alone "
    "rises, or both stay low; in balance both end high and close together.",
    {"train": train, "published": published},
    {
        "train": {"points": "circle", "neurons": 32, "count": 24, "noise": 0.35, "dropout": 0, "passes": 20, "seed": 1},
        "published": {},
    },
    _asks,
)
