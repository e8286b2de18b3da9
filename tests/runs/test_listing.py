"""What a person reads: the table, two runs beside each other, and CSV that spreadsheets and programs both take."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.runs.ledger import Ledger
from glassnet.runs.listing import Beside, Listing, to_csv
from glassnet.runs.rows import Row


@pytest.fixture
def two(tmp_path, recipe, scores):
    ledger = Ledger(tmp_path)
    for name, changed, value in (("a", {}, 0.1 + 0.2), ("b", {"train.lr": 1e-5, "augment.flip": "none"}, 0.7)):
        number = ledger.plan(name, recipe.changed(changed))
        claim = ledger.claim(number)
        ledger.begin(claim, data_hash="x", code_version="1", machine="m")
        ledger.finish(claim, 3, (scores("validation", value), scores("test", value / 3)))
    return ledger.rows()


def test_csv_has_every_setting_and_exact_numbers(two, recipe):
    from glassnet.recipe import fields

    text = to_csv(two)
    assert text.endswith("\r\n") and text.count("\r\n") == 3
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert set(fields()) <= set(lines[0])
    assert [float(line["train.lr"]) for line in lines] == [0.1, 1e-5]
    assert float(lines[0]["validation.accuracy"]) == 0.1 + 0.2
    assert float(lines[1]["test.accuracy.high"]) == 0.7 / 3 + 0.05
    assert lines[0]["test.accuracy.n"] == "30"


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_csv_gives_back_the_text_and_the_number_and_runs_nothing(name, lr):
    row = Row(
        1, None, name, None, "done", 1, 0, None, {"train.lr": lr}, 0, None, None, None, "classify", "fast", 1, 1,
        "2026-01-01T00:00:00.000000+00:00", None, None, None, 0,
    )  # fmt: skip
    lines = list(csv.reader(io.StringIO(to_csv([row]), newline="")))
    held = dict(zip(*lines, strict=True))
    assert float(held["train.lr"]) == lr and held["name"].removeprefix("'") == name.removeprefix("'")
    assert not held["name"].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "-2+3", "+1", "\t=1", "＝1"])
def test_a_name_is_no_formula(two, name):
    assert f"'{name}" in to_csv([replace(two[0], name=name)])


def test_the_table_shows_scores_and_why_a_run_failed(two):
    failed = replace(two[1], name="c", status="failed", sentence="Memory ran out.", scores=())
    text = str(Listing((two[0], failed)))
    assert "0.3000 [0.200, 0.350]" in text and "c: Memory ran out." in text
    assert "&lt;b&gt;" in Listing((replace(two[0], name="<b>"),))._repr_html_()
    assert str(Listing(())) == "No runs fit."


def test_two_runs_beside_each_other_show_what_differs_and_nothing_else(two):
    beside = Beside(*two)
    assert beside.settings == [("augment.flip", None, "none"), ("train.lr", 0.1, 1e-5)]
    assert [(s, n) for s, n, *_ in beside.figures] == [
        ("validation", "accuracy"), ("validation", "log_loss"), ("test", "accuracy"), ("test", "log_loss"),
    ]  # fmt: skip
    assert beside.notes == []
    text = str(beside)
    assert "1e-05" in text and "validation accuracy" in text and "train.batch" not in text
    assert beside.as_dict()["scores"][0]["figures"][1]["value"] == 0.7


def test_what_makes_a_comparison_unfair_is_said(two):
    other = replace(two[0], data_hash="y", settings=two[0].settings | {"train.seed": 8})
    assert "same pictures" in Beside(two[0], other).notes[0]
    assert any("Only the seed" in note for note in Beside(two[0], other).notes)
    assert Beside(two[0], two[0]).notes == ["All settings are equal."]
