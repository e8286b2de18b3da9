"""Short measurements of the real step, which leave the engine as it was: threads, precision, how many epochs fit a budget."""

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from glassnet.choice import Choice
from glassnet.recipe import TrainRecipe
from glassnet.training import budget, machine
from glassnet.training.batches import Source
from glassnet.training.distributed import World
from glassnet.training.engine import Engine
from glassnet.training.progress import Clock

_TRIAL_SECONDS = 0.12  # per candidate; all candidates together stay near half a second
_TRIAL_BATCH, _TRIAL_PIXELS = 64, 262_144  # at most so many pictures, and pixels, in a step that is only for comparing
_SLOW_STEP = 0.5  # seconds; above it a trial is one step after one to warm up
_SHORT_RUN = 5.0  # seconds; what a better choice could save in a shorter run is less than the measurement costs


@dataclass(frozen=True)
class Pace:
    """How fast a job trains: seconds per warm step, steps per epoch, and the precision it would be trained in."""

    step_seconds: float
    steps_per_epoch: int
    precision: Choice


def settle(engine: Any, source: Source, train: TrainRecipe, device: str, world: World) -> list[Choice]:
    """Choose threads and precision, set both, and return the choices. `engine.precision` can be set between steps."""
    import torch

    threads = machine.choose_threads(train.threads, world.local_size, None)
    torch.set_num_threads(int(str(threads.value)))
    engine.precision = train.precision or "fp32"
    undecided = (train.threads is None and device == "cpu") or (train.precision is None and machine.has_bf16(device))
    trial, worth = _smaller(source), False
    if undecided and world.alone:
        step = seconds_per_step(engine, trial)
        worth = train.minutes is not None or step * trial.planned_steps(train.epochs or 1) > _SHORT_RUN
    if worth and train.threads is None and device == "cpu":
        threads = machine.choose_threads(None, 1, lambda n: _with_threads(n, engine, trial))
        torch.set_num_threads(int(str(threads.value)))
    precision = machine.choose_precision(
        train.precision, device, (lambda p: _with_precision(p, engine, trial)) if worth else None
    )
    engine.precision = precision.value
    return [threads, precision]


def plan_epochs(
    engine: Any,
    source: Source,
    train: TrainRecipe,
    validation: Callable[[], Any],
    clock: Clock,
    world: World,
    every: int = 1,
) -> tuple[int, int, Choice]:
    """Return (epochs, steps, choice) that fill `train.minutes`; `train.epochs` is then the most there may be.

    Every `every`th epoch is validated.
    """
    step = seconds_per_step(engine, source)
    began = time.perf_counter()
    validation()
    evaluation = time.perf_counter() - began
    minutes = train.minutes or 0.0
    spent = clock.total() + clock.outside
    planned = budget.plan(minutes, step, source.planned_steps(1), evaluation, spent, every=every)
    epochs, steps, reason = planned.epochs, planned.steps, planned.choice.reason
    if steps == epochs * source.planned_steps(1):
        left = (minutes * 60 - spent) * budget.SAFETY
        while train.skip_easy and source.planned_steps(epochs + 1) * step + (epochs + 1) * evaluation / every <= left:
            epochs += 1  # epochs without easy examples are shorter
        if train.epochs is not None and train.epochs < epochs:
            epochs, reason = train.epochs, f"as asked; {reason}"
        steps = source.planned_steps(epochs)
    epochs, steps = world.tell_value([epochs, steps])
    return epochs, steps, Choice("train.epochs", epochs, reason)


def _smaller(source: Source) -> Source:
    """The same source in small batches: which choice is faster shows there too, in less time and memory."""
    most = max(8, min(_TRIAL_BATCH, _TRIAL_PIXELS // (source.height * source.width)))
    return replace(source, train=source.train.model_copy(update={"batch": min(source.batch, most)}))


def _with_threads(count: int, engine: Engine, source: Source) -> float:
    import torch

    torch.set_num_threads(count)
    return seconds_per_step(engine, source)


def _with_precision(precision: str, engine: Any, source: Source) -> float:
    engine.precision = precision
    return seconds_per_step(engine, source)


def seconds_per_step(engine: Engine, source: Source) -> float:
    """Return the median of warm steps. The engine forgets them."""
    before = engine.state()
    visit = source.visit(0, np.full(int(source.train_rows.max()) + 1, np.nan, np.float32), 0.0)
    times: list[float] = []
    began = time.perf_counter()
    try:
        # Batches are gathered anew in each lap: that is part of a step.
        laps = itertools.chain.from_iterable(source.batches(0, visit[: 8 * source.batch], 0) for _ in range(1000))
        for number, (_, batch) in enumerate(laps):
            start = time.perf_counter()
            engine.step(batch, 1e-6)
            engine.collect()
            if number:
                times.append(time.perf_counter() - start)
            slow = number >= 1 and times[-1] > _SLOW_STEP
            if slow or (len(times) >= 3 and time.perf_counter() - began > _TRIAL_SECONDS):
                break
    finally:
        engine.load(before)
    return statistics.median(times)
