"""What the page Glass is told when asking why: the numbers that Python gives, sentences where there are none; ended when nobody waits."""

import asyncio
import base64
import io
import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import anyio
import numpy as np
import pytest
from PIL import Image
from tests.studio.serving import served

from glassnet.pipeline.from_python import train
from glassnet.pipeline.run import load
from glassnet.studio import why_stream
from glassnet.studio.why import Desks

METHODS = {"gradcam": "gradcam", "integrated": "integrated_gradients", "occlusion": "occlusion"}


@pytest.fixture(scope="module")
def run(out):
    return load("first", out)


@pytest.fixture(scope="module")
def ask(studio):
    """Return a function that asks about a picture of the run `first`: (status, what came)."""
    given = next(each["id"] for each in studio.json("/api/glass")["runs"] if each["name"] == "first")

    def asking(part, **values):
        status, headers, body = studio.ask(f"/api/why/{given}/{part}?{urlencode(values)}")
        if "ndjson" in headers["content-type"]:
            return status, [json.loads(line) for line in body.splitlines()]
        return status, json.loads(body) if "json" in headers["content-type"] else body

    return asking


@pytest.fixture(scope="module")
def number(run):
    return int(run.lock.validation[0])


@pytest.fixture(scope="module")
def found(run, number):
    return run.explain(run.lock.keys[number])


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_heat_is_that_of_python_by_every_method_for_every_target(ask, found, number):
    for target in found.targets:
        for method, name in METHODS.items():
            status, lines = ask("heat", picture=number, method=method, target=target.name)
            assert status == 200
            told, made = lines[-1]["result"], getattr(found, name)(target)
            assert np.allclose(floats(told["values"]).reshape(told["shape"]), made.values, rtol=1e-4, atol=1e-6)
            assert told["sentence"] == made.sentence
            assert told["target"] == target.name
    assert told["picture"]["shape"] == list(found.picture.fitted.shape)
    assert base64.b64decode(told["picture"]["values"]) == found.picture.fitted.tobytes()


def test_grad_cam_looks_at_the_layer_that_is_asked_for(ask, found, number):
    _, about = ask("about", picture=number)
    assert about["target"] == found.target().name
    assert about["last_map"] in about["maps"]
    assert [each["name"] for each in about["targets"]] == [each.name for each in found.targets]
    _, lines = ask("heat", picture=number, method="gradcam", layer=about["maps"][0])
    told, made = lines[-1]["result"], found.gradcam(layer=about["maps"][0])
    assert told["layer"] == about["maps"][0]
    assert np.allclose(floats(told["map"]["values"]).reshape(told["map"]["shape"]), made.map, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "amount", "box"),
    [
        ("cover", (0.4,), ()),
        ("cover", (), (2, 3, 9, 11)),
        ("blur", (1.5,), ()),
        ("shift", (3, -2), ()),
        ("rotate", (-30,), ()),
        ("brighten", (0.25,), ()),
        ("contrast", (0.5,), ()),
    ],
)
def test_what_if_answers_as_python_does(ask, found, number, kind, amount, box):
    values = {"amount": ",".join(map(str, amount)), "box": ",".join(map(str, box))}
    status, told = ask("what-if", picture=number, kind=kind, **values)
    assert status == 200
    given = None if not amount else amount[0] if len(amount) == 1 else amount
    made = found.what_if(kind, given, **({"box": box} if box else {}))
    assert dict(told["after"]["lines"]) == pytest.approx(made.answer.probabilities, abs=1e-6)
    assert dict(told["before"]["lines"]) == pytest.approx(found.answer.probabilities, abs=1e-6)
    assert base64.b64decode(told["picture"]["values"]) == made.pixels.tobytes()


def test_features_are_the_strongest_maps_of_each_level(ask, found, number):
    _, told = ask("features", picture=number)
    assert [level["layer"] for level in told["levels"]] == [level.layer for level in found.levels]
    for level in told["levels"]:
        values = found.seen[level["layer"]].values
        for channel, text in zip(level["channels"], level["maps"], strict=True):
            assert np.allclose(floats(text).reshape(level["shape"]), values[channel], atol=1e-6)


def test_crops_and_neighbours_are_those_of_python_and_their_pictures_are_sent(ask, found, run, number):
    layer = found.levels[-1].layer
    channel = found.levels[-1].channels[0]
    _, lines = ask("exciting", picture=number, layer=layer, channel=channel)
    told = lines[-1]["result"]
    made = found.exciting(layer, [channel], 12)[channel]
    assert len(told["crops"]) == len(made) > 0
    for one, crop in zip(told["crops"], made, strict=True):
        assert (run.lock.keys[one["number"]], one["label"], one["box"]) == (crop.key, crop.label, list(crop.box))
        assert one["value"] == pytest.approx(crop.value, rel=1e-5)
    _, body = ask(f"taught/{told['crops'][0]['number']}.png", box=",".join(map(str, told["crops"][0]["box"])))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(body))), made[0].pixels.squeeze())
    _, lines = ask("nearest", picture=number)
    told = lines[-1]["result"]
    assert [run.lock.keys[one["number"]] for one in told["pictures"]] == [each.key for each in found.nearest(12)]
    assert "/" not in told["pictures"][0]["name"]
    _, body = ask(f"taught/{told['pictures'][0]['number']}.png")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(body))), found.nearest(12)[0].pixels.squeeze())


