"""Convolution by hand: both worked examples, every number of which can be changed."""

from typing import Any

import numpy as np

from glassnet.errors import RecipeError
from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.examples import BLUE, DIAGONAL, FILTERS, GREEN, LONELY_DIAGONAL, PATCH, PATCH_FILTER, RED
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick
from glassnet.lessons.reading import few, fixed, grid_text, listed
from glassnet.lessons.worked import Worked, worked


def convolve(values: dict[str, Any]) -> dict[str, Any]:
    """Return the map of one filter over a picture of up to 8 channels, and the value at one place opened term by term."""
    given = Given(values, "picture", "filter", "bias", "row", "column")
    picture, kernel = given.maps("picture"), given.maps("filter", most=11)
    if len(kernel) != len(picture):
        raise RecipeError(
            f"The picture has {len(picture)} channel{'s' * (len(picture) != 1)} and the filter {len(kernel)}. A filter has a layer of "
            "weights for each channel."
        )
    bias = given.number("bias", -1e6, 1e6, 0)
    done, by_channel = _convolved(picture, kernel, bias)
    made = done.map("conv1")[0]
    row, column = given.whole("row", 0, len(made) - 1, 0), given.whole("column", 0, len(made[0]) - 1, 0)
    opened = done.open("conv1", 0, row, column)
    parts = np.array(by_channel.map("depthwise1"))
    return {
        "map": made,
        "height": len(made),
        "width": len(made[0]),
        "row": row,
        "column": column,
        "by_channel": parts[:, row, column].tolist(),
        "channel_maps": parts.tolist(),
        "terms": [term.as_dict() for term in opened.terms],
        "sum": opened.total,
        "bias": bias,
        "result": opened.result,
        "text": opened.text(all=True),
    }


def _convolved(picture: np.ndarray, kernel: np.ndarray, bias: float) -> tuple[Worked, Worked]:
    size = list(kernel.shape[1:])
    done = worked([{"conv": 1, "kernel": size}], picture, {"conv1": kernel}, {"conv1": [bias]})
    return done, worked([{"depthwise": size, "bias": False}], picture, {"depthwise1": kernel})


def _asks(explained: Any, pick: Pick) -> list[Question]:
    picture = pick.grid(3, 3, 0, 9)
    kernel = [[pick.one((-2, -1, 1, 2)) for _ in range(2)] for _ in range(2)]
    row, column = pick.place((2, 2))
    made = convolve({"picture": picture, "filter": kernel, "row": row, "column": column})
    products = [term["product"] for term in made["terms"]]
    found = [
        Question(
            f"The filter {grid_text(kernel)} goes over the picture {grid_text(picture)}, stride 1, no padding. Which value has "
            f"the map in row {row}, column {column} (counted from 0)?",
            made["result"],
            how=f"The products are {listed(products)}; their sum is {few(made['result'])}.",
            slips=_turned(picture, kernel, row, column, made["result"]),
        ),
        Question(
            "Of which size is that map? Write it as rows×columns.",
            f"{made['height']}×{made['width']}",
            how="A window of 2 fits into 3 places twice: 3 − 2 + 1 = 2 in each direction.",
            slips=(("3×3", "Without padding the map is smaller than the picture."),),
        ),
    ]
    return found + (_from_network(explained, pick) or _from_colours())


def _turned(picture: list, kernel: list, row: int, column: int, right: float) -> tuple[tuple[float, str], ...]:
    flipped = [line[::-1] for line in kernel[::-1]]
    other = convolve({"picture": picture, "filter": flipped, "row": row, "column": column})["result"]
    return (
        ((other, "You turned the filter over. Networks lay it on the picture as it stands."),) if other != right else ()
    )


def _from_colours() -> list[Question]:
    made = convolve(dict(LESSON.examples["colours"]))
    red, green, blue = made["by_channel"]
    return [
        Question(
            f"Over the first window of a colour picture the products add up to {few(red)} for red, {few(green)} for green and "
            f"{few(blue)} for blue. Which number stands in the map?",
            made["result"],
            how=f"{few(red)} + {few(green)} + {few(blue)} = {few(made['result'])}: the colours are added into one map.",
            slips=((made["result"] / 3, "The colours are added, not averaged."),),
        )
    ]


