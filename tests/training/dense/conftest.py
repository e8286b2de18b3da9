"""The four dense worlds in this process, and a process that forks runs of them which are killed."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from glassnet.training import checkpoint, history

WORKER = Path(__file__).with_name("worker.py")
_spec = importlib.util.spec_from_file_location("dense_worker", WORKER)
worker = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(worker)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session", params=worker.TASKS)
def world(request):
    return worker.World(request.param)


@pytest.fixture(scope="session")
def poisoned():
    return worker.poisoned


class Nursery:
    """Imports torch and draws the worlds once; every run is a forked process of its own."""

    def __init__(self, errors):
        self.errors = Path(errors)
        self.process = subprocess.Popen(
            [sys.executable, WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    def run(self, task, folder, **options):
        """Return how the processes of this run ended: exit codes, or minus the signal; a number if there is one process."""
        run = {"task": task, "folder": str(folder), "errors": str(self.errors / "said.txt"), **options}
        (self.errors / "said.txt").write_text("")
        self.process.stdin.write(json.dumps(run) + "\n")
        self.process.stdin.flush()
        ended = json.loads(self.process.stdout.readline())
        return ended[0] if len(ended) == 1 else ended

    def complaint(self):
        """Return what the last run said on standard error."""
        return (self.errors / "said.txt").read_text()


@pytest.fixture(scope="session")
def nursery(tmp_path_factory):
    nursery = Nursery(tmp_path_factory.mktemp("errors"))
    yield nursery
    nursery.process.stdin.close()
    nursery.process.wait(30)


class Outcome:
    """What a finished run left behind."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.snapshot = checkpoint.load(self.folder / "checkpoint", pytest.fail)
        self.history = history.from_csv((self.folder / "history.csv").read_text())

    def rows(self):
        names = ("epoch", "step", "lr", "loss", "train_score", "validation_loss", "validation_score")
        return [[repr(getattr(row, name)) for name in names] for row in self.history]

    def assert_same_bits(self, other):
        assert self.rows() == other.rows()
        for mine, theirs in (
            (self.snapshot.tensors, other.snapshot.tensors),
            (self.snapshot.best, other.snapshot.best),
        ):
            assert mine.keys() == theirs.keys()
            for name in mine:
                np.testing.assert_array_equal(mine[name], theirs[name], err_msg=name)


@pytest.fixture(scope="session")
def outcome():
    return Outcome


@pytest.fixture(scope="session")
def undisturbed(nursery, tmp_path_factory):
    """What an undisturbed run of a task leaves behind, made when it is first asked for."""
    made = {}

    def of(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(f"undisturbed-{name}")
            assert nursery.run(name, folder, train=WHOLE) == 0, nursery.complaint()
            made[name] = Outcome(folder)
        return made[name]

    return of


WHOLE = {"ema": 0.8, "skip_easy": 0.25, "clip": 1.0, "class_weights": "balanced"}


@pytest.fixture(scope="session")
def everything_on():
    """Settings that keep as much state between steps as there is."""
    return WHOLE
