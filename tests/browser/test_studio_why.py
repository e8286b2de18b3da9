"""Why, in the page Glass: heat, features, exciting crops, nearest pictures and what if are what Python says, live, for everybody."""

import base64
import re
import shutil
import time
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from tests.browser.studio_pages import nothing_grave, run_named, until
from tests.studio.serving import served

from glassnet.pipeline.from_python import train
from glassnet.pipeline.run import load

PANELS = ("heat", "features", "excites", "nearest", "whatif")


@pytest.fixture(scope="module")
def run(out):
    return load("first", out)


@pytest.fixture(scope="module")
def number(run):
    return int(run.lock.validation[0])


@pytest.fixture(scope="module")
def found(run, number):
    return run.explain(run.lock.keys[number])


@pytest.fixture
def why(opened, studio, number):
    """Return a function that opens a panel for a validation picture of the run `first`, and the list of what went wrong."""
    opening, heard = opened

    def of(panel, more="", **settings):
        given = run_named(studio, "first")["id"]
        return opening(f"/glass/{given}?picture={number}&panel={panel}{more}", "#why-panel > *", **settings)

    return of, heard


def query(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def number_of(text):
    return float(text.replace("−", "-"))


def table(page):
    """Return the numbers behind "As numbers"."""
    details = page.locator(".why details").filter(has_text="As numbers")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    details.locator("tbody tr").first.wait_for()
    read = "[...document.querySelectorAll('.why-numbers tbody tr')].map((row) => [...row.cells].slice(1).map((one) => one.innerText))"
    rows = page.evaluate(read)
    return np.array([[number_of(text) for text in row] for row in rows])


@pytest.mark.parametrize("method", ["gradcam", "integrated", "occlusion"])
def test_the_heat_shown_is_that_of_python(why, found, method):
    page = why[0]("heat")
    title = {"gradcam": "Grad-CAM", "integrated": "Integrated gradients", "occlusion": "Occlusion"}[method]
    page.get_by_role("radio", name=re.compile(f"^{title}")).check()
    page.get_by_role("heading", name=f"{title} for {found.target().name}").wait_for()
    made = {"gradcam": found.gradcam, "integrated": found.integrated_gradients, "occlusion": found.occlusion}[method]()
    assert np.allclose(table(page), made.map if method == "gradcam" else made.values, rtol=2e-3, atol=1e-6)
    page.get_by_text(made.sentence).wait_for()
    board = page.get_by_role("application", name=re.compile("^Heat of"))
    board.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    until(page, "document.querySelector('#why-reading').innerText.startsWith('Row 7, column 7')")
    said = re.match(r"Row 7, column 7: (.+?), ", page.locator("#why-reading").inner_text())
    assert number_of(said[1]) == pytest.approx(made.values[7, 7], rel=2e-3, abs=1e-7)
    assert why[1] == []


def test_the_colours_of_the_heat_are_its_values(why, found):
    """Blue against, orange for, clear where there is nothing."""
    page = why[0]("heat", "&method=occlusion")
    page.locator(".why-board canvas").nth(1).wait_for()
    values = found.occlusion().values
    until(page, "document.querySelector('.why h3') !== null")
    drawn = page.evaluate(
        "[...document.querySelectorAll('.why-board canvas')[1].getContext('2d').getImageData(0, 0, 16, 16).data]"
    )
    red, _, blue, clear = np.array(drawn, np.float64).reshape(16, 16, 4).transpose(2, 0, 1)
    strong = np.abs(values) > 0.3 * np.abs(values).max()
    assert np.array_equal((red > blue)[strong], (values > 0)[strong])
    assert np.allclose(clear, 255 * np.sqrt(np.abs(values) / np.abs(values).max()), atol=3)


def test_another_target_and_layer_and_the_address_restores_them(why, opened, found, run):
    page = why[0]("heat")
    other = next(each.name for each in found.targets if each.name != found.target().name)
    page.get_by_label("explain").select_option(other)
    page.get_by_role("heading", name=f"Grad-CAM for {other}").wait_for()
    layer = next(step.name for step in run.predictor.model.network.plan if len(step.after) == 3)
    page.get_by_label("maps of").select_option(layer)
    until(page, f"document.querySelector('.why').innerText.includes('what {layer} sees')")
    assert query(page)["target"] == other
    assert query(page)["layer"] == layer
    again = opened[0](urlsplit(page.url).path + "?" + urlsplit(page.url).query, ".why h3")
    again.get_by_role("heading", name=f"Grad-CAM for {other}").wait_for()
    assert np.allclose(table(again)[:4, :4], found.gradcam(other, layer).map[:4, :4], rtol=2e-3, atol=1e-6)


def slide(page, label, value):
    """Move a slider as a hand does: the value changes, and the page hears it."""
    page.get_by_label(label).evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(value),
    )