def _from_network(explained: Any, pick: Pick) -> list[Question]:
    convs = [] if explained is None else [each for each in explained.seen if each.kind == "conv"]
    if not convs:
        return []
    layer = convs[0]
    place = pick.place(layer.shape)
    opened = explained.arithmetic(layer.name, *place)
    if opened.how != "sum":
        return []
    term = max(opened.terms, key=lambda each: abs(each.product))
    questions = [
        Question(
            f"In your network, {layer.name}, channel {place[0]}, row {place[1]}, column {place[2]}: the largest product is made of the "
            f"value {fixed(term.value, 4)} and the weight {fixed(term.weight, 4)}. What is it? (3 decimals)",
            term.product,
            0.0011,
            how=f"{fixed(term.value, 4)} × ({fixed(term.weight, 4)}) = {fixed(term.product, 4)}.",
            slips=((term.value + term.weight, "The two are multiplied, not added."),)
            if abs(term.value + term.weight - term.product) > 0.003
            else (),
        )
    ]
    if opened.bias is not None:
        questions.append(
            Question(
                f"All {len(opened.terms)} products there add up to {fixed(opened.total, 4)}, and the filter's bias is "
                f"{fixed(opened.bias, 4)}. Which number does the convolution write? (3 decimals)",
                opened.combined,
                0.0011,
                how=f"{fixed(opened.total, 4)} + ({fixed(opened.bias, 4)}) = {fixed(opened.combined, 4)}.",
                slips=((opened.total, "The bias is missing."),) if abs(opened.bias) > 0.003 else (),
            )
        )
    return questions


def _own(explained: Any) -> dict[str, dict[str, Any]]:
    """The window with the strongest answer of the network's first convolution, its weights and their bias, with two decimals."""
    layer = next((each for each in explained.seen if each.kind == "conv"), None)
    if layer is None:
        return {}
    strongest = np.unravel_index(np.abs(layer.values).argmax(), layer.shape)
    opened = explained.arithmetic(layer.name, *map(int, strongest))
    shape = tuple(max(term.at[axis] for term in opened.terms) + 1 for axis in range(3)) if opened.how == "sum" else (0,)
    if shape[0] not in (1, 3) or max(shape[1:]) > 7:
        return {}
    window, weights = np.zeros(shape), np.zeros(shape)
    for term in opened.terms:
        window[term.at], weights[term.at] = round(term.value, 2), round(term.weight, 2)
    given = {"bias": round(opened.bias or 0.0, 2), "row": 0, "column": 0}
    if shape[0] == 1:
        return {"patch": {"picture": window[0].tolist(), "filter": weights[0].tolist(), **given}}
    return {"colours": {"picture": window.tolist(), "filter": weights.tolist(), **given}}


_ISOLATED = [[0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
_BLOCK = [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]


def diagonals(values: dict[str, Any]) -> dict[str, Any]:
    """Return how strongly a filter of 2 × 2 fires on an isolated diagonal and on a full block."""
    given = Given(values, "filter")
    kernel = given.grid("filter", 2)
    if kernel.shape != (2, 2):
        raise RecipeError("This filter is 2 × 2.")
    found = {}
    for name, picture in (("isolated", _ISOLATED), ("block", _BLOCK)):
        made = worked([{"conv": 1, "kernel": 2, "bias": False}], [picture], {"conv1": kernel}).map("conv1")[0]
        found[name] = {"picture": picture, "map": made, "strongest": max(max(row) for row in made)}
    return {**found, "plain": DIAGONAL, "lonely": LONELY_DIAGONAL}


LESSON = Lesson(
    "convolution",
    "Convolution by hand",
    "A filter is laid over a window of the picture, each weight is multiplied by the number under it, and the products of all "
    "colours are added, with a bias, to one number of the map. The filter then moves on by its stride, and the same few "
    "weights read every place.",
    {"colours": convolve, "patch": convolve, "diagonals": diagonals},
    {
        "colours": {"picture": [RED, GREEN, BLUE], "filter": FILTERS, "bias": 0, "row": 0, "column": 0},
        "patch": {"picture": PATCH, "filter": PATCH_FILTER, "bias": 1, "row": 0, "column": 0},
        "diagonals": {"filter": DIAGONAL},
    },
    _asks,
    _own,
)
