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
        outputs = self._outputs()
        if not np.isfinite(outputs).all():
            return math.nan, math.nan
        loss = self.engine.losses(outputs, self.targets).mean(dtype=np.float64)
        return float(loss), float(self.task.score(outputs, self.targets))

    def _outputs(self) -> np.ndarray:
        rank, size = self.world.rank, self.world.size
        mine = self.rows[rank::size]
        parts = [self.engine.evaluate(self.gather(mine[a : a + self.batch])) for a in range(0, len(mine), self.batch)]
        if self.world.alone:
            return np.concatenate(parts)
        shape = self.world.tell_value(list(parts[0].shape[1:]) if parts else None)  # rank 0 has the first row of all
        full = np.zeros((len(self.rows), *shape), np.float32)
        if parts:
            full[rank::size] = np.concatenate(parts)
        return self.world.add(full)
