"""Pooling: a window of values becomes one."""

from itertools import pairwise
from typing import Any

import numpy as np

from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.examples import BLUE, FEATURES, FILTERS, GREEN, RED, X_IMAGE
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick, around
from glassnet.lessons.reading import cut, few, grid_text
from glassnet.lessons.worked import sized, worked


def pool(values: dict[str, Any]) -> dict[str, Any]:
    """Return a map after max or average pooling, and the value at one place opened; `ceil` lets an incomplete window at the edge count."""
    given = Given(values, "map", "kind", "size", "stride", "ceil", "row", "column")
    before = given.grid("map", 96)
    word = {"max": "maxpool", "average": "avgpool"}[given.choice("kind", ("max", "average"), "max")]
    window = given.whole("size", 1, 32, 2)
    layer = {word: window, "stride": given.whole("stride", 1, 32, window), "ceil": given.flag("ceil", False)}
    done = worked([layer], before[None])
    after = done.map(f"{word}1")[0]
    row, column = given.whole("row", 0, len(after) - 1, 0), given.whole("column", 0, len(after[0]) - 1, 0)
    opened = done.open(f"{word}1", 0, row, column)
    inside = [term for term in opened.terms if not term.padding]
    return {
        "map": after,
        "cut": _cut(after),
        "height": len(after),
        "width": len(after[0]),
        "row": row,
        "column": column,
        "opened": {
            "values": [term.value for term in inside],
            "places": [[term.y, term.x] for term in inside],
            "result": opened.result,
        },
    }


def example_maps(values: dict[str, Any]) -> dict[str, Any]:
    """Return the two maps of the worked examples: of the colour picture (3 × 3), and of feature A over the X after ReLU (7 × 7)."""
    from glassnet.lessons.relu import match

    Given(values)
    done = worked([{"conv": 1, "kernel": 2, "bias": False}], [RED, GREEN, BLUE], {"conv1": FILTERS})
    return {"colours": done.map("conv1")[0], "feature": match({"feature": "A"})["relu"]}


def moved(values: dict[str, Any]) -> dict[str, Any]:
    """Return how much of a feature's map over the X, and of its pooled map, stays when the X moves by a pixel or two."""
    from glassnet.lessons.relu import match

    given = Given(values, "feature", "down", "right")
    feature = given.choice("feature", tuple(FEATURES), "A")
    by = (given.whole("down", -2, 2, 0), given.whole("right", -2, 2, 0))
    around = np.pad(np.array(X_IMAGE), 2, constant_values=-1)
    picture = around[2 - by[0] : 11 - by[0], 2 - by[1] : 11 - by[1]].tolist()
    found: dict[str, Any] = {"picture": picture}
    for name, shown in (("still", X_IMAGE), ("moved", picture)):
        passed = match({"picture": shown, "feature": feature})["relu"]
        pooled = pool({"map": passed, "size": 2, "ceil": True})
        found[name] = {"relu": passed, "relu_cut": _cut(passed), "pooled": pooled["map"], "pooled_cut": pooled["cut"]}
    for name in ("relu", "pooled"):
        same = np.isclose(found["still"][name], found["moved"][name], rtol=0, atol=1e-6)
        found[f"{name}_same"], found[f"{name}_all"] = int(same.sum()), int(same.size)
    return found


def _cut(rows: list[list[float]]) -> list[list[float]]:
    return [[cut(value) for value in row] for row in rows]


def _asks(explained: Any, pick: Pick) -> list[Question]:
    maps = (
        []
        if explained is None
        else [each for each in explained.seen if len(each.shape) == 3 and min(each.shape[1:]) >= 2]
    )
    if maps:
        layer = maps[pick.whole(0, len(maps) - 1)]
        c, y, x = pick.varied(layer.values, (2, 2))
        window = np.round(layer.values[c, y : y + 2, x : x + 2].astype(float), 2).tolist()
        where = f"In your network {layer.name}, channel {c}, has in rows {y} and {y + 1}, columns {x} and {x + 1}, the values"
    else:
        y, x = pick.place((2, 2))
        rows = example_maps({})["colours"]
        window = [row[x : x + 2] for row in rows[y : y + 2]]
        where = "A window of the worked example's map has the values"
    largest, mean = (pool({"map": window, "kind": kind})["map"][0][0] for kind in ("max", "average"))
    side = pick.one((7, 13, 15))
    whole, incomplete = (sized({"maxpool": 2, "ceil": ceil}, (1, side, side))[1] for ceil in (False, True))
    digits = max(abs(largest), abs(mean)) < 100
    return [
        Question(
            f"{where} {grid_text(window)}. What does max pooling make of them?",
            largest,
            0.0006 if digits else 0.0,
            how=f"The largest of the four is {few(largest)}.",
            slips=((mean, "That is the mean; max pooling takes the largest."),) if mean != largest else (),
        ),
        Question(
            "And average pooling? (2 decimals)",
            mean,
            0.006,
            how=f"Their sum divided by 4 is {few(mean, 6)}.",
            slips=((4 * mean, "Divide the sum by 4."), (largest, "That is the largest.")) if mean != largest else (),
        ),
        Question(
            f"A map of {side} × {side} goes through max pooling with a window of 2 and stride 2; incomplete windows do not "
            "count. How many rows are left?",
            whole,
            how=f"{side} ÷ 2, rounded down, is {whole}. If incomplete windows at the edge counted, {incomplete} would be left.",
            slips=((incomplete, "Incomplete windows at the edge do not count here."),),
        ),
    ]


def _own(explained: Any) -> dict[str, dict[str, Any]]:
    """A part of the first map of the network that a pooling comes next to; of any map where there is none."""
    layers = [each for each in explained.seen if len(each.shape) == 3 and min(each.shape[1:]) >= 2]
    before = [
        each for each, after in pairwise(explained.seen) if after.kind in ("maxpool", "avgpool") and each in layers
    ]
    if not layers:
        return {}
    values = (before or layers)[0].values
    part = around(values, int(np.abs(values).argmax()), 6)
    return {
        "pool": {"map": np.round(part.astype(float), 2).tolist(), "kind": "max", "size": 2, "stride": 2, "ceil": False}
    }


LESSON = Lesson(
    "pooling",
    "Pooling",
    "Pooling puts one number in the place of each window: the largest of it, or the mean. The map becomes smaller, later "
    "layers see more of the picture at once, and a feature that moved by a pixel often leaves the same value.",
    {"pool": pool, "maps": example_maps, "moved": moved},
    {
        "pool": {
            "map": [[475, 567, 621], [777, 515, 472], [279, 616, 455]],
            "kind": "max",
            "size": 2,
            "stride": 1,
            "ceil": False,
        },
        "maps": {},
        "moved": {"feature": "A", "down": 0, "right": 1},
    },
    _asks,
    _own,
)
