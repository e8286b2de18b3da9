"""Killed and resumed through the command line; several processes through torchrun."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

import glassnet as gn

OPTIONS = [
    "--network", "mini", "--epochs", "60", "--batch", "8", "--lr", "0.01", "--threads", "1", "--precision", "fp32", "--device", "cpu",
    "--train.dropout", "0.2", "--augment.shift", "0.1",
]  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures") / "bars"
    draw = np.random.default_rng(1)
    for name in ("across", "down"):
        (root / name).mkdir(parents=True)
        for i in range(30):
            picture = draw.integers(0, 90, (16, 16, 3), dtype=np.uint8)
            at = draw.integers(2, 13)
            if name == "across":
                picture[at : at + 2] = 230
            else:
                picture[:, at : at + 2] = 230
            Image.fromarray(picture).save(root / name / f"{i:02}.png")
    return root


def glassnet(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "glassnet", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )


@pytest.fixture(scope="module")
def whole(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    process = glassnet("train", photos, "--out", out, *OPTIONS)
    said = process.communicate()[0]
    assert process.returncode == 0, said
    return gn.load(out=out)


def _wait_for_epoch(process, number):
    for line in process.stdout:
        if f"epoch {number:>3}/" in line:
            return
    pytest.fail("training ended before it could be stopped")


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 75), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_stopped_run_resumes_to_the_same_bits(photos, whole, tmp_path, sign, code):
    process = glassnet("train", photos, "--out", tmp_path, *OPTIONS)
    _wait_for_epoch(process, 5)
    process.send_signal(sign)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == code, said
    resumed = glassnet("resume", "--out", tmp_path)
    said = resumed.communicate(timeout=120)[0]
    assert resumed.returncode == 0, said
    run = gn.load(out=tmp_path)
    before, after = (load_file(r.folder.model) for r in (whole, run))
    assert all(np.array_equal(before[name], after[name]) for name in before)
    for column in ("loss", "train_score", "validation_loss", "validation_score", "lr"):
        assert getattr(run.history, column) == getattr(whole.history, column)


@pytest.mark.skipif(sys.platform == "win32", reason="gloo and torchrun are tested where they are used")
def test_two_processes_learn_what_one_learns(photos, whole, tmp_path):
    process = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
            "-m", "glassnet", "train", photos, "--out", tmp_path, *OPTIONS,
        ],
        capture_output=True, text=True, timeout=300, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.returncode == 0, process.stderr[-2000:]
    names = [path.name for path in tmp_path.iterdir() if path.is_dir() and not path.name.startswith(".")]
    assert len(names) == 1  # only the first process writes a run
    run = gn.load(out=tmp_path)
    assert np.allclose(run.history.loss[:10], whole.history.loss[:10], rtol=1e-4)
    assert run.history.step == whole.history.step
