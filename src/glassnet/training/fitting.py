"""`fit`: everything around the loop. Join the others, ask the machine, take up a checkpoint or start, train, keep the best."""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from glassnet import randomness
from glassnet.choice import Choice
from glassnet.errors import DataError, RecipeError
from glassnet.training import budget, machine, resuming, sampling
from glassnet.training.batches import Source
from glassnet.training.checkpoint import Keeper, Snapshot
from glassnet.training.distributed import World, joined, shared_batch_norm
from glassnet.training.early_stopping import standing
from glassnet.training.engine import Batch
from glassnet.training.events import Chosen, Note, Tell, nobody
from glassnet.training.finder import Sweep, find
from glassnet.training.job import Fitted, Job
from glassnet.training.loop import Surroundings, train
from glassnet.training.measure import Pace, plan_epochs, seconds_per_step, settle
from glassnet.training.progress import Clock, Progress
from glassnet.training.signals import Stop, watching
from glassnet.training.validation import Validation

# What a layer measures on training pictures (means, patches) is stable long before this many values.
_SAMPLE_VALUES = 12_000_000
_SAMPLE_PICTURES = 5000
_PLANS_MEAN = "what fitted the minutes: [from this step on, steps in all, epochs in all]"


def fit(job: Job, on_event: Tell = nobody) -> Fitted:
    """Train the job's network in place and return how it went. Only rank 0 of several processes writes and tells.

    Raises RecipeError for settings that do not fit, DataError without training pictures or when they changed since the run began,
    StorageError, OutOfMemoryError, NumericError, and InterruptedRun after SIGINT or SIGTERM; in the last two everything is saved.
    """
    _check(job)
    allocator = machine.raise_allocator_thresholds()
    import torch

    device = resuming.choose_device(job)
    batch, height, width = job.recipe.train.batch or 32, *job.pixels.shape[1:3]
    threads = torch.get_num_threads()
    try:
        with joined(str(device.value)) as world, machine.memory_guarded(batch, height, width, str(device.value)):
            run = _Run(job, on_event if world.writes else nobody, world, [allocator, device])
            with shared_batch_norm(job.network, world):
                return run.go()
    finally:
        torch.set_num_threads(threads)


def find_rate(job: Job, low: float = 1e-6, high: float = 10.0, steps: int = 100) -> Sweep:
    """Sweep the learning rate over the job's own batches and return the curve with its suggestion; nothing is trained or written.

    Raises what `fit` raises for settings that do not fit, RecipeError for a senseless range, NumericError when nothing can be said.
    """
    with _looked_at(job) as run:
        return run.sweep(low, high, steps)


def pace(job: Job) -> Pace:
    """Measure how long a step of this job takes, and choose its precision as `fit` would; nothing is trained or written.

    Raises what `fit` raises for settings that do not fit.
    """
    with _looked_at(job) as run:
        return run.pace()


@contextlib.contextmanager
def _looked_at(job: Job) -> "Iterator[_Run]":
    """Give a run of this process alone that only measures, and take back the threads that it set."""
    _check(job)
    allocator = machine.raise_allocator_thresholds()
    import torch

    device = resuming.choose_device(job)
    batch, height, width = job.recipe.train.batch or 32, *job.pixels.shape[1:3]
    threads = torch.get_num_threads()
    try:
        with machine.memory_guarded(batch, height, width, str(device.value)):
            yield _Run(job, nobody, World(), [allocator, device])
    finally:
        torch.set_num_threads(threads)


