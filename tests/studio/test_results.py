"""The page Results over HTTP: what was stored, what the network answers now, and a test set that stays sealed until it is opened."""

import io
import time

import numpy as np
import pytest
from PIL import Image
from tests.studio.judged_runs import train_runs
from tests.studio.serving import served

from glassnet.pipeline.run import load


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    root, out = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("runs")
    train_runs(root, out)
    with served(out, root) as found:
        yield found


@pytest.fixture(scope="module")
def ids(studio):
    return {row["name"]: row["id"] for row in studio.json("/api/ledger")["rows"]}


def asked(studio, given, split="validation"):
    """Ask the network about every picture of a split and return its answers."""
    path = f"/api/results/{given}/answers/{split}"
    state, end = studio.json(path, {}), time.monotonic() + 60
    while state["state"] == "working" and time.monotonic() < end:
        time.sleep(0.05)
        state = studio.json(path)
    assert state["state"] == "done", state
    return studio.json(path)["found"]


def pixels(studio, path):
    status, _, body = studio.ask(path)
    assert status == 200, body
    return np.asarray(Image.open(io.BytesIO(body)))


@pytest.mark.parametrize("name", ["two", "three", "places"])
def test_scores_are_those_of_the_run(studio, ids, name):
    told, run = studio.json(f"/api/results/{ids[name]}"), load(name, studio.work.out)
    assert list(told["splits"]) == ["validation"]
    mine, own = told["splits"]["validation"], run.scores["validation"]
    assert mine["headline"]["value"] == own.main.value
    assert [one["value"] for one in mine["figures"]] == [figure.value for figure in own.figures.values()]
    assert {one["name"]: one["value"] for one in mine["trivial"]} == {k: f.value for k, f in own.trivial.items()}
    assert told["test"] == {"pictures": len(run.lock.test), "opened": 0, "opening": False, "error": ""}


@pytest.mark.parametrize("name", ["two", "three"])
def test_answers_asked_for_now_are_those_that_were_counted(studio, ids, name):
    """The matrix of the scores, from the answers of single pictures."""
    found, run = asked(studio, ids[name]), load(name, studio.work.out)
    table = run.scores["validation"].tables["confusion"]
    counts = np.zeros((len(table["classes"]),) * 2, int)
    np.add.at(counts, (found["truths"], found["answers"]), 1)
    assert counts.tolist() == table["counts"]
    assert found["numbers"] == run.lock.validation.tolist()
    assert [run.lock.classes[i] for i in found["truths"]] == [run.lock.labels[n] for n in found["numbers"]]
    answer = run.predict(str(run.taught.catalog.source.root) + "/" + run.lock.keys[found["numbers"][0]])
    assert answer.label == run.lock.classes[found["answers"][0]]
    assert answer.probabilities[answer.label] == pytest.approx(found["sure"][0], abs=1e-5)


def test_two_classes_have_thresholds_chosen_on_validation(studio, ids):
    from glassnet.evaluation.curves import best_threshold

    found = asked(studio, ids["two"])
    positive = np.array(found["truths"]) == found["side"]
    assert found["threshold"] == 0.5
    for choice in found["choices"]:
        best, reached = best_threshold(np.array(found["chances"]), positive, choice["goal"])
        assert choice["value"] == best
        assert f"{reached:.3f}" in choice["reason"]
    assert "chances" not in asked(studio, ids["three"])


def test_every_picture_is_the_file_that_its_number_names(studio, ids):
    run = load("two", studio.work.out)
    number = int(run.lock.validation[3])
    file = run.taught.catalog.source.read(run.lock.keys[number])
    own = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))
    np.testing.assert_array_equal(pixels(studio, f"/api/results/{ids['two']}/pictures/{number}.png"), own)