def test_only_training_pictures_are_sent_from_here(ask, run):
    for row in (*run.lock.test.tolist(), *run.lock.validation.tolist(), 10**6):
        status, told = ask(f"taught/{row}.png")
        assert status == 404
        assert "no such training picture" in told["error"]


def test_the_test_set_stays_sealed(ask, run):
    status, told = ask("about", picture=int(run.lock.test[0]))
    assert status == 422
    assert "sealed" in told["error"]


@pytest.mark.parametrize(
    ("part", "values", "words"),
    [
        ("heat", {"method": "gradkam"}, "no method"),
        ("heat", {"method": "gradcam", "target": "a dog"}, "no class"),
        ("heat", {"method": "gradcam", "layer": "conv99"}, "no layer"),
        ("exciting", {"layer": "conv1", "channel": 999}, "no channel 999"),
        ("exciting", {"layer": "nonsense", "channel": 0}, "no layer"),
        ("what-if", {"kind": "melt", "amount": "1"}, "no 'melt'"),
        ("what-if", {"kind": "rotate", "amount": "a lot"}, "numbers with commas"),
        ("what-if", {"kind": "cover", "box": "9,9,9,9"}, "holds no pixel"),
        ("what-if", {"kind": "rotate", "amount": "nan"}, "needs one number"),
        ("about", {"picture": "drawn-!"}, "drawing"),
        ("about", {"picture": "../../etc/passwd"}, "names no picture"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(ask, number, part, values, words):
    status, told = ask(part, **{"picture": number, **values})
    said = told[-1] if isinstance(told, list) else told
    assert words in said["error"]
    assert status == (200 if isinstance(told, list) else 422)


def test_a_run_that_is_not_there(studio):
    assert studio.ask("/api/why/0123456789abcdef/about?picture=1")[0] == 404


def test_where_training_pictures_are_gone_the_rest_still_answers(photos, tmp_path):
    root = tmp_path / "mine"
    shutil.copytree(photos / "photos", root)
    small = {"network": "mini", "epochs": 1, "batch": 8, "threads": 1, "precision": "fp32", "quiet": True}
    train(root, out=tmp_path / "runs", name="moved", **small)
    shutil.rmtree(root)
    grey = np.zeros((16, 16), np.uint8)
    drawn = bytes([16, 16]) + bytes([0, 255, 0, 1])
    picture = "drawn-" + base64.urlsafe_b64encode(drawn).decode().rstrip("=")
    with served(tmp_path / "runs") as studio:
        given = studio.json("/api/glass")["runs"][0]["id"]
        _, _, body = studio.ask(f"/api/why/{given}/nearest?picture={picture}")
        assert "mine" in json.loads(body.splitlines()[-1])["error"]
        _, _, body = studio.ask(f"/api/why/{given}/heat?picture={picture}&method=occlusion")
        told = json.loads(body.splitlines()[-1])["result"]
    made = load("moved", tmp_path / "runs").explain(grey).occlusion()
    assert np.allclose(floats(told["values"]).reshape(told["shape"]), made.values, atol=1e-6)


def test_work_that_nobody_waits_for_ends():
    """A page that asks something else must not wait for a heat map that it no longer wants."""
    ended = threading.Event()

    def work(tell):
        try:
            while True:
                tell("squares", 1, 2)
        finally:
            ended.set()

    async def leave():
        lines = why_stream.told(work, anyio.CapacityLimiter(1)).body_iterator
        first = json.loads(await anext(lines))
        await lines.aclose()
        return first

    with ThreadPoolExecutor(1) as beside:  # the browser tests leave a running loop in this thread
        assert beside.submit(asyncio.run, leave()).result(20) == {"label": "squares", "done": 1, "total": 2}
    assert ended.wait(5)


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_a_question_that_nobody_waits_for_ends_at_its_next_pass_and_lets_the_next_in(studio, run, number, method):
    given = next(each["id"] for each in studio.json("/api/glass")["runs"] if each["name"] == "first")
    desk, passes = Desks(studio.work).of(given), []

    def leave(label, done, total):
        passes.append(label)
        if len(passes) > 3:
            raise why_stream.Forsaken

    with pytest.raises(why_stream.Forsaken), desk.asked(leave):
        getattr(desk.look(str(number)), method)()
    assert len(passes) == 4
    with desk.asked():
        made = getattr(desk.look(str(number)), method)()
    assert np.allclose(made.values, getattr(run.explain(run.lock.keys[number]), method)().values, atol=1e-6)
