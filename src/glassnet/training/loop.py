"""The training loop, from top to bottom as in the lecture: batch, augment, forward, loss, backward, step, log, checkpoint.

It knows no task by name and no arithmetic but the engine's. Batch and augmentation's draws come from `batches`; augment, forward, loss
and backward are inside `engine.step`; everything that must outlive the process is in `Progress` and `engine.state()`.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glassnet.errors import InterruptedRun, NumericError
from glassnet.recipe import TrainRecipe
from glassnet.training import budget, schedules
from glassnet.training.batches import Source
from glassnet.training.distributed import World
from glassnet.training.early_stopping import standing
from glassnet.training.engine import Engine
from glassnet.training.events import EpochDone, Note, StepDone, Tell
from glassnet.training.history import Row
from glassnet.training.progress import Progress
from glassnet.training.signals import Stop


@dataclass(frozen=True)
class Surroundings:
    """What the loop needs from outside. `evaluate` returns (validation loss, validation score); `save` writes a checkpoint."""

    engine: Engine
    source: Source
    train: TrainRecipe
    evaluate: Callable[[], tuple[float, float]]
    save: Callable[[], None]
    due: Callable[[bool], bool]
    log: Callable[[], None]
    tell: Tell
    stop: Stop
    world: World


def train(progress: Progress, around: Surroundings) -> str:
    """Train from where `progress` stands to the end, and return in words why it ended.

    Raises InterruptedRun after a signal and NumericError after too many rejected steps, both once everything is saved.
    """
    engine, source, settings, world = around.engine, around.source, around.train, around.world
    while not progress.done:
        engine.begin_epoch(progress.epoch)
        visit = source.visit(progress.epoch, progress.last_losses, progress.epoch / progress.epochs)
        progress.open_epoch(len(visit))
        plateau = schedules.plateau_factor(progress.history.validation_score) if settings.schedule == "plateau" else 1.0
        ticker = _Ticker(progress, around)

        for mine, batch in source.batches(progress.epoch, visit, progress.step, progress.place):
            if progress.step >= progress.steps:
                break  # a budget smaller than an epoch ends in the middle of one
            rate = schedules.rate(settings, progress.step, progress.steps, plateau)
            engine.step(batch, rate)
            progress.advance(mine, batch.count, rate)
            ticker.tick(len(visit))

            failing = progress.rejected + engine.bad() >= settings.bad_steps
            stopped, due, failed = world.any(bool(around.stop), around.due(False), failing)
            if stopped or due or failed:
                progress.collect(engine, world)
                around.save()
                around.log()
            if failed:
                raise NumericError(_not_a_number(progress, settings))
            if stopped:
                raise InterruptedRun(_interrupted(progress))

        progress.collect(engine, world)
        _end_epoch(progress, around, visit)
        failed = progress.rejected >= settings.bad_steps
        stopped, due = world.any(bool(around.stop), around.due(True))
        if failed or ((due or stopped) and not progress.done):
            around.save()
            around.log()
        if failed:
            raise NumericError(_not_a_number(progress, settings))
        if stopped and not progress.done:
            raise InterruptedRun(_interrupted(progress))
        if not progress.done:
            if settings.minutes:
                _look_at_clock(progress, around)
            progress.follow()
    return progress.reason or f"all {progress.epochs} epochs are done"


def _end_epoch(progress: Progress, around: Surroundings, visit: np.ndarray) -> None:
    """Validate, write the row of the history, keep the weights if they are the best, and decide whether to go on."""
    seconds = progress.clock.epoch_seconds()
    progress.keep_losses(visit)
    validates = progress.validates
    validation_loss, validation_score = around.evaluate() if validates else (math.nan, math.nan)
    loss, score = progress.epoch_means()
    row = Row(
        epoch=progress.epoch + 1,
        step=progress.step,
        lr=progress.rate,
        loss=loss,
        train_score=score,
        validation_loss=validation_loss,
        validation_score=validation_score,
        seconds=progress.clock.total(),
        images_per_second=progress.place / max(seconds, 1e-9),
        rejected=progress.epoch_rejected,
    )
    progress.history.add(row)
    now = standing(progress.history, around.train.early_stopping)
    best = now.best_epoch == row.epoch
    if best:
        progress.best = around.engine.weights()
        progress.best_epoch = row.epoch
    if row.rejected:
        around.tell(Note(f"Epoch {row.epoch}: {row.rejected} steps held a NaN or an infinity and were left out."))
    progress.close_epoch(now.reason if now.stop else "")
    if validates:
        around.log()
    left = row.seconds / max(progress.step, 1) * (progress.steps - progress.step)
    around.tell(EpochDone(row, progress.epochs, progress.steps, best, 0.0 if now.stop else left))


def _look_at_clock(progress: Progress, around: Surroundings) -> None:
    """A machine that got slower shortens the rest of the schedule, so that it still ends in time; one that recovers lengthens it."""
    settings, minutes = around.train, around.train.minutes or 0.0
    left = progress.clock.seconds_left(minutes)
    if progress.reason or left > (1 - budget.EARLY) * minutes * 60:
        return
    per_epoch = max(1, progress.step // max(progress.epoch, 1))
    fitting = budget.replan(progress.step, progress.clock.total(), left, per_epoch)
    most = (settings.epochs or budget.MOST_EPOCHS) * per_epoch
    fitting = around.world.tell_value(min(fitting, max(most, progress.steps)))
    change = fitting - progress.steps
    if abs(change) <= max(budget.CHANGE * (progress.steps - progress.step), per_epoch / 2):
        return
    if abs(change) > budget.TELL * progress.steps:
        word = "longer" if change < 0 else "less long"
        around.tell(Note(f"Steps take {word} than planned: {fitting} fit the time instead of {progress.steps}."))
    progress.replan(fitting, max(progress.epoch, -(-fitting // per_epoch)))


def _not_a_number(progress: Progress, settings: TrainRecipe) -> str:
    return (
        f"{progress.rejected} steps held a NaN or an infinity (the last rate was {progress.rate:.3g}), so training stopped. None of them "
        f"touched the weights, and the last good ones are saved. Try --lr {(settings.lr or 1e-3) / 10:.2g}, --train.clip 1, or "
        "--train.precision fp32."
    )


def _interrupted(progress: Progress) -> str:
    return (
        f"Interrupted in epoch {min(progress.epoch + 1, progress.epochs)} of {progress.epochs}, after step {progress.step} of "
        f"{progress.steps}. Everything is saved; `glassnet resume` goes on to the same bits."
    )


class _Ticker:
    """Tells a step to whoever watches, at most ten times per second: a step of a small network takes a few milliseconds."""

    def __init__(self, progress: Progress, around: Surroundings) -> None:
        self.progress, self.around = progress, around
        self._next = 0.0
        self._began, self._place = time.perf_counter(), progress.place
        self._step = progress.step
        self._loss: float | None = None
        self._score: float | None = None

    def tick(self, examples: int) -> None:
        now = time.perf_counter()
        if now < self._next:
            return
        self._next = now + 0.1
        seen = self.around.engine.glance()
        if seen is not None:
            # A running mean over what was glanced at: smooth enough to read, and no step is waited for.
            self._loss = seen[0] if self._loss is None else 0.8 * self._loss + 0.2 * seen[0]
            self._score = seen[1] if self._score is None else 0.8 * self._score + 0.2 * seen[1]
        p = self.progress
        spent = max(now - self._began, 1e-9)
        left = spent / max(p.step - self._step, 1) * (p.steps - p.step)
        rate = (p.place - self._place) / spent
        self.around.tell(
            StepDone(p.epoch + 1, p.epochs, p.step, p.steps, p.place, examples, self._loss, self._score, rate, left)
        )
