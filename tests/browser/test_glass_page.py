"""explain.html in a real browser: its sums are Python's, its fields too, and it can be read and worked by everyone."""

import itertools
import json
import re

import numpy as np
import pytest
import torch
from tests.browser.test_report_page import CONTRAST
from tests.explain.lists import EVERY_WORD, MAP, lived_in

from glassnet.data.frames import frame
from glassnet.data.pixels import PixelSettings
from glassnet.explain.arithmetic import arithmetic
from glassnet.explain.field import field
from glassnet.explain.seen import look
from glassnet.networks.presets import layers_of
from glassnet.report.glass.anatomy import anatomy
from glassnet.report.glass.material import Answered, Attributed, Crop, Exciting, GlassMaterial, Level, Neighbour
from glassnet.report.glass.packing import MOST_BYTES
from glassnet.report.glass.write import write_glass

CLASSES = ("ant", "bee", '<img onerror="document.title=1" src=x>')
PIXELS = """() => {
  const canvas = document.getElementById("large");
  return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
}"""
NAMELESS = """() => [...document.querySelectorAll("button, a, [role]")]
  .filter((element) => !(element.textContent.trim() || element.ariaLabel || element.querySelector("[alt]")))
  .map((element) => element.outerHTML.slice(0, 80))"""
NETWORKS = {
    "every word": (EVERY_WORD, (3, 16, 16)),
    "tutorial": ("tutorial", (3, 30, 28)),
    "mini": ("mini", (1, 12, 12)),
    "residual": ("fast", (3, 20, 20)),
    "decoder": ("mini", (3, 19, 23)),
}


def material(network, seen, most=MOST_BYTES, height=60, width=45, **more):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    lines = (
        Answered(CLASSES[2], 0.7, ("softmax", 2, None, None)),
        Answered(CLASSES[0], 0.3, ("softmax", 0, None, None)),
    )
    settings = PixelSettings(*network.shape[1:], fit="pad")
    return GlassMaterial(
        run="a-run", picture_name="<b>cat.jpg", task="classify", original=pixels, said="It says ant.",
        answer=lines if seen.graph.vote in seen.graph.nodes else (), network=anatomy(network, seen, most),
        frame=frame(height, width, settings), **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return a function from a network's name to (network, what it saw, its page)."""
    folder, made = tmp_path_factory.mktemp("glass"), {}

    def of(name):
        if name not in made:
            layers, shape = NETWORKS[name]
            if isinstance(layers, str):
                layers = layers_of(layers, shape, 3, 0.3, MAP if name == "decoder" else None)
            network = lived_in(layers, shape, CLASSES, seed=3)
            picture = torch.randint(0, 256, (1, *shape), generator=torch.Generator().manual_seed(1)) / 255
            seen = look(network, picture, temperature=1.7)
            made[name] = (network, seen, write_glass(material(network, seen), folder / f"{name}.html"))
        return made[name]

    return of


@pytest.fixture
def opened(browser, written):
    """Return a function that opens a network's page, and the list of what went wrong or was asked for."""
    heard, pages = [], []

    def opening(name="tutorial", fragment="", path=None, **settings):
        page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **settings})
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on(
            "request", lambda request: heard.append(request.url) if request.url[:5] not in ("data:", "file:") else None
        )
        page.goto((path or written(name)[2]).as_uri() + fragment)
        pages.append(page)
        return page

    yield opening, heard
    for page in pages:
        page.close()


def places(seen, number):
    """Corners and some random places of every layer."""
    rng = np.random.default_rng(7)
    for layer in (seen.picture, *seen.layers):
        found = {tuple(0 for _ in layer.shape), tuple(size - 1 for size in layer.shape)}
        found |= {tuple(int(rng.integers(size)) for size in layer.shape) for _ in range(number)}
        for place in sorted(found):
            yield layer.name, *place


