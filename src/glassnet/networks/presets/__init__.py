"""Presets: networks by name, each a file with `layers(...)` and `recommend(...)`. A new one is a new file and a line in PRESETS.

`network` below is what a recipe holds: a preset's name, a list of layers, or timm/<name>. Nothing here imports torch.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

from glassnet.errors import RecipeError
from glassnet.networks.layers import Backbone, parse, specs
from glassnet.networks.words import nearest

Advice = dict[str, tuple[Any, str]]
"""Recipe field (dotted) → (value, reason), used where the user left it to us."""

PRESETS = {
    "fast": "the speed network, fitted to the picture size (default)",
    "tutorial": "the classic tutorial's network: three convolutions, 122,570 parameters at 32×32",
    "flowers": "three padded convolutions for larger photographs",
    "pyramid": "five resolutions for boxes and masks (their default)",
    "resnet18": "the 18-layer residual network, with the small stem below 64 pixels",
    "mini": "a few thousand parameters, for trying things out",
}


class Preset(Protocol):
    """What a preset's file offers."""

    def layers(self, height: int, width: int, channels: int, classes: int, dropout: float) -> list[Any]:
        """Return the layer list for pictures of that size; dropout layers stand before dense layers when `dropout` is above 0."""
        ...

    def recommend(self, n_train: int, height: int, width: int, classes: int) -> Advice:
        """Return how this network is best trained on `n_train` pictures."""
        ...


def preset(name: str) -> Preset:
    """Return a preset. Raises RecipeError with the nearest known name."""
    if name not in PRESETS:
        raise RecipeError(
            f"{name!r} is no network. {nearest(name, PRESETS)} A list of layers and timm/<name> serve too."
        )
    return import_module(f"glassnet.networks.presets.{name}")  # type: ignore[return-value]


def layers_of(
    network: str | Sequence[Any],
    shape: Sequence[int],
    classes: int,
    dropout: float | None = None,
    head: Mapping[str, Any] | None = None,
) -> list[Any]:
    """Return the layer list of `network` for pictures of `shape` (C, H, W), every layer named. Raises RecipeError.

    A list of the user's own is returned with names; `dropout` counts for presets and pretrained networks only. `head` is what the task
    asks for: a vote, which lists end in themselves, or a map, for which `presets.dense` puts a decoder in place of the vote.
    """
    channels, height, width = shape
    if not isinstance(network, str):
        layers = specs(parse(network))
    elif network.startswith("timm/"):
        from glassnet.networks.pretrained import timm_layers

        layers = specs(parse(timm_layers(network, channels, dropout or 0.0)))
    else:
        layers = specs(parse(preset(network).layers(height, width, channels, classes, dropout or 0.0)))
    if head is None:
        return layers
    if head["kind"] == "vote":
        if any("decoder" in layer for layer in layers):
            raise RecipeError(
                "This list has a decoder, which is for boxes and masks. To classify, end it with global_pool and dense."
            )
        return layers
    from glassnet.networks.presets.dense import with_decoder

    return with_decoder(layers, head, dropout or 0.0, (channels, height, width), classes)


def recommendations(network: str | Sequence[Any], n_train: int, height: int, width: int, classes: int) -> Advice:
    """Return how `network` is best trained. For a list of layers: what its layers ask for. Raises RecipeError."""
    if isinstance(network, str) and not network.startswith("timm/"):
        return preset(network).recommend(n_train, height, width, classes)
    if isinstance(network, str) or any(isinstance(layer, Backbone) for layer in parse(network)):
        from glassnet.networks.pretrained import recommend

        return recommend(n_train, height, width, classes)
    return {"train.initial": ("he", "layer lists of one's own start as He et al. (2015) advise for ReLU")}
