"""`glassnet reproduce`: what is printed, as text and as JSON, and the exit codes."""

import json

import numpy as np
import pytest
from PIL import Image

from glassnet.cli import main

QUICK = ["--network", "mini", "--epochs", "2", "--threads", "1", "--precision", "fp32", "--device", "cpu"]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("runs"))
    assert main(["train", "xo", "--out", folder, *QUICK]) == 0
    return folder


def test_text_says_the_verdict_and_where_the_new_run_is(out, capsys):
    capsys.readouterr()
    assert main(["reproduce", "xo-mini-001", "--out", out]) == 0
    said = capsys.readouterr().out
    assert "xo-mini-001 was run again as xo-mini-001-again-001: bit-identical." in said
    assert "2 epochs of the history" in said and "xo-mini-001-again-001" in said.splitlines()[-1]


def test_json_is_one_object_with_the_exit_code(out, capsys):
    capsys.readouterr()
    assert main(["reproduce", "xo-mini-001", "--threads", "2", "--out", out, "--json"]) in (0, 1)
    found = json.loads(capsys.readouterr().out)
    assert found["run"] == "xo-mini-001" and found["verdict"] in ("identical", "within", "different")
    assert "threads" in [difference["what"] for difference in found["around"]]


def test_changed_pictures_end_with_code_3_and_no_new_run(tmp_path, capsys):
    draw = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(12):
            pixels = draw.integers(0, 255, (12, 12, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{i}.png")
    out = str(tmp_path / "runs")
    assert main(["train", str(tmp_path / "photos"), "--out", out, *QUICK]) == 0
    (tmp_path / "photos" / "a" / "4.png").rename(tmp_path / "photos" / "b" / "moved.png")
    capsys.readouterr()
    assert main(["reproduce", "--out", out, "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == 3 and "a/4.png" in found["error"] and "b/moved.png" in found["error"]
    assert not [*(tmp_path / "runs").glob("*again*")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["nothing-like-it"], "There is no run"), (["--threads", "0"], "1 or more"), (["--epochs", "3"], "no option")],
)
def test_mistakes_end_with_code_2_and_a_sentence(out, arguments, said, capsys):
    assert main(["reproduce", *arguments, "--out", out]) == 2
    assert said in capsys.readouterr().err
