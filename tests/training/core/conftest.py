"""A tiny world: 90 pictures of 10×10, three classes told apart by their red."""

import numpy as np
import pytest
import torch

from glassnet.networks.network import build
from glassnet.recipe import recipe_from
from glassnet.tasks import task
from glassnet.training import Job, fit

LAYERS = [
    {"conv": 6, "bias": False, "padding": "same"}, "batch_norm", "relu", {"maxpool": 2},
    {"conv": 8, "activation": "relu"}, {"global_pool": "avg"}, {"dropout": 0.2}, {"dense": "classes"},
]  # fmt: skip
TRAIN = {
    "epochs": 3, "batch": 16, "optimizer": "adamw", "lr": 0.01, "schedule": "constant", "weight_decay": 0.0,
    "label_smoothing": 0.0, "threads": 1, "precision": "fp32", "device": "cpu",
}  # fmt: skip


class World:
    rows, validation = np.arange(60), np.arange(60, 90)

    def __init__(self):
        rng = np.random.default_rng(0)
        self.pixels = rng.integers(0, 256, (90, 10, 10, 3), dtype=np.uint8)
        self.targets = rng.integers(0, 3, 90)
        self.pixels[..., 0] = self.pixels[..., 0] // 4 + 60 * self.targets[:, None, None]

    def network(self, layers=LAYERS, seed=0):
        return build(layers, (3, 10, 10), 3, seed=seed)

    def job(self, folder, train=None, augment=None, **fields):
        recipe = recipe_from({"train": TRAIN | (train or {}), "augment": augment or {}})
        given = {"network": self.network(), "train_rows": self.rows, "validation_rows": self.validation} | fields
        return Job(
            recipe=recipe, task=task("classify"), pixels=self.pixels, targets=self.targets, folder=folder, **given
        )

    def fit(self, folder, train=None, augment=None, **fields):
        """Return (job, what came out, events)."""
        job, said = self.job(folder, train, augment, **fields), []
        return job, fit(job, said.append), said


@pytest.fixture
def world():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield World()
    torch.set_num_threads(threads)
