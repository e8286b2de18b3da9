"""A playground: points in a square, hidden layers, and the boundary that the network draws between them."""

from typing import Any

from glassnet.errors import RecipeError
from glassnet.lessons import points
from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given
from glassnet.lessons.learner import Learner, fully_connected
from glassnet.lessons.perceptron import gate
from glassnet.lessons.picking import Pick
from glassnet.networks.layers import ACTIVATIONS

_SMALL = 16
_MOST_STEPS = 1500
"""Steps of one call: about a second."""
_KNOWN = (
    "points", "count", "noise", "hidden", "activation", "rate", "optimizer", "batch", "decay", "dropout", "seed", "passes", "state",
    "neurons",
)  # fmt: skip


def examples(values: dict[str, Any]) -> dict[str, Any]:
    """Return the points: their places from 0 to 1 and their class."""
    given = Given(values, "points", "count", "noise", "seed")
    return points.shown(_drawn(given))


def train(values: dict[str, Any]) -> dict[str, Any]:
    """Go a few times over the points and return loss, accuracy and the boundary; `state` goes on from the call before.

    The boundary is the probability of the second class (orange) in 40 × 40 fields of the square, the upper row first. With `neurons`, what
    each hidden neuron answers in 16 × 16 fields.
    """
    given = Given(values, *_KNOWN)
    drawn = _drawn(given)
    hidden = given.wholes("hidden", 0, 4, 1, 16, default=[4, 3])
    layers = fully_connected(
        hidden, given.choice("activation", ACTIVATIONS, "tanh"), given.number("dropout", 0, 0.9, 0)
    )
    learner = Learner(
        layers,
        drawn,
        points.CLASSES,
        rate=given.number("rate", 1e-5, 10, 0.03),
        optimizer=given.choice("optimizer", ("adam", "sgd"), "adam"),
        batch=given.whole("batch", 1, 400, 20),
        decay=given.number("decay", 0, 10, 0),
        seed=given.whole("seed", 0, 10**6, 0),
    )
    if given.has("state"):
        learner.load(given.values["state"])
    learner.passes(_passes(given, learner))
    loss, accuracy = learner.measured(drawn)
    held_loss, held_accuracy = learner.measured(_drawn(given, "held out"))
    return {
        "passes": learner.epoch,
        "loss": loss,
        "accuracy": accuracy,
        "new_loss": held_loss,
        "new_accuracy": held_accuracy,
        "parameters": sum(p.numel() for p in learner.network.parameters()),
        "boundary": points.boundary(learner),
        "neurons": _neurons(learner, len(hidden)) if given.flag("neurons", False) else None,
        "state": learner.state(),
    }


def _passes(given: Given, learner: Learner) -> int:
    """Return how often the points are gone over. Raises RecipeError where that is too much for an answer at once."""
    passes = given.whole("passes", 0, 50, 5)
    steps = learner.source.planned_steps(passes) if passes else 0
    if steps > _MOST_STEPS:
        raise RecipeError(
            f"{passes} passes in batches of {learner.source.batch} are {steps:,} steps; at most {_MOST_STEPS:,} are taken at once. "
            "Take a larger batch, or fewer passes."
        )
    return passes


def _drawn(given: Given, purpose: str = "train") -> Any:
    return points.draw(
        given.choice("points", points.SETS, "xor"),
        given.whole("count", 8, 400, 120),
        given.number("noise", 0, 1, 0.1),
        given.whole("seed", 0, 10**6, 0),
        purpose,
    )


def _neurons(learner: Learner, layers: int) -> list[list[Any]]:
    """Return for every hidden layer, for every neuron of it, its answers in 16 × 16 fields."""
    import torch

    with torch.no_grad():
        found = learner.network.eval().activations(torch.from_numpy(points.square(_SMALL)))
    names = [name for name in found if name.startswith("hidden") and name.count("_")]
    return [found[name].T.reshape(-1, _SMALL, _SMALL).tolist() for name in names[:layers]]


def _asks(explained: Any, pick: Pick) -> list[Question]:
    hidden = pick.wholes(2, 2, 8)
    tried = train({"points": "xor", "hidden": hidden, "passes": 0, "count": 8})
    first, second = hidden
    sum_of = f"2 · {first} + {first} + {first} · {second} + {second} + {second} · 2 + 2"
    return [
        Question(
            f"Two inputs, hidden layers of {first} and {second} neurons, two outputs. How many weights and biases does this network "
            f"learn?",
            tried["parameters"],
            how=f"{sum_of} = {tried['parameters']}.",
            slips=((tried["parameters"] - first - second - 2, "The biases are missing: one for each neuron."),),
        ),
        Question(
            "Without any hidden layer a network draws one straight line. Of the four corners of xor, how many can it answer rightly "
            "at best?",
            _best_line(),
            how="A straight line can cut off one corner, and then the other three are on one side, of which one is wrong: three are "
            "right.",
            slips=(
                (4, "No straight line separates the corners of xor."),
                (2, "A line that cuts off one corner does better."),
            ),
        ),
        Question(
            "The points of the training are all right, and new points are often wrong. What helps: more neurons, or more points?",
            "more points",
            how="More neurons learn the single points even more closely. More points leave less room for that.",
            choices=("more neurons", "more points"),
        ),
    ]


def _best_line() -> int:
    """How many corners of xor one neuron answers rightly at best, over all lines between the corners."""
    best = 0
    for weights in ((1, 1), (1, -1), (-1, 1), (-1, -1), (1, 0), (0, 1)):
        for bias in (-1.5, -0.5, 0.5, 1.5):
            made = gate({"weights": list(weights), "bias": bias})
            wanted = made["wanted"]["xor"]
            best = max(best, sum(a == b for a, b in zip(made["answers"], wanted, strict=True)))
    return best


LESSON = Lesson(
    "playground",
    "A playground",
    "A network with hidden layers bends the boundary between two classes of points, a piece for each neuron. Learning rate, "
    "number of neurons and regularisation decide whether it finds the rule behind the points, stays too straight, or winds "
    "around every single one.",
    {"examples": examples, "train": train},
    {
        "examples": {"points": "xor", "count": 120, "noise": 0.1, "seed": 0},
        "train": {"points": "xor", "count": 120, "noise": 0.1, "hidden": [4, 3], "rate": 0.03, "passes": 5, "seed": 0},
    },
    _asks,
)