class _Run:
    """One call of `fit`, in the order of its methods."""

    def __init__(self, job: Job, tell: Tell, world: World, choices: list[Choice]) -> None:
        self.job, self.tell, self.world = job, tell, world
        train_recipe = job.recipe.train
        self.choices = choices
        if train_recipe.batch is None:
            choices.append(machine.choose_batch(len(job.train_rows)))
            train_recipe = train_recipe.model_copy(update={"batch": choices[-1].value})
        self.train = train_recipe
        self.keeper = Keeper(resuming.checkpoint_folder(job), job.checkpoint_every_seconds)
        self.device = str(choices[1].value)

    def go(self) -> Fitted:
        with watching() as stop:
            snapshot = resuming.take_up(self.job, self.world, self.tell)
            self._set_up()
            progress = self._start() if snapshot is None else self._continue(snapshot)
            reason = train(progress, self._surroundings(progress, stop))
            if snapshot is None or not snapshot.info["done"]:
                self._save(progress)
            self._log(progress)
        self.engine.load_weights(progress.best)
        self.job.network.eval()
        kept = standing(progress.history, None).reason
        reason = reason if kept in reason else f"{reason}; {kept}"
        planned = [Choice(budget.PLANS, progress.plans, _PLANS_MEAN)] if self.train.minutes is not None else []
        return Fitted(progress.history, progress.best_epoch, reason, [*self.choices, *planned], progress.step)

    def sweep(self, low: float, high: float, steps: int) -> Sweep:
        """Prepare as for training, then let the rate rise over one batch after the other, epoch after epoch."""
        self._set_up()
        prepare = getattr(self.job.network, "prepare", None)
        if prepare is not None:
            prepare(self._sample())
        settle(self.engine, self.source, self.train, self.device, self.world)
        return find(self.engine, self._endless(), low, high, steps)

    def pace(self) -> Pace:
        """Prepare as for training, and time warm steps of the real batch."""
        self._set_up()
        prepare = getattr(self.job.network, "prepare", None)
        if prepare is not None:
            prepare(self._sample())
        choices = settle(self.engine, self.source, self.train, self.device, self.world)
        precision = next(choice for choice in choices if choice.field == "train.precision")
        return Pace(seconds_per_step(self.engine, self.source), self.source.planned_steps(1), precision)

    def _endless(self) -> Iterator[Batch]:
        losses = np.full(len(self.job.pixels), np.nan, np.float32)
        for epoch in count():
            for _, batch in self.source.batches(epoch, self.source.visit(epoch, losses, 0.0), 0):
                yield batch

    def _set_up(self) -> None:
        job, world = self.job, self.world
        height, width = job.pixels.shape[1:3]
        self.engine = self._engine()
        gather = self.engine.hold(job.pixels)
        rows = np.asarray(job.train_rows, np.int64)
        self.source = Source(
            gather, job.targets, rows, height, width, self.train, job.recipe.augment, world.rank, world.size
        )
        self.validation = Validation(
            self.engine, gather, job.task, job.targets, job.validation_rows, (height, width), self.source.batch, world
        )

    def _surroundings(self, progress: Progress, stop: Stop) -> Surroundings:
        return Surroundings(
            engine=self.engine,
            source=self.source,
            train=self.train,
            evaluate=self.validation,
            save=lambda: self._save(progress),
            due=lambda epoch_ends: self.world.writes and self.keeper.due(epoch_ends),
            log=lambda: self._log(progress),
            tell=self.tell,
            stop=stop,
            world=self.world,
        )

    def _engine(self) -> Any:
        from glassnet.training.torch_engine import TorchEngine

        job, classes = self.job, _classes(self.job)
        weights = None
        if self.train.class_weights == "balanced":
            if classes is None:
                raise RecipeError(
                    "train.class_weights balanced needs classes, and this network has none. Set it to none."
                )
            weights = sampling.class_weights(job.task.counts(job.targets[job.train_rows], classes))
        return TorchEngine(job.network, job.task, self.train, self.device, "fp32", classes, weights, self.world)

    def _start(self) -> Progress:
        """Let layers measure the training pictures, ask the machine, and plan the epochs."""
        prepare = getattr(self.job.network, "prepare", None)
        if prepare is not None:
            prepare(self._sample())
        clock = Clock(outside=self.job.spent_seconds)
        if not self.world.alone:
            self._agree()
        self.choices += settle(self.engine, self.source, self.train, self.device, self.world)
        job = self.job
        often = budget.choose_every(
            self.train.validate_every, len(job.train_rows), len(job.validation_rows), not job.task.one_class
        )
        epochs, steps, every = self.train.epochs, None, int(str(often.value))
        if job.plans:
            _, steps, epochs = job.plans[0]
        elif self.train.minutes is not None:
            epochs, steps, choice = plan_epochs(
                self.engine, self.source, self.train, self.validation, clock, self.world, every
            )
            self.choices.append(choice)
        if epochs is None:
            raise RecipeError("train.epochs must be a number, or train.minutes say how long training may take.")
        if self.train.validate_every is None:
            every = budget.capped_every(every, epochs)
            self.choices += [replace(often, value=every)] if every > 1 else []
        for choice in self.choices:
            self.tell(Chosen(choice))
        progress = Progress(len(job.pixels), epochs, steps or self.source.planned_steps(epochs), clock, every)
        progress.plans = list(job.plans) or progress.plans
        return progress

    def _sample(self) -> Any:
        from glassnet.training.augment import to_float

        rows, shape = np.asarray(self.job.train_rows, np.int64), self.job.pixels.shape[1:]
        n = max(1, min(_SAMPLE_PICTURES, _SAMPLE_VALUES // math.prod(shape), len(rows)))
        chosen = np.sort(rows[randomness.permutation(self.train.seed, 0, len(rows), "training.prepare")[:n]])
        return to_float(self.source.gather(chosen))

    def _agree(self) -> None:
        """Give every process rank 0's weights: what layers measured may differ in the last bit between thread counts."""
        from safetensors.numpy import load, save

        self.engine.load_weights(load(self.world.tell(save(self.engine.weights()))))

    def _continue(self, snapshot: Snapshot) -> Progress:
        """Go on to the same bits: with the recorded threads and precision, after checking that recipe and pictures are the same."""
        import torch

        before = snapshot.info["about"]
        resuming.check_same_run(self._record(), before, self.tell)
        progress, state = Progress.restore(snapshot)
        self.engine.precision = before["precision"]
        torch.set_num_threads(resuming.threads_to_use(before, self.world, self.tell))
        self.choices += [Choice(**c) for c in before["choices"] if c["field"] not in {k.field for k in self.choices}]
        self.engine.load(state)
        place = "This run was finished already" if progress.done else "Going on"
        self.tell(Note(f"{place}, after step {progress.step} of {progress.steps}."))
        return progress

    def _record(self) -> dict[str, Any]:
        return resuming.record(self.job, self.train, self.device, self.engine.precision, self.world, self.choices)

    def _save(self, progress: Progress) -> None:
        if self.world.writes:
            snapshot = progress.snapshot(self.engine.state(), self._record())
            snapshot.info["done"] = progress.done
            self.keeper.save(snapshot)

    def _log(self, progress: Progress) -> None:
        if self.world.writes:
            progress.history.write(self.job.folder / "history.csv")


def _check(job: Job) -> None:
    if not len(job.train_rows):
        raise DataError("There is not one training picture left, so nothing can be learned.")
    if job.pixels.dtype != np.uint8 or job.pixels.ndim != 4:
        raise ValueError(f"pixels must be uint8 (n, H, W, C), got {job.pixels.dtype} {job.pixels.shape}")
    if not job.task.one_class:
        _check_without_one_class(job)
    if len(job.targets) != len(job.pixels):
        raise ValueError(f"{len(job.targets)} targets for {len(job.pixels)} pictures")


def _check_without_one_class(job: Job) -> None:
    train = job.recipe.train
    for field, off, on in (("sampling", "none", train.sampling), ("mixup", 0.0, train.mixup)):
        if on != off:
            raise RecipeError(
                f"train.{field} is {on}, which needs one class per picture, and task {job.task.name} has none. Set it to {off}."
            )


def _classes(job: Job) -> int | None:
    if job.classes is not None:
        return job.classes
    named = getattr(job.network, "classes", None)
    if isinstance(named, int):
        return named
    if named is not None:
        return len(named)
    return int(job.targets.max()) + 1 if job.targets.ndim == 1 and job.targets.dtype.kind == "i" else None
