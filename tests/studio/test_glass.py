"""What the page Glass is sent: a network once, the values of any picture, any value opened; sentences where there is nothing."""

import base64
import functools
import io
import json
import shutil
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from tests.browser.conftest import places  # noqa: F401  small runs of the dense tasks
from tests.studio.serving import served

from glassnet.data.pixels import fit
from glassnet.errors import DataError
from glassnet.pipeline.from_python import train
from glassnet.pipeline.run import load
from glassnet.report.glass import packing
from glassnet.studio import glass_source as source

DENSE = ("localize", "detect", "segment", "instances")


@pytest.fixture(scope="module")
def run(out):
    return load("first", out)


@pytest.fixture(scope="module")
def address(studio):
    given = next(each["id"] for each in studio.json("/api/glass")["runs"] if each["name"] == "first")
    return f"/api/glass/{given}"


def word(pixels):
    """Return the word of a drawing uint8 (H, W), every run of one grey as two bytes."""
    data = bytearray(pixels.shape)
    for value in pixels.ravel().tolist():
        if len(data) > 2 and data[-2] == value and data[-1] < 255:
            data[-1] += 1
        else:
            data += bytes((value, 1))
    return source.DRAWN + base64.urlsafe_b64encode(bytes(data)).decode().rstrip("=")


def values(studio, address, picture):
    """Return what is told and the float32 values of every layer that come with it or follow from the layer before."""
    status, headers, body = studio.ask(f"{address}/values?{urlencode({'picture': picture})}")
    assert status == 200, body
    assert headers["content-type"] == "application/octet-stream"
    size = int.from_bytes(body[:4], "little")
    told = json.loads(body[4 : 4 + size])
    shapes = {layer["name"]: layer["shape"] for layer in studio.json(address)["glass"]["layers"]}
    found = {}
    for layer in told["layers"]:
        for kind, at in layer.get("values", {}).items():
            if kind != "from":
                type_ = {"f32": "<f4", "u8": np.uint8}[kind]
                numbers = np.frombuffer(body, type_, at[1], 4 + size + at[0]).reshape(shapes[layer["name"]])
                found[layer["name"]] = numbers if kind == "f32" else numbers / np.float32(255)
    return told, found


def test_a_network_is_sent_once_with_every_weight(studio, address, run):
    status, headers, body = studio.ask(address)
    found = json.loads(body)
    assert status == 200
    assert found["run"]["name"] == "first"
    assert found["first"] == run.lock.validation[0]
    assert found["input"]["height"] == run.predictor.pixels.height
    steps = run.predictor.model.network.steps
    for layer in found["glass"]["layers"]:
        assert "values" not in layer
        for name in ("weight", "bias"):
            if layer["kind"] in ("conv", "dense") and name in layer["numbers"]:
                sent = np.frombuffer(base64.b64decode(layer["numbers"][name]["f32"]), "<f4")
                own = getattr(steps[layer["name"]], name).detach().numpy()
                assert (sent == own.ravel()).all()
    again = studio.ask(address, If_None_Match=headers["etag"])
    assert (again[0], again[2]) == (304, b"")


def test_values_are_those_of_python_for_a_picture_of_the_data_a_file_and_a_drawing(studio, address, run):
    number = int(run.lock.validation[1])
    photo = np.random.default_rng(0).integers(0, 256, (20, 31, 3), dtype=np.uint8)
    held = io.BytesIO()
    Image.fromarray(photo).save(held, "PNG")
    dropped = json.loads(studio.ask("/api/pictures", body=held.getvalue())[2])["id"]
    drawn = np.random.default_rng(1).integers(0, 2, (28, 28), dtype=np.uint8) * 200
    for picture, python in ((number, run.lock.keys[number]), (dropped, photo), (word(drawn), drawn)):
        told, found = values(studio, address, picture)
        explained = run.explain(python)
        assert {"input", "conv1"} <= set(found)
        for name, sent in found.items():
            assert np.allclose(sent, explained.seen[name].values, rtol=1e-5, atol=1e-6)
        for layer in told["layers"]:
            seen = explained.seen[layer["name"]]
            assert layer["range"] == pytest.approx(list(seen.range), rel=1e-4, abs=1e-6)
            assert layer["zeros"] == pytest.approx(seen.zeros, abs=1e-3)
        shares = {line["name"]: line["score"] for line in told["lines"]}
        assert shares == pytest.approx(explained.answer.probabilities, rel=1e-4)
        assert told["said"] == explained.answer.label
        assert (told["frame"]["height"], told["frame"]["width"]) == explained.picture.size


def test_a_drawing_is_fitted_as_every_picture_is(studio, address, run):
    drawn = np.zeros((30, 30), np.uint8)
    drawn[8:20, 5:25] = 180
    _, found = values(studio, address, word(drawn))
    fitted = fit(drawn[:, :, None], run.predictor.pixels)
    assert (np.round(found["input"] * 255) == fitted.transpose(2, 0, 1)).all()


