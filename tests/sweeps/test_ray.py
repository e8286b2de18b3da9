"""Sweeps on a real Ray cluster of two nodes on this machine, one of which is killed; and without a cluster, on a local one."""

import contextlib
import csv
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_digits

from glassnet.errors import NetworkError, StorageError
from glassnet.recipe import Recipe
from glassnet.runs.ledger import Ledger
from glassnet.sweeps import hands
from glassnet.sweeps.hands import Hands
from glassnet.sweeps.plan import Plan
from glassnet.sweeps.runners import machines
from glassnet.sweeps.runners import ray as runner
from glassnet.sweeps.worker import Station

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent
SPACE = [
    "--set",
    "train.lr=0.03,0.02,0.01,0.005",
    "--set",
    "train.dropout=0,0.3",
    "--network",
    "mini",
    "--epochs",
    "12",
]
HERE = ["--train.threads", "1", "--train.precision", "fp32"]
TIMES = ("seconds", "images_per_second")


class Node:
    """One `ray start --block` and everything that it starts."""

    def __init__(self, environment, place, *words):
        self.log = place / f"{secrets.token_hex(4)}.log"
        command = [str(BIN / "ray"), "start", "--block", "--num-cpus=1", "--object-store-memory=80000000", *words]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, cwd="/", start_new_session=True
            )

    def wait(self):
        end = time.monotonic() + 60
        while "Ray runtime started" not in self.log.read_text():
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.2)

    def kill(self):
        """Kill every process of the node, as when its machine loses power."""
        for process in [self.process.pid, *descendants(self.process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()


def descendants(parent):
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(words[1]), []).append(int(stat.parent.name))
    found, new = [], [parent]
    while new:
        new = [child for one in new for child in children.get(one, [])]
        found += new
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with 1,000 digits in `pictures`, which the commands name by its relative path."""
    folder = tmp_path_factory.mktemp("ray")
    digits = load_digits()
    for number, (picture, digit) in enumerate(zip(digits.images[:1000], digits.target[:1000], strict=True)):
        to = folder / "pictures" / f"digit-{digit}"
        to.mkdir(parents=True, exist_ok=True)
        Image.fromarray((picture * 15).astype("uint8")).save(to / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def cluster(place):
    """Two nodes of one processor each: the head, and one to be killed. Yields the environment that joins them, and the second node."""
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",  # as on a real cluster, and nobody else on this machine gets in
        "RAY_AUTH_TOKEN": secrets.token_hex(16),
        "RAY_health_check_period_ms": "1000",
        "RAY_TMPDIR": f"/tmp/gr{secrets.token_hex(3)}",  # sockets need short names
    }
    Path(environment["RAY_TMPDIR"]).mkdir()
    nodes = []
    try:
        nodes.append(Node(environment, place, "--head", f"--port={port}", "--include-dashboard=false"))
        nodes[0].wait()
        address = f"{next(iter(addresses(nodes[0].log)))}:{port}"
        nodes.append(Node(environment, place, f"--address={address}"))
        nodes[1].wait()
        yield environment | {"RAY_ADDRESS": address}, nodes[1]
    finally:
        for node in reversed(nodes):
            node.kill()
        subprocess.run(["rm", "-rf", environment["RAY_TMPDIR"]], check=False)


def addresses(log):
    return [line.rpartition(" ")[2] for line in log.read_text().splitlines() if "Local node IP" in line]


def glassnet(*words, environment=None, cwd=None):
    command = [sys.executable, "-m", "glassnet", *words]
    return subprocess.Popen(
        command,
        env=environment,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
        # A background job of a shell is deaf to Ctrl-C, and hands that on to its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_until(true, process, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert process.poll() is None and time.monotonic() < end, process.communicate(timeout=5)[0]
        time.sleep(0.2)


def rows(out):
    return Ledger(out).rows() if (out / "ledger.db").exists() else []


def results(out):
    """Everything about every run that must not depend on where it was trained: all but times."""
    return {row.name: (row.status, row.scores, history(out / row.name), model(out / row.name)) for row in rows(out)}


def history(run):
    with (run / "history.csv").open(newline="") as lines:
        return [{k: v for k, v in line.items() if k not in TIMES} for line in csv.DictReader(lines)]


def model(run):
    return (run / "model.safetensors").read_bytes()


def is_quiet(said):
    return not [line for line in said.splitlines() if line.startswith(("[20", "(", "20")) or "ray" in line.lower()]


def test_a_node_is_killed_and_the_sweep_is_what_it_is_here(cluster, place):
    environment, second = cluster
    sweep = glassnet("sweep", "pictures", *SPACE, "--on", "ray", "--out", "far", environment=environment, cwd=place)
    far = place / "far"
    wait_until(lambda: sum(row.status == "done" for row in rows(far)) >= 2, sweep)
    second.kill()
    said, _ = sweep.communicate(timeout=120)
    assert sweep.returncode == 0, said
    assert "sweep.workers = 2: 2 cores of 2 machines are free" in said
    assert is_quiet(said), said
    near = glassnet("sweep", "pictures", *SPACE, *HERE, "--on", "here", "--out", "near", cwd=place)
    assert near.wait() == 0
    assert [row.status for row in rows(far)] == ["done"] * 8
    assert results(far) == results(place / "near")
    finished = [(far / row.name / "run.log").read_text().count("epochs are done") for row in rows(far)]
    assert finished == [1] * 8
    head = environment["RAY_ADDRESS"].split(":")
    socket.create_connection((head[0], int(head[1])), 5).close()  # the cluster is not ours, and goes on


def test_ctrl_c_on_a_local_cluster_saves_everything(place):
    tmp = f"/tmp/gl{secrets.token_hex(3)}"
    environment = {k: v for k, v in os.environ.items() if k not in ("RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN")}
    environment |= {"HOME": str(place), "RAY_TMPDIR": tmp, "OMP_NUM_THREADS": "1"}
    Path(tmp).mkdir()
    out = place / "stopped"
    words = ["--set", "train.lr=0.03,0.01", "--network", "mini", "--epochs", "200"]
    sweep = glassnet("sweep", "pictures", *words, "--on", "ray", "--out", "stopped", environment=environment, cwd=place)
    started = []
    try:
        wait_until(lambda: sum((row.epochs_done or 0) > 2 for row in rows(out)) == 2, sweep)
        started = descendants(sweep.pid)
        os.killpg(sweep.pid, signal.SIGINT)  # as a terminal does it: to every process of the command
        said, _ = sweep.communicate(timeout=60)
        assert sweep.returncode == 75, said
        assert "--resume" in said.splitlines()[-1]
        assert is_quiet(said.replace("--on ray", "")), said
        assert [row.status for row in Ledger(out).rows()] == ["interrupted"] * 2
        assert all(row.exit_code == 75 for row in Ledger(out).rows()), "the workers themselves have put it on record"
        end = time.monotonic() + 30
        while alive := [one for one in started if Path(f"/proc/{one}").exists()]:
            assert time.monotonic() < end, f"what was started here goes on: {alive}"
            time.sleep(0.2)
    finally:
        for one in [sweep.pid, *started, *descendants(sweep.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        subprocess.run(["rm", "-rf", tmp], check=False)


def test_a_folder_of_runs_that_a_worker_cannot_reach_is_said(tmp_path):
    code, said = runner.work(Station(str(tmp_path / "runs"), None, "photos-sweep-001"), "2026-01-01", str(tmp_path))
    assert code == StorageError.exit_code
    assert f"{tmp_path / 'runs'} of this sweep cannot be reached from the machine {socket.gethostname()}" in said
    assert not (tmp_path / "runs").exists()


def test_another_sweep_of_the_same_name_is_not_taken_for_it(tmp_path):
    Ledger(tmp_path).new_sweep("photos-sweep-001", {}, {}, {})
    code, said = runner.work(Station(str(tmp_path), None, "photos-sweep-001"), "2026-01-01", str(tmp_path))
    assert code == StorageError.exit_code
    assert "cannot be reached" in said


def test_a_cluster_that_does_not_answer_is_said_at_once(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(NetworkError, match=r"no Ray cluster at RAY_ADDRESS=127\.0\.0\.1:1\."):
        machines("ray", "cpu")


def test_workers_and_threads_follow_from_the_processors_of_each_machine(monkeypatch):
    monkeypatch.setattr(hands, "machines", lambda on, device: [8, 8, 2])
    chosen = [Hands.choose("ray", workers, Plan("grid", 100, device="cpu"), Recipe()) for workers in (None, 2, 4, 5)]
    assert [(one.workers, one.threads) for one in chosen] == [(18, 1), (2, 8), (4, 4), (5, 2)]
