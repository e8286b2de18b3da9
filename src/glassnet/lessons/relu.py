"""ReLU: what is negative becomes nothing."""

from itertools import pairwise
from typing import Any

import numpy as np

from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.examples import FEATURES, X_IMAGE
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick, around
from glassnet.lessons.reading import cut, few, listed
from glassnet.lessons.worked import worked
from glassnet.networks.layers import ACTIVATIONS


def match(values: dict[str, Any]) -> dict[str, Any]:
    """Return the map of a feature over a picture of 1 and −1: product by product, summed, divided by the number of places.

    `map_cut` and `relu_cut` are truncated to two decimals, as the documents print them. `opened` is the value at one place.
    """
    given = Given(values, "picture", "feature", "row", "column")
    picture = np.array(X_IMAGE, float) if not given.has("picture") else given.grid("picture", 32, -1, 1)
    if isinstance(given.values.get("feature"), str) or not given.has("feature"):
        feature = np.array(FEATURES[given.choice("feature", tuple(FEATURES), "A")], float)
    else:
        feature = given.grid("feature", 7, -1, 1)
    layer = {"conv": 1, "kernel": list(feature.shape), "bias": False, "activation": "relu"}
    done = worked([layer], picture[None], {"conv1": feature / feature.size})
    made, after = done.map("conv1")[0], done.map("conv1_relu")[0]
    row, column = given.whole("row", 0, len(made) - 1, 0), given.whole("column", 0, len(made[0]) - 1, 0)
    plain = worked([{**layer, "activation": None}], picture[None], {"conv1": feature}).open("conv1", 0, row, column)
    products = np.array([term.product for term in plain.terms]).reshape(feature.shape)
    return {
        "picture": picture.tolist(),
        "feature": feature.tolist(),
        "map": made,
        "map_cut": _cut(made),
        "relu": after,
        "relu_cut": _cut(after),
        "negative": sum(value < 0 for line in made for value in line),
        "count": sum(map(len, made)),
        "opened": {
            "row": row,
            "column": column,
            "products": products.tolist(),
            "sum": plain.total,
            "places": feature.size,
            "cut": cut(made[row][column]),
            "relu_cut": cut(after[row][column]),
        },
        "features": {name: [list(row) for row in rows] for name, rows in FEATURES.items()},
    }


def activate(values: dict[str, Any]) -> dict[str, Any]:
    """Return a map after an activation function, and how many of its values became exactly 0."""
    given = Given(values, "map", "activation")
    before = given.grid("map", 96)
    activation = given.choice("activation", ACTIVATIONS, "relu")
    after = np.array(worked([activation], before[None]).map(f"{activation}1")[0])
    return {"map": after.tolist(), "zeros": int((after == 0).sum()), "negative": int((before < 0).sum())}


def _cut(rows: list[list[float]]) -> list[list[float]]:
    return [[cut(value) for value in row] for row in rows]


def _asks(explained: Any, pick: Pick) -> list[Question]:
    maps = [] if explained is None else _before_relu(explained)
    if maps:
        layer = maps[pick.whole(0, len(maps) - 1)]
        width = min(6, layer.shape[2])
        c, y, x = _mixed(layer.values, width, pick)
        row = [round(float(v), 2) for v in layer.values[c, y, x : x + width]]
        where = f"In your network {layer.name}, channel {c}, row {y}, has from column {x} on the values"
    else:
        found = match({"feature": "A"})["map_cut"]
        row = found[pick.whole(0, len(found) - 1)]
        where = "A row of the map of feature A over the X is"
    after = activate({"map": [row]})
    passed = after["map"][0]
    return [
        Question(
            f"{where} {listed(row)}. How many of them are 0 after ReLU?",
            after["zeros"],
            how=f"Everything below 0 becomes 0, and 0 stays: {listed(passed)}.",
        ),
        Question(
            "And what do they add up to after ReLU? (2 decimals)",
            round(sum(passed), 6),
            0.006,
            how=f"{' + '.join(few(v) for v in passed)} = {sum(passed):.2f}.",
            slips=((sum(row), "The negative numbers must not be taken away: they are 0 now."),)
            if min(row) < -0.01
            else (),
        ),
        Question(
            "What is the slope of ReLU for an input of −3?",
            0,
            how="Left of 0 the function is flat: a small change of the input changes nothing, and nothing is learned through it there.",
            slips=((1, "That is its slope for inputs above 0."),),
        ),
    ]


def _mixed(values: np.ndarray, width: int, pick: Pick) -> tuple[int, int, int]:
    """Return where a row of `width` values begins that has both signs, if such a row is soon found."""
    place = pick.varied(values, (1, width))
    for _ in range(60):
        c, y, x = place
        row = values[c, y, x : x + width]
        if row.min() < -0.01 and row.max() > 0.01:
            break
        place = pick.varied(values, (1, width), tries=1)
    return place


def _before_relu(explained: Any) -> list[Any]:
    """The maps that a ReLU comes next to."""
    layers = list(explained.seen)
    return [
        layer
        for layer, after in pairwise(layers)
        if after.kind == "relu" and len(layer.shape) == 3 and layer.values.min() < 0
    ]


def _own(explained: Any) -> dict[str, dict[str, Any]]:
    """A part of the first layer that a ReLU comes next to: of the map that is most evenly above and below 0, around its lowest number."""
    maps = _before_relu(explained)
    if not maps:
        return {}
    values = maps[0].values
    even = int(np.abs((values < 0).mean((1, 2)) - 0.5).argmin())
    part = around(values[even : even + 1], int(values[even].argmin()), 7)
    return {"activate": {"map": np.round(part.astype(float), 2).tolist(), "activation": "relu"}}


LESSON = Lesson(
    "relu",
    "ReLU",
    "ReLU keeps every positive number of a map and turns every negative one into 0: where the filter does not match, the map "
    "says nothing. It is the bend that lets layers build on one another, and it costs almost no work.",
    {"match": match, "activate": activate},
    {"match": {"feature": "A"}, "activate": {"map": [[0.77, -0.11, 0.11], [-0.11, 1.0, -0.11]], "activation": "relu"}},
    _asks,
    _own,
)
