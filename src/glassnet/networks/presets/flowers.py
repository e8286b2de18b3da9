"""The flower tutorial's network for larger photographs: 3,989,285 parameters for 180×180×3 and five classes."""

from typing import Any

from glassnet.networks.presets import Advice
from glassnet.networks.presets.common import with_dropout


def layers(height: int, width: int, channels: int, classes: int, dropout: float) -> list[Any]:
    """Return the published list; its rescaling by 1/255 is what every network's input has already been through."""
    return with_dropout(
        [
            {"conv": 16, "kernel": 3, "padding": "same", "activation": "relu"},
            {"maxpool": 2},
            {"conv": 32, "kernel": 3, "padding": "same", "activation": "relu"},
            {"maxpool": 2},
            {"conv": 64, "kernel": 3, "padding": "same", "activation": "relu"},
            {"maxpool": 2},
            "flatten",
            {"dense": 128, "activation": "relu"},
            {"dense": "classes"},
        ],
        dropout,
    )


def recommend(n_train: int, height: int, width: int, classes: int) -> Advice:
    """Return the tutorial's second recipe: augmentation and dropout, which its first one is there to motivate."""
    published = "the flower tutorial's recipe"
    return {
        "train.optimizer": ("adam", published),
        "train.lr": (0.001, published),
        "train.schedule": ("constant", published),
        "train.batch": (32, published),
        "train.epochs": (15, published),
        "train.weight_decay": (0.0, published),
        "train.label_smoothing": (0.0, published),
        "train.dropout": (0.2, published),
        "train.initial": ("glorot", f"{published}: Keras starts its layers this way"),
        "augment.flip": ("horizontal", published),
        "augment.rotate": (36.0, f"{published}: a tenth of a turn"),
        "augment.zoom": (0.1, published),
    }
