"""The narrow contract between the loop and the arithmetic: any engine that keeps it can move in without the loop noticing.

`tests/training/core/engine_contract.py` holds the questions that every engine must answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from glassnet.training.augment import Draws
from glassnet.training.mixup import Mix

Gather = Callable[[np.ndarray], Any]
"""Rows int64 (N,) → their pixels uint8 (N, H, W, C), as an array or a tensor, wherever the engine wants them."""


@dataclass(frozen=True)
class Batch:
    """What one step learns from: N pictures of this process.

    `rows` int64 (N,) into the pixels, `pixels` uint8 (N, H, W, C), `targets` (N, …). `count` is the number of examples in the step over
    all processes: the gradient is of the sum of losses divided by it. `draws` says how pictures are varied (None: not at all); `mix`,
    `partner_pixels` and `partner_targets` what is blended in (None: nothing).
    """

    epoch: int
    step: int
    rows: np.ndarray
    pixels: Any
    targets: np.ndarray
    count: int
    draws: Draws | None = None
    mix: Mix | None = None
    partner_pixels: Any = None
    partner_targets: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Collected:
    """What happened since the last `collect`, in the order of the steps: `losses` and `hits` float32 (examples,), NaN for the examples
    of a rejected step; `rejected` counts such steps.
    """

    losses: np.ndarray
    hits: np.ndarray
    rejected: int


@dataclass(frozen=True)
class EngineState:
    """Everything that decides the next step: arrays by name, and plain JSON values."""

    tensors: dict[str, np.ndarray]
    info: dict[str, Any] = field(default_factory=dict)


class Engine(Protocol):
    """Forward, loss, backward, step. Randomness comes from keys in the batch, so that two engines (or two starts) take the same step."""

    def hold(self, pixels: np.ndarray) -> Gather:
        """Take in the pixels uint8 (n, H, W, C) once and return how batches of rows are had from them."""
        ...

    def begin_epoch(self, epoch: int) -> None:
        """Get ready for an epoch: layers that were frozen until now wake up."""
        ...

    def step(self, batch: Batch, rate: float) -> Any:
        """Learn from one batch and return the loss of every example (N,), which may stay on the device: nothing waits for it.

        A step in which a loss or gradient is NaN or infinite changes nothing, and its losses are returned as NaN.
        """
        ...

    def glance(self) -> tuple[float, float] | None:
        """Return (mean loss, mean hits) of a recent step if they are known without waiting, else None. For progress bars."""
        ...

    def bad(self) -> int:
        """Return the number of rejected steps since the last `collect`, as far as it is known without waiting."""
        ...

    def collect(self) -> Collected:
        """Wait for all steps since the last call and return what they said. Once per epoch or checkpoint."""
        ...

    def evaluate(self, pixels: Any) -> np.ndarray:
        """Return the outputs float32 (N, …) for pictures from `Gather`, with the weights that would be kept (averaged if EMA is on)."""
        ...

    def losses(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the training loss float32 (N,) of outputs as `evaluate` gives them."""
        ...

    def read(self, outputs: np.ndarray) -> np.ndarray:
        """Return what outputs as `evaluate` gives them say, one array with N rows."""
        ...

    def weights(self) -> dict[str, np.ndarray]:
        """Return a copy of the weights and buffers that would be kept (averaged if EMA is on)."""
        ...

    def load_weights(self, weights: dict[str, np.ndarray]) -> None:
        """Put what `weights` gave into the network."""
        ...

    def state(self) -> EngineState:
        """Return a copy of everything that decides the next step."""
        ...

    def load(self, state: EngineState) -> None:
        """Continue from a state to the same bits. Raises StorageError for a state of another network or optimizer."""
        ...
