"""A few thousand parameters that train in a moment: for tests, for trying a recipe out, and for playing."""

from typing import Any

from glassnet.networks.presets import Advice
from glassnet.networks.presets.common import epochs_for, with_dropout


def layers(height: int, width: int, channels: int, classes: int, dropout: float) -> list[Any]:
    """Return two small convolutions and a vote; any size from 4×4."""
    return with_dropout(
        [
            {"conv": 16, "padding": "same", "bias": False},
            {"maxpool": 2},
            "batch_norm",
            "relu",
            {"conv": 32, "padding": "same", "bias": False},
            "batch_norm",
            "relu",
            {"global_pool": "max"},
            {"dense": "classes"},
        ],
        dropout,
    )


def recommend(n_train: int, height: int, width: int, classes: int) -> Advice:
    """Return a recipe that learns a small set in a moment."""
    return {
        "train.optimizer": ("adamw", "learns small sets quickly without tuning"),
        "train.lr": (0.01, "a small network takes large steps"),
        "train.schedule": ("one_cycle", "ends with small steps"),
        "train.batch": (max(8, min(64, n_train // 8)), "at least eight steps per epoch"),
        "train.epochs": (epochs_for(n_train, 5_000, 5, 40), "about 5,000 pictures seen in all"),
        "train.initial": ("he", "for ReLU"),
    }
