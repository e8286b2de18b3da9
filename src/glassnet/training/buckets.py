"""Small parameters side by side in one vector, so that a step of the optimizer is one call instead of one per parameter.

On a processor each call of a fused kernel wakes all threads; for ten small tensors that costs more than the arithmetic (measured with the
tutorial network at batch 32: 0.3 of 3.1 ms per step).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

_ALIGN = 16  # float32 values, 64 bytes: where each parameter begins, as oneDNN likes its weights
_SMALL = 1 << 17  # mean values per parameter above which a call costs nothing beside its arithmetic


class Bucket:
    """The values and gradients of some parameters, each one vector; every parameter becomes a window of `values`.

    `together` says that all parameters have taken the same number of steps, so that they may be treated as one.
    """

    def __init__(self, params: Sequence[Tensor]) -> None:
        self.params = list(params)
        self.together = True
        self.gathered = False
        self.values, windows = self.vector()
        self.gradients, self._gradients = self.vector()
        for p, window in zip(self.params, windows, strict=True):
            window.copy_(p.detach())
            p.data = window

    def vector(self) -> tuple[Tensor, list[Tensor]]:
        """Return zeros (all values and what lies between) and a window for each parameter, laid out in memory as the parameter is."""
        starts, end = [], 0
        for p in self.params:
            starts.append(end)
            end += -(-p.numel() // _ALIGN) * _ALIGN
        flat = torch.zeros(end, dtype=self.params[0].dtype, device=self.params[0].device)
        pairs = zip(self.params, starts, strict=True)
        return flat, [flat.as_strided(p.size(), p.stride(), start) for p, start in pairs]

    def gather(self) -> bool:
        """Copy the gradients into their vector; False when a parameter has none, so that each must be handled by itself."""
        found = [p.grad for p in self.params if p.grad is not None]
        self.gathered = len(found) == len(self.params)
        if self.gathered:
            torch._foreach_copy_(self._gradients, found)
        return self.gathered


def bucket_of(params: Sequence[Tensor]) -> Bucket | None:
    """Return a bucket where it pays: several small float32 parameters on a processor. None elsewhere."""
    small = sum(p.numel() for p in params) <= _SMALL * len(params)
    fits = all(p.device.type == "cpu" and p.dtype == torch.float32 and _dense(p) for p in params)
    return Bucket(params) if len(params) > 1 and small and fits else None


def _dense(p: Tensor) -> bool:
    """Tell whether a tensor fills its memory without gaps, whatever the order of its axes."""
    reach = sum((size - 1) * stride for size, stride in zip(p.size(), p.stride(), strict=True))
    return p.numel() > 0 and reach + 1 == math.prod(p.size())
