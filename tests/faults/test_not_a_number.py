"""A step with a NaN or an infinity is rejected before it touches anything; too many of them end the run with exit code 7."""

import numpy as np
import pytest

from glassnet.training import checkpoint


def test_rejected_steps_are_counted_and_leave_the_weights_finite(nursery, outcome, tmp_path):
    assert nursery.run(tmp_path, fault={"kind": "nan", "at": [1, 2, 7]}) == 0, nursery.complaint(tmp_path)
    left = outcome(tmp_path)
    assert [row.rejected for row in left.history] == [2, 1, 0]
    assert all(np.isfinite(row.loss) and np.isfinite(row.validation_loss) for row in left.history)
    for name, array in left.snapshot.tensors.items():
        if name.startswith("engine/"):
            assert np.isfinite(array).all(), name
    assert "2 steps held a NaN" in (tmp_path / "said-0.txt").read_text()


def test_a_rejected_step_changes_no_bit(nursery, tmp_path):
    """Stopping after steps 0 1 or after 0 1 (2 rejected) leaves the same weights, averages, batch statistics and optimizer."""
    for name, fault in (("plain", {"kind": "term", "at": 1}), ("poisoned", {"kind": "nan_then_term", "at": [2]})):
        assert nursery.run(tmp_path / name, every=1000.0, fault=fault) == 75
    plain, poisoned = (checkpoint.load(tmp_path / n / "checkpoint", pytest.fail) for n in ("plain", "poisoned"))
    assert (plain.info["counters"]["step"], poisoned.info["counters"]["step"]) == (2, 3)
    assert poisoned.info["counters"]["rejected"] == 1
    for name in plain.tensors:
        if name.startswith("engine/"):
            np.testing.assert_array_equal(plain.tensors[name], poisoned.tensors[name], err_msg=name)


def test_too_many_rejected_steps_are_exit_7_with_the_last_good_weights(nursery, tmp_path):
    fault = {"kind": "nan", "at": [3, 4, 5, 6, 7, 8]}
    assert nursery.run(tmp_path, every=1000.0, train={"bad_steps": 4}, fault=fault) == 7
    said = nursery.complaint(tmp_path)
    assert "4 steps held a NaN" in said and "--lr" in said
    kept = checkpoint.load(tmp_path / "checkpoint", pytest.fail)
    assert kept.info["counters"]["step"] == 7
    assert all(np.isfinite(a).all() for name, a in kept.tensors.items() if name.startswith("engine/"))