def test_any_value_opens_as_in_python(studio, address, run):
    number = int(run.lock.validation[0])
    explained = run.explain(run.lock.keys[number])
    for place in (("conv1", 2, 3, 4), ("softmax", 1), ("input", 0, 5, 6)):
        asked = dict(zip(("layer", "channel", "y", "x"), place, strict=False))
        found = studio.json(f"{address}/arithmetic?{urlencode({'picture': number, **asked})}")
        expected = json.loads(json.dumps(explained.arithmetic(*place).as_dict()))
        assert found["result"] == pytest.approx(expected["result"], rel=1e-6)
        assert [term["opens"] for term in found["terms"]] == [term["opens"] for term in expected["terms"]]
        assert [term["product"] for term in found["terms"]] == pytest.approx(
            [term["product"] for term in expected["terms"]], rel=1e-4, abs=1e-7
        )
    status, _, body = studio.ask(f"{address}/arithmetic?picture={number}&layer=conv1&channel=99&y=0&x=0")
    assert status == 422
    assert b"has no value at" in body


def test_layers_without_room_are_closed_and_open_here(out, monkeypatch):
    monkeypatch.setattr(packing, "plan_page", functools.partial(packing.plan_page, most=6000))
    with served(out) as studio:
        given = next(each["id"] for each in studio.json("/api/glass")["runs"] if each["name"] == "first")
        network = studio.json(f"/api/glass/{given}")
        closed = [layer for layer in network["glass"]["layers"] if layer["closed"] and layer["kind"] == "conv"]
        assert closed
        told, _ = values(studio, f"/api/glass/{given}", network["first"])
        assert any("preview" in layer for layer in told["layers"])
        asked = {"picture": network["first"], "layer": closed[0]["name"], "channel": 1, "y": 2, "x": 3}
        found = studio.json(f"/api/glass/{given}/arithmetic?{urlencode(asked)}")
        assert found["result"] == pytest.approx(found["own"], abs=1e-4)
        assert found["terms"]


def test_pages_of_pictures_show_training_and_validation_and_never_the_test_set(studio, address, run):
    every, page = [], 1
    while page <= studio.json(f"{address}/pictures?page={page}")["pages"]:
        every += studio.json(f"{address}/pictures?page={page}")["pictures"]
        page += 1
    lock = run.lock
    assert [one["number"] for one in every] == [*lock.validation.tolist(), *lock.train.tolist()]
    assert {one["split"] for one in every[: len(lock.validation)]} == {"validation"}
    assert all(one["label"] == lock.labels[one["number"]] for one in every)
    across = studio.json(f"{address}/pictures?of=across")
    assert {one["label"] for one in across["pictures"]} == {"across"}
    assert studio.json(f"{address}/pictures?page=999")["page"] == page - 1
    status, headers, body = studio.ask(f"{address}/pictures/{every[0]['number']}.png?side=20")
    assert (status, headers["content-type"]) == (200, "image/png")
    assert max(Image.open(io.BytesIO(body)).size) <= 20
    sealed = int(lock.test[0])
    for way in (f"/values?picture={sealed}", f"/pictures/{sealed}.png"):
        status, _, body = studio.ask(address + way)
        assert status == 422
        assert b"sealed" in body


@pytest.mark.parametrize(
    ("picture", "status", "said"),
    [
        ("99999", 404, "has no picture 99999"),
        ("drawn-", 422, "Draw it again"),
        ("drawn-!!!!", 422, "Draw it again"),
        ("drawn-" + base64.urlsafe_b64encode(bytes((97, 1, 0, 97))).decode(), 422, "Draw it again"),
        ("drawn-" + base64.urlsafe_b64encode(bytes((4, 4, 0, 15))).decode(), 422, "Draw it again"),
        ("0123456789abcdef", 422, "not here any more"),
        ("../../etc/passwd", 422, "names no picture"),
        ("٣", 422, "names no picture"),
        ("", 422, "names no picture"),
        ("x" * 50_000, 422, "does not fit"),
    ],
)
def test_what_names_no_picture_gets_a_sentence(studio, address, picture, status, said):
    found, _, body = studio.ask(f"{address}/values?{urlencode({'picture': picture})}")
    assert found == status
    assert said in json.loads(body)["error"]


def test_a_run_that_is_not_there_or_lost_its_network_gets_a_sentence(studio, out, tmp_path):
    for way in ("", "/values?picture=0", "/pictures"):
        assert studio.ask(f"/api/glass/{'0' * 16}{way}")[0] == 404
    shutil.copytree(out, tmp_path / "runs")
    (tmp_path / "runs" / "first" / "model.json").unlink()
    with served(tmp_path / "runs") as other:
        assert "first" not in [each["name"] for each in other.json("/api/glass")["runs"]]
        first = next(row for row in other.json("/api/ledger")["rows"] if row["name"] == "first")
        status, _, body = other.ask(f"/api/glass/{first['id']}")
        assert status == 404
        assert b"no network" in body


