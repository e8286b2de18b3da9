"""The seven real sets of boxes and masks through the same verbs: audit, train, an interruption, resume, eval, report, predict, convert.

Each is trained for two short epochs at a small size: what is asked here is whether the way is whole, not how good the answers are
(benchmarks/dense.py asks that). Without the sets these tests say so, loudly, in the summary of every run.
"""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glassnet.cli import main

# Set: (question, headline, a picture of it to predict, long side, a format that holds the answers).
SETS = {
    "bccd-voc": ("detect", "AP50", "JPEGImages/BloodImage_00000.jpg", "[96, 128]", "voc"),
    "cards-yolo": ("detect", "AP50", "images/val", "96", "yolo"),
    "fruits-coco": ("detect", "AP50", "unlabelled", "[96, 128]", "coco"),
    "pets-heads-voc": ("localize", "mean_iou", "JPEGImages", "96", "csv"),
    "camvid-semantic": ("segment", "mean_iou", "val/images", "[96, 128]", "masks"),
    "nuclei-instances": ("instances", "AP50", "val", "96", "masks"),
    "nuts-coco": ("instances", "AP50", "images", "[96, 128]", "coco"),
}
QUICK = ["--train.threads", "1", "--train.precision", "fp32", "--network", "mini", "--epochs", "2"]


def said(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


@pytest.mark.real
@pytest.mark.parametrize("name", SETS)
def test_the_whole_way(real, name, tmp_path, capsys):
    task, headline, pictures, size, form = SETS[name]
    root, out, drawn = real(name), str(tmp_path / "runs"), tmp_path / "drawn"
    assert main(["audit", str(root), "--out", out, "--json"]) == 0
    audit = said(capsys)
    assert audit["statistics"]["pictures"] > 15
    assert main(["train", str(root), "--out", out, "--size", size, *QUICK, "--json"]) == 0
    run = said(capsys)
    scores = run["scores"]["validation"]
    assert (scores["task"], scores["headline"]) == (task, headline)
    figure = scores["figures"][headline]
    assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
    assert scores["trivial"]
    assert run["test_pictures"] > 0
    assert main(["eval", "--out", out, "--json"]) == 0
    assert said(capsys)["scores"]["test"]["figures"][headline]["n"] == run["test_pictures"]
    report = tmp_path / "runs" / run["run"] / "report.html"
    assert 50_000 < report.stat().st_size < 8_000_000
    words = ["predict", str(root / pictures), "--runs", out, "--out", str(drawn), "--format", form, "--json"]
    assert main(words) == 0
    answers = said(capsys)["answers"]
    assert answers == json.loads((drawn / "answers.json").read_text(encoding="utf-8"))
    assert len([file for file in drawn.iterdir() if file.suffix in (".jpg", ".JPG", ".png")]) == len(answers) > 0
    assert any((drawn / form).rglob("*.*"))


@pytest.mark.real
@pytest.mark.parametrize("name", ["pets-heads-voc", "camvid-semantic"])
def test_an_interrupted_run_goes_on(real, name, tmp_path, capsys):
    out = str(tmp_path / "runs")
    words = ["train", str(real(name)), "--out", out, "--size", SETS[name][3], *QUICK[:-1], "40"]
    process = subprocess.Popen([sys.executable, "-m", "glassnet", *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("  epoch   1/40"):
            break
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 75
    history = next((tmp_path / "runs").glob("*/history.csv"))
    before = history.read_text(encoding="utf-8").splitlines()
    assert main(["resume", "--out", out, "--json"]) == 0
    assert said(capsys)["epochs"] == 40
    assert history.read_text(encoding="utf-8").splitlines()[: len(before)] == before


@pytest.mark.real
def test_two_pictures_of_bccd_are_kept_out_and_named(real, tmp_path, capsys):
    assert main(["audit", str(real("bccd-voc")), "--out", str(tmp_path), "--json"]) == 0
    found = said(capsys)
    assert len(found["quarantined"]) == 2
    named = next(finding for finding in found["findings"] if "no size" in finding["title"])
    assert sorted(Path(key).stem for key in named["keys"]) == ["BloodImage_00338", "BloodImage_00343"]