def parted(term):
    """Return what must be equal to the last bit in a term, and what may differ by rounding."""
    exact = (
        term["layer"],
        term["channel"],
        term["y"],
        term["x"],
        term["value"],
        tuple(term["at"]),
        term["padding"],
        str(term["opens"]),
    )
    return exact, term["weight"], term["product"]


def near(page, python):
    """Whether two plain answers are the same: words and places equal, numbers to 1e-9 of their size."""
    if isinstance(python, dict):
        return set(page) == set(python) and all(near(page[key], python[key]) for key in python)
    if isinstance(python, list) and len(python) > 3 and "opens" in python[0]:  # terms, of which there can be thousands
        (exact, *numbers), (expected, *wanted) = (
            list(zip(*map(parted, terms), strict=True)) for terms in (page, python)
        )
        return exact == expected and np.allclose(numbers, wanted, 1e-9, 1e-12)
    if isinstance(python, list | tuple):
        return len(page) == len(python) and all(map(near, page, python))
    if isinstance(python, float):
        return page == pytest.approx(python, rel=1e-9, abs=1e-12)
    return page == python


@pytest.mark.parametrize("name", NETWORKS)
def test_every_sum_of_the_page_is_pythons(opened, written, name):
    network, seen, _ = written(name)
    page = opened[0](name)
    asked = list(places(seen, 1 if name == "residual" else 4))
    answers = json.loads(
        page.evaluate("(asked) => JSON.stringify(asked.map((at) => glassnet.arithmetic(...at)))", asked)
    )
    for at, found in zip(asked, answers, strict=True):
        expected = json.loads(json.dumps(arithmetic(network, seen, *at).as_dict()))
        for plain in (found, expected):
            plain.pop("rounding", None)
            plain.pop("note")
            for change in (*plain["changes"], *plain["after"]):
                for line in change["lines"]:
                    line["what"] = line["what"].split("(")[0]
        for key in expected:
            assert near(found[key], expected[key]), (
                f"{name} {at} {key}: {str(found[key])[:300]} ≠ {str(expected[key])[:300]}"
            )
        assert found["own"] == seen[at[0]][at[1:]]


@pytest.mark.parametrize("name", NETWORKS)
def test_what_lights_up_is_the_receptive_field(opened, written, name):
    network, seen, _ = written(name)
    page = opened[0](name)
    asked = list(places(seen, 3))
    found = page.evaluate("(asked) => asked.map(([name, ...at]) => glassnet.field(name, at))", asked)
    layers = network.steps
    for (layer, *place), box in zip(asked, found, strict=True):
        if layer in layers:
            assert tuple(box) == field(network, layer, *place).box, (layer, place)


def test_from_a_layer_down_to_the_byte_of_a_pixel_and_back(opened, written):
    network, seen, _ = written("tutorial")
    page = opened[0]("tutorial")
    page.locator("#layers button[data-layer=conv2]").click()
    page.locator("#maps button[data-channel='7']").click()
    assert page.url.endswith("#conv2/7")
    height, width = seen["conv2"].shape[1:]
    box = page.locator("#map").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 4.5 / width, box["y"] + box["height"] * 3.5 / height)
    assert page.locator("#reading").inner_text().startswith("conv2, channel 7, row 3, column 4: ")
    x1, y1, x2, y2 = field(network, "conv2", 7, 3, 4).box
    lamp, picture = page.locator("#field").bounding_box(), page.locator("#seen").bounding_box()
    for start, size, low, high, whole in (("x", "width", x1, x2, 28), ("y", "height", y1, y2, 30)):
        assert lamp[start] - picture[start] == pytest.approx(picture[size] * low / whole, abs=1)
        assert lamp[size] == pytest.approx(picture[size] * (high - low) / whole, abs=1)
    page.mouse.click(box["x"] + box["width"] * 4.5 / width, box["y"] + box["height"] * 3.5 / height)
    assert page.url.endswith("#conv2/7/3/4")
    own = float(page.locator(".own").inner_text().replace("−", "-"))
    assert own == pytest.approx(seen["conv2"][7, 3, 4], rel=1e-7)
    trail = ["conv2"]
    while page.locator("#sum-body [data-opens]").count():
        page.locator("#sum-body [data-opens]").first.click()
        trail.append(page.url.rpartition("~")[2].split("/")[0])
    assert trail == ["conv2", "maxpool1", "conv1", "input"]
    channel, y, x = (int(part) for part in page.url.rpartition("~")[2].split("/")[1:])
    byte = round(float(seen.picture.values[channel, y, x]) * 255)
    assert page.locator("table.terms tbody td").first.inner_text() == str(byte)
    assert page.locator("#trail li").count() == 4
    page.locator("#trail a").nth(1).click()
    assert page.url.split("~")[-1].startswith("maxpool1/") and page.locator("#trail li").count() == 2
    page.go_back()
    assert page.url.split("~")[-1].startswith("input/") and page.locator("#sum-title").inner_text().startswith(
        "input, "
    )


