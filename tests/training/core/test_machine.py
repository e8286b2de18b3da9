"""What the machine decides, with the measurements given."""

import pytest
import torch

from glassnet.errors import OutOfMemoryError, RecipeError
from glassnet.training import machine


@pytest.mark.parametrize(
    "times,expected",
    [
        ({8: 1.0, 4: 1.2, 2: 2.0}, 8),
        ({8: 2.0, 4: 1.0, 2: 1.5}, 4),
        ({8: 1.0, 4: 0.95, 2: 1.4}, 8),  # five per cent are not worth an odd choice
        ({8: 3.0, 4: 2.0, 2: 1.2, 1: 1.0}, 1),
    ],
)
def test_threads_are_those_of_the_fastest_step(times, expected, monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 8)
    asked = []
    choice = machine.choose_threads(None, 1, lambda n: asked.append(n) or times[n])
    assert choice.value == expected
    assert set(asked) == set(times), "it stops looking once fewer threads are clearly slower"
    assert "measured" in choice.reason and "ms a step" in choice.reason


def test_processes_share_the_cores(monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 8)
    assert machine.choose_threads(None, 4, None).value == 2
    assert machine.choose_threads(3, 4, None).value == 3


@pytest.mark.parametrize("fp32,bf16,expected", [(1.0, 0.5, "bf16"), (1.0, 0.95, "fp32"), (1.0, 1.5, "fp32")])
def test_bf16_only_where_it_is_clearly_faster(fp32, bf16, expected, monkeypatch):
    monkeypatch.setattr(machine, "has_bf16", lambda device: True)
    assert machine.choose_precision(None, "cpu", {"fp32": fp32, "bf16": bf16}.__getitem__).value == expected


def test_no_bf16_without_the_hardware(monkeypatch):
    monkeypatch.setattr(machine, "has_bf16", lambda device: False)
    choice = machine.choose_precision(None, "cpu", lambda p: pytest.fail("nothing to measure"))
    assert choice.value == "fp32"
    assert "imitates" in machine.choose_precision("bf16", "cpu", None).reason


def test_an_absent_device_is_refused_with_those_that_are_there():
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(RecipeError, match="Present: cpu"):
        machine.choose_device("cuda")


def test_memory_that_runs_out_is_exit_6_with_what_to_do():
    with pytest.raises(OutOfMemoryError, match="--batch 64") as caught, machine.memory_guarded(128, 32, 32, "cpu"):
        torch.empty(1 << 50)
    assert caught.value.exit_code == 6
    with pytest.raises(OutOfMemoryError), machine.memory_guarded(1, 32, 32, "cpu"):
        raise MemoryError
    with pytest.raises(RuntimeError, match="a bug"), machine.memory_guarded(1, 32, 32, "cpu"):
        raise RuntimeError("a bug")


@pytest.mark.parametrize("n,expected", [(1, 8), (100, 8), (500, 32), (3000, 128), (50_000, 128)])
def test_batch(n, expected):
    assert machine.choose_batch(n).value == expected


def test_raising_the_allocator_twice_is_harmless():
    assert machine.raise_allocator_thresholds() == machine.raise_allocator_thresholds()
