"""How a computer sees a picture: rows and columns of numbers, one per colour."""

from typing import Any

import numpy as np

from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given, builtin
from glassnet.lessons.picking import Pick

CHANGES = ("blur", "shift", "rotate", "brighten", "contrast")


def look(values: dict[str, Any]) -> dict[str, Any]:
    """Return a picture as the network gets it: its shape, its bytes, and the numbers from 0 to 1 that they become.

    `scaled` holds for each byte, 0 to 255, its number in the network.
    """
    import torch

    from glassnet.training.augment import to_float

    given = Given(values, "picture", "row", "column")
    pixels = given.picture()
    height, width, channels = pixels.shape
    row = given.whole("row", 0, height - 1, height // 2)
    column = given.whole("column", 0, width - 1, width // 2)
    scaled = to_float(torch.from_numpy(pixels[None]))[0]
    every = to_float(torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16, 1)).flatten()
    return {
        "height": height,
        "width": width,
        "channels": channels,
        "numbers": int(pixels.size),
        "names": ["grey"] if channels == 1 else ["red", "green", "blue"],
        "bytes": pixels.transpose(2, 0, 1).tolist(),
        "pixel": {
            "row": row,
            "column": column,
            "bytes": pixels[row, column].tolist(),
            "numbers": scaled[:, row, column].tolist(),
        },
        "scaled": every.tolist(),
        "least": int(pixels.min()),
        "greatest": int(pixels.max()),
    }


def change(values: dict[str, Any]) -> dict[str, Any]:
    """Return the picture changed, and in how many of its numbers the change shows: a small move changes almost all of them."""
    from glassnet.explain.what_if import changed

    given = Given(values, "picture", "kind", "amount")
    pixels = given.picture()
    kind = given.choice("kind", CHANGES, "shift")
    after = changed(pixels, kind, given.number("amount", -180, 180, 1))
    differ = int((after != pixels).sum())
    return {"bytes": after.transpose(2, 0, 1).tolist(), "changed": differ, "share": differ / pixels.size}


def _asks(explained: Any, pick: Pick) -> list[Question]:
    pixels = builtin("shapes") if explained is None else explained.picture.fitted
    whose = (
        "The built-in picture of shapes" if explained is None else f"{explained.picture.name}, as your network gets it,"
    )
    height, width, channels = pixels.shape
    row, column, channel = pick.place((height, width, channels))
    colour = ["grey"] if channels == 1 else ["red", "green", "blue"]
    byte = int(pixels[row, column, channel])
    number = look({"picture": _around(pixels, row, column), "row": 0, "column": 0})["pixel"]["numbers"][channel]
    return [
        Question(
            f"{whose} is {height} pixels high and {width} wide, in {channels} colour{'s' * (channels != 1)}. Of how many numbers is "
            f"it made?",
            pixels.size,
            how=f"{height} × {width} × {channels} = {pixels.size:,}: one number for each pixel and colour.",
            slips=((height * width, "That is the number of pixels. Each has a number for every colour."),)
            if channels > 1
            else (),
        ),
        Question(
            f"In row {row}, column {column}, its {colour[channel]} byte is {byte}. The network gets a number from 0 to 1. Which? (3 "
            f"decimals)",
            number,
            0.0006,
            how=f"{byte} ÷ 255 = {number:.4f}: 255 is the largest byte.",
            slips=((byte / 256, "A byte has 256 values, but the largest is 255, and 255 must become 1."),)
            if byte > 40
            else (),
        ),
        Question(
            "A picture of 28 × 28 grey pixels goes into a network. How many input neurons does it need?",
            look({"picture": np.zeros((28, 28), int).tolist()})["numbers"],
            how="28 × 28 = 784: one for each pixel.",
            slips=((28 + 28, "Rows and columns are multiplied, not added."),),
        ),
    ]


def _around(pixels: np.ndarray, row: int, column: int) -> list[Any]:
    return pixels[row : row + 1, column : column + 1].tolist()


LESSON = Lesson(
    "pixels",
    "How a computer sees a picture",
    "A picture is a table of numbers: one for each pixel and colour, from 0 (dark) to 255 (bright), and from 0 to 1 once it "
    "is in the network. What is plain to the eye, a sign moved by one pixel, changes nearly all of these numbers, and a "
    "network has to learn that it is the same sign.",
    {"look": look, "change": change},
    {"look": {"picture": "xo", "row": 16, "column": 16}, "change": {"picture": "xo", "kind": "shift", "amount": 1}},
    _asks,
)
