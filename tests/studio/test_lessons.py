"""The lessons' addresses: what they list, compute, ask and check; pictures that are only named; and what they refuse."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from glassnet.lessons import NAMES, find
from glassnet.studio import security


def run_id(studio, name="first"):
    return next(run["id"] for run in studio.json("/api/lessons")["runs"] if run["name"] == name)


def refused(studio, path, value, status=422):
    found, _, said = studio.ask(path, value)
    assert found == status, said
    return json.loads(said)["error"]


def test_every_lesson_is_listed_in_order_with_the_runs_that_can_be_asked_about(studio):
    found = studio.json("/api/lessons")
    assert [one["name"] for one in found["lessons"]] == list(NAMES)
    assert found["lessons"][5] == {key: find("convolution").as_dict()[key] for key in ("name", "title", "teaches")}
    assert {run["name"] for run in found["runs"]} >= {"first"}
    assert next(run for run in found["runs"] if run["name"] == "first")["data"] == "photos"


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_computes_over_http_what_it_computes_in_python(studio, name):
    lesson = studio.json(f"/api/lessons/{name}")
    assert lesson == json.loads(json.dumps(find(name).as_dict()))
    for compute, values in lesson["computes"].items():
        told = studio.json(f"/api/lessons/{name}/compute/{compute}", values)
        assert told == json.loads(json.dumps(find(name).compute(compute, values)))


def test_values_that_do_not_fit_get_a_sentence(studio):
    address = "/api/lessons/stride/compute/size"
    assert "cannot be" in refused(studio, "/api/lessons/perceptron/compute/curve", {"activation": "reul"})
    assert "no value 'wdith'" in refused(studio, "/api/lessons/dense/compute/neuron", {"wdith": 3})
    assert "computes nothing called 'nothing'" in refused(studio, "/api/lessons/dense/compute/nothing", {})
    assert "There is no such lesson" in refused(studio, "/api/lessons/densse/compute/neuron", {}, 404)
    assert "named values" in refused(studio, "/api/lessons/dense/compute/neuron", [1])
    for body in (b"{", b'{"height": NaN}', b"[" * 100_000):
        status, _, said = studio.ask(address, body=body, Content_Type="application/json")
        assert status == 422
        assert b"JSON" in said


def test_a_learning_rate_that_explodes_is_an_answer_and_no_bug(studio):
    values = {"points": "clouds", "hidden": [16, 16, 16, 16], "activation": "relu", "rate": 10, "optimizer": "sgd"}
    state = None
    for _ in range(20):
        given = values | {"passes": 50} | ({} if state is None else {"state": state})
        status, _, said = studio.ask("/api/lessons/playground/compute/train", given)
        assert status in (200, 422), said
        if status == 422:
            assert "smaller learning rate" in json.loads(said)["error"]
            return
        state = json.loads(said)["state"]


def test_the_largest_network_of_the_playground_goes_on_learning(studio):
    values = {"points": "spiral", "count": 400, "hidden": [16, 16, 16, 16], "passes": 1}
    first = studio.json("/api/lessons/playground/compute/train", values)
    second = studio.json("/api/lessons/playground/compute/train", values | {"state": first["state"]})
    once = studio.json("/api/lessons/playground/compute/train", values | {"passes": 2})
    assert second["passes"] == 2
    assert second["loss"] == once["loss"]


def test_questions_are_made_of_the_run_and_checked(studio):
    run = run_id(studio)
    asked = studio.json(f"/api/lessons/pixels/questions?run={run}&seed=3")
    assert asked["run"] == "first"
    assert asked["picture"]
    assert "16 pixels high and 16 wide" in asked["questions"][0]["text"]
    assert not any({"answer", "solution", "how"} & set(question) for question in asked["questions"])
    right = studio.json("/api/lessons/pixels/check", {"number": 0, "answer": "768", "run": run, "seed": 3})
    wrong = studio.json("/api/lessons/pixels/check", {"number": 0, "answer": "256", "run": run, "seed": 3})
    assert right["right"]
    assert "16 × 16 × 3" in right["solution"]
    assert not wrong["right"]
    assert "number of pixels" in wrong["said"]
    assert asked == studio.json(f"/api/lessons/pixels/questions?run={run}&seed=3")


@pytest.mark.parametrize("name", NAMES)
def test_without_a_run_the_questions_are_of_the_built_in_example(studio, name):
    asked = studio.json(f"/api/lessons/{name}/questions?seed=1")
    assert [one["text"] for one in asked["questions"]] == [one.text for one in find(name).questions(None, 1)]
    for number, question in enumerate(find(name).questions(None, 1)):
        sent = {"number": number, "answer": question.answer, "seed": 1}
        assert studio.json(f"/api/lessons/{name}/check", sent)["right"]


def test_no_such_question_run_or_seed(studio):
    refused(studio, "/api/lessons/pixels/check", {"number": 50, "answer": 1}, 404)
    refused(studio, "/api/lessons/pixels/check", {"number": -1, "answer": 1})
    assert studio.ask("/api/lessons/pixels/questions?run=0123456789abcdef")[0] == 404
    assert studio.ask("/api/lessons/pixels/questions?seed=-1")[0] == 422
    assert studio.ask("/api/lessons/nothing/questions")[0] == 404


def test_a_picture_of_the_run_is_named_and_not_sent(studio):
    given = {"picture": {"run": run_id(studio), "seed": 0}}
    seen = studio.json("/api/lessons/pixels/compute/look", given)
    assert (seen["height"], seen["width"], seen["channels"]) == (16, 16, 3)
    assert seen == studio.json("/api/lessons/pixels/compute/look", given)
    others = {
        json.dumps(studio.json("/api/lessons/pixels/compute/look", {"picture": {**given["picture"], "seed": seed}})["bytes"])
        for seed in range(4)
    }  # fmt: skip
    assert len(others) > 1
    refused(studio, "/api/lessons/pixels/compute/look", {"picture": {"run": "0" * 16}}, 404)
    refused(studio, "/api/lessons/pixels/compute/look", {"picture": {"run": given["picture"]["run"], "seed": "x"}})
    refused(studio, "/api/lessons/pixels/compute/look", {"picture": {"path": "/etc/passwd"}})


def test_a_dropped_picture_is_made_small_and_keeps_its_shape(studio):
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[:, :100] = (200, 10, 30)
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG")
    status, _, said = studio.ask("/api/pictures", body=held.getvalue(), Content_Type="application/octet-stream")
    assert status == 200
    dropped = {"picture": {"dropped": json.loads(said)["id"]}, "row": 5, "column": 4}
    seen = studio.json("/api/lessons/pixels/compute/look", dropped)
    assert (seen["height"], seen["width"], seen["channels"]) == (32, 64, 3)
    assert seen["pixel"]["bytes"] == [200, 10, 30]
    assert "not here any more" in refused(
        studio, "/api/lessons/pixels/compute/look", {"picture": {"dropped": "0" * 16}}
    )


def test_a_lesson_takes_a_small_network_s_state_and_no_more(studio):
    too_many = str(security.LESSON_BYTES + 1)
    status, _, said = studio.ask("/api/lessons/dense/compute/neuron", body=b"", Content_Length=too_many)
    assert status == 413
    assert b"2 MiB" in said
    body = b'{"height": 4, "width": 4, "channels": 1}' + b" " * security.OTHER_BYTES
    status, _, _ = studio.ask("/api/lessons/dense/compute/neuron", body=body, Content_Type="application/json")
    assert status == 200
