"""Stride and padding: how far the window moves, and what stands beyond the border."""

from typing import Any

import numpy as np

from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick
from glassnet.lessons.worked import sized, worked


def size(values: dict[str, Any]) -> dict[str, Any]:
    """Return the size of the map, and for every place of it the pixels in its window, along one side.

    `padding` is valid, same, or a number of zeros at each end; None in a window is such a zero. Raises RecipeError where nothing fits.
    """
    from glassnet.networks.fields import taps
    from glassnet.networks.layers import parse
    from glassnet.networks.shapes import plan

    given = Given(values, "size", "kernel", "stride", "padding", "dilation")
    side = given.whole("size", 1, 512)
    layer = _layer(given)
    step = plan(parse([layer, "global_pool", {"dense": "classes"}]), (1, side, side), 1)[0]
    top, bottom = step.padding[:2]
    kernel, stride, dilation = layer["kernel"], layer["stride"], layer["dilation"]
    windows = taps(side, kernel, stride, (top, bottom), dilation)
    reach = (kernel - 1) * dilation + 1
    return {
        "output": step.after[1],
        "before": top,
        "after": bottom,
        "reach": reach,
        "windows": windows,
        "starts": [at * stride - top for at in range(len(windows))],
        "formula": f"({side} + {top + bottom} − {reach}) ÷ {stride}, rounded down, + 1 = {step.after[1]}",
    }


def convolve(values: dict[str, Any]) -> dict[str, Any]:
    """Return the map of a filter over a picture with this stride and padding."""
    given = Given(values, "picture", "filter", "stride", "padding", "dilation")
    picture, kernel = given.maps("picture", channels=1), given.grid("filter", 11)
    layer = {**_layer(given, kernel.shape[0]), "kernel": list(kernel.shape), "bias": False}
    made = worked([layer], picture, {"conv1": kernel}).map("conv1")[0]
    return {"map": made, "height": len(made), "width": len(made[0])}


def _layer(given: Given, kernel: int | None = None) -> dict[str, Any]:
    padding = given.values.get("padding")
    return {
        "conv": 1,
        "kernel": given.whole("kernel", 1, 64, 3) if kernel is None else kernel,
        "stride": given.whole("stride", 1, 64, 1),
        "dilation": given.whole("dilation", 1, 16, 1),
        "padding": given.choice("padding", ("valid", "same"), "valid")
        if padding is None or isinstance(padding, str)
        else given.whole("padding", 0, 64),
    }


def _asks(explained: Any, pick: Pick) -> list[Question]:
    side = pick.whole(24, 64) if explained is None else min(explained.predictor.model.network.shape[1], 512)
    whose = "A picture is" if explained is None else "The pictures that your network gets are"
    kernel, stride = pick.one((3, 5)), pick.one((2, 3))
    plain = size({"size": side, "kernel": kernel})
    moved = size({"size": side, "kernel": kernel, "stride": stride})
    same = sized({"conv": 1, "kernel": kernel, "padding": "same"}, (1, side, side))[1]
    return [
        Question(
            f"{whose} {side} pixels high. A filter of {kernel} × {kernel} goes over it with stride 1 and without padding. How "
            "many rows has the map?",
            plain["output"],
            how=f"{side} − {kernel} + 1 = {plain['output']}.",
            slips=(
                (side - kernel, "Add one: the first window counts too."),
                (side, "Without padding the map is smaller."),
            ),
        ),
        Question(
            f"And how many with stride {stride}?",
            moved["output"],
            how=moved["formula"] + ".",
            slips=((side // stride, "The window must fit as a whole: take the kernel away first."),)
            if side // stride != moved["output"]
            else (),
        ),
        Question(
            f"How many zeros must stand on each side so that, with stride 1, the map of a {kernel} × {kernel} filter is as "
            f"large as the picture ({same} rows)?",
            (kernel - 1) // 2,
            how=f"({kernel} − 1) ÷ 2 = {(kernel - 1) // 2}: the window's middle then stands on every pixel, those at the border too.",
            slips=((kernel - 1, "That is both sides together."),),
        ),
    ]


LESSON = Lesson(
    "stride",
    "Stride and padding",
    "The stride says by how many pixels the window moves from one place to the next; a stride of 2 makes the map half as "
    "wide. Padding puts zeros around the picture, so that the window can also stand over its border and the map keeps the "
    "picture's size.",
    {"size": size, "convolve": convolve},
    {
        "size": {"size": 7, "kernel": 3, "stride": 2, "padding": 1, "dilation": 1},
        "convolve": {
            "picture": np.arange(25).reshape(5, 5).tolist(),
            "filter": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
            "stride": 2,
            "padding": "same",
        },
    },
    _asks,
)