def test_a_shared_address_opens_the_same_value_and_a_wrong_one_does_no_harm(opened):
    page = opened[0](fragment="#softmax/2~dense2/2")
    assert page.locator("#sum-title").inner_text().startswith(f"dense2, value 2 ({CLASSES[2]}) = ")
    assert page.locator("#trail a").inner_text() == "softmax 2"
    for wrong in ("#conv1/99/0/0", "#conv9", "#conv1/0/1", "#%3Cscript%3E", "#conv1/-1", "#%"):
        page.evaluate("(wrong) => { location.hash = wrong; }", wrong)
        assert page.locator("#sum-title").inner_text().startswith("dense2, value 2")
    assert opened[1] == []


def test_a_link_elsewhere_leads_into_the_glass_and_back_leads_out_of_it(opened):
    page = opened[0]()
    link = page.locator("#part-answer .answer a").first
    link.click()
    assert page.url.endswith("#softmax/2")
    assert page.locator("#sum-title").inner_text().startswith(f"softmax, value 2 ({CLASSES[2]}) = ")
    assert page.locator("#part-glass").evaluate("element => Math.abs(element.getBoundingClientRect().top)") < 2
    before = page.evaluate("scrollY")
    page.locator("#layers button[data-layer=conv1]").click()
    assert page.locator("#layer-title").inner_text() == "conv1"
    page.go_back()
    assert page.locator("#layer-title").inner_text() == "softmax" and abs(page.evaluate("scrollY") - before) < 2


def test_the_keyboard_moves_through_a_map_and_opens_it(opened):
    page = opened[0](fragment="#maxpool1/2")
    page.locator("#map").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert page.locator("#reading").inner_text().startswith("maxpool1, channel 2, row 2, column 1: ")
    page.keyboard.press("Enter")
    assert page.url.endswith("#maxpool1/2/2/1")
    page.keyboard.press("ArrowRight")
    assert page.url.endswith("#maxpool1/2/2/2")
    assert page.locator("#sum-title").inner_text().startswith("maxpool1, channel 2, row 2, column 2 = ")
    page.keyboard.press("End")
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowDown")
    assert page.url.endswith("#maxpool1/2/13/12")


def test_zero_is_neutral_and_a_layer_has_one_scale(opened, written):
    from glassnet.explain.colours import signed_colours

    _, seen, _ = written("tutorial")
    page = opened[0](fragment="#conv2/5")
    shown = page.evaluate(PIXELS)
    values = seen["conv2"].values
    expected = signed_colours(values[5], float(np.abs(values).max()))
    pixels = np.array(shown).reshape(*values.shape[1:], 4)[..., :3]
    assert np.abs(pixels - expected.astype(int)).max() <= 2  # the page's table has 511 steps
    page.evaluate("location.hash = '#maxpool2/0'")
    shown = np.array(page.evaluate(PIXELS)).reshape(-1, 4)[:, :3]
    nothing = shown[seen["maxpool2"].values[0].ravel() == 0]
    assert len(nothing) and (nothing == signed_colours(np.zeros(1), 1.0)).all()


