"""Flatten and the vote: X or O, from the maps to the answer."""

from typing import Any

import numpy as np

from glassnet.errors import RecipeError
from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.examples import FEATURES, LISTENS, O_IMAGE, VOTES, X_IMAGE
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick
from glassnet.lessons.reading import cut, few, listed
from glassnet.lessons.worked import worked


def vote(values: dict[str, Any]) -> dict[str, Any]:
    """Return the votes of the last, fully connected layer: each class takes the mean of the flattened values that it listens to.

    `listens` names for each class the places of these values, counted from 1.
    """
    given = Given(values, "values", "listens")
    flat = given.numbers("values", 2, 256, -1e4, 1e4)
    listens = _listens(given, len(flat))
    weights = [[(place in places) / len(places) for place in range(1, len(flat) + 1)] for places in listens.values()]
    layers = ["flatten", {"dense": "classes", "bias": False}]
    done = worked(layers, np.array(flat)[None, None], {"dense1": weights}, classes=list(listens))
    votes: dict[str, Any] = {}
    for at, (name, places) in enumerate(listens.items()):
        opened = done.open("dense1", at)
        heard = [term.value for term in opened.terms if term.weight]
        votes[name] = {
            "places": places,
            "heard": [round(value, 6) for value in heard],
            "sum": round(opened.result * len(places), 6),
            "vote": round(opened.result, 6),
            "cut": cut(opened.result),
        }
    return {"votes": votes, "answer": _answer({name: found["vote"] for name, found in votes.items()})}


def whole(values: dict[str, Any]) -> dict[str, Any]:
    """Return the way of a picture of 9 × 9 numbers from −1 to 1 to its answer: maps of the features, ReLU, max pooling twice, votes.

    Incomplete windows count. Two poolings leave 2 × 2 of each map; the twelve values are the flat row that X and O listen to.
    """
    given = Given(values, "picture")
    picture = np.array(X_IMAGE, float) if not given.has("picture") else given.grid("picture", 9, -1, 1)
    if picture.shape != (9, 9):
        raise RecipeError(f"This picture is 9 × 9, not {picture.shape[0]} × {picture.shape[1]}.")
    layers = [
        {"conv": len(FEATURES), "bias": False, "activation": "relu"},
        {"maxpool": 2, "ceil": True},
        {"maxpool": 2, "ceil": True},
        "flatten",
        {"dense": "classes", "bias": False},
    ]
    weights = {
        "conv1": np.array(list(FEATURES.values()), float)[:, None] / 9,
        "dense1": [[(place in places) / len(places) for place in range(1, 13)] for places in LISTENS.values()],
    }
    done = worked(layers, picture[None], weights, classes=list(LISTENS))
    maps = {
        name: _named(done.map(layer))
        for name, layer in (("maps", "conv1"), ("relu", "conv1_relu"), ("pooled", "maxpool1"), ("again", "maxpool2"))
    }
    votes = dict(zip(LISTENS, done.map("dense1"), strict=True))
    return {
        "picture": picture.astype(int).tolist() if (picture == picture.round()).all() else picture.tolist(),
        "features": _named(FEATURES.values()),
        **maps,
        **{f"{name}_cut": {of: _cut(rows) for of, rows in grids.items()} for name, grids in maps.items()},
        "flat": done.map("flatten1"),
        "flat_cut": [cut(value) for value in done.map("flatten1")],
        "listens": {name: list(places) for name, places in LISTENS.items()},
        "votes": {name: {"vote": round(value, 6), "cut": cut(value)} for name, value in votes.items()},
        "answer": _answer(votes),
        "drawn": {"X": X_IMAGE, "O": O_IMAGE},
    }


def _answer(votes: dict[str, float]) -> str:
    """The class with the highest vote; nothing where no one has it alone."""
    first, second, *_ = sorted(votes, key=lambda name: -votes[name])
    return first if votes[first] - votes[second] > 1e-6 else ""


def _named(grids: Any) -> dict[str, list[list[float]]]:
    return {name: [list(row) for row in rows] for name, rows in zip(FEATURES, grids, strict=True)}


def _cut(rows: list[list[float]]) -> list[list[float]]:
    return [[cut(value) for value in row] for row in rows]


def _listens(given: Given, count: int) -> dict[str, list[int]]:
    listens = given.values.get("listens")
    if not isinstance(listens, dict) or not 2 <= len(listens) <= 10:
        raise RecipeError("listens must name 2 to 10 classes, each with the places it listens to.")
    found = {}
    for name, places in listens.items():
        found[str(name)[:40]] = Given({"places": places}, "places").wholes("places", 1, count, 1, count)
        if len(set(places)) != len(places):
            raise RecipeError(f"{str(name)[:40]} listens to a place twice.")
    return found


def _asks(explained: Any, pick: Pick) -> list[Question]:
    flat = [round(value, 2) for value in (pick.whole(5, 99) / 100 for _ in range(8))]
    listens = {"X": [1, 4, 6, 8], "O": [2, 3, 5, 7]}
    made = vote({"values": flat, "listens": listens})
    x = made["votes"]["X"]
    maps = [] if explained is None else [each for each in explained.seen if each.kind == "flatten"]
    if maps:
        graph = explained.seen.graph
        shape = explained.seen[graph[maps[0].name].sources[0]].shape
        whose = "The last map of your network"
    else:
        maps, shape, whose = [], (3, 4, 4), "The pooled map"
    size = int(np.prod(shape))
    channels, height, width = shape if len(shape) == 3 else (shape[0], 1, 1)
    return [
        Question(
            f"{whose} has {channels} channels of {height} × {width}. How long is the row that it is flattened into?",
            maps[0].shape[0] if maps else size,
            how=f"{channels} × {height} × {width} = {size:,}.",
            slips=((height * width, "That is one channel."),) if channels > 1 else (),
        ),
        Question(
            f"The flattened values are {listed(flat)}. X listens to the 1st, 4th, 6th and 8th. What is its vote, their mean? (2 "
            f"decimals)",
            x["vote"],
            0.011,
            how=f"{' + '.join(few(value) for value in x['heard'])} = {few(x['sum'])}; divided by 4 that is {few(x['vote'])}.",
            slips=(
                (x["sum"], "Divide the sum by the number of values."),
                (made["votes"]["O"]["vote"], "That is the vote of O."),
            )
            if abs(made["votes"]["O"]["vote"] - x["vote"]) > 0.03
            else ((x["sum"], "Divide the sum by the number of values."),),
        ),
        *_winner(made, pick),
    ]


def _winner(made: dict[str, Any], pick: Pick) -> list[Question]:
    o, x = made["votes"]["O"]["vote"], made["votes"]["X"]["vote"]
    if abs(o - x) < 0.005:
        return []
    return [
        Question(
            "O listens to the 2nd, 3rd, 5th and 7th of them. Which class gets the higher vote?",
            made["answer"],
            how=f"X has {few(x)} and O has {few(o)}.",
            choices=("X", "O"),
        )
    ]


LESSON = Lesson(
    "vote",
    "Flatten and the vote",
    "The last maps are written one after the other into a single row. Each class listens to some of these values more than to "
    "others, and the class whose weighted sum is largest is the answer.",
    {"vote": vote, "whole": whole},
    {"vote": {"values": VOTES, "listens": LISTENS}, "whole": {}},
    _asks,
)
