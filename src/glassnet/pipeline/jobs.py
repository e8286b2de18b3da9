"""From prepared pictures and a resolved recipe to what the training room needs: the network and the job."""

import contextlib
import time
from pathlib import Path

import numpy as np

from glassnet.data.frames import frames
from glassnet.pipeline.prepare import Prepared
from glassnet.recipe import Recipe
from glassnet.training.job import Job


def import_rooms() -> None:
    """Import what training needs, torch above all: a second of work that fits beside the decoding of pictures. Never raises."""
    with contextlib.suppress(Exception):  # the same import will fail again where it is needed, and say why
        from glassnet.training.machine import raise_allocator_thresholds

        raise_allocator_thresholds()  # before the first tensor
        import glassnet.networks.network
        import glassnet.training.fitting  # noqa: F401


def targets_of(prepared: Prepared, rows: np.ndarray) -> np.ndarray:
    """Return the targets (n, …) of the task for these rows, at their places among all n of the catalog; all others are zeros.

    Rows that the audit keeps out are never asked for: what is wrong with them could not be encoded.
    """
    from glassnet.tasks import task as task_of

    task = task_of(prepared.catalog.task)
    encoded = task.encode(prepared.catalog, rows, frames(prepared.store, rows))
    prepared.catalog.source.release()
    targets = np.zeros((len(prepared.catalog), *encoded.shape[1:]), encoded.dtype)
    targets[rows] = encoded
    return targets


def taught_targets(prepared: Prepared) -> np.ndarray:
    """Return the targets of every row that training and validation see."""
    return targets_of(prepared, np.concatenate([prepared.lock.train, prepared.lock.validation]))


def job_of(
    recipe: Recipe,
    prepared: Prepared,
    folder: Path,
    resume: bool,
    started: float,
    targets: np.ndarray | None = None,
) -> Job:
    """Build the network and put together what the training room needs. `targets` are those of `taught_targets`, where they are at hand."""
    from glassnet.training import machine as training_machine

    training_machine.raise_allocator_thresholds()  # before the first tensor
    from glassnet.networks.network import build
    from glassnet.networks.presets import layers_of
    from glassnet.tasks import task as task_of

    task, pixels, classes = task_of(prepared.catalog.task), prepared.pixels, prepared.catalog.classes
    shape = (pixels.channels, pixels.height, pixels.width)
    layers = layers_of(recipe.network, shape, len(classes), recipe.train.dropout, task.head(len(classes)))
    network = build(layers, shape, classes, recipe.train.initial or "he", recipe.train.seed)
    network.preprocessing = pixels.as_dict()
    return Job(
        recipe=recipe,
        network=network,
        task=task,
        pixels=prepared.store.pixels,
        targets=taught_targets(prepared) if targets is None else targets,
        train_rows=prepared.lock.train,
        validation_rows=prepared.lock.validation,
        folder=folder,
        resume=resume,
        classes=len(classes),
        spent_seconds=time.monotonic() - started,
    )