def test_truth_answer_and_heat_are_drawn(studio, ids):
    run = load("places", studio.work.out)
    found = asked(studio, ids["places"])
    assert found["numbers"] == run.lock.validation.tolist()
    number = found["numbers"][0]
    shown = {
        what: pixels(studio, f"/api/results/{ids['places']}/drawn/{number}/{what}.png")
        for what in ("truth", "answer", "heat")
    }
    assert all(one.shape[2] == 3 for one in shown.values())
    assert not np.array_equal(shown["truth"], shown["heat"])
    assert studio.ask(f"/api/results/{ids['places']}/drawn/{number}/wrong.png")[0] == 404
    assert (
        studio.ask(f"/api/results/{ids['two']}/drawn/{load('two', studio.work.out).lock.validation[0]}/truth.png")[0]
        == 404
    )
    listed = studio.json(f"/api/results/{ids['places']}")["splits"]["validation"]["pictures"]
    assert [one["score"] for one in listed] == sorted(one["score"] for one in listed)
    assert {one["number"] for one in listed} == set(found["numbers"])


@pytest.mark.parametrize("split", ["train", "test", "nothing"])
def test_what_is_not_judged_is_not_shown(studio, ids, split):
    status, _, _ = studio.ask(f"/api/results/{ids['three']}/answers/{split}", {})
    assert status == 404


def test_pictures_of_the_sealed_test_set_are_not_shown(studio, ids):
    number = int(load("three", studio.work.out).lock.test[0])
    status, _, body = studio.ask(f"/api/results/{ids['three']}/pictures/{number}.png")
    assert status == 404
    assert b"judged by" in body


def test_the_test_set_is_opened_once_and_counted(studio, ids):
    run = load("two", studio.work.out)
    number = int(run.lock.test[0])
    path = f"/api/results/{ids['two']}/test"
    assert studio.ask(f"/api/results/{ids['two']}/pictures/{number}.png")[0] == 404
    state, end = studio.json(path, {}), time.monotonic() + 90
    assert state["opening"]
    assert studio.ask(path, {})[0] == 422  # not twice at one time
    while state["opening"] and time.monotonic() < end:
        time.sleep(0.2)
        state = studio.json(path)
    assert state == {"pictures": len(run.lock.test), "opened": 1, "opening": False, "error": ""}
    told = studio.json(f"/api/results/{ids['two']}")
    assert told["main"] == "test"
    assert list(told["splits"]) == ["test", "validation"]
    assert told["splits"]["test"]["headline"]["value"] == run.scores["test"].main.value
    assert asked(studio, ids["two"], "test")["choices"] == []
    assert studio.ask(f"/api/results/{ids['two']}/pictures/{number}.png")[0] == 200
    status, _, body = studio.ask(path, {})
    assert status == 422
    assert b"opened already" in body
    assert studio.json(f"/api/runs/{ids['two']}")["test_opened"] == 1
    assert all(job["run"] != "two" for job in studio.json("/api/recent")["jobs"])


def test_pictures_that_are_gone_cost_themselves_alone(studio, ids):
    run = load("three", studio.work.out)
    from pathlib import Path

    gone = Path(run.taught.catalog.source.root) / run.lock.keys[int(run.lock.validation[0])]
    held = gone.read_bytes()
    gone.unlink()
    try:
        with served(studio.work.out, studio.work.roots[0]) as other:
            found = asked(other, ids["three"])
            assert found["gone"] == 1
            assert int(run.lock.validation[0]) not in found["numbers"]
            assert other.ask(f"/api/results/{ids['three']}/pictures/{run.lock.validation[0]}.png")[0] == 404
            assert other.json(f"/api/results/{ids['three']}")["splits"]["validation"]["headline"]
    finally:
        gone.write_bytes(held)


def test_what_is_no_run_is_told(studio):
    for path in ("/api/results/0123456789abcdef", "/api/results/two", "/api/results/0123456789abcdef/pictures/0.png"):
        status, _, body = studio.ask(path)
        assert status == 404
        assert b"ledger" in body
