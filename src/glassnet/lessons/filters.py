"""Filters that one designs oneself: edges, diagonals, sharpening, on any picture."""

from typing import Any

import numpy as np

from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.examples import DIAGONAL, LONELY_DIAGONAL
from glassnet.lessons.inputs import Given, builtin
from glassnet.lessons.picking import Pick
from glassnet.lessons.reading import few, grid_text, listed
from glassnet.lessons.worked import worked

KNOWN = {
    "upright edges": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "level edges": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "diagonal": DIAGONAL,
    "isolated diagonal": LONELY_DIAGONAL,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "soften": [[1, 2, 1], [2, 4, 2], [1, 2, 1]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
}
"""Filters with a name. The sum of `soften` is 16: divide by it, so that brightness stays."""


def apply(values: dict[str, Any]) -> dict[str, Any]:
    """Return the map of a filter over the brightness of a picture, the mean of its colours from 0 to 1, and one value of it opened.

    `filter` is a name or a grid; `divide` divides its weights; `padding` is valid or same. `row` and `column` say which value is
    opened; without them it is the one farthest from 0.
    """
    given = Given(values, "picture", "filter", "divide", "padding", "activation", "row", "column")
    brightness = given.picture().mean(2) / 255
    kernel = _filter(given)
    divisor = given.number("divide", 0.001, 1e6, 1)
    padding = given.choice("padding", ("valid", "same"), "same")
    activation = given.choice("activation", ("none", "relu"), "none")
    layer: dict[str, Any] = {
        "conv": 1,
        "kernel": list(kernel.shape),
        "padding": padding,
        "bias": False,
        "name": "filter",
    }
    if activation != "none":
        layer["activation"] = activation
    done = worked([layer], brightness[None], {"filter": kernel / divisor})
    named = "filter" if activation == "none" else "filter_relu"
    made = np.array(done.map(named)[0])
    strongest = np.unravel_index(np.abs(made).argmax(), made.shape)
    row, column = (
        given.whole(name, 0, made.shape[i] - 1, int(strongest[i])) for i, name in enumerate(("row", "column"))
    )
    opened = done.open("filter", 0, row, column)
    return {
        "brightness": np.round(brightness, 4).tolist(),
        "map": np.round(made, 4).tolist(),
        "row": row,
        "column": column,
        "terms": [term.as_dict() for term in opened.terms],
        "combined": opened.total,
        "result": float(made[row, column]),
        "least": float(made.min()),
        "greatest": float(made.max()),
        "filter": (kernel / divisor).tolist(),
        "sum": float(kernel.sum() / divisor),
        "known": {name: list(rows) for name, rows in KNOWN.items()},
    }


def _filter(given: Given) -> np.ndarray:
    if isinstance(given.values.get("filter"), str):
        return np.array(KNOWN[given.choice("filter", tuple(KNOWN))], float)
    return given.grid("filter", 7, -1000, 1000)


def _asks(explained: Any, pick: Pick) -> list[Question]:
    pixels = builtin("shapes") if explained is None else explained.picture.fitted
    whose = "the built-in picture" if explained is None else explained.picture.name
    channel, row, column = pick.varied(pixels.transpose(2, 0, 1).astype(float), (3, 3))
    patch = pixels[row : row + 3, column : column + 3, channel].astype(int).tolist()
    name = pick.one(("upright edges", "level edges", "sharpen"))
    kernel = KNOWN[name]
    opened = worked([{"conv": 1, "bias": False}], [patch], {"conv1": kernel}).open("conv1", 0, 0, 0)
    products = [term.product for term in opened.terms if term.weight]
    flat = worked([{"conv": 1, "bias": False}], np.full((1, 3, 3), 200), {"conv1": kernel}).open("conv1", 0, 0, 0)
    return [
        Question(
            f"Nine bytes of {whose}, rows {row} to {row + 2}, columns {column} to {column + 2}, are {grid_text(patch)}. Which "
            f"value gives the filter “{name}”, {grid_text(kernel)}, there?",
            opened.result,
            how=f"The products that are not 0 times something: {listed(products)}; together {few(opened.result)}.",
        ),
        Question(
            "And which value does the same filter give where all nine bytes are 200?",
            flat.result,
            how=f"The weights add up to {few(sum(map(sum, kernel)))}, and {few(sum(map(sum, kernel)))} × 200 = {few(flat.result)}.",
        ),
        Question(
            "Which filter answers most strongly where a bright line stands upright: “upright edges” or “level edges”?",
            "upright edges",
            how="Its left column is negative and its right one positive: it answers where brightness changes from left to right.",
            choices=("upright edges", "level edges"),
        ),
    ]


LESSON = Lesson(
    "filters",
    "Filters of your own",
    "A filter answers strongly where the picture looks like the filter: its positive weights ask for bright, its negative "
    "ones for dark. The first layer of a trained network finds such filters by itself, for edges, lines and colours "
    "(low-level features); later layers build textures and simple shapes of them (middle), and whole things and how they lie "
    "to one another (high).",
    {"apply": apply},
    {"apply": {"picture": "shapes", "filter": "upright edges", "divide": 1, "padding": "valid", "activation": "none"}},
    _asks,
)
