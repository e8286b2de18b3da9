"""Mixup (Zhang et al., arXiv:1710.09412): a picture and its target are blended with another one's.

The partner of a row is a function of (seed, epoch, row), not of who else is in the batch, so batch size and number of processes change
nothing. That costs a second gather of uint8 rows, which is small beside a step.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glassnet import randomness

if TYPE_CHECKING:
    import torch

_TRIES = 12  # one try is accepted with probability above 0.95, so all fail once in 1e15 draws


@dataclass(frozen=True)
class Mix:
    """`partners` int64 (N,): the rows blended in. `weights` float32 (N,): how much of the row itself stays, at least one half."""

    partners: np.ndarray
    weights: np.ndarray


def draw(alpha: float, seed: int, epoch: int, rows: np.ndarray, train_rows: np.ndarray) -> Mix:
    """Draw partners among `train_rows` and weights from Beta(alpha, alpha) for the examples `rows` (int64 (N,)), with alpha > 0.

    Of the pair (w, 1 - w) the larger belongs to the row itself: over a whole epoch that is the same mixture of pairs, and every row is
    seen at least half, so that its loss and its score mean something.
    """
    rows = np.asarray(rows, np.int64)
    place = randomness.uniform(seed, epoch, rows, "mixup.partner")[:, 0]
    partners = np.asarray(train_rows, np.int64)[np.floor(place * len(train_rows)).astype(np.int64)]
    one, other = (_log_gamma_draw(alpha, seed, epoch, rows, f"mixup.{side}") for side in ("one", "other"))
    weights = 1.0 / (1.0 + np.exp(np.clip(other - one, -60.0, 60.0)))
    return Mix(partners, np.maximum(weights, 1.0 - weights).astype(np.float32))


def _log_gamma_draw(alpha: float, seed: int, epoch: int, rows: np.ndarray, purpose: str) -> np.ndarray:
    """Logarithms of Gamma(alpha, 1) draws: Marsaglia and Tsang (2000) at shape alpha + 1, times U^(1/alpha). Beta is a ratio of two."""
    numbers = randomness.uniform(seed, epoch, rows, purpose, 3 * _TRIES + 1)
    first, second, accept = (1.0 - numbers[:, 1 + k :: 3] for k in range(3))  # in (0, 1], so that logarithms exist
    normal = np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second)
    d = alpha + 1.0 - 1.0 / 3.0
    v = np.maximum(1.0 + normal / np.sqrt(9.0 * d), 1e-12) ** 3
    good = (np.log(accept) < 0.5 * normal**2 + d - d * v + d * np.log(v)) & (v > 1e-30)
    chosen = v[np.arange(len(rows)), good.argmax(axis=1)]
    return np.log(d * chosen) + np.log(1.0 - numbers[:, 0]) / alpha


def pixels(own: "torch.Tensor", partner: "torch.Tensor", mix: Mix) -> "torch.Tensor":
    """Blend float pictures (N, C, H, W) with their partners' by `mix.weights`."""
    return partner.lerp(own, _weights(own, mix)[:, None, None, None])


def targets(own: "torch.Tensor", partner: "torch.Tensor", mix: Mix, classes: int) -> "torch.Tensor":
    """Blend class targets: int64 (N,) twice → float32 (N, classes) whose rows sum to one."""
    from torch.nn import functional

    own, partner = (functional.one_hot(t.long(), classes).float() for t in (own, partner))
    return partner.lerp(own, _weights(own, mix)[:, None])


def _weights(like: "torch.Tensor", mix: Mix) -> "torch.Tensor":
    import torch

    return torch.from_numpy(mix.weights).to(device=like.device, dtype=like.dtype)
