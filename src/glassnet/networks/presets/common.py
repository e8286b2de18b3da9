"""What several presets need: dropout before dense layers, and how long small sets are trained."""

from typing import Any


def with_dropout(layers: list[Any], rate: float) -> list[Any]:
    """Return the layers with a dropout of `rate` before every dense layer; unchanged for rate 0."""
    if not rate:
        return layers
    return [
        each
        for layer in layers
        for each in (({"dropout": rate}, layer) if isinstance(layer, dict) and "dense" in layer else (layer,))
    ]


def epochs_for(n_train: int, pictures: int, least: int, most: int) -> int:
    """Return the epochs in which about `pictures` pictures are seen, within bounds."""
    return max(least, min(most, round(pictures / max(n_train, 1))))
