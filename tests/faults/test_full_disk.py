"""A full disk costs the newest checkpoint at most, never the one before."""

import os
import subprocess
import sys

import pytest

from glassnet.training import checkpoint


@pytest.fixture
def small_disk(tmp_path):
    """A tmpfs of 600 KiB where the tests run as root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("mounting a small disk needs root; the limit on file sizes below stands in for it")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_the_checkpoint_before_whole_and_the_run_resumable(
    small_disk, nursery, undisturbed, outcome
):
    folder = small_disk / "run"
    assert nursery.run(folder, fault={"kind": "fill", "at": 5}) == 5
    assert "No space left" in nursery.complaint(folder)
    kept = checkpoint.load(folder / "checkpoint", pytest.fail)
    assert kept is not None and kept.info["counters"]["step"] == 5
    (folder / "ballast").unlink()
    assert nursery.run(folder, resume=True) == 0, nursery.complaint(folder)
    outcome(folder).assert_same_bits(undisturbed)


def test_a_file_that_may_not_grow_is_exit_5_with_the_reason(nursery, undisturbed, outcome, tmp_path):
    assert nursery.run(tmp_path, fault={"kind": "limit", "at": 5}) == 5
    assert "Could not write" in nursery.complaint(tmp_path)
    assert checkpoint.load(tmp_path / "checkpoint", pytest.fail).info["counters"]["step"] == 5
    assert nursery.run(tmp_path, resume=True) == 0
    outcome(tmp_path).assert_same_bits(undisturbed)
