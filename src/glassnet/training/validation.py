"""Loss and headline score on the validation pictures: every picture once, in large batches, whatever the number of processes."""

import math
from typing import Any

import numpy as np

from glassnet.training.distributed import World
from glassnet.training.engine import Engine, Gather

_PIXELS_AT_ONCE = 262_144  # 256 pictures of 32×32


class Validation:
    """Call it for (loss, score) with the engine's present weights; (NaN, NaN) without pictures or when outputs are no numbers."""

    def __init__(
        self,
        engine: Engine,
        gather: Gather,
        task: Any,
        targets: np.ndarray,
        rows: np.ndarray,
        side: tuple[int, int],
        batch: int,
        world: World,
    ) -> None:
        self.engine, self.gather, self.task, self.world = engine, gather, task, world
        self.rows = np.asarray(rows, np.int64)
        self.targets = targets[self.rows]
        # A forward pass alone needs less memory than a step, so never fewer pictures than a step has.
        self.batch = max(batch, min(1024, _PIXELS_AT_ONCE // (side[0] * side[1])))

    def __call__(self) -> tuple[float, float]:
        """Evaluate."""
        if not len(self.rows):
            return math.nan, math.nan
        read, losses = self._answers()
        if not np.isfinite(losses).all():
            return math.nan, math.nan
        return float(losses.mean(dtype=np.float64)), float(self.task.score(read, self.targets))

    def _answers(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what the outputs say, and the loss, of every picture; outputs themselves may be too large to keep."""
        rank, size = self.world.rank, self.world.size
        mine = np.arange(len(self.rows))[rank::size]
        parts = [self._batch(mine[a : a + self.batch]) for a in range(0, len(mine), self.batch)]
        read, losses = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else (None, None)
        if self.world.alone:
            assert read is not None and losses is not None
            return read, losses
        shape = self.world.tell_value(
            list(read.shape[1:]) if read is not None else None
        )  # rank 0 has the first row of all
        whole = np.zeros((len(self.rows), *shape), np.float32)
        every = np.zeros(len(self.rows), np.float32)
        if read is not None and losses is not None:
            whole[rank::size], every[rank::size] = read, losses
        return self.world.add(whole), self.world.add(every)

    def _batch(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        outputs = self.engine.evaluate(self.gather(self.rows[places]))
        losses = self.engine.losses(outputs, self.targets[places])
        if not np.isfinite(outputs).all():
            losses = np.full_like(losses, np.nan)
        return self.engine.read(outputs), losses