def shares(page):
    """Return {class: (before, now)} in percent as the page shows them."""
    read = """[...document.querySelectorAll('.why-shares li')].map((line) =>
      [line.querySelector('.name').innerText, ...line.querySelector('.why-moved').innerText.match(/[\\d.]+(?= %)/g).map(Number)])"""
    return {name: (before, now) for name, before, now in page.evaluate(read)}


def assert_moved(page, found, made):
    """Wait until the page shows both answers as Python gives them."""
    now = made.answer.probabilities
    wanted = {
        name: pytest.approx((100 * share, 100 * now[name]), abs=0.11)
        for name, share in found.answer.probabilities.items()
    }
    end = time.monotonic() + 20
    while shares(page) != wanted:
        assert time.monotonic() < end, (shares(page), wanted, page.url)
        page.wait_for_timeout(60)


@pytest.mark.parametrize(
    ("button", "kind", "sliders", "amount"),
    [
        ("Rotate", "rotate", {"turned by": 90}, 90),
        ("Shift", "shift", {"to the right": -5, "down": 4}, (-5, 4)),
        ("Blur", "blur", {"softened by": 2.5}, 2.5),
        ("Brighten", "brighten", {"added": -0.4}, -0.4),
        ("Contrast", "contrast", {"times": 2.5}, 2.5),
        ("Cover", "cover", {"side of the square": 0.75}, 0.75),
    ],
)
def test_the_answer_moves_with_the_slider(why, found, button, kind, sliders, amount):
    page = why[0]("whatif")
    page.get_by_role("button", name=button, exact=True).click()
    for label, value in sliders.items():
        slide(page, label, value)
    assert_moved(page, found, found.what_if(kind, amount))
    until(page, "new URLSearchParams(location.search).has('amount')")
    assert query(page).get("kind", "cover") == kind
    assert tuple(map(float, query(page)["amount"].split(","))) == (amount if isinstance(amount, tuple) else (amount,))
    assert why[1] == []


def test_a_click_says_where_to_cover(why, found):
    page = why[0]("whatif", "&amount=0.5")
    board = page.get_by_role("application", name=re.compile("^The changed picture"))
    side = board.bounding_box()["width"]
    board.click(position={"x": 4.5 / 16 * side, "y": 12.5 / 16 * side})
    until(page, "new URLSearchParams(location.search).get('where') === '12/4'")
    assert_moved(page, found, found.what_if("cover", box=(0, 8, 8, 16)))
    drawn = page.evaluate(
        "[...document.querySelector('.why-board canvas').getContext('2d').getImageData(0, 0, 16, 16).data]"
    )
    pixels = np.array(drawn, np.uint8).reshape(16, 16, 4)[..., :3]
    assert np.array_equal(pixels, found.what_if("cover", box=(0, 8, 8, 16)).pixels)


def test_requests_never_queue_while_a_slider_is_dragged(why):
    page = why[0]("whatif", "&kind=rotate")
    page.locator(".why-shares").wait_for()
    page.evaluate(
        """() => { const asked = window.fetch; window.open = 0; window.most = 0; window.count = 0;
        window.fetch = (...given) => { window.most = Math.max(window.most, ++window.open); window.count += 1;
          return asked(...given).finally(() => { window.open -= 1; }); }; }"""
    )
    for angle in range(-60, 61, 2):
        slide(page, "turned by", angle)
    until(page, "window.open === 0 && new URLSearchParams(location.search).get('amount') === '60'")
    assert page.evaluate("window.most") == 1
    assert page.evaluate("window.count") < 61


