"""An exponential moving average of the weights, used for validation and kept as the model (Polyak and Juditsky, 1992)."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The average of a network's weights and buffers. `decay` is reached gradually, so that the random start is soon forgotten."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.tensors = {name: t.detach().clone() for name, t in network.state_dict().items()}
        self.follow(network)

    def follow(self, network: nn.Module) -> None:
        """Take the live weights from where they lie now: building an optimizer may have moved them in memory."""
        self._live = dict(network.state_dict(keep_vars=False))
        floats = [name for name, t in self._live.items() if t.is_floating_point()]
        self._floats = ([self.tensors[n] for n in floats], [self._live[n] for n in floats])
        self._others = [(self.tensors[n], t) for n, t in self._live.items() if not t.is_floating_point()]

    @torch.no_grad()
    def update(self) -> None:
        """Move towards the live weights after a step: by 1 − min(decay, (1 + t) / (10 + t)) at step t."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        torch._foreach_lerp_(self._floats[0], self._floats[1], 1 - decay)
        for average, live in self._others:
            average.copy_(live)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the average into the network while the block runs."""
        with torch.no_grad():
            kept = {name: t.clone() for name, t in self._live.items()}
            self._copy(self._live, self.tensors)
        try:
            yield
        finally:
            with torch.no_grad():
                self._copy(self._live, kept)

    def load(self, tensors: dict[str, Tensor], steps: int) -> None:
        """Take back saved averages."""
        with torch.no_grad():
            self._copy(self.tensors, tensors)
        self.steps = steps

    @staticmethod
    def _copy(to: dict[str, Tensor], source: dict[str, Tensor]) -> None:
        for name, tensor in to.items():
            tensor.copy_(source[name])
