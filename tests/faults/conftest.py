"""A process that forks runs which are killed, and what two runs must have in common."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from glassnet.training import checkpoint, history

WORKER = Path(__file__).with_name("worker.py")


class Nursery:
    """Imports torch once; every run is a forked process of its own, so that killing a hundred of them takes seconds."""

    def __init__(self, errors):
        self.errors = Path(errors)
        env = os.environ | {"OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )

    def run(self, folder, **options):
        """Return how the processes of this run ended: exit codes, or minus the signal; a number if there is one process."""
        errors = [str(self._errors(folder, rank)) for rank in range(options.get("processes", 1))]
        self.process.stdin.write(json.dumps({"folder": str(folder), "errors": errors, **options}) + "\n")
        self.process.stdin.flush()
        ended = json.loads(self.process.stdout.readline())
        return ended[0] if len(ended) == 1 else ended

    def complaint(self, folder, rank=0):
        """Return what the last run said on standard error; kept beside the folder's disk, which may be full."""
        return self._errors(folder, rank).read_text()

    def _errors(self, folder, rank):
        return self.errors / f"{str(folder).strip('/').replace('/', '_')}-{rank}.txt"

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


class Outcome:
    """What a finished run left behind."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.notes = []
        self.snapshot = checkpoint.load(self.folder / "checkpoint", self.notes.append)
        self.history = history.from_csv((self.folder / "history.csv").read_text())

    def rows(self):
        return [
            (r.epoch, r.step, r.lr, r.loss, r.train_score, r.validation_loss, r.validation_score) for r in self.history
        ]

    def assert_same_bits(self, other):
        assert self.rows() == other.rows()
        for mine, theirs in (
            (self.snapshot.tensors, other.snapshot.tensors),
            (self.snapshot.best, other.snapshot.best),
        ):
            assert mine.keys() == theirs.keys()
            for name in mine:
                np.testing.assert_array_equal(mine[name], theirs[name], err_msg=name)
        assert self.snapshot.info["counters"] == other.snapshot.info["counters"]


@pytest.fixture(scope="session")
def nursery(tmp_path_factory):
    nursery = Nursery(tmp_path_factory.mktemp("errors"))
    yield nursery
    nursery.close()


@pytest.fixture(scope="session")
def undisturbed(nursery, tmp_path_factory):
    """A run that nothing happened to, with checkpoints as they come by default."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert nursery.run(folder, every=30.0) == 0, nursery.complaint(folder)
    return Outcome(folder)


@pytest.fixture(scope="session")
def outcome():
    return Outcome
