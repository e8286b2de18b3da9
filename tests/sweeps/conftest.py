"""Commands that can be killed, and what is asked of every sweep."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from glassnet.cli import main
from glassnet.runs.folder import RunFolder
from glassnet.runs.ledger import Ledger

PATIENCE_S = 120.0
TINY = [
    "--network", "mini", "--size", "8", "--epochs", "4", "--batch", "8", "--threads", "1", "--precision", "fp32", "--device", "cpu",
]  # fmt: skip


class Command:
    """One `glassnet …` in a process group of its own."""

    def __init__(self, nursery, arguments, said):
        self._nursery, self._said = nursery, Path(said)
        self.pid = nursery.ask({"arguments": [str(word) for word in arguments], "said": str(said)})

    def wait(self):
        """Return the exit code, or minus the signal."""
        return self._nursery.ask({"wait": self.pid})

    def said(self):
        return self._said.read_text()

    def workers(self):
        """Return the process ids of the workers of its pool."""
        found = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(pid) for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def kill_group(self, sign=signal.SIGKILL):
        os.killpg(self.pid, sign)


class Nursery:
    def __init__(self, folder):
        self._folder, self._count = folder, 0
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("nursery.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def ask(self, question):
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, *arguments):
        self._count += 1
        return Command(self, arguments, self._folder / f"said-{self._count}.txt")

    def close(self):
        self._process.stdin.close()
        self._process.wait(30)


class Book:
    """What a folder of runs has on record."""

    def __init__(self, out):
        self.out = Path(out)

    @property
    def ledger(self):
        return Ledger(self.out, create=False)

    def rows(self, sweep="last"):
        return self.ledger.rows(sweep=self.ledger.sweep(sweep).name)

    def counted(self, status):
        return sum(row.status == status for row in self.rows())

    def wait_for(self, holds, command=None):
        """Look at the rows until something holds of them, and return them.

        A sweep is on record a moment before its first row is: as long as there is none, nothing holds.
        """
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            rows = self.rows() if (self.out / "ledger.db").exists() and self.ledger.sweeps() else []
            if rows and holds(rows):
                return rows
            time.sleep(0.02)
        pytest.fail(f"it never came so far: {command.said() if command else self.rows()}")

    def folder(self, row):
        return RunFolder(self.out / row.name)

    def log(self, row):
        return self.folder(row).log.read_text()

    def same_bits(self, other):
        """Assert that two sweeps have the same weights, histories and scores, combination by combination."""
        mine, theirs = self.rows(), other.rows()
        assert [row.chosen for row in mine] == [row.chosen for row in theirs]
        for one, two in zip(mine, theirs, strict=True):
            a, b = (load_file(book.folder(row).model) for book, row in ((self, one), (other, two)))
            assert a.keys() == b.keys()
            for name in a:
                np.testing.assert_array_equal(a[name], b[name], err_msg=f"{one.name} {name}")
            assert _history(self.folder(one)) == _history(other.folder(two)), one.name
            assert _figures(one) == _figures(two), one.name


def _history(folder):
    with folder.history.open() as file:
        return [{k: v for k, v in row.items() if "second" not in k} for row in csv.DictReader(file)]


def _figures(row):
    return [s for s in row.scores if s.split == "validation"]


def alive(pid):
    """Tell whether a process still works; one that waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope="session")
def nursery(tmp_path_factory):
    if sys.platform != "linux":
        pytest.skip("processes are forked and looked for in /proc")
    made = Nursery(tmp_path_factory.mktemp("said"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Return a folder of a hundred small pictures, bars across and down."""
    root = tmp_path_factory.mktemp("pictures") / "bars"
    draw = np.random.default_rng(1)
    for name in ("across", "down"):
        (root / name).mkdir(parents=True)
        for i in range(50):
            picture = draw.integers(0, 90, (16, 16, 3), dtype=np.uint8)
            at = draw.integers(2, 13)
            picture[(slice(at, at + 2), slice(None)) if name == "across" else (slice(None), slice(at, at + 2))] = 230
            Image.fromarray(picture).save(root / name / f"{i:02}.png")
    return root


@pytest.fixture(scope="session")
def book():
    return Book


@pytest.fixture(scope="session")
def is_alive():
    return alive


@pytest.fixture(scope="session")
def tiny():
    """The recipe of every sweep here: a run takes a fraction of a second."""
    return TINY


@pytest.fixture(scope="session")
def sweep():
    """Return the function that sweeps in this process and gives the exit code."""

    def run(*arguments):
        return main(["sweep", *map(str, arguments)])

    return run
