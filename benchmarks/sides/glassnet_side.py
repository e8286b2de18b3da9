"""Glassnet's training room, as the product itself calls it: python glassnet_side.py ARRAYS.npz BATCH STEPS PRECISION

`training.fit` runs with its own loop, events, history and checkpoints; after every epoch it is kept waiting until the next line comes in.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from glassnet import training
from glassnet.recipe import recipe_from

ENDLESS = 100_000


class NoMoreWanted(Exception):  # noqa: N818  it is an end, not a fault
    """Raised inside the watcher when no more segments are wanted."""


class Segments:
    """Watches training: two epochs warm up, then every epoch waits for a line on standard input."""

    def __init__(self, about: dict) -> None:
        self.about, self.epochs, self.start = about, 0, 0.0

    def __call__(self, event: object) -> None:
        if isinstance(event, training.Chosen):
            self.about[event.choice.field] = event.choice.value
        if not isinstance(event, training.EpochDone):
            return
        now = time.perf_counter()
        self.epochs += 1
        if self.epochs > 2:
            say({"images": self.about["images"], "seconds": now - self.start, "loss": event.row.loss})
        elif self.epochs == 2:
            say({"ready": self.about | {"loss": event.row.loss}})
        if self.epochs >= 2 and not sys.stdin.readline():
            raise NoMoreWanted
        self.start = time.perf_counter()


def main(path: str, batch: int, count: int, precision: str) -> None:
    """Train the tutorial network on `batch × count` pictures until standard input ends."""
    from glassnet.networks.network import build
    from glassnet.networks.presets import layers_of
    from glassnet.pipeline.choices import resolve
    from glassnet.tasks import task

    held = np.load(path)
    n = batch * count
    chosen = np.random.default_rng(0).permutation(len(held["x_train"]))[: n + batch]
    settings = {
        "batch": batch, "epochs": ENDLESS, "optimizer": "adam", "lr": 1e-3, "schedule": "constant", "initial": "glorot",
        "threads": int(os.environ["BENCH_THREADS"]), "precision": precision, "dropout": 0.0, "label_smoothing": 0.0, "device": "cpu",
    }  # fmt: skip
    plain = {"flip": "none", "rotate": 0, "zoom": 0, "shift": 0, "crop": 0, "brightness": 0, "contrast": 0, "cutout": 0}
    recipe = recipe_from({"data": {"root": "cifar10"}, "network": "tutorial", "augment": plain, "train": settings})
    recipe, _ = resolve(recipe, n, 32, 32, 10, {})
    network = build(layers_of("tutorial", (3, 32, 32), 10), shape=(3, 32, 32), classes=10, initial="glorot", seed=0)
    about = {"parameters": sum(p.numel() for p in network.parameters()), "images": n}
    with tempfile.TemporaryDirectory() as folder:
        job = training.Job(
            recipe=recipe, network=network, task=task("classify"), pixels=held["x_train"][chosen], targets=held["y_train"][chosen],
            train_rows=np.arange(n), validation_rows=np.arange(n, n + batch), folder=Path(folder), classes=10,
        )  # fmt: skip
        try:
            training.fit(job, Segments(about))
        except NoMoreWanted:
            return


def say(value: dict) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
