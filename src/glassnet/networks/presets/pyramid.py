"""The network for boxes and masks: five resolutions, from half of the picture's to a thirty-second of it.

Whitening filters measured from the pictures with a stride of two, then two 3×3 convolutions with batch norm per resolution, narrow where
maps are large. The layers after its last map are only used when it classifies; a task that asks where puts a decoder in their place.
"""

from typing import Any

from glassnet.networks.presets import Advice
from glassnet.networks.presets.common import epochs_for, with_dropout

# Channels at strides 2, 4, 8, 16 and 32; the first has one convolution, the others two.
WIDTHS = (32, 64, 128, 256, 256)
FILTERS = 24
# Pixels seen in all: some minutes on four cores.
_SEEN = 20_000 * 240 * 320


def layers(height: int, width: int, channels: int, classes: int, dropout: float) -> list[Any]:
    """Return the list for any size from 8×8. Pooling stops where a map would fall below 2 pixels."""
    side = min(height, width)
    filters = min(FILTERS, 18 * channels)
    stem = {"conv": filters, "stride": 2, "padding": "same", "bias": False, "initial": "whiten", "frozen": True}
    written: list[Any] = ["standardize", stem, "relu", *_convolution(WIDTHS[0])]
    at = -(-side // 2)
    for filters in WIDTHS[1:]:
        if at < 4:
            break
        written += [{"maxpool": 2}, *_convolution(filters), *_convolution(filters)]
        at //= 2
    return with_dropout([*written, {"global_pool": "avg"}, {"dense": "classes"}], dropout)


def _convolution(filters: int) -> list[Any]:
    return [{"conv": filters, "padding": "same", "bias": False}, "batch_norm", "relu"]


def recommend(n_train: int, height: int, width: int, classes: int) -> Advice:
    """Return how it is best trained: small batches, about 20,000 pictures of 240 × 320 seen in all, fewer of larger ones."""
    seen = max(6_000, min(30_000, round(_SEEN / (height * width) / 1000) * 1000))
    return {
        "train.optimizer": ("adamw", "learns quickly with batch norm"),
        "train.lr": (4e-3, "0.001 and 0.002 learnt less in the same time; measured"),
        "train.schedule": ("one_cycle", "rises, then falls to zero"),
        "train.weight_decay": (0.01, "the usual choice for adamw"),
        "train.batch": (max(2, min(8, n_train // 8)), "small batches learn more per picture"),
        "train.epochs": (
            epochs_for(n_train, seen, 8, 500),
            f"about {seen:,} pictures seen in all, varied each time",
        ),
        "train.initial": ("he", "for ReLU"),
    }
