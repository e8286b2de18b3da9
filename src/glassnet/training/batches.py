"""From the order of an epoch to batches: gather the rows, draw their augmentation, share them among processes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from glassnet.recipe import AugmentRecipe, TrainRecipe
from glassnet.training import augment, mixup, sampling
from glassnet.training.engine import Batch, Gather

# Draws are made for about this many examples at once: NumPy's cost per call is then nothing beside a step, and memory stays small.
_AHEAD = 4096


@dataclass(frozen=True)
class Source:
    """Where batches come from. `rank` of `processes` takes its share of every batch."""

    gather: Gather
    targets: np.ndarray
    train_rows: np.ndarray
    height: int
    width: int
    train: TrainRecipe
    augment: AugmentRecipe
    rank: int = 0
    processes: int = 1

    def visit(self, epoch: int, last_losses: np.ndarray, progress: float) -> np.ndarray:
        """Return the rows of this epoch in their order, int64: shuffled or balanced, in the middle of training without easy ones."""
        balanced = self.train.sampling == "balanced"
        targets = self.targets[self.train_rows] if balanced else None
        order = sampling.order(self.train_rows, targets, self.train.seed, epoch, balanced)
        return sampling.without_easy(order, last_losses, self.train.skip_easy, progress)

    def planned_steps(self, epochs: int) -> int:
        """Return the steps that so many epochs take, easy examples left out where they will be."""
        n = len(self.train_rows)
        total = 0
        for epoch in range(epochs):
            skipping = sampling.SKIP_FROM <= epoch / epochs < sampling.SKIP_UNTIL
            total += len(edges(n - int(self.train.skip_easy * n) if skipping and epoch else n, self.batch)) - 1
        return total

    @property
    def batch(self) -> int:
        """Pictures per step over all processes."""
        return self.train.batch or 32

    def batches(self, epoch: int, visit: np.ndarray, step: int, start: int = 0) -> Iterator[tuple[slice, Batch]]:
        """Yield (this process's places in `visit`, batch) from place `start` on; the first batch is step number `step`."""
        bounds = edges(len(visit), self.batch)
        first = bounds.index(start)
        changes = any(value not in (None, 0, 0.0, "none") for value in self.augment.model_dump().values())
        ahead = max(1, _AHEAD // self.batch)
        for group in range(first, len(bounds) - 1, ahead):
            stop = min(group + ahead, len(bounds) - 1)
            rows = visit[bounds[group] : bounds[stop]]
            seed = self.train.seed
            draws = augment.draw(self.augment, seed, epoch, rows, self.height, self.width) if changes else None
            mix = mixup.draw(self.train.mixup, seed, epoch, rows, self.train_rows) if self.train.mixup else None
            for place in range(group, stop):
                mine = share(bounds[place], bounds[place + 1], self.rank, self.processes)
                within = slice(mine.start - bounds[group], mine.stop - bounds[group])
                own = rows[within]
                part = None if mix is None else mixup.Mix(mix.partners[within], mix.weights[within])
                yield (
                    mine,
                    Batch(
                        epoch=epoch,
                        step=step + place - first,
                        rows=own,
                        pixels=self.gather(own),
                        targets=self.targets[own],
                        count=bounds[place + 1] - bounds[place],
                        draws=None if draws is None else draws.part(within),
                        mix=part,
                        partner_pixels=None if part is None else self.gather(part.partners),
                        partner_targets=None if part is None else self.targets[part.partners],
                    ),
                )


def edges(n: int, batch: int) -> list[int]:
    """Return where batches begin and end in n examples. A last batch of one joins its neighbour: one has no variance."""
    bounds = [*range(0, n, batch), n]
    if n % batch == 1 and len(bounds) > 2:
        del bounds[-2]
    return bounds


def share(start: int, stop: int, rank: int, processes: int) -> slice:
    """Return the part of [start, stop) that falls to `rank`; the parts of all ranks are the whole, and differ by one at most."""
    n = stop - start
    return slice(start + n * rank // processes, start + n * (rank + 1) // processes)
