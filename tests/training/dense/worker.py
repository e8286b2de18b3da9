"""A process that knows four small dense worlds. Reads a run per line from standard input, forks it, and reports how it ended.

A run: {"task", "folder", "resume", "train", "fault": {"kind", "at"}, "processes", "every", "errors"}. Faults: `kill` and `term` after a
step, `nan` in these steps. `World` is what the tests beside this file train in their own process.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path

import numpy as np
import torch

from glassnet.data.builtin import shapes
from glassnet.data.catalog import Catalog, Example, Things, class_list
from glassnet.data.frames import frame
from glassnet.data.pixels import PixelSettings, fit
from glassnet.data.sources import ArraySource
from glassnet.errors import GlassnetError
from glassnet.networks.network import build
from glassnet.networks.presets import layers_of
from glassnet.recipe import recipe_from
from glassnet.tasks import task as task_of
from glassnet.training import Job
from glassnet.training import fit as train
from glassnet.training.torch_engine import TorchEngine

TASKS = ("localize", "detect", "segment", "instances")
N, VALID, SIDE = 27, 11, 32  # odd numbers, for two processes and for batches
TRAIN = {
    "epochs": 3, "batch": 8, "optimizer": "adamw", "lr": 0.01, "schedule": "one_cycle", "weight_decay": 0.01, "label_smoothing": 0.0,
    "threads": 1, "precision": "fp32", "device": "cpu",
}  # fmt: skip
AUGMENT = {"flip": "horizontal", "shift": 0.1, "zoom": 0.2, "rotate": 10}
BODY = [
    {"conv": 8, "padding": "same", "bias": False}, "batch_norm", "relu", {"maxpool": 2},
    {"conv": 12, "padding": "same", "bias": False}, "batch_norm", "relu", {"maxpool": 2},
    {"conv": 16, "padding": "same", "bias": False}, "batch_norm", "relu",
]  # fmt: skip


class World:
    """Thirty-eight drawn pictures of 32 × 32 pixels, their targets for one task, and a network that trains on them in a second."""

    def __init__(self, name):
        self.task = task_of(name)
        drawn, things = shapes.draw(N + VALID, single=name == "localize")
        settings = PixelSettings(SIDE, SIDE)
        self.pixels = np.stack([fit(picture, settings) for picture in drawn])
        source = ArraySource(drawn, prefix="drawn")
        examples = tuple(Example(source.key(i), Things(each, drawn.shape[1:3])) for i, each in enumerate(things))
        names = (*shapes.CLASSES, "background") if name == "segment" else shapes.CLASSES
        self.catalog = Catalog("root", "layout", name, class_list(names), examples, source)
        self.classes = self.catalog.classes
        self.frames = [frame(*drawn.shape[1:3], settings)] * len(examples)
        self.targets = self.task.encode(self.catalog, np.arange(len(examples)), self.frames)
        self.rows, self.validation = np.arange(N), np.arange(N, N + VALID)

    def network(self, seed=0, dropout=None):
        head = self.task.head(len(self.classes))
        last = [{"dropout": dropout}] if dropout else []
        layers = [*BODY, {"decoder": 12, "stride": head["stride"]}, *last, {"conv": head["outputs"], "kernel": 1}]
        shape = (3, SIDE, SIDE)
        return build(layers_of(layers, shape, len(self.classes), 0.0, head), shape, self.classes, seed=seed)

    def job(self, folder, settings=None, augment=None, **fields):
        recipe = recipe_from({"train": TRAIN | (settings or {}), "augment": AUGMENT if augment is None else augment})
        given = {
            "network": self.network(), "pixels": self.pixels, "targets": self.targets, "train_rows": self.rows,
            "validation_rows": self.validation, "classes": len(self.classes), "checkpoint_every_seconds": 0.0,
        } | fields  # fmt: skip
        return Job(recipe=recipe, task=self.task, folder=Path(folder), **given)

    def fit(self, folder, settings=None, augment=None, **fields):
        """Return (job, what came out, events)."""
        job, said = self.job(folder, settings, augment, **fields), []
        return job, train(job, said.append), said


def poisoned(step, at):
    """Return a step that gives NaN at these steps."""

    def faulty(engine, batch, rate):
        if batch.step not in at:
            return step(engine, batch, rate)
        hook = engine.network.register_forward_hook(lambda module, given, out: out * float("nan"))
        losses = step(engine, batch, rate)
        hook.remove()
        return losses

    return faulty


def inject(fault):
    step, rank = TorchEngine.step, int(os.environ.get("RANK", 0))
    if fault is None or fault.get("rank", rank) != rank:
        return
    if fault["kind"] == "nan":
        TorchEngine.step = poisoned(step, fault["at"])
        return
    sign = {"kill": signal.SIGKILL, "term": signal.SIGTERM}[fault["kind"]]

    def faulty(engine, batch, rate):
        losses = step(engine, batch, rate)
        if batch.step == fault["at"]:
            os.kill(os.getpid(), sign)
        return losses

    TorchEngine.step = faulty


def forked(run, world):
    """Run in as many children as asked; return how each ended: an exit code, or minus the signal."""
    processes, children = run.get("processes", 1), []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for rank in range(processes):
        child = os.fork()
        if child:
            children.append(child)
            continue
        code = 70
        try:
            os.dup2(os.open(run["errors"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
            if processes > 1:
                os.environ |= {
                    "RANK": str(rank), "WORLD_SIZE": str(processes), "LOCAL_RANK": str(rank),
                    "LOCAL_WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
                }  # fmt: skip
            inject(run.get("fault"))
            world.fit(run["folder"], run.get("train"), resume=run.get("resume", False))
            code = 0
        except GlassnetError as error:
            code = error.exit_code
            os.write(2, f"{type(error).__name__}: {error}".encode())
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def main():
    torch.set_num_threads(1)
    worlds = {}
    for line in sys.stdin:
        run = json.loads(line)
        world = worlds.setdefault(run["task"], World(run["task"]))
        Path(run["folder"]).mkdir(parents=True, exist_ok=True)
        print(json.dumps(forked(run, world)), flush=True)


if __name__ == "__main__":
    main()
