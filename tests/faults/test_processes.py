"""Several processes: the same curve as one, and one that fails takes the others with it, saying why."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from glassnet.training import checkpoint

# Fused Adam divides by the root of squared gradients: rounding in the last bit grows from step to step, and stays far below this.
ROUNDING = 2e-5


def assert_same_curve(one, other):
    for mine, theirs in zip(one.history, other.history, strict=True):
        assert mine.step == theirs.step and mine.lr == theirs.lr
        assert mine.train_score == pytest.approx(theirs.train_score, abs=0.02)
        for name in ("loss", "validation_loss"):
            assert getattr(mine, name) == pytest.approx(getattr(theirs, name), rel=ROUNDING), name


@pytest.mark.parametrize("processes", [2, 3])
def test_the_loss_curve_is_that_of_one_process(processes, nursery, outcome, tmp_path):
    # 75 pictures in batches of 16 leave 11 for the last one: uneven for two and for three, with batch norm, clip and EMA on.
    train = {"skip_easy": 0.0, "clip": 0.5}
    assert nursery.run(tmp_path / "one", every=30.0, train=train) == 0
    ended = nursery.run(tmp_path / "many", every=30.0, train=train, processes=processes)
    assert ended == [0] * processes, nursery.complaint(tmp_path / "many", 1)
    assert_same_curve(outcome(tmp_path / "one"), outcome(tmp_path / "many"))


def test_a_process_without_an_example_in_the_last_batch_still_takes_part(nursery, outcome, tmp_path):
    train = {"skip_easy": 0.0, "batch": 73}  # 75 = 73 + 2, and the third of three processes has none of the two
    assert nursery.run(tmp_path / "one", train=train) == 0
    assert nursery.run(tmp_path / "three", train=train, processes=3) == [0, 0, 0]
    assert_same_curve(outcome(tmp_path / "one"), outcome(tmp_path / "three"))


def test_only_rank_0_writes_and_speaks(nursery, tmp_path):
    assert nursery.run(tmp_path, processes=2) == [0, 0]
    assert (tmp_path / "said-0.txt").read_text() and not (tmp_path / "said-1.txt").read_text()


def test_a_failing_process_stops_all_with_its_exit_code_and_sentence(nursery, tmp_path):
    assert nursery.run(tmp_path, processes=2, fault={"kind": "break", "at": 4, "rank": 1}) == [5, 5]
    assert "Process 1 of 2 failed: the disk of this process is gone" in nursery.complaint(tmp_path)


def test_a_killed_process_stops_all_and_the_run_goes_on_later(nursery, outcome, tmp_path):
    ended = nursery.run(tmp_path, processes=2, fault={"kind": "kill", "at": 4, "rank": 1})
    assert ended == [75, -signal.SIGKILL]
    assert nursery.run(tmp_path, processes=2, resume=True) == [0, 0], nursery.complaint(tmp_path)
    assert len(outcome(tmp_path).history) == 3


def test_a_signal_to_one_process_stops_all_after_the_same_step(nursery, undisturbed, outcome, tmp_path):
    assert nursery.run(tmp_path, every=1000.0, processes=2, fault={"kind": "term", "at": 6, "rank": 1}) == [75, 75]
    assert checkpoint.load(tmp_path / "checkpoint", pytest.fail).info["counters"]["step"] == 7
    # Another number of processes may go on: to rounding, and said aloud.
    assert nursery.run(tmp_path, resume=True) == 0
    assert "started with 2 processes and goes on with 1" in (tmp_path / "said-0.txt").read_text()
    left = outcome(tmp_path).history
    assert [row.step for row in left] == [row.step for row in undisturbed.history]
    np.testing.assert_allclose(left.loss[0], undisturbed.history.loss[0], rtol=ROUNDING)


def test_torchrun_starts_it(nursery, outcome, tmp_path):
    run = {"folder": str(tmp_path / "torchrun"), "every": 30.0, "train": {"skip_easy": 0.0, "epochs": 2}}
    (tmp_path / "torchrun").mkdir()
    worker = Path(__file__).with_name("worker.py")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", worker]
    done = subprocess.run(
        [*map(str, command), json.dumps(run)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert nursery.run(tmp_path / "one", every=30.0, train=run["train"]) == 0
    assert_same_curve(outcome(tmp_path / "one"), outcome(tmp_path / "torchrun"))