def test_features_are_side_by_side_and_open_in_the_layers(why, found):
    page = why[0]("features")
    page.locator(".why-maps").first.wait_for()
    assert page.locator(".why-columns h3").all_inner_texts() == [level.title for level in found.levels]
    level = found.levels[0]
    page.get_by_role("button", name=f"Channel {level.channels[0]} of {level.layer}: open it").click()
    until(page, f"new URLSearchParams(location.search).get('at').startsWith('{level.layer}/{level.channels[0]}')")


def test_crops_are_those_of_python_and_open_their_picture(why, found, run):
    page = why[0]("excites")
    layer, channel = found.levels[-1].layer, found.levels[-1].channels[1]
    page.get_by_label("layer", exact=True).select_option(layer)
    page.get_by_role("group", name="Strongest channels").get_by_role(
        "button", name=f"Channel {channel}", exact=True
    ).click()
    until(page, f"new URLSearchParams(location.search).get('at') === '{layer}/{channel}'")
    made = found.exciting(layer, [channel], 12)[channel]
    crops = page.locator(".why-crops:not(.stale) li")
    crops.first.wait_for()
    until(page, f"document.querySelectorAll('.why-crops:not(.stale) li').length === {len(made)}")
    assert page.get_by_label("channel", exact=True).input_value() == str(channel)
    shown = [number_of(text) for text in page.locator(".why-crops strong").all_inner_texts()]
    assert shown == pytest.approx([crop.value for crop in made], rel=6e-3)
    until(
        page, "[...document.querySelectorAll('.why-crops img')].every((each) => each.complete && each.naturalWidth > 0)"
    )
    crops.first.get_by_role("link").click()
    wanted = run.lock.keys.index(made[0].key)
    until(page, f"new URLSearchParams(location.search).get('picture') === '{wanted}'")
    assert query(page)["at"] == f"{layer}/{channel}/{made[0].y}/{made[0].x}"
    assert page.locator("[onerror]").count() == 0
    assert why[1] == []


def test_any_channel_can_be_written_and_one_that_is_not_there_is_marked(why, found):
    page = why[0]("excites")
    layer = found.levels[0].layer
    page.get_by_label("layer", exact=True).select_option(layer)
    until(page, f"new URLSearchParams(location.search).get('at').startsWith('{layer}/')")
    field = "document.getElementById('why-excites-channel')"
    until(
        page, f"new URLSearchParams(location.search).get('at') === '{layer}/' + {field}.value"
    )  # the field of this layer is there
    channel = page.get_by_label("channel", exact=True)
    channel.fill("9999")
    channel.blur()
    until(page, f"{field}.getAttribute('aria-invalid') === 'true'")
    channel.fill("1")
    channel.blur()
    until(page, f"new URLSearchParams(location.search).get('at') === '{layer}/1'")


def test_the_nearest_pictures_are_those_of_python_and_open(why, found, run):
    page = why[0]("nearest")
    page.locator(".why-crops li").first.wait_for()
    near = found.nearest(12)
    names = page.locator(".why-crops .note").all_inner_texts()
    assert names == [each.key.rpartition("/")[2] for each in near]
    assert page.locator(".why-crops strong").all_inner_texts() == [f"{each.similarity:.3f}" for each in near]
    page.locator(".why-crops a").nth(1).click()
    until(page, f"new URLSearchParams(location.search).get('picture') === '{run.lock.keys.index(near[1].key)}'")
    assert page.locator("[onerror]").count() == 0


def test_the_tabs_by_keyboard_and_the_way_back(why):
    page = why[0]("heat")
    page.get_by_role("tab", name="Heat map").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="Features").get_attribute("aria-selected") == "true"
    assert page.evaluate("document.activeElement.textContent") == "Features"
    page.keyboard.press("End")
    assert query(page)["panel"] == "whatif"
    page.locator(".why-slide").wait_for()
    page.go_back()
    until(page, "document.querySelector('[role=tab][aria-selected=true]').textContent === 'Features'")


