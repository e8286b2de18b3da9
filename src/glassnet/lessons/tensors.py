"""Tensors: rank, shape, axes, indexing, reshape, broadcasting."""

import math
from typing import Any

from glassnet.errors import RecipeError
from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.examples import TENSOR
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick

MOST_VALUES = 4096


def describe(values: dict[str, Any]) -> dict[str, Any]:
    """Return rank, axes, number of values and the values themselves (0, 1, 2, …) of a tensor of a shape."""
    tensor = _counting(_shape(Given(values, "shape"), "shape"))
    return {
        "rank": tensor.ndim,
        "shape": list(tensor.shape),
        "axes": [{"axis": axis, "length": length} for axis, length in enumerate(tensor.shape)],
        "size": tensor.numel(),
        "values": tensor.tolist(),
    }


def index(values: dict[str, Any]) -> dict[str, Any]:
    """Return what one index, or fewer than there are axes, picks out of the tensor that counts 0, 1, 2, …."""
    given = Given(values, "shape", "index")
    shape = _shape(given, "shape")
    place = given.wholes("index", 1, len(shape), -64, 63)
    for axis, (at, length) in enumerate(zip(place, shape, strict=False)):
        if not -length <= at < length:
            raise RecipeError(
                f"Axis {axis} has places 0 to {length - 1} (or −{length} to −1 from the end), and {at} is none of them."
            )
    picked = _counting(shape)[tuple(place)]
    return {"rank": picked.ndim, "shape": list(picked.shape), "values": picked.tolist()}


def reshape(values: dict[str, Any]) -> dict[str, Any]:
    """Return the same values in another shape; one length may be −1, and is then worked out."""
    given = Given(values, "shape", "to")
    tensor = _counting(_shape(given, "shape"))
    to = given.wholes("to", 1, 6, -1, 4096)
    known = math.prod(length for length in to if length != -1)
    if to.count(-1) > 1 or 0 in to:
        raise RecipeError(
            "A new shape has lengths of 1 and more; one of them may be −1, which means: whatever is left."
        )
    if (-1 in to and tensor.numel() % known) or (-1 not in to and known != tensor.numel()):
        raise RecipeError(
            f"{tensor.numel()} values do not fit into the shape {to}, which has room for {known}"
            f"{' times a whole number' if -1 in to else ''}. A reshape neither adds values nor loses any."
        )
    made = tensor.reshape(to)
    return {"rank": made.ndim, "shape": list(made.shape), "values": made.tolist()}


def broadcast(values: dict[str, Any]) -> dict[str, Any]:
    """Return the shape that two tensors have together, and the axes along which each is repeated. Raises RecipeError where none exists."""
    import torch

    given = Given(values, "first", "second")
    first, second = _shape(given, "first"), _shape(given, "second")
    try:
        together = list(torch.broadcast_shapes(first, second))
    except RuntimeError:
        raise RecipeError(
            f"{first} and {second} do not go together: counted from the last axis, two lengths must be equal, or one of them 1."
        ) from None
    if math.prod(together) > MOST_VALUES:
        raise RecipeError(f"Together they have {math.prod(together):,} values; at most {MOST_VALUES:,} are shown here.")
    summed = _counting(first) + _counting(second)
    return {
        "shape": together,
        "repeated": [_repeated(each, together) for each in (first, second)],
        "sum": summed.tolist(),
    }


def _repeated(shape: list[int], together: list[int]) -> list[int]:
    padded = [1] * (len(together) - len(shape)) + shape
    return [axis for axis, (own, whole) in enumerate(zip(padded, together, strict=True)) if own != whole]


def _shape(given: Given, name: str) -> list[int]:
    shape = given.wholes(name, 0 if name != "shape" else 1, 6, 1, 4096)
    if math.prod(shape) > MOST_VALUES:
        raise RecipeError(
            f"A tensor of shape {shape} has {math.prod(shape):,} values; at most {MOST_VALUES:,} are shown here."
        )
    return shape


def _counting(shape: list[int]) -> Any:
    import torch

    return torch.arange(math.prod(shape)).reshape(shape)


def _asks(explained: Any, pick: Pick) -> list[Question]:
    maps = [] if explained is None else [layer for layer in explained.seen if len(layer.shape) == 3]
    shape = list(maps[pick.whole(0, len(maps) - 1)].shape) if maps else [4, 6, 5]
    name = f"A map of your network has the shape {shape}" if maps else f"A map has the shape {shape}"
    c, y, x = pick.place(shape)
    at = (c * shape[1] + y) * shape[2] + x
    found = describe({"shape": TENSOR})
    return [
        Question(
            f"A tensor has the shape {TENSOR}. What is its rank?",
            found["rank"],
            how="The rank is the number of axes: there are four lengths in the shape.",
            slips=((found["size"], "That is the number of values. The rank is the number of axes."),),
        ),
        Question(
            f"And how many values are in a tensor of shape {TENSOR}?",
            found["size"],
            how=f"{' × '.join(map(str, TENSOR))} = {found['size']}.",
            slips=((sum(TENSOR), "The lengths are multiplied, not added."),),
        ),
        Question(
            f"{name}: channels, rows, columns. It is flattened into a row. At which place, counted from 0, is the value of channel {c}, "
            f"row {y}, column {x}?",
            at,
            how=f"({c} × {shape[1]} + {y}) × {shape[2]} + {x} = {at}: whole channels come first, then whole rows.",
            slips=((at + 1, "The places count from 0 here."),),
        ),
        Question(
            f"A bias of shape [{shape[0]}, 1, 1] is added to that map. What shape has the sum? Write it as a×b×c.",
            "×".join(map(str, _together(shape))),
            how="A length of 1 is repeated until it fits (broadcasting), so that the sum has the map's shape.",
        ),
    ]


def _together(shape: list[int]) -> list[int]:
    import torch

    return list(torch.broadcast_shapes(shape, (shape[0], 1, 1)))


LESSON = Lesson(
    "tensors",
    "Tensors",
    "Everything in a network is a tensor: numbers in a block with one or more axes. Its rank is how many axes it has, its "
    "shape how long each is; reshape puts the same numbers into another block, and broadcasting repeats a short axis so that "
    "two blocks fit.",
    {"describe": describe, "index": index, "reshape": reshape, "broadcast": broadcast},
    {
        "describe": {"shape": TENSOR},
        "index": {"shape": TENSOR, "index": [2, 1, 3, 4]},
        "reshape": {"shape": TENSOR, "to": [6, 20]},
        "broadcast": {"first": [4, 5], "second": [5]},
    },
    _asks,
)
