"""The perceptron and activation functions: a sum of products, a bias, and a bend."""

from typing import Any

import numpy as np

from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick
from glassnet.lessons.reading import few, fixed, listed
from glassnet.lessons.worked import worked
from glassnet.networks.layers import ACTIVATIONS

_GATES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "xor": [0, 1, 1, 0]}
_CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]


def neuron(values: dict[str, Any]) -> dict[str, Any]:
    """Return what one neuron makes of its inputs, term by term."""
    given = Given(values, "inputs", "weights", "bias", "activation")
    inputs = given.numbers("inputs", 1, 16, -1000, 1000)
    weights = given.numbers("weights", len(inputs), len(inputs), -1000, 1000)
    activation = given.choice("activation", ("none", *ACTIVATIONS), "none")
    bias = given.number("bias", -1000, 1000, 0)
    layers = ["flatten", {"dense": 1}, *([] if activation == "none" else [activation]), {"dense": "classes"}]
    done = worked(layers, np.array(inputs)[:, None, None], {"dense1": weights}, {"dense1": [bias]}, ["out"])
    last = "dense1" if activation == "none" else f"{activation}1"
    opened = done.open(last, 0)
    return {
        "products": [term.product for term in opened.terms],
        "sum": opened.total,
        "bias": bias,
        "before": opened.combined,
        "output": opened.result,
        "text": done.open(last, 0).text(),
    }


def curve(values: dict[str, Any]) -> dict[str, Any]:
    """Return an activation function over a range, computed by the product's own layer."""
    given = Given(values, "activation", "from", "to", "points", "slope")
    activation = given.choice("activation", ACTIVATIONS, "relu")
    low = given.number("from", -100, 99, -5)
    high = given.number("to", low + 0.01, 100, max(5, low + 1))
    points = given.whole("points", 2, 1001, 101)
    layer: Any = activation
    if activation == "leaky_relu":
        layer = {"leaky_relu": {}, "slope": given.number("slope", 0, 1, 0.01)}
    x = np.linspace(low, high, points)
    done = worked([layer], x[None, None, :])
    return {"x": x.tolist(), "y": done.map(f"{activation}1")[0][0]}


def gate(values: dict[str, Any]) -> dict[str, Any]:
    """Return what one neuron with two inputs answers at the four corners, and which gates that is: and, or; never xor.

    `line` holds the ends of the line on which its sum is 0, within the square from −0.5 to 1.5; it is empty where the line passes outside.
    """
    given = Given(values, "weights", "bias")
    weights, bias = given.numbers("weights", 2, 2, -100, 100), given.number("bias", -100, 100)
    done = worked(
        [{"conv": 1, "kernel": 1}], np.array(_CORNERS, float).T[:, None], {"conv1": weights}, {"conv1": [bias]}
    )
    sums = done.map("conv1")[0][0]
    answers = [int(each > 0) for each in sums]
    return {
        "corners": _CORNERS,
        "sums": sums,
        "answers": answers,
        "gates": [name for name, wanted in _GATES.items() if wanted == answers],
        "wanted": _GATES,
        "line": _line(weights[0], weights[1], bias),
    }


def _line(across: float, up: float, bias: float, low: float = -0.5, high: float = 1.5) -> list[list[float]]:
    """Return both ends of the line across · x + up · y + bias = 0 within a square, or nothing."""
    ends = set()
    for edge in (low, high):
        if up:
            ends.add((edge, -(across * edge + bias) / up))
        if across:
            ends.add((-(up * edge + bias) / across, edge))
    within = sorted(end for end in ends if all(low <= each <= high for each in end))
    return [list(end) for end in (within[0], within[-1])] if len(within) > 1 else []


def _asks(explained: Any, pick: Pick) -> list[Question]:
    inputs, weights, bias = pick.wholes(3, 0, 5), pick.wholes(3, -4, 4), pick.whole(-6, 6)
    done = neuron({"inputs": inputs, "weights": weights, "bias": bias, "activation": "relu"})
    found = [
        Question(
            f"A neuron has the inputs {listed(inputs)}, the weights {listed(weights)} and the bias {few(bias)}. What is its sum, "
            f"bias included?",
            done["before"],
            how=f"The products are {listed(done['products'])}; together {few(done['sum'])}; with the bias {few(done['before'])}.",
            slips=((done["sum"], "The bias is missing."),) if bias else (),
        ),
        Question(
            "And what comes out of that neuron after ReLU?",
            done["output"],
            how=f"ReLU leaves what is above 0 and turns the rest into 0: {few(done['before'])} becomes {few(done['output'])}.",
            slips=((done["before"], "ReLU turns a negative number into 0."),) if done["before"] < 0 else (),
        ),
        Question(
            "Which of and, or, xor can one neuron alone never answer rightly at all four corners?",
            "xor",
            how="and, or: one straight line separates the corners. For xor none does; a hidden layer is needed.",
            choices=("and", "or", "xor"),
        ),
    ]
    vote = None if explained is None else explained.seen.graph.nodes.get(explained.seen.graph.vote)
    if vote is not None:
        layer = vote.sources[0]
        at = int(explained.seen[layer].values.argmax())
        opened = explained.arithmetic(layer, at)
        if opened.how == "sum" and opened.bias is not None and not opened.changes:
            found.append(
                Question(
                    f"In your network, the neuron for {explained.seen.classes[at]} adds {len(opened.terms):,} products to "
                    f"{fixed(opened.total, 3)}; its bias is {fixed(opened.bias, 3)}. What does it answer? (2 decimals)",
                    opened.result,
                    0.0075,
                    how=f"{fixed(opened.total, 3)} + ({fixed(opened.bias, 3)}) = {fixed(opened.result, 3)}.",
                    slips=((opened.total, "The bias is missing."),) if abs(opened.bias) > 0.02 else (),
                )
            )
    return found


LESSON = Lesson(
    "perceptron",
    "The perceptron and activation functions",
    "A neuron multiplies each input by its weight, adds the products and a bias, and passes the sum through an activation "
    "function. Without that bend, any number of layers would be no more than one; with it, layers can build what no single "
    "line can separate.",
    {"neuron": neuron, "curve": curve, "gate": gate},
    {
        "neuron": {"inputs": [1, 0, 2], "weights": [0.5, -1, 0.25], "bias": -0.3, "activation": "relu"},
        "curve": {"activation": "relu", "from": -5, "to": 5, "points": 101},
        "gate": {"weights": [1, 1], "bias": -1.5},
    },
    _asks,
)
