"""When checkpoints are due, what is kept, and what is refused."""

import json

import numpy as np
import pytest

from glassnet.errors import StorageError
from glassnet.training import checkpoint
from glassnet.training.checkpoint import Keeper, Snapshot


def snapshot(number):
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3) * number, "scalar": np.array(number, np.int64)}
    return Snapshot({"number": number, "text": "é"}, arrays, {"a": np.full(3, number, np.float32)})


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_what_was_saved_comes_back_to_the_bit(tmp_path):
    Keeper(tmp_path).save(snapshot(3))
    found = checkpoint.load(tmp_path, pytest.fail)
    assert found.info == {"number": 3, "text": "é"}
    np.testing.assert_array_equal(found.tensors["a"], snapshot(3).tensors["a"])
    assert found.tensors["scalar"].shape == () and found.tensors["scalar"] == 3
    np.testing.assert_array_equal(found.best["a"], [3, 3, 3])


def test_two_generations_are_kept_and_no_more(tmp_path):
    keeper = Keeper(tmp_path)
    for number in range(5):
        keeper.save(snapshot(number))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "000004.json",
        "000004.safetensors",
        "000005.json",
        "000005.safetensors",
    ]


def test_a_number_is_never_used_twice_even_after_a_cut_off_save(tmp_path):
    Keeper(tmp_path).save(snapshot(1))
    (tmp_path / "000002.safetensors").write_bytes(b"cut off before its manifest")
    Keeper(tmp_path).save(snapshot(2))
    assert (tmp_path / "000003.json").exists() and not (tmp_path / "000002.safetensors").exists()
    assert checkpoint.load(tmp_path, pytest.fail).info["number"] == 2


def test_nothing_there_is_none_and_not_an_error(tmp_path):
    assert checkpoint.load(tmp_path / "missing", pytest.fail) is None
    assert not checkpoint.exists(tmp_path)


def test_a_checkpoint_of_a_newer_glassnet_is_refused_with_a_sentence(tmp_path):
    path = Keeper(tmp_path).save(snapshot(1))
    content = json.loads(path.read_text())["content"] | {"format": 99}
    path.write_text(json.dumps({"digest": checkpoint._digest(content), "content": content}))
    with pytest.raises(StorageError, match="format 99"):
        checkpoint.load(tmp_path, lambda text: None)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"content": 3}', "\x00"])
def test_a_manifest_that_is_no_manifest_is_damaged(text, tmp_path):
    Keeper(tmp_path).save(snapshot(1)).write_text(text)
    with pytest.raises(StorageError, match="damaged"):
        checkpoint.load(tmp_path, lambda said: None)


def test_due_after_the_interval_and_at_the_end_of_long_epochs(tmp_path):
    clock = Clock()
    keeper = Keeper(tmp_path, 30.0, clock)
    clock.now = 9.9
    assert not keeper.due() and not keeper.due(epoch_ends=True), "a run of a few seconds spends nothing on checkpoints"
    clock.now = 10.0
    assert keeper.due(epoch_ends=True) and not keeper.due()
    clock.now = 30.0
    assert keeper.due()


def test_a_save_that_took_long_waits_longer_for_its_next_turn(tmp_path, monkeypatch):
    clock = Clock()
    keeper = Keeper(tmp_path, 30.0, clock)
    write = checkpoint.durable.write_bytes

    def slow(path, data):
        clock.now += 2.0  # two files: the tensors and the manifest
        write(path, data)

    monkeypatch.setattr(checkpoint.durable, "write_bytes", slow)
    keeper.save(snapshot(1))
    began = clock.now
    clock.now = began + 79.0
    assert not keeper.due() and not keeper.due(epoch_ends=True)
    clock.now = began + 80.0  # four seconds are five per cent of eighty
    assert keeper.due()


def test_zero_seconds_means_every_step(tmp_path):
    clock = Clock()
    keeper = Keeper(tmp_path, 0.0, clock)
    assert keeper.due()
    keeper.save(snapshot(1))
    assert keeper.due()
