"""Dropout and early stopping: two ways to keep a network from learning its pictures by heart."""

from typing import Any

from glassnet.errors import RecipeError
from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick
from glassnet.lessons.reading import few, listed


def drop(values: dict[str, Any]) -> dict[str, Any]:
    """Return what a dropout layer makes of values in training, for some examples and epochs, and what it does when the network answers."""
    import torch

    from glassnet.networks.dropout import Dropout

    given = Given(values, "values", "rate", "seed", "epoch", "examples")
    row = given.numbers("values", 1, 256, -1e4, 1e4)
    layer = Dropout(given.number("rate", 0, 0.99, 0.5), "lesson")
    count = given.whole("examples", 1, 32, 4)
    seed, epoch = given.whole("seed", 0, 10**6, 0), given.whole("epoch", 0, 10**6, 0)
    x = torch.tensor([row] * count, dtype=torch.float64)
    layer.set_key(seed, epoch, torch.arange(count))
    training = layer(x)
    return {
        "training": training.tolist(),
        "dropped": [int(each) for each in ((training == 0) & (x != 0)).sum(1)],
        "factor": 1 / (1 - layer.rate),
        "answering": layer.eval()(x)[0].tolist(),
    }


def stop(values: dict[str, Any]) -> dict[str, Any]:
    """Return when training stops, and which epoch is kept, for validation scores epoch by epoch; `losses` break ties between scores."""
    from glassnet.recipe import EarlyStopping
    from glassnet.training.early_stopping import standing
    from glassnet.training.history import History, Row

    given = Given(values, "scores", "losses", "patience", "min_delta")
    scores = given.numbers("scores", 1, 500, 0, 1)
    losses = given.numbers("losses", len(scores), len(scores), 0, 1e6) if given.has("losses") else [0.0] * len(scores)
    settings = EarlyStopping(patience=given.whole("patience", 1, 500, 3), min_delta=given.number("min_delta", 0, 1, 0))
    history = History()
    now = standing(history, settings)
    for epoch, (score, loss) in enumerate(zip(scores, losses, strict=True), 1):
        history.add(Row(epoch, epoch, 0.001, loss, score, loss, score, 0.0, 0.0, 0))
        now = standing(history, settings)
        if now.stop:
            break
    return {"epochs": len(history), "stopped": now.stop, "best_epoch": now.best_epoch, "reason": now.reason}


def passes(values: dict[str, Any]) -> dict[str, Any]:
    """Return how many steps an epoch has for a number of pictures and a batch, counted from the batches themselves."""
    from glassnet.training.batches import edges

    given = Given(values, "pictures", "batch", "epochs")
    pictures, batch = given.whole("pictures", 1, 2_000_000), given.whole("batch", 1, 100_000, 32)
    if pictures // batch > 500_000:
        raise RecipeError("That would be more than 500,000 steps in an epoch. Take a larger batch.")
    bounds = edges(pictures, batch)
    steps = len(bounds) - 1
    return {"steps": steps, "last": bounds[-1] - bounds[-2], "all": steps * given.whole("epochs", 1, 10_000, 1)}


def _asks(explained: Any, pick: Pick) -> list[Question]:
    rate, value = pick.one((0.2, 0.25, 0.5, 0.75)), pick.tenths(0.4, 3)
    kept = max(max(row) for row in drop({"values": [value] * 8, "rate": rate, "examples": 8})["training"])
    known = [] if explained is None else [row for row in explained.run.history.validation_score if row == row]
    if 4 <= len(known) <= 12:
        scores = [round(float(each), 3) for each in known]
        whose = "Your run's validation scores were"
    else:
        top = pick.whole(60, 75)
        scores = [round((top + each) / 100, 2) for each in (0, 4, 7, 6, 5, 6, 3, 8)]
        whose = "The validation scores of a run were"
    patience = pick.whole(2, 3)
    found = stop({"scores": scores, "patience": patience})
    return [
        Question(
            f"A dropout layer of rate {rate} meets the value {value} in training and does not drop it. Which value does it pass on? "
            f"(2 decimals)",
            kept,
            0.011,
            how=f"What is kept is divided by 1 − {rate}, so that the mean stays: {value} ÷ {few(1 - rate)} = {few(kept)}.",
            slips=(
                (value, "In training, what is kept is enlarged."),
                (value * (1 - rate), "Divide by the share that is kept."),
            ),
        ),
        Question(
            "And which value does the same layer pass on when the trained network answers?",
            value,
            1e-9,
            how="Dropout works during training only; afterwards nothing is dropped and nothing enlarged.",
            slips=((kept, "That is what it passes on in training."),),
        ),
        Question(
            f"{whose}, epoch by epoch, {listed(scores)}. With a patience of {patience} epochs, after which epoch does training end?",
            found["epochs"],
            how=_why(found, patience),
            slips=(
                (
                    found["best_epoch"],
                    "That is the epoch whose weights are kept; training goes on until the patience is over.",
                ),
            )
            if found["best_epoch"] != found["epochs"]
            else (),
        ),
        Question(
            "50,000 pictures are learned in batches of 32. How many steps has an epoch?",
            passes({"pictures": 50_000, "batch": 32})["steps"],
            how="50,000 ÷ 32 = 1,562.5; the last, smaller batch counts too.",
            slips=((1562, "The last, smaller batch counts too."),),
        ),
    ]


def _why(found: dict[str, Any], patience: int) -> str:
    if not found["stopped"]:
        return f"The score never stayed without a new best for {patience} epochs, so training goes to its end, epoch {found['epochs']}."
    return (
        f"Epoch {found['epochs'] - patience} brought the last new best, and {patience} epochs without one follow. "
        f"The weights of epoch {found['best_epoch']} are kept."
    )


LESSON = Lesson(
    "stopping",
    "Dropout and early stopping",
    "Dropout switches off a random share of the values in every training step, so that no neuron can rely on a single other "
    "one. Early stopping ends training when the validation score has not risen for some epochs, and keeps the weights of the "
    "best one.",
    {"drop": drop, "stop": stop, "passes": passes},
    {
        "drop": {"values": [1.0, 0.5, 2.0, 0.0, 1.5, 0.8], "rate": 0.5, "seed": 0, "epoch": 0, "examples": 4},
        "stop": {"scores": [0.5, 0.6, 0.65, 0.64, 0.66, 0.65, 0.64, 0.63], "patience": 3, "min_delta": 0},
        "passes": {"pictures": 50_000, "batch": 32, "epochs": 10},
    },
    _asks,
)
