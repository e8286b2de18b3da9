"""Pooling: a window of values becomes one."""

from typing import Any

import numpy as np

from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.examples import BLUE, FILTERS, GREEN, RED
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick
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
        "cut": [[cut(value) for value in row] for row in after],
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


LESSON = Lesson(
    "pooling",
    "Pooling",
    "Pooling puts one number in the place of each window: the largest of it, or the mean. The map becomes smaller, later "
    "layers see more of the picture at once, and a feature that moved by a pixel often leaves the same value.",
    {"pool": pool, "maps": example_maps},
    {
        "pool": {
            "map": [[475, 567, 621], [777, 515, 472], [279, 616, 455]],
            "kind": "max",
            "size": 2,
            "stride": 1,
            "ceil": False,
        },
        "maps": {},
    },
    _asks,
)
