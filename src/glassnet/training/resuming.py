"""Taking up a run where it stopped: the same recipe, pictures, threads and precision, or a sentence that says what differs."""

import contextlib
import hashlib
from typing import Any

import numpy as np

from glassnet.choice import Choice
from glassnet.errors import DataError, RecipeError, StorageError
from glassnet.recipe import TrainRecipe
from glassnet.training import checkpoint, machine
from glassnet.training.checkpoint import Snapshot
from glassnet.training.distributed import World
from glassnet.training.events import Note, Tell
from glassnet.training.job import Job

# Fields of train that the machine decides: on resume the record counts, whatever the recipe says now.
_MACHINE = {"device", "precision", "threads"}


def checkpoint_folder(job: Job) -> Any:
    """Return where the job's checkpoints are."""
    return job.folder / "checkpoint"


def choose_device(job: Job) -> Choice:
    """Return the device that the run began on, if it is there; else what is asked for or found."""
    if job.resume:
        # Faults of a damaged checkpoint are told when it is taken up, by rank 0 alone.
        with contextlib.suppress(StorageError, RecipeError):
            snapshot = checkpoint.load(checkpoint_folder(job), lambda text: None)
            if snapshot is not None:
                machine.choose_device(snapshot.info["about"]["device"])
                return Choice("train.device", snapshot.info["about"]["device"], "as before the interruption")
    return machine.choose_device(job.recipe.train.device)


def take_up(job: Job, world: World, tell: Tell) -> Snapshot | None:
    """Read the checkpoint on rank 0 and give it to all. None: there is none, or none was asked for.

    Raises StorageError when all generations are damaged, or when a new run would write over one.
    """
    from safetensors.numpy import load, save

    folder, snapshot = checkpoint_folder(job), None
    if world.writes:
        if job.resume:
            snapshot = checkpoint.load(folder, lambda text: tell(Note(text)))
            if snapshot is None:
                tell(Note("No checkpoint was written before the run ended, so it starts from the beginning."))
        elif checkpoint.exists(folder):
            raise StorageError(
                f"{folder} holds the checkpoint of a run. Go on with it (`glassnet resume`), or choose another run folder."
            )
    if world.alone or not world.tell_value(snapshot is not None):
        return snapshot
    given = snapshot or Snapshot({}, {}, {})
    info = world.tell_value(given.info)
    tensors, best = (world.tell(save(part) if part else b"") for part in (given.tensors, given.best))
    return Snapshot(info, load(tensors), load(best) if best else {})


def record(
    job: Job, train: TrainRecipe, device: str, precision: str, world: World, choices: list[Choice]
) -> dict[str, Any]:
    """Return what a checkpoint says about its run, strict JSON."""
    import torch

    return {
        "train": train.model_dump(mode="json"),
        "augment": job.recipe.augment.model_dump(mode="json"),
        "data": _data_digest(job),
        "device": device,
        "precision": precision,
        "threads": torch.get_num_threads(),
        "processes": world.size,
        "torch": torch.__version__,
        "choices": [choice.as_dict() for choice in choices],
    }


def check_same_run(now: dict[str, Any], before: dict[str, Any], tell: Tell) -> None:
    """Compare two records. Raises RecipeError or DataError for what decides the numbers; tells what only decides their last bits."""
    for part in ("train", "augment"):
        for name, value in now[part].items():
            if name not in _MACHINE and value != before[part].get(name):
                raise RecipeError(
                    f"{part}.{name} is {value!r}, and this run began with {before[part].get(name)!r}. "
                    "A run goes on with the recipe it began with; start a new one for another recipe."
                )
    if now["data"] != before["data"]:
        raise DataError(
            "The pictures, targets or splits are not those that this run began with, so it cannot go on. "
            "Put them back, or start a new run."
        )
    if now["torch"] != before["torch"]:
        tell(Note(f"This run began with torch {before['torch']} and goes on with {now['torch']}: bits may differ."))
    if now["device"] != before["device"]:
        tell(Note(f"This run began on {before['device']} and goes on on {now['device']}: bits will differ."))


def threads_to_use(before: dict[str, Any], world: World, tell: Tell) -> Any:
    """Return the recorded number of threads, or a new one when another number of processes goes on."""
    if before["processes"] != world.size:
        tell(
            Note(
                f"This run was started with {before['processes']} processes and goes on with {world.size}: "
                "the same steps, equal to rounding, but not to the same bits."
            )
        )
        return machine.choose_threads(None, world.local_size, None).value
    if before["threads"] > machine.cores():
        tell(Note(f"This run used {before['threads']} threads and goes on with as many, on {machine.cores()} cores."))
    return before["threads"]


def _data_digest(job: Job) -> str:
    """SHA-256 of who is in which split with which target. Pixels are not read again; the store answers for them."""
    digest = hashlib.sha256(str(job.pixels.shape).encode())
    for array in (job.train_rows, job.validation_rows, job.targets):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
