"""From a list of layers that ends in a vote to one that answers for every place: the vote's layers go, a decoder and a map come."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from glassnet.errors import RecipeError
from glassnet.networks.layers import (
    Conv,
    Decoder,
    Dense,
    Flatten,
    GlobalPool,
    Layer,
    Scale,
    Standardize,
    parse,
    specs,
    walk,
)
from glassnet.networks.shapes import plan

CHANNELS = 64


def with_decoder(
    layers: Sequence[Any], head: Mapping[str, Any], dropout: float, shape: tuple[int, int, int], classes: int
) -> list[Any]:
    """Return `layers` (as `specs` gives them) up to their last map, then decoder, one convolution, and the map that `head` asks for.

    `head` has `outputs` (channels of the map) and `stride` (pixels of the picture per value); pictures have `shape` (C, H, W). A list that
    has a decoder of its own is kept; it must then give that map. Raises RecipeError where that is not so, or where no map is left.
    """
    parsed = parse(layers)
    if any(isinstance(layer, Decoder) for layer in parsed):
        _check_own(parsed, head, shape, classes)
        return list(layers)
    body = _body(parsed)
    if not any(isinstance(layer, Conv) for layer in walk(body)) and not any(layer.word == "backbone" for layer in body):
        raise RecipeError(
            "This network has no convolution before it is flattened, so it cannot say where anything is. "
            "Boxes and masks need a network with maps, as pyramid, fast or resnet18."
        )
    last: list[Any] = [{"dropout": dropout}] if dropout else []
    return specs(
        parse(
            [
                *specs(body),
                {"decoder": CHANNELS, "stride": head["stride"]},
                {"conv": CHANNELS, "padding": "same", "activation": "relu", "name": "map_features"},
                *last,
                {"conv": head["outputs"], "kernel": 1, "initial": "zero", "name": "map"},
            ]
        )
    )


def _body(parsed: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """The layers before the first that makes a row of a map; a trailing dropout or scale belongs to the vote too."""
    end = next((i for i, layer in enumerate(parsed) if isinstance(layer, Flatten | GlobalPool | Dense)), len(parsed))
    while end and (isinstance(parsed[end - 1], Scale) or parsed[end - 1].word == "dropout"):
        end -= 1
    return parsed[:end]


def _check_own(parsed: tuple[Layer, ...], head: Mapping[str, Any], shape: tuple[int, int, int], classes: int) -> None:
    outputs, stride = head["outputs"], head["stride"]
    place = next(i for i, layer in enumerate(parsed) if isinstance(layer, Decoder))
    decoder, last = parsed[place], parsed[-1]
    assert isinstance(decoder, Decoder)
    if not isinstance(last, Conv) or last.filters != outputs or last.activation:
        raise RecipeError(
            f"This task reads a map of {outputs} channels of any sign. End the list with {{conv: {outputs}, kernel: 1}} "
            "and no activation."
        )
    if decoder.stride != stride:
        raise RecipeError(
            f"This task reads one value per {stride} pixels along each side: write "
            f"{{decoder: {decoder.channels}, stride: {stride}}}."
        )
    measured = next((each for each in walk(parsed[place:]) if _is_measured(each)), None)
    if measured is not None:
        raise RecipeError(
            f"Layer {measured.number} ({measured.name}) is measured on the pictures, which it cannot be after a decoder. "
            "Use batch_norm there."
        )
    height, width = (math.ceil(side / stride) for side in shape[1:])
    made = plan(parsed, shape, classes)[-1].after
    if made[1:] != (height, width):
        raise RecipeError(
            f"This task reads {height}×{width} values for pictures of {shape[1]}×{shape[2]} pixels, and the list gives "
            f"{made[1]}×{made[2]}. After the decoder, set padding: same, and leave out pooling, strides and upsampling."
        )


def _is_measured(layer: Layer) -> bool:
    return (isinstance(layer, Standardize) and layer.mean is None) or getattr(layer, "initial", None) == "whiten"
