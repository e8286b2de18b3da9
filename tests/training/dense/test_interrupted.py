"""Killed, told to stop, shared by two processes: the same proofs for boxes and masks as for classes."""

import signal

import numpy as np
import pytest

from glassnet.training import checkpoint

TASKS = ("localize", "detect", "segment", "instances")


@pytest.mark.parametrize(("name", "at"), [("localize", 2), ("detect", 5), ("segment", 7), ("instances", 4)])
def test_sigkill_resumes_to_the_same_bits(name, at, nursery, undisturbed, everything_on, outcome, tmp_path):
    assert nursery.run(name, tmp_path, train=everything_on, fault={"kind": "kill", "at": at}) == -signal.SIGKILL
    assert nursery.run(name, tmp_path, train=everything_on, resume=True) == 0, nursery.complaint()
    outcome(tmp_path).assert_same_bits(undisturbed(name))


@pytest.mark.parametrize("name", TASKS)
def test_sigterm_saves_exits_75_and_resumes_to_the_same_bits(
    name, nursery, undisturbed, everything_on, outcome, tmp_path
):
    assert nursery.run(name, tmp_path, train=everything_on, fault={"kind": "term", "at": 5}) == 75, nursery.complaint()
    assert "glassnet resume" in nursery.complaint()
    assert checkpoint.load(tmp_path / "checkpoint", pytest.fail).info["counters"]["step"] == 6
    assert nursery.run(name, tmp_path, train=everything_on, resume=True) == 0, nursery.complaint()
    outcome(tmp_path).assert_same_bits(undisturbed(name))


@pytest.mark.parametrize("name", TASKS)
def test_two_processes_learn_what_one_learns(name, nursery, outcome, tmp_path):
    # 27 pictures in batches of 8, 11 for validation: uneven for two. Rounding differs from the first step on, and Adam enlarges it.
    train = {"epochs": 2}
    assert nursery.run(name, tmp_path / "one", train=train) == 0, nursery.complaint()
    assert nursery.run(name, tmp_path / "two", train=train, processes=2) == [0, 0], nursery.complaint()
    one, two = outcome(tmp_path / "one").history, outcome(tmp_path / "two").history
    assert one.step == two.step and one.lr == two.lr
    np.testing.assert_allclose(one.loss, two.loss, rtol=1e-3)
    np.testing.assert_allclose(one.validation_loss, two.validation_loss, rtol=1e-3)
    np.testing.assert_allclose(one.train_score, two.train_score, atol=0.03)
    np.testing.assert_allclose(one.validation_score, two.validation_score, atol=0.03)


@pytest.mark.parametrize("name", ["detect", "instances"])
def test_too_many_steps_with_a_nan_are_exit_7_with_finite_weights(name, nursery, tmp_path):
    fault = {"kind": "nan", "at": [3, 4, 5, 6]}
    assert nursery.run(name, tmp_path, train={"bad_steps": 3}, fault=fault) == 7
    assert "3 steps held a NaN" in nursery.complaint()
    kept = checkpoint.load(tmp_path / "checkpoint", pytest.fail)
    assert all(np.isfinite(array).all() for key, array in kept.tensors.items() if key.startswith("engine/"))