@pytest.fixture(scope="module")
def full(written, tmp_path_factory):
    """A page with every section, and with layers that are too large for it."""
    network, seen, _ = written("tutorial")
    rng = np.random.default_rng(2)
    crop = Crop(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8), "<i>p.png", "bee", 2.5)
    attributed = [
        Attributed(
            "bee",
            method,
            rng.normal(size=(30, 28)).astype(np.float32),
            signed,
            "How to read it.",
            "conv3",
            "Exact to 0.2 %.",
        )
        for method, signed in (("Grad-CAM", False), ("Integrated gradients", True), ("Occlusion", True))
    ]
    whole = material(
        network, seen, attributions=attributed, levels=[Level("Low", "conv1", (0, 1)), Level("High", "dense1", (3,))],
        exciting=[Exciting("conv1", 2, (crop, crop))], nearest=[Neighbour(crop.pixels, "q.png", "bee", 0.93)], notes=["A note."],
    )  # fmt: skip
    return write_glass(whole, tmp_path_factory.mktemp("full") / "explain.html")


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_makes_the_page_scroll_sideways(opened, full, width):
    page = opened[0](path=full, viewport={"width": width, "height": 700})
    for fragment in ("#conv2/7/3/4", "#softmax/1", "#dense1/5", "#conv1/0/0/0~input/0/0/0"):
        page.evaluate("(next) => { location.hash = next; }", fragment)
        page.locator("#sum-title").get_by_text(
            re.compile("^" + fragment.split("~")[-1].strip("#").split("/")[0])
        ).wait_for()
        page.locator("#filter").evaluate("element => { element.open = true; }")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, fragment


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(opened, full, scheme):
    page = opened[0](path=full, color_scheme=scheme)
    for fragment in ("#conv2/7/3/4", "#softmax/1", "#dense1/5"):
        page.evaluate("(next) => { location.hash = next; }", fragment)
        page.locator("#sum-title").get_by_text(re.compile("^" + fragment[1:].split("/")[0])).wait_for()
        page.locator("#filter").evaluate("element => { element.open = true; }")
        assert page.evaluate(CONTRAST) == []


def test_names_are_text_everything_has_a_name_and_nothing_is_asked_of_a_network(opened, full):
    page = opened[0](path=full, fragment="#conv2/7/3/4")
    assert page.title() == "What a-run saw in <b>cat.jpg"
    assert page.locator("main b, main i, main img[onerror]").count() == 0
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert page.evaluate("[...document.images].every((image) => image.alt && image.naturalWidth)")
    assert page.evaluate(NAMELESS) == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    assert opened[1] == []


def test_a_page_that_is_too_small_for_a_layer_says_so_and_opens_what_was_opened_ahead(opened, written, tmp_path):
    network, seen, _ = written("tutorial")
    path = write_glass(material(network, seen, 240_000), tmp_path / "small.html", 240_000)
    page = opened[0](path=path)
    closed = page.evaluate("glassnet.glass.layers.filter((layer) => layer.closed).map((layer) => layer.name)")
    assert "conv3" in closed and "conv2" not in closed
    page.locator("#layers button[data-layer=conv3]").click()
    assert "conv3 has 36,864 weights" in page.locator("#sum-body").inner_text()
    page.locator("#sum-body ul a").first.click()
    channel, y, x = (int(part) for part in page.url.rpartition("#")[2].split("/")[1:])
    assert f'arithmetic("conv3", {channel}, {y}, {x})' in page.locator("#sum-body pre").inner_text()
    shown = float(page.locator("tr.result td.number").inner_text().replace("−", "-"))
    assert shown == pytest.approx(seen["conv3"][channel, y, x], rel=1e-4)
    assert "more terms are not in this page" in page.locator("#sum-body").inner_text()
