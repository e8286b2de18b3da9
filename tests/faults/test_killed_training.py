"""Kill it anywhere: it resumes to the same bits."""

import signal

import numpy as np
import pytest

from glassnet.training import checkpoint

STEPS = 13  # of the worker's three epochs, easy examples left out


def test_the_undisturbed_run_is_what_the_kills_below_assume(undisturbed):
    assert undisturbed.snapshot.info["counters"]["step"] == STEPS
    assert undisturbed.snapshot.info["done"] is True
    assert len(undisturbed.history) == 3


@pytest.mark.parametrize("seed", range(8))
def test_sigkill_at_a_random_step_resumes_to_the_same_bits(seed, nursery, undisturbed, outcome, tmp_path):
    draws = np.random.default_rng(seed)
    every = float(draws.choice([0.0, 0.02]))  # a checkpoint at each step, or now and then
    first, second = sorted(draws.integers(0, STEPS, 2).tolist())
    ended = [nursery.run(tmp_path, every=every, fault={"kind": "kill", "at": first})]
    ended.append(nursery.run(tmp_path, every=every, resume=True, fault={"kind": "kill", "at": second}))
    assert ended[0] == -signal.SIGKILL
    assert nursery.run(tmp_path, resume=True) == 0, nursery.complaint(tmp_path)
    outcome(tmp_path).assert_same_bits(undisturbed)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(1, 25))
@pytest.mark.parametrize("step", [4], ids=["end of an epoch"])
def test_sigkill_at_every_write_of_a_checkpoint(step, call, after, nursery, undisturbed, outcome, tmp_path):
    # From step 4 on: the checkpoint of that step, then history.csv and the checkpoint that ends the epoch with new best weights.
    fault = {"kind": "write", "at": step, "call": call, "after": after}
    assert nursery.run(tmp_path, fault=fault) == -signal.SIGKILL
    assert checkpoint.load(tmp_path / "checkpoint", pytest.fail) is not None, (
        "a kill must never cost a whole generation"
    )
    assert nursery.run(tmp_path, resume=True) == 0, nursery.complaint(tmp_path)
    outcome(tmp_path).assert_same_bits(undisturbed)
    left = sorted(p.name for p in (tmp_path / "checkpoint").iterdir())
    assert sum(name.endswith(".json") for name in left) == 2
    assert not [name for name in left if name.endswith(".part")], "what a kill left behind is tidied by the next save"


@pytest.mark.parametrize("kind", ["term", "int"])
def test_a_signal_finishes_the_step_saves_and_exits_75(kind, nursery, undisturbed, outcome, tmp_path):
    assert nursery.run(tmp_path, every=1000.0, fault={"kind": kind, "at": 6}) == 75
    counters = checkpoint.load(tmp_path / "checkpoint", pytest.fail).info["counters"]
    assert counters["step"] == 7
    assert nursery.run(tmp_path, resume=True) == 0
    outcome(tmp_path).assert_same_bits(undisturbed)


def test_the_second_ctrl_c_ends_the_process_at_once(nursery, tmp_path):
    assert nursery.run(tmp_path, every=1000.0, fault={"kind": "int2", "at": 6}) == -signal.SIGINT


def test_resuming_a_finished_run_changes_nothing(nursery, undisturbed, outcome, tmp_path):
    assert nursery.run(tmp_path) == 0
    before = {p.name: p.read_bytes() for p in (tmp_path / "checkpoint").iterdir()}
    assert nursery.run(tmp_path, resume=True) == 0
    assert {p.name: p.read_bytes() for p in (tmp_path / "checkpoint").iterdir()} == before
    outcome(tmp_path).assert_same_bits(undisturbed)


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_a_flipped_bit_falls_back_to_the_generation_before_and_says_so(suffix, nursery, undisturbed, outcome, tmp_path):
    assert nursery.run(tmp_path, fault={"kind": "kill", "at": 6}) == -signal.SIGKILL
    newest, older = sorted((tmp_path / "checkpoint").glob("*.json"), reverse=True)
    flip(newest.with_suffix(suffix))
    assert nursery.run(tmp_path, resume=True) == 0
    said = (tmp_path / "said-0.txt").read_text()
    assert newest.stem + suffix in said and older.name in said and "damaged" in said
    outcome(tmp_path).assert_same_bits(undisturbed)


def test_both_generations_damaged_is_exit_5(nursery, tmp_path):
    assert nursery.run(tmp_path, fault={"kind": "kill", "at": 6}) == -signal.SIGKILL
    for file in (tmp_path / "checkpoint").glob("*.json"):
        flip(file)
    assert nursery.run(tmp_path, resume=True) == 5
    assert "can be read" in nursery.complaint(tmp_path)


def test_a_new_run_does_not_write_over_another_ones_checkpoint(nursery, tmp_path):
    assert nursery.run(tmp_path) == 0
    assert nursery.run(tmp_path) == 5
    assert "resume" in nursery.complaint(tmp_path)


def test_a_changed_recipe_is_refused_on_resume(nursery, tmp_path):
    assert nursery.run(tmp_path, fault={"kind": "kill", "at": 6}) == -signal.SIGKILL
    assert nursery.run(tmp_path, resume=True, train={"lr": 0.5}) == 2
    assert "train.lr is 0.5, and this run began with 0.01" in nursery.complaint(tmp_path)


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_budget_in_minutes_is_planned_once_and_kept_on_resume(nursery, outcome, tmp_path):
    train = {"epochs": None, "minutes": 0.5, "skip_easy": 0.0}
    assert nursery.run(tmp_path, train=train, fault={"kind": "kill", "at": 6}) == -signal.SIGKILL
    planned = checkpoint.load(tmp_path / "checkpoint", pytest.fail).info["counters"]["steps"]
    assert planned > 50
    # Told of a machine that is as fast as before, the resumed run takes the planned steps; the clock can only take some away.
    ended = nursery.run(tmp_path, train=train, resume=True, every=1000.0, fault={"kind": "term", "at": 30})
    assert ended == 75
    counters = checkpoint.load(tmp_path / "checkpoint", pytest.fail).info["counters"]
    assert counters["step"] == 31 and counters["steps"] <= planned
    assert counters["epochs"] * 5 >= counters["steps"]