def test_a_picture_that_changed_since_is_not_shown_and_drawing_still_works(studio, address, run, photos, monkeypatch):
    number = int(run.lock.validation[0])
    monkeypatch.setattr(studio.work.sets, "read", lambda *asked: b"another picture")
    status, _, body = studio.ask(f"{address}/pictures/{number}.png")
    assert status == 404
    assert b"not where it was" in body
    assert values(studio, address, word(np.zeros((16, 16), np.uint8)))[0]["said"] in run.lock.classes


def test_a_very_large_picture_is_looked_at_whole_and_kept_small(studio, address, run):
    held = io.BytesIO()
    Image.effect_mandelbrot((4000, 3000), (-2, -1.2, 1, 1.2), 60).convert("RGB").save(held, "JPEG")
    given = json.loads(studio.ask("/api/pictures", body=held.getvalue())[2])
    assert (given["height"], given["width"]) == (3000, 4000)
    told, found = values(studio, address, given["id"])
    assert (told["frame"]["height"], told["frame"]["width"]) == (3000, 4000), "told in the picture as it came"
    fitted, _ = run.predictor.fitted(held.getvalue())
    assert np.allclose(next(iter(found.values())), fitted.transpose(2, 0, 1) / np.float32(255))


@pytest.mark.parametrize("task", DENSE)
def test_the_answer_of_a_dense_task_is_drawn_into_the_picture(places, tmp_path, task):  # noqa: F811
    if task == "localize":  # the pictures of the others have several things
        small = {"network": "mini", "size": 32, "epochs": 1, "threads": 1, "precision": "fp32", "quiet": True}
        run = train("shapes", task=task, out=tmp_path, **small)
    else:
        run = places(task)
    with served(run.folder.path.parent) as studio:
        given = next(each["id"] for each in studio.json("/api/glass")["runs"] if each["name"] == run.name)
        number = studio.json(f"/api/glass/{given}")["first"]
        told, _ = values(studio, f"/api/glass/{given}", number)
        explained = run.explain(run.lock.keys[number])
        assert told["said"] == explained.answer.text()
        drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(told["drawn"]))))
        expected = explained.predictor.task.draw(explained.picture.original, explained.answer.answer)
        assert np.abs(drawn.astype(int) - expected).mean() < 1
        assert studio.json(f"/api/glass/{given}/pictures")["classes"] == []
        for line in told["lines"]:
            if line["opens"]:
                layer, *at = line["opens"]
                assert explained.seen[layer].values[tuple(at)] is not None


def test_the_pad_fits_the_network_and_draws_as_the_data_are_drawn():
    assert [source.manner("xo", 32, 32)[each] for each in ("height", "width", "ink", "paper")] == [32, 32, 210, 45]
    assert [source.manner("photos", 224, 112)[each] for each in ("height", "width")] == [96, 48]
    assert [source.manner("digits", 8, 8)[each] for each in ("height", "width")] == [32, 32]
    for root in ("xo", "digits", "shapes", "elsewhere"):
        assert max(source.manner(root, 300, 200)["height"], 1) <= source.SIDE


def test_a_drawing_survives_its_word():
    some = np.random.default_rng(2)
    for shape in ((1, 1), (96, 96), (8, 31)):
        for pixels in (some.integers(0, 256, shape, dtype=np.uint8), np.full(shape, 7, np.uint8)):
            text = word(pixels)
            assert len(text) <= source.LONGEST
            assert (source.drawn(text)[:, :, 0] == pixels).all()
    with pytest.raises(DataError, match="Draw it again"):
        source.drawn(source.DRAWN + "AAAA" * 3)


def test_the_colours_are_those_of_every_picture_of_the_product(studio):
    from glassnet.explain.colours import signed_colours

    status, headers, body = studio.ask("/script/scale.js")
    assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    table = np.frombuffer(base64.b64decode(body.split(b'"')[1]), np.uint8).reshape(-1, 3)
    assert (table == signed_colours(np.linspace(-1, 1, len(table)), 1.0)).all()
    assert (table[len(table) // 2] == signed_colours(np.zeros(1), 1.0)).all()


@pytest.mark.parametrize("path", ["/script/values.js", "/script/scale.js", "/script/workbench.css"])
def test_scripts_are_behind_the_door_too(studio, path):
    assert studio.ask(path)[0] == 200
    assert studio.ask(path, Cookie=None)[0] == 403
    assert "default-src 'self'" in studio.ask(path)[1]["content-security-policy"]
    assert studio.ask("/script/..%2fpacking.py")[0] == 404
