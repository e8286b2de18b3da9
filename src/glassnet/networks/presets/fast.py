"""The speed network: good answers in little time on four processor cores. In the manner of Jordan, "94% on CIFAR-10 in 3.29 seconds
on a single GPU" (arXiv:2404.00498), with ReLU, Muon, and a stem that keeps larger pictures affordable.

Whitening filters measured from the pictures, then blocks of two 3×3 convolutions that pool right after the first. At 32×32×3 and ten
classes: 1,971,976 parameters, 118 million multiply-adds. Measured on that: see benchmarks/README.md.
"""

from typing import Any

from glassnet.networks.presets import Advice
from glassnet.networks.presets.common import epochs_for, with_dropout

# The blocks for a map of about 32 pixels. A map twice as wide gets one more, narrow block in front.
WIDTHS = (64, 256, 256)
FRONT_WIDTH = 32
# Twelve leading directions of the 3×3 windows and their negatives.
FILTERS = 24
# Share of the newest batch in batch norm's running statistics: training is short, so they must follow quickly.
MOMENTUM = 0.4
# Biases of batch norm learn at this multiple of the rate: they are few, and their gradients small. 8 to 400 made no difference here.
BIAS_RATE = 16.0
# Logits are the head's outputs times this: answers begin undecided. Its weights start as He et al. (2015) say; with unit variance
# they are too large to learn at the rate of everything else (0.77 instead of 0.82 after one epoch of CIFAR-10, see docs/log.md).
LOGIT_SCALE = 1 / 8


def layers(height: int, width: int, channels: int, classes: int, dropout: float) -> list[Any]:
    """Return the list for any size from 4×4. Pooling stops where a map would fall below 3×3.

    Larger pictures get a stride at the start and narrow blocks in front, which keep the cost between 0.2 and 0.6 GFLOP up to 256 pixels.
    """
    side = min(height, width)
    stride = 1 if side < 96 else 2 if side < 192 else 4 if side < 768 else 8
    kernel = 3 if stride < 4 else stride + 1
    small = side < 8
    filters = min(FILTERS, 2 * kernel * kernel * channels)
    stem = {"conv": filters, "kernel": kernel, "stride": stride, "padding": "same" if small else "valid"}
    written: list[Any] = ["standardize", {**stem, "bias": False, "initial": "whiten", "frozen": True}, "relu"]
    at = side if small else (side - kernel) // stride + 1
    fronts = 0
    while (at >> fronts) >= 40:
        fronts += 1
    for filters in (*(FRONT_WIDTH,) * fronts, *WIDTHS):
        pooled = at >= 6
        written += _block(filters, pooled)
        at = at // 2 if pooled else at
    head = [{"global_pool": "max"}, {"dense": "classes", "bias": False, "initial": "he"}, {"scale": LOGIT_SCALE}]
    return with_dropout([*written, *head], dropout)


def _block(filters: int, pooled: bool) -> list[Any]:
    conv = {"conv": filters, "padding": "same", "bias": False, "initial": "identity"}
    norm = {"batch_norm": {}, "scale": False, "momentum": MOMENTUM, "rate": BIAS_RATE}
    return [conv, *([{"maxpool": 2}] if pooled else []), norm, "relu", conv, norm, "relu"]


def recommend(n_train: int, height: int, width: int, classes: int) -> Advice:
    """Return the recipe: many short epochs with stronger augmentation for a few hundred pictures, a few epochs for many."""
    few = n_train < 5_000
    batch = max(8, min(48, n_train // 20)) if few else 250 if n_train >= 20_000 else 128
    advice: Advice = {
        "train.optimizer": ("muon", "learns most per step here"),
        "train.lr": (0.05, "0.03 learns less and 0.1 no more; measured"),
        "train.momentum": (0.6, "a short training wants a short memory; measured better than 0.9"),
        "train.schedule": ("linear", "falls to zero; measured best with Muon"),
        "train.batch": (batch, "small batches learn more per picture; at least eight steps per epoch"),
        "train.epochs": (epochs_for(n_train, 60_000 if few else 500_000, 8, 100), _epochs_reason(few)),
        "train.weight_decay": (0.0, "label smoothing and augmentation do the work"),
        "train.label_smoothing": (0.2, "keeps a quick network from growing sure of itself"),
        "train.dropout": (0.0, "not needed beside label smoothing"),
        "train.initial": ("he", "for ReLU; the first channels of each layer pass through"),
        "train.views": ("mirror", "one more point of accuracy for a second view"),
        "augment.flip": ("horizontal", "most things stay what they are in a mirror"),
        "augment.shift": (
            round(min(0.125, 2 / min(height, width) if not few else 0.1), 4),
            "about two pixels in 32" if not few else "few pictures",
        ),
    }
    if few:
        few_reason = f"{n_train:,} pictures are few, so each is shown in many ways"
        advice |= {
            "augment.rotate": (15.0, few_reason),
            "augment.zoom": (0.3, few_reason),
            "augment.brightness": (0.25, few_reason),
            "augment.contrast": (0.25, few_reason),
        }
    return advice


def _epochs_reason(few: bool) -> str:
    return "about 60,000 pictures seen in all, varied each time" if few else "about 500,000 pictures seen in all"
