"""From a list of layers that ends in a vote to one that answers for every place: the vote's layers go, a decoder and a map come."""

from collections.abc import Mapping, Sequence
from typing import Any

from glassnet.errors import RecipeError
from glassnet.networks.layers import (
    BatchNorm,
    Conv,
    Decoder,
    Dense,
    Flatten,
    GlobalPool,
    Layer,
    Scale,
    parse,
    specs,
    walk,
)

CHANNELS = 64


def with_decoder(layers: Sequence[Any], head: Mapping[str, Any], dropout: float) -> list[Any]:
    """Return `layers` (as `specs` gives them) up to their last map, then decoder, one convolution, and the map that `head` asks for.

    `head` has `outputs` (channels of the map) and `stride` (pixels of the picture per value). A list that has a decoder of its own is
    kept; its last convolution must then give those outputs. Raises RecipeError where that is not so, or where no map is left.
    """
    parsed = parse(layers)
    if any(isinstance(layer, Decoder) for layer in parsed):
        _check_own(parsed, head)
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


def _check_own(parsed: tuple[Layer, ...], head: Mapping[str, Any]) -> None:
    last = next((layer for layer in reversed(parsed) if isinstance(layer, Conv)), None)
    decoder = next(layer for layer in parsed if isinstance(layer, Decoder))
    if last is None or last.filters != head["outputs"] or isinstance(parsed[-1], BatchNorm):
        raise RecipeError(
            f"This task reads a map of {head['outputs']} channels. End the list with {{conv: {head['outputs']}, kernel: 1}}."
        )
    if decoder.stride != head["stride"]:
        raise RecipeError(
            f"This task reads one value per {head['stride']} pixels along each side: write "
            f"{{decoder: {decoder.channels}, stride: {head['stride']}}}."
        )
