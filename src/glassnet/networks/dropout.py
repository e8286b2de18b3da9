"""Dropout whose masks are a function of (seed, epoch, example, layer), so that batches, workers and resumes cannot change them.

Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (JMLR 2014), scaled during training so that
nothing changes at evaluation. The words are those of `glassnet.randomness.words`, computed on the device.
"""

import torch
from torch import Tensor, nn

from glassnet import randomness

_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB


class Dropout(nn.Module):
    """Drops each value with probability `rate` while training; `name` is the purpose that tells its masks from another layer's."""

    def __init__(self, rate: float, name: str) -> None:
        super().__init__()
        self.rate, self.purpose = rate, f"dropout/{name}"
        self._seed, self._epoch = 0, 0
        self._examples: Tensor | None = None

    def set_key(self, seed: int, epoch: int, examples: Tensor) -> None:
        """Say which examples (int64 (N,), their rows in the catalog) the next training forward sees, in the batch's order."""
        self._seed, self._epoch, self._examples = seed, epoch, examples

    def forward(self, x: Tensor) -> Tensor:
        """(N, …) → the same shape. Raises RuntimeError in training when the key is missing or of another batch."""
        if not self.training or self.rate == 0.0:
            return x
        if self._examples is None or len(self._examples) != len(x):
            found = (
                "none was given"
                if self._examples is None
                else f"the last was for {len(self._examples)} examples, not {len(x)}"
            )
            raise RuntimeError(
                f"{self.purpose}: dropout takes its masks from (seed, epoch, example), and {found}. "
                "Call network.begin(seed, epoch, examples) before each training forward, or network.eval() to answer."
            )
        kept = keep(
            self._seed, self._epoch, self._examples, self.purpose, x[0].numel() if len(x) else 0, self.rate, x.device
        )
        # The mask runs through (C, H, W) in that order; memory stays as it is.
        return x * (kept.view(x.shape).to(x.dtype) * (1.0 / (1.0 - self.rate)))

    def extra_repr(self) -> str:
        """Show the rate when the module is printed."""
        return f"rate={self.rate}"


def keep(
    seed: int, epoch: int, examples: Tensor, purpose: str, count: int, rate: float, device: torch.device
) -> Tensor:
    """Return bool (N, count): True with probability 1 − rate (to 2⁻³²), from the high half of `randomness.words`."""
    start = _signed(randomness.key(seed, epoch, purpose))
    rows = _mix(start + (examples.to(device=device, dtype=torch.int64) + 1) * _signed(_GOLDEN))[:, None]
    columns = torch.arange(1, count + 1, device=device) * _signed(_MIX_1 * _GOLDEN)
    return _shift(_mix(rows + columns), 32) >= round(rate * 2**32)


def _mix(words: Tensor) -> Tensor:
    words = (words ^ _shift(words, 30)) * _signed(_MIX_1)
    words = (words ^ _shift(words, 27)) * _signed(_MIX_2)
    return words ^ _shift(words, 31)


def _shift(words: Tensor, bits: int) -> Tensor:
    # torch has no unsigned shift; int64 products wrap as unsigned ones do, and only the shifted-in sign must be cut off.
    return (words >> bits) & ((1 << (64 - bits)) - 1)


def _signed(word: int) -> int:
    word &= (1 << 64) - 1
    return word - (1 << 64) if word >> 63 else word
