"""What a sweep will be is told without anything of it being put on record."""

import json

import pytest

from glassnet.cli import main


def plan(capsys, *words):
    code = main(["sweep", "--plan", *map(str, words)])
    return code, capsys.readouterr().out


def test_a_plan_counts_and_times_and_leaves_nothing_on_record(photos, tiny, tmp_path, capsys):
    settings = ["--set", "train.lr=0.1,0.01,0.001", "--set", "data.size=8,16", "--repeats", "2", "--workers", "3"]
    code, said = plan(capsys, photos, *settings, *tiny, "--json", "--out", tmp_path / "runs")
    found = json.loads(said)
    assert code == 0
    assert (found["plan"]["method"], found["plan"]["combinations"], found["plan"]["repeats"]) == ("grid", 6, 2)
    assert found["workers"] == 3 and found["seconds"] == pytest.approx(4 * found["run_seconds"])
    assert "12 runs" in found["times"]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [".store"]


def test_a_plan_that_cannot_be_is_refused_as_the_sweep_would_be(photos, tiny, tmp_path, capsys):
    code, _ = plan(capsys, photos, "--set", "train.lr=0.001..0.1", "--method", "grid", *tiny, "--out", tmp_path)
    assert code == 2


def test_a_plan_is_told_in_words(photos, tiny, tmp_path, capsys):
    _, said = plan(capsys, photos, "--set", "train.lr=0.001..0.1:log", "--minutes", "1", *tiny, "--out", tmp_path)
    assert "As many combinations as fit" in said and "within 1 minutes" in said and "A run takes about" in said