def test_where_training_pictures_are_gone_a_sentence_says_so(browser, photos, tmp_path):
    root = tmp_path / "mine"
    shutil.copytree(photos / "photos", root)
    small = {"network": "mini", "epochs": 1, "batch": 8, "threads": 1, "precision": "fp32", "quiet": True}
    train(root, out=tmp_path / "runs", name="moved", **small)
    shutil.rmtree(root)
    drawn = "drawn-" + base64.urlsafe_b64encode(bytes([16, 16, 0, 128, 255, 128])).decode().rstrip("=")
    with served(tmp_path / "runs") as studio:
        page = browser.new_page()
        address = f"{studio.gate.address}glass/{run_named(studio, 'moved')['id']}"
        page.goto(f"{address}?picture={drawn}&panel=nearest&token={studio.gate.token}")
        page.get_by_role("alert").filter(has_text="Training pictures cannot be shown").wait_for()
        page.get_by_role("tab", name="Excites").click()
        page.get_by_role("alert").filter(has_text="Training pictures cannot be shown").wait_for()
        page.get_by_role("tab", name="What if").click()
        page.locator(".why-shares").wait_for()
        page.close()


@pytest.fixture(scope="module")
def one_box(tmp_path_factory):
    """Return a small run that finds the one bright square of every picture."""
    root = tmp_path_factory.mktemp("squares") / "squares"
    root.mkdir()
    draw = np.random.default_rng(4)
    lines = ["image,xmin,ymin,xmax,ymax,label"]
    for i in range(24):
        pixels = draw.integers(0, 90, (96, 96, 3), dtype=np.uint8)
        x, y = draw.integers(0, 64, 2)
        pixels[y : y + 32, x : x + 32] = 230
        Image.fromarray(pixels).save(root / f"{i:02}.png")
        lines.append(f"{i:02}.png,{x},{y},{x + 32},{y + 32},square")
    (root / "boxes.csv").write_text("\n".join(lines))
    small = {"network": "mini", "epochs": 1, "batch": 8, "threads": 1, "precision": "fp32", "quiet": True}
    return train(root, out=tmp_path_factory.mktemp("found"), task="localize", **small)


@pytest.mark.parametrize("task", ["localize", "detect", "segment", "instances"])
def test_tasks_whose_answers_are_places(browser, places, one_box, task):
    run = one_box if task == "localize" else places(task)
    number = int(run.lock.validation[0])
    found = run.explain(run.lock.keys[number])
    with served(run.folder.path.parent) as studio:
        page = browser.new_page()
        heard = []
        page.on("pageerror", lambda error: heard.append(str(error)))
        address = f"{studio.gate.address}glass/{run_named(studio, run.name)['id']}"
        page.goto(f"{address}?picture={number}&panel=whatif&kind=brighten&amount=0.3&token={studio.gate.token}")
        page.locator(".why-drawn img").nth(1).wait_for()
        made = found.what_if("brighten", 0.3)
        assert str(made.answer.answer) in page.locator(".why-said").inner_text()
        page.get_by_role("tab", name="Heat map").click()
        board = page.get_by_role("application", name=re.compile("^Heat of"))
        board.wait_for()
        side = board.bounding_box()["width"]
        board.click(position={"x": 30.5 / 96 * side, "y": 40.5 / 96 * side})
        until(page, "new URLSearchParams(location.search).get('target') === 'pixel (30, 40)'")
        page.get_by_role("heading", name="Grad-CAM for pixel (30, 40)").wait_for()
        assert np.allclose(table(page), found.gradcam("pixel (30, 40)").map, rtol=2e-3, atol=1e-7)
        assert heard == []
        page.close()


@pytest.mark.parametrize(
    "settings", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}]
)
def test_everybody_can_use_every_panel(why, settings):
    page = why[0]("heat", reduced_motion="reduce", bypass_csp=True, **settings)
    ready = {
        "heat": ".why h3",
        "features": ".why-maps",
        "excites": ".why-crops img",
        "nearest": ".why-crops img",
        "whatif": ".why-shares",
    }
    for panel in PANELS:
        page.get_by_role("tab").nth(PANELS.index(panel)).click()
        page.locator(ready[panel]).first.wait_for()
        page.evaluate("document.querySelectorAll('.why details').forEach((each) => { each.open = true; })")
        page.wait_for_timeout(200)
        nothing_grave(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert why[1] == []
