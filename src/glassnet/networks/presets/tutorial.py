"""The classic tutorial's network: three convolutions, 122,570 parameters for 32×32×3 and ten classes, with its published recipe."""

from typing import Any

from glassnet.networks.presets import Advice
from glassnet.networks.presets.common import with_dropout


def layers(height: int, width: int, channels: int, classes: int, dropout: float) -> list[Any]:
    """Return the published list whatever the size; pictures below 18 pixels do not fit, and the error says so."""
    return with_dropout(
        [
            {"conv": 32, "kernel": 3, "activation": "relu"},
            {"maxpool": 2},
            {"conv": 64, "kernel": 3, "activation": "relu"},
            {"maxpool": 2},
            {"conv": 64, "kernel": 3, "activation": "relu"},
            "flatten",
            {"dense": 64, "activation": "relu"},
            {"dense": "classes"},
        ],
        dropout,
    )


def recommend(n_train: int, height: int, width: int, classes: int) -> Advice:
    """Return the published recipe, so that the published figures come out."""
    published = "the tutorial's published recipe"
    return {
        "train.optimizer": ("adam", published),
        "train.lr": (0.001, published),
        "train.schedule": ("constant", published),
        "train.batch": (32, published),
        "train.epochs": (10, published),
        "train.weight_decay": (0.0, published),
        "train.label_smoothing": (0.0, published),
        "train.dropout": (0.0, published),
        "train.initial": ("glorot", f"{published}: Keras starts its layers this way"),
        "augment.flip": ("none", f"{published} shows every picture as it is"),
    }
