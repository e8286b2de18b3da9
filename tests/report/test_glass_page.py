"""What the page of an explained picture holds: which numbers find room, what it says of the others, what stands without a script."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest
import torch

from glassnet.explain.arithmetic import arithmetic
from glassnet.explain.seen import look
from glassnet.networks.network import build
from glassnet.networks.presets import layers_of
from glassnet.report.glass.anatomy import anatomy
from glassnet.report.glass.bundle import FILES, script
from glassnet.report.glass.material import (
    Answered,
    Attributed,
    Changed,
    Crop,
    Exciting,
    GlassMaterial,
    Level,
    Neighbour,
)
from glassnet.report.glass.packing import MOST_BYTES, page_data, plan_page
from glassnet.report.glass.write import glass_page, write_glass


@pytest.fixture(scope="module")
def tutorial():
    network = build(layers_of("tutorial", (3, 24, 24), 3, 0.3), (3, 24, 24), ("ant", "bee", "<b>cat"), seed=1)
    return network, look(network, torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(0)))


def material(network, seen, most=MOST_BYTES, **more):
    pixels = np.zeros((24, 24, 3), np.uint8)
    return GlassMaterial(
        run="a-run", picture_name="a folder/<i>.jpg", task="classify", original=pixels, said="It says bee.",
        answer=(Answered("bee", 0.5, ("softmax", 1, None, None)),), network=anatomy(network, seen, most), **more,
    )  # fmt: skip


def held(written):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', written, re.DOTALL)[1])[
        "glass"
    ]


def test_a_small_network_is_in_the_page_whole_and_what_can_be_computed_is_left_out(tutorial):
    found = held(glass_page(material(*tutorial)))
    assert not any(layer["closed"] for layer in found["layers"]) and not found["stored"]
    how = {layer["name"]: next(iter(layer["values"].items())) for layer in found["layers"]}
    assert how["conv1_relu"] == ("from", "relu") and how["maxpool1"] == ("from", "maxpool")
    assert how["flatten1"] == ("from", "same") and how["dropout1"] == ("from", "same")
    (kind, text), seen = how["conv2"], tutorial[1]
    assert kind == "f32"
    values = np.frombuffer(base64.b64decode(text), "<f4").reshape(seen["conv2"].shape)
    assert (values == seen["conv2"].values).all()
    weights = next(layer for layer in found["layers"] if layer["name"] == "dense2")["numbers"]["weight"]
    assert weights["shape"] == [3, 64]


def test_a_picture_of_bytes_is_kept_as_bytes_and_any_other_as_it_is(tutorial):
    network, seen = tutorial
    drawn = plan_page(anatomy(network, seen).layers)
    bytes_ = look(network, torch.randint(0, 256, (1, 3, 24, 24), generator=torch.Generator().manual_seed(3)) / 255)
    photo = plan_page(anatomy(network, bytes_).layers)
    assert drawn.kept["input"] == "f32" and photo.kept["input"] == "u8"


@pytest.mark.parametrize("most", [30_000, 150_000, 200_000])
def test_the_numbers_of_a_page_stay_below_the_limit_and_what_is_left_out_is_said(tutorial, most):
    network, seen = tutorial
    whole = material(network, seen, most)
    plan = plan_page(whole.network.layers, most)
    data = page_data(whole, plan)
    texts = [
        text
        for layer in data["layers"]
        for each in (layer.get("values", {}), *layer["numbers"].values())
        for kind, text in each.items()
        if kind in ("f32", "u8")
    ]
    assert sum(len(base64.b64decode(text)) for text in texts) <= most
    written = glass_page(whole, most)
    closed = [layer for layer in data["layers"] if layer["closed"]]
    assert closed and f"{len(closed)} of {len(data['layers'])} layers can only be looked at here" in written
    for layer in closed:
        assert layer["closed"].replace("'", "&#x27;") in written
    assert all("values" in layer or "preview" in layer for layer in data["layers"])


def test_of_a_layer_that_cannot_be_opened_the_strongest_values_are_opened_ahead(tutorial):
    network, seen = tutorial
    stored = [each for each in anatomy(network, seen, 100_000).stored if each["layer"] == "conv3"]
    assert stored[0]["result"] == pytest.approx(seen["conv3"].values.max(), abs=1e-5)
    for each in stored:
        own = arithmetic(network, seen, "conv3", each["channel"], each["y"], each["x"])
        assert len(each["terms"]) == 27 and each["others"] == len(own.terms) - 27
        together = sum(term["product"] for term in each["terms"]) + each["others_together"]
        assert together == pytest.approx(own.total, abs=1e-9)
        assert abs(each["terms"][0]["product"]) == max(abs(term.product) for term in own.terms)


def test_the_answer_the_table_and_the_pictures_stand_in_the_file_and_empty_sections_do_not(tutorial, tmp_path):
    network, seen = tutorial
    plain = glass_page(material(network, seen))
    parts = re.findall(r'<section id="([\w-]+)"', plain)
    assert parts == ["part-answer", "part-glass", "part-layers"]
    assert (
        'href="#softmax/1"' in plain
        and "It says bee." in plain
        and "<title>What a-run saw in &lt;i&gt;.jpg</title>" in plain
        and "<b>cat" not in plain
    )
    crop = Crop(np.zeros((9, 9, 3), np.uint8), "p.png", "bee", 1.0)
    everything = material(
        network, seen, levels=[Level("Low", "conv1", (0, 1)), Level("High", "dense1", (5,))], exciting=[Exciting("conv2", 3, (crop,))],
        attributions=[Attributed("bee", "Occlusion", np.zeros((24, 24), np.float32), True)],
        nearest=[Neighbour(crop.pixels, "q.png", "ant", 0.9)], changed=[Changed("Blurred", crop.pixels, (Answered("bee", 0.2),))],
        notes=["Grad-CAM was left out."],
    )  # fmt: skip
    path = write_glass(everything, tmp_path / "explain.html")
    written = path.read_text(encoding="utf-8")
    assert {"part-levels", "part-why", "part-changed", "part-exciting", "part-nearest"} < set(
        re.findall(r'<section id="([\w-]+)"', written)
    )
    assert (
        "Grad-CAM was left out." in written and "<strong>Blurred</strong>" in written and 'href="#conv2/3"' in written
    )
    assert path.stat().st_size < 15e6


def test_the_page_runs_only_its_own_script_and_asks_nobody(tutorial):
    written = glass_page(material(*tutorial))
    policy = re.search(r'content="(default-src[^"]*)"', written)[1].replace("&#x27;", "'")
    assert policy.startswith("default-src 'none'; img-src data:;")
    own = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    assert f"script-src 'sha256-{own}'" in policy and "unsafe" not in policy
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', written)
    assert not re.search(r"<[^>]+ (?:style|on\w+)=", written.split('id="data"')[0])


def test_the_files_of_the_script_stand_after_those_they_import():
    whole = script()
    assert "import " not in re.sub(r"//.*", "", whole) and "export " not in re.sub(r"//.*", "", whole)
    for name in FILES:
        for used in re.findall(r"= (\w+)_file;", whole.split(f"const {name}_file = ")[1].split("_file = (() =>")[0]):
            assert FILES.index(used) < FILES.index(name)
