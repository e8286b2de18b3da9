"""Where a run stands: everything beside the engine's state that a checkpoint must hold."""

import math
import time
from typing import Any

import numpy as np

from glassnet.errors import StorageError
from glassnet.training import history
from glassnet.training.checkpoint import Snapshot
from glassnet.training.distributed import World
from glassnet.training.engine import Engine, EngineState
from glassnet.training.history import History


class Clock:
    """Seconds of training: of this process, and of the processes before it that were interrupted."""

    def __init__(self, before: float = 0.0, epoch_before: float = 0.0, outside: float = 0.0) -> None:
        self._began = time.perf_counter()
        self._before = before
        self._epoch_began = self._began - epoch_before
        self.outside = outside

    def total(self) -> float:
        """Seconds since training began, pauses between processes left out."""
        return self._before + time.perf_counter() - self._began

    def epoch_seconds(self) -> float:
        """Seconds of the epoch under way, over all processes that took part in it."""
        return time.perf_counter() - self._epoch_began

    def next_epoch(self) -> None:
        """An epoch begins now."""
        self._epoch_began = time.perf_counter()

    def seconds_left(self, minutes: float) -> float:
        """Seconds until the budget is used up."""
        return minutes * 60 - self.total() - self.outside


class Progress:
    """Counters, history, losses by example. `epoch` counts from 0 and is the one under way, `place` examples of it are visited.

    `last_losses` float32 (n,) is the last loss of every row at the start of the epoch (NaN: never seen). `steps` and `epochs` are what was
    planned, and in a budget of minutes what fits by now; `reason` is set when training ended before them. Every `validate_every`th epoch
    is validated, and the last. `plans` says from which step on how many steps and epochs were planned: more than one entry where the
    clock changed the plan on the way.
    """

    def __init__(self, rows: int, epochs: int, steps: int, clock: Clock | None = None, validate_every: int = 1) -> None:
        self.epochs, self.steps, self.validate_every = epochs, steps, validate_every
        self.plans: list[tuple[int, int, int]] = [(0, steps, epochs)]
        self.epoch = self.step = self.place = 0
        self.rejected = self.epoch_rejected = 0
        self.rate = 0.0
        self.reason = ""
        self.history = History()
        self.best: dict[str, np.ndarray] = {}
        self.best_epoch = 0
        self.clock = clock or Clock()
        self.last_losses = np.full(rows, np.nan, np.float32)
        self._open = False
        self._visit_losses = np.zeros(0, np.float32)
        self._visit_hits = np.zeros(0, np.float32)
        self._waiting: list[slice] = []
        self.visit: np.ndarray | None = None

    def replan(self, steps: int, epochs: int) -> None:
        """From here on, so many steps and epochs are planned in all."""
        self.steps, self.epochs = steps, epochs
        self.plans.append((self.step, steps, epochs))

    def follow(self) -> None:
        """Take up the plan that begins at this step, where the plans are those of another run."""
        for step, steps, epochs in self.plans:
            if step == self.step:
                self.steps, self.epochs = steps, epochs

    def open_epoch(self, examples: int) -> None:
        """Begin an epoch of so many examples, or go on with the one a checkpoint broke off."""
        if not self._open or len(self._visit_losses) != examples:
            self._visit_losses = np.full(examples, np.nan, np.float32)
            self._visit_hits = np.full(examples, np.nan, np.float32)
            self.place = self.epoch_rejected = 0
            self.clock.next_epoch()
        self._open = True

    def advance(self, mine: slice, count: int, rate: float) -> None:
        """One step is taken: this process's places in the visit, and the examples of all processes."""
        self._waiting.append(mine)
        self.place += count
        self.step += 1
        self.rate = rate

    def collect(self, engine: Engine, world: World) -> None:
        """Fetch what the engine's steps said, from all processes, into the epoch's arrays: the one wait for the device."""
        said = engine.collect()
        new = [np.zeros(len(self._visit_losses), np.float32) for _ in range(2)]
        seen = np.zeros(len(self._visit_losses), np.float32)
        start = 0
        for mine in self._waiting:
            stop = start + mine.stop - mine.start
            new[0][mine], new[1][mine], seen[mine] = said.losses[start:stop], said.hits[start:stop], 1
            start = stop
        self._waiting = []
        # Zeros everywhere but at an example's own place, so that the sum over processes holds every example once.
        losses, hits, seen = world.add(np.stack([new[0], new[1], seen]))
        self._visit_losses = np.where(seen > 0, losses, self._visit_losses)
        self._visit_hits = np.where(seen > 0, hits, self._visit_hits)
        self.epoch_rejected += said.rejected
        self.rejected += said.rejected

    def epoch_means(self) -> tuple[float, float]:
        """Return the mean loss and mean hits of the examples that counted; NaN when none did."""
        good = ~np.isnan(self._visit_losses)
        if not good.any():
            return math.nan, math.nan
        return float(self._visit_losses[good].mean(dtype=np.float64)), float(
            self._visit_hits[good].mean(dtype=np.float64)
        )

    def keep_losses(self, visit: np.ndarray) -> None:
        """Remember the losses of this epoch by example."""
        good = ~np.isnan(self._visit_losses)
        self.last_losses[visit[good]] = self._visit_losses[good]

    @property
    def validates(self) -> bool:
        """Whether the epoch under way ends with a validation."""
        return (self.epoch + 1) % self.validate_every == 0 or self.step >= self.steps

    def close_epoch(self, reason: str) -> None:
        """The epoch is over."""
        self.epoch += 1
        self.place = self.epoch_rejected = 0
        self.reason = reason
        self._open = False
        self._visit_losses = self._visit_hits = np.zeros(0, np.float32)
        self.clock.next_epoch()

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self.reason) or (self.step >= self.steps and not self._open)

    def snapshot(self, state: EngineState, about: dict[str, Any]) -> Snapshot:
        """Return everything as one checkpoint. `about` is what the run was asked and chose."""
        info = {
            "about": about,
            "engine": state.info,
            "counters": {name: getattr(self, name) for name in _COUNTERS},
            "open": self._open,
            "seconds": self.clock.total(),
            "epoch_seconds": self.clock.epoch_seconds(),
            "seconds_outside": self.clock.outside,
            "history": self.history.as_list(),
            "plans": [list(plan) for plan in self.plans],
        }
        arrays = {
            "progress/last_losses": self.last_losses,
            "progress/visit_losses": self._visit_losses,
            "progress/visit_hits": self._visit_hits,
        }
        return Snapshot(info, {f"engine/{name}": a for name, a in state.tensors.items()} | arrays, self.best)

    @classmethod
    def restore(cls, snapshot: Snapshot) -> tuple["Progress", EngineState]:
        """Return where a checkpoint stands, and the engine's state. Raises StorageError when something is missing."""
        info = snapshot.info
        try:
            progress = cls(0, info["counters"]["epochs"], info["counters"]["steps"])
            for name in _COUNTERS:
                setattr(progress, name, info["counters"][name])
            progress.clock = Clock(info["seconds"], info["epoch_seconds"], info["seconds_outside"])
            progress.history = history.from_list(info["history"])
            progress.plans = [(step, steps, epochs) for step, steps, epochs in info.get("plans", ())]
            progress._open = info["open"]
            progress.best = snapshot.best
            progress.last_losses = snapshot.tensors["progress/last_losses"].copy()
            progress._visit_losses = snapshot.tensors["progress/visit_losses"].copy()
            progress._visit_hits = snapshot.tensors["progress/visit_hits"].copy()
            tensors = {n.removeprefix("engine/"): a for n, a in snapshot.tensors.items() if n.startswith("engine/")}
            return progress, EngineState(tensors, info["engine"])
        except (KeyError, TypeError) as error:
            raise StorageError(
                f"The checkpoint lacks {error}; it was not written by this version of Glassnet."
            ) from error


_COUNTERS = (
    "epochs",
    "steps",
    "validate_every",
    "epoch",
    "step",
    "place",
    "rejected",
    "epoch_rejected",
    "rate",
    "reason",
    "best_epoch",
)
