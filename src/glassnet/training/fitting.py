"""`fit`: everything around the loop. Join the others, ask the machine, take up a checkpoint or start, train, keep the best."""

import contextlib
import hashlib
import math
from typing import Any

import numpy as np

from glassnet import randomness
from glassnet.choice import Choice
from glassnet.errors import DataError, RecipeError, StorageError
from glassnet.training import checkpoint, machine, sampling
from glassnet.training.batches import Source
from glassnet.training.checkpoint import Keeper, Snapshot
from glassnet.training.distributed import World, joined, shared_batch_norm
from glassnet.training.early_stopping import standing
from glassnet.training.events import Chosen, Note, Tell, nobody
from glassnet.training.job import Fitted, Job
from glassnet.training.loop import Surroundings, train
from glassnet.training.measure import plan_epochs, settle
from glassnet.training.progress import Clock, Progress
from glassnet.training.signals import watching

# What a layer measures on training pictures (means, patches) is stable long before this many values.
_SAMPLE_VALUES = 12_000_000
_SAMPLE_PICTURES = 5000
_VALUES_PER_EVALUATION = 262_144  # pixels per batch of an evaluation: 256 pictures of 32×32


def fit(job: Job, on_event: Tell = nobody) -> Fitted:
    """Train the job's network in place and return how it went. Only rank 0 of several processes writes and tells.

    Raises RecipeError for settings that do not fit, DataError without training pictures or when they changed since the run began,
    StorageError, OutOfMemoryError, NumericError, and InterruptedRun after SIGINT or SIGTERM; in the last two everything is saved.
    """
    _check(job)
    allocator = machine.raise_allocator_thresholds()
    import torch

    snapshot = _peek(job)
    device = _device(job, snapshot, on_event)
    batch, height, width = job.recipe.train.batch or 32, *job.pixels.shape[1:3]
    threads = torch.get_num_threads()
    try:
        with joined(str(device.value)) as world, machine.memory_guarded(batch, height, width, str(device.value)):
            run = _Run(job, on_event if world.writes else nobody, world, [allocator, device])
            with shared_batch_norm(job.network, world):
                return run.go()
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
        self.keeper = Keeper(job.folder / "checkpoint", job.checkpoint_every_seconds)
        self.device = str(choices[1].value)

    def go(self) -> Fitted:
        snapshot = self._take_up()
        engine, source = self._engine(), None
        gather = engine.hold(self.job.pixels)
        source = Source(
            gather,
            self.job.targets,
            np.asarray(self.job.train_rows, np.int64),
            *self.job.pixels.shape[1:3],
            self.train,
            self.job.recipe.augment,
            self.world.rank,
            self.world.size,
        )
        self.engine, self.source = engine, source
        progress = self._start() if snapshot is None else self._continue(snapshot)
        with watching() as stop:
            reason = train(
                progress,
                Surroundings(
                    engine=engine,
                    source=source,
                    train=self.train,
                    evaluate=self._evaluate,
                    save=lambda: self._save(progress),
                    due=lambda epoch_ends: self.world.writes and self.keeper.due(epoch_ends),
                    log=lambda: self._log(progress),
                    tell=self.tell,
                    stop=stop,
                    world=self.world,
                ),
            )
            if snapshot is None or not snapshot.info.get("done"):
                self._save(progress)
            self._log(progress)
        engine.load_weights(progress.best)
        self.job.network.eval()
        kept = standing(progress.history, None).reason
        reason = reason if kept in reason else f"{reason}; {kept}"
        return Fitted(progress.history, progress.best_epoch, reason, list(self.choices), progress.step)

    def _engine(self) -> Any:
        from glassnet.training.torch_engine import TorchEngine

        job, classes = self.job, _classes(self.job)
        weights = None
        if self.train.class_weights == "balanced":
            weights = sampling.class_weights(job.targets[job.train_rows], classes)
        return TorchEngine(job.network, job.task, self.train, self.device, "fp32", classes, weights, self.world)

    def _start(self) -> Progress:
        """Let layers measure the training pictures, ask the machine, and plan the epochs."""
        prepare = getattr(self.job.network, "prepare", None)
        if prepare is not None:
            prepare(self._sample())
        clock = Clock(outside=self.job.spent_seconds)
        if not self.world.alone:
            self._agree()
        self.choices += settle(self.engine, self.source, self.train, self.device, self.world, len(self.job.pixels))
        epochs, steps = self.train.epochs, None
        if self.train.minutes is not None:
            validation = self._gathered_share(self.job.validation_rows)
            choice, steps = plan_epochs(
                self.engine, self.source, self.train, validation, clock, self._evaluation_batch, self.world
            )
            epochs = int(choice.value)
            self.choices.append(choice)
        if epochs is None:
            raise RecipeError("train.epochs must be a number, or train.minutes say how long training may take.")
        for choice in self.choices:
            self.tell(Chosen(choice))
        return Progress(len(self.job.pixels), epochs, steps or self.source.planned_steps(epochs), clock)

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

    def _take_up(self) -> Snapshot | None:
        """Read the checkpoint on rank 0 and give it to all. None: there is none, or none was asked for."""
        from safetensors.numpy import load, save

        folder = self.keeper.folder
        snapshot, found = None, False
        if self.world.writes:
            if self.job.resume:
                snapshot = checkpoint.load(folder, lambda text: self.tell(Note(text)))
                if snapshot is None:
                    self.tell(Note("No checkpoint was written before the run ended, so it starts from the beginning."))
            elif checkpoint.exists(folder):
                raise StorageError(
                    f"{folder} holds the checkpoint of a run. Go on with it (`glassnet resume`), or choose another run folder."
                )
            found = snapshot is not None
        if self.world.alone or not self.world.tell_value(found):
            return snapshot
        given = snapshot or Snapshot({}, {}, {})
        info = self.world.tell_value(given.info)
        tensors, best = (self.world.tell(save(part) if part else b"") for part in (given.tensors, given.best))
        return Snapshot(info, load(tensors), load(best) if best else {})

    def _continue(self, snapshot: Snapshot) -> Progress:
        """Go on to the same bits: with the recorded threads and precision, after checking that recipe and pictures are the same."""
        import torch

        about = snapshot.info["about"]
        self._same_run(about)
        progress, state = Progress.restore(snapshot)
        self.engine.precision = about["precision"]
        threads = about["threads"]
        if about["processes"] != self.world.size:
            self.tell(
                Note(
                    f"This run was started with {about['processes']} processes and goes on with {self.world.size}: "
                    "the same steps, equal to rounding, but not to the same bits."
                )
            )
            threads = machine.choose_threads(None, self.world.local_size, None).value
        elif threads > machine.cores():
            self.tell(Note(f"This run used {threads} threads and goes on with as many, on {machine.cores()} cores."))
        torch.set_num_threads(threads)
        self.choices += [Choice(**c) for c in about["choices"] if c["field"] not in {k.field for k in self.choices}]
        self.engine.load(state)
        self.tell(Note(f"Going on after step {progress.step} of {progress.steps}."))
        return progress

    def _about(self) -> dict[str, Any]:
        import torch

        job = self.job
        return {
            "train": self.train.model_dump(mode="json"),
            "augment": job.recipe.augment.model_dump(mode="json"),
            "data": _data_digest(job),
            "device": self.device,
            "precision": self.engine.precision,
            "threads": torch.get_num_threads(),
            "processes": self.world.size,
            "torch": torch.__version__,
            "choices": [choice.as_dict() for choice in self.choices],
        }

    def _same_run(self, about: dict[str, Any]) -> None:
        """What decides the numbers must be what it was; what the machine decides is taken from the record."""
        now, machine_says = self._about(), {"device", "precision", "threads"}
        for part in ("train", "augment"):
            changed = [k for k in now[part] if now[part][k] != about[part].get(k) and k not in machine_says]
            if changed:
                name = changed[0]
                raise RecipeError(
                    f"{part}.{name} is {now[part][name]!r}, and this run began with {about[part].get(name)!r}. "
                    "A run goes on with the recipe it began with; start a new one for another recipe."
                )
        if now["data"] != about["data"]:
            raise DataError(
                "The pictures, targets or splits are not those that this run began with, so it cannot go on. "
                "Put them back, or start a new run."
            )
        if now["torch"] != about["torch"]:
            self.tell(
                Note(f"This run began with torch {about['torch']} and goes on with {now['torch']}: bits may differ.")
            )
        if now["device"] != about["device"]:
            self.tell(Note(f"This run began on {about['device']} and goes on on {now['device']}: bits will differ."))

    def _save(self, progress: Progress) -> None:
        if self.world.writes:
            snapshot = progress.snapshot(self.engine.state(), self._about())
            snapshot.info["done"] = progress.done
            self.keeper.save(snapshot)

    def _log(self, progress: Progress) -> None:
        if self.world.writes:
            progress.history.write(self.job.folder / "history.csv")

    @property
    def _evaluation_batch(self) -> int:
        height, width = self.job.pixels.shape[1:3]
        return max(self.source.batch, min(1024, _VALUES_PER_EVALUATION // (height * width)))

    def _gathered_share(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(rows, np.int64)[self.world.rank :: self.world.size]

    def _evaluate(self) -> tuple[float, float]:
        """Return (loss, headline score) on validation, every picture once; NaN without pictures or sound outputs."""
        rows = np.asarray(self.job.validation_rows, np.int64)
        if not len(rows):
            return math.nan, math.nan
        outputs = self._outputs(rows)
        if not np.isfinite(outputs).all():
            return math.nan, math.nan
        targets = self.job.targets[rows]
        return float(self.engine.losses(outputs, targets).mean(dtype=np.float64)), float(
            self.job.task.score(outputs, targets)
        )

    def _outputs(self, rows: np.ndarray) -> np.ndarray:
        size, rank = self._evaluation_batch, self.world.rank
        mine = rows[rank :: self.world.size]
        parts = [self.engine.evaluate(self.source.gather(mine[a : a + size])) for a in range(0, len(mine), size)]
        if self.world.alone:
            return np.concatenate(parts)
        shape = self.world.tell_value(list(parts[0].shape[1:]) if parts else None)  # rank 0 has the first row of all
        full = np.zeros((len(rows), *shape), np.float32)
        if parts:
            full[rank :: self.world.size] = np.concatenate(parts)
        return self.world.add(full)


def _check(job: Job) -> None:
    if not len(job.train_rows):
        raise DataError("There is not one training picture left, so nothing can be learned.")
    if job.pixels.dtype != np.uint8 or job.pixels.ndim != 4:
        raise ValueError(f"pixels must be uint8 (n, H, W, C), got {job.pixels.dtype} {job.pixels.shape}")
    if len(job.targets) != len(job.pixels):
        raise ValueError(f"{len(job.targets)} targets for {len(job.pixels)} pictures")


def _peek(job: Job) -> dict[str, Any] | None:
    """The record of the newest checkpoint that can be read, before anything is set up; faults are told later, by rank 0."""
    if not job.resume:
        return None
    with contextlib.suppress(StorageError):
        snapshot = checkpoint.load(job.folder / "checkpoint", lambda text: None)
        return None if snapshot is None else snapshot.info["about"]
    return None


def _device(job: Job, about: dict[str, Any] | None, tell: Tell) -> Choice:
    recorded = about["device"] if about else None
    if recorded is not None:
        with contextlib.suppress(RecipeError):
            machine.choose_device(recorded)
            return Choice("train.device", recorded, "as before the interruption")
    return machine.choose_device(job.recipe.train.device)


def _classes(job: Job) -> int | None:
    if job.classes is not None:
        return job.classes
    named = getattr(job.network, "classes", None)
    if isinstance(named, int):
        return named
    if named is not None:
        return len(named)
    return int(job.targets.max()) + 1 if job.targets.ndim == 1 and job.targets.dtype.kind == "i" else None


def _data_digest(job: Job) -> str:
    """SHA-256 of who is in which split with which target. Pixels are not read again; the store answers for them."""
    digest = hashlib.sha256(str(job.pixels.shape).encode())
    for array in (job.train_rows, job.validation_rows, job.targets):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
