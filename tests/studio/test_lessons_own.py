"""Numbers of a run for a lesson to begin with: they are those that Python gives, and what cannot be had gets a sentence."""

import json

import pytest
from PIL import Image
from tests.studio.conftest import NASTY

from glassnet.lessons import find
from glassnet.lessons.sheet import explained_of
from glassnet.pipeline.run import load


@pytest.mark.parametrize("name", ["convolution", "relu", "pooling", "softmax", "tensors"])
def test_own_numbers_over_http_are_those_of_python(studio, out, name):
    run = next(each["id"] for each in studio.json("/api/lessons")["runs"] if each["name"] == "first")
    told = studio.json(f"/api/lessons/{name}/own?run={run}&seed=2")
    explained, note = explained_of(load("first", out), None, 2)
    assert told["own"] == json.loads(json.dumps(find(name).own(explained)))
    assert told["own"] or name == "tensors"
    assert (told["picture"], told["note"]) == (explained.picture.name, note)


def test_a_file_of_the_same_name_in_the_working_directory_is_not_taken_for_a_picture_of_the_set(
    studio, out, tmp_path, monkeypatch
):
    run = load("first", out)
    before, _ = explained_of(run, None, 2)
    other = tmp_path / before.picture.key
    other.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(255 - before.picture.fitted).save(other, "PNG")
    monkeypatch.chdir(tmp_path)
    assert (run.explain(before.picture.key).picture.fitted != before.picture.fitted).any()
    after, note = explained_of(run, None, 2)
    assert (after.picture.fitted == before.picture.fitted).all()
    assert (after.picture.key, after.picture.name, note) == (before.picture.key, before.picture.name, "")
    given = next(each["id"] for each in studio.json("/api/lessons")["runs"] if each["name"] == "first")
    seen = studio.json(
        "/api/lessons/pixels/compute/look", {"picture": {"run": given, "seed": 2}, "row": 0, "column": 0}
    )
    assert seen["pixel"]["bytes"] == before.picture.fitted[0, 0].tolist()


def test_what_cannot_be_had_is_said(studio):
    for path, status in (
        ("softmax/own?run=0000000000000000", 404),
        ("sofmax/own?run=0000000000000000", 404),
        ("softmax/own?run=x&seed=-1", 422),
        ("softmax/own", 422),
    ):
        found, _, said = studio.ask(f"/api/lessons/{path}")
        assert found == status and json.loads(said)["error"].endswith(".")


def test_the_lesson_on_thresholds_takes_the_answers_of_a_run(studio):
    run = next(run for run in studio.json("/api/ledger")["rows"] if run["name"] == NASTY)
    told = studio.json(f"/api/lessons/precision/own?run={run['id']}")
    found = told["own"]["threshold"]
    assert found["name"] == "along" and len(found["shares"]) == len(found["positive"]) == 6 and told["note"] == ""
    assert all(0 <= share <= 1 for share in found["shares"])
    assert studio.ask("/api/lessons/precision/own?run=0000000000000000")[0] == 404
    assert studio.ask("/api/lessons/precision/own?run=..%2F..%2Fetc")[0] == 404
