"""The 18-layer residual network (He et al., arXiv:1512.03385).

11,173,962 parameters for CIFAR-10, 11,689,512 at 224×224 and 1,000 classes.
"""

from typing import Any

from glassnet.networks.presets import Advice
from glassnet.networks.presets.common import epochs_for, with_dropout


def layers(height: int, width: int, channels: int, classes: int, dropout: float) -> list[Any]:
    """Return the list; below 64 pixels the stem is one 3×3 convolution that keeps the size, as is usual for CIFAR-10."""
    if min(height, width) < 64:
        stem: list[Any] = [{"conv": 64, "padding": "same", "bias": False}, "batch_norm", "relu"]
    else:
        stem = [
            {"conv": 64, "kernel": 7, "stride": 2, "padding": 3, "bias": False},
            "batch_norm",
            "relu",
            {"maxpool": 3, "stride": 2, "padding": 1},
        ]
    blocks = [
        _block(filters, 2 if filters > 64 and place == 0 else 1) for filters in (64, 128, 256, 512) for place in (0, 1)
    ]
    return with_dropout(["standardize", *stem, *blocks, {"global_pool": "avg"}, {"dense": "classes"}], dropout)


def _block(filters: int, stride: int) -> dict[str, Any]:
    first = {"conv": filters, "stride": stride, "padding": 1, "bias": False}
    second = {"conv": filters, "padding": 1, "bias": False}
    return {"residual": [first, "batch_norm", "relu", second, "batch_norm"], "activation": "relu"}


def recommend(n_train: int, height: int, width: int, classes: int) -> Advice:
    """Return the usual recipe for this network, with epochs that a laptop bears."""
    usual = "usual for residual networks"
    return {
        "train.optimizer": ("sgd", usual),
        "train.lr": (0.1, f"{usual}, with batch norm everywhere"),
        "train.schedule": ("one_cycle", "high rates in the middle, none at the end"),
        "train.batch": (max(8, min(128, n_train // 8)), f"{usual}; at least eight steps per epoch"),
        "train.epochs": (epochs_for(n_train, 750_000, 15, 100), "about 750,000 pictures seen in all"),
        "train.weight_decay": (5e-4, usual),
        "train.label_smoothing": (0.1, "11 million parameters grow sure of themselves quickly"),
        "train.initial": ("he", "for ReLU"),
        "augment.flip": ("horizontal", usual),
        "augment.shift": (4 / 32, f"{usual}: four pixels in 32"),
        "train.views": ("mirror", "a mirrored view costs little and helps"),
    }
