"""The page Glass in a real browser: draw, read the answer, open it down to the pixels; every sum is Python's; everybody can use it."""

import base64
import functools
import itertools
import re
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from PIL import Image
from tests.browser.studio_pages import nothing_grave, until
from tests.studio.serving import served

from glassnet.explain.field import field
from glassnet.pipeline.from_python import train
from glassnet.report.glass import packing
from glassnet.studio import glass_source

GO = "(to) => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }"
PIXELS = """() => {
  const pad = document.querySelector(".pad canvas");
  return [...pad.getContext("2d").getImageData(0, 0, pad.width, pad.height).data];
}"""
SETTLED = "document.querySelector('.glass-answer [role=status]').textContent"


@pytest.fixture(scope="module")
def crosses(tmp_path_factory):
    """A run that tells X from O."""
    out = tmp_path_factory.mktemp("crosses")
    small = {"network": "tutorial", "epochs": 6, "threads": 1, "precision": "fp32", "seed": 1, "quiet": True}
    return train("xo", out=out, name="crosses", **small)


@pytest.fixture(scope="module")
def studio(crosses, photos):
    with served(crosses.folder.path.parent, photos) as found:
        yield found


@pytest.fixture(scope="module")
def home(studio):
    return f"/glass/{studio.json('/api/glass')['runs'][0]['id']}"


def drag(page, *lines):
    """Draw lines on the pad with the mouse, points as shares of its sides."""
    box = page.locator(".pad canvas").bounding_box()
    for line in lines:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=4)
        page.mouse.up()


CROSS = ([(0.25, 0.25), (0.75, 0.75)], [(0.75, 0.25), (0.25, 0.75)])
RING = [(0.5 + 0.27 * np.cos(t), 0.5 + 0.27 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 25).tolist()]


def asked(page, name):
    return parse_qs(urlsplit(page.url).query).get(name, [""])[0]


def picture_of(page):
    """Return the pixels of the drawing that the address holds."""
    return glass_source.drawn(asked(page, "picture"))


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


def shown(page):
    """Return the numbers of the open sum: its result, the network's own value, and the place it belongs to."""
    layer, *at = asked(page, "at").split("~")[-1].split("/")
    result, own = page.locator("tr.result td.number").inner_text(), page.locator("td.own").inner_text()
    return number(result), number(own), layer, [int(each) for each in at]


def test_an_x_and_an_o_drawn_by_hand_are_answered_and_opened_down_to_the_pixels(opened, home, crosses):
    opening, heard = opened
    page = opening(home, ".glass-said")
    page.get_by_role("button", name="Draw", exact=True).click()
    page.locator(".pad canvas").wait_for()
    page.get_by_text("Draw here").wait_for()
    page.get_by_text("Until then the network answers to an empty picture").wait_for()
    drag(page, *CROSS)
    until(page, f"{SETTLED}.startsWith('The answer: x')")
    page.get_by_text("Click a line of the answer").wait_for()
    assert page.get_by_text("Draw here").count() == 0
    page.get_by_role("button", name="Clear").click()
    drag(page, RING)
    until(page, f"{SETTLED}.startsWith('The answer: o')")
    found = crosses.explain(picture_of(page))
    bars = {
        line.split("\n")[0]: number(line.split("\n")[-1].rstrip(" %"))
        for line in page.locator(".glass-line").all_inner_texts()
    }
    assert bars == pytest.approx({name: 100 * share for name, share in found.answer.probabilities.items()}, abs=0.051)
    page.get_by_role("link", name=re.compile(r"^o \d")).click()
    page.locator("#sum-title").get_by_text("softmax, value 0 (o) = ").wait_for()
    assert "Every underlined number came from somewhere" in page.locator(".glass-next").inner_text()
    layers = []
    while True:
        result, own, layer, at = shown(page)
        opened_ = found.arithmetic(layer, *at)
        assert result == pytest.approx(opened_.result, rel=1e-5, abs=1e-6)
        assert own == pytest.approx(opened_.own, rel=1e-5, abs=1e-6)
        layers.append(layer)
        rows = page.locator("table.terms tbody tr")
        if rows.count():
            products = [number(text) for text in rows.locator("td:last-child").all_inner_texts()]
            expected = sorted((term.product for term in opened_.terms), key=abs, reverse=True)
            assert sorted(map(abs, products), reverse=True)[:5] == pytest.approx(
                [abs(each) for each in expected[:5]], rel=1e-4, abs=1e-6
            )
        if layer == "input":
            break
        strongest = max((term for term in opened_.terms if term.opens), key=lambda term: term.product)
        place = [part for part in strongest.opens if part is not None]
        button = page.locator(f"#sum-body [data-opens='{'/'.join(map(str, place)) + '/' * (4 - len(place))}']")
        while not button.count():
            page.locator("#sum-body .more").click()
        button.first.click()
        until(page, f"decodeURIComponent(location.search).endsWith('~{'/'.join(map(str, place))}')")
    assert layers[:3] == ["softmax", "dense2", "dense1_relu"]
    assert layers[-1] == "input"
    _, y, x = at
    assert page.locator("table.terms tbody td").first.inner_text() == str(found.picture.fitted[y, x, 0])
    assert "the whole way down" in page.locator(".glass-next").inner_text()
    assert page.locator("#trail li").count() == len(layers)
    page.locator("#trail a").nth(1).click()
    page.locator("#sum-title").get_by_text("dense2, value 0 (o) = ").wait_for()
    page.go_back()
    until(page, "document.getElementById('sum-title').textContent.startsWith('input, ')")
    assert heard == []


def test_every_layer_follows_the_pen_before_it_is_lifted(opened, home):
    page = opened[0](home, ".glass-said")
    page.get_by_role("button", name="Draw", exact=True).click()
    page.locator(".pad canvas").wait_for()
    until(page, f"{SETTLED} !== ''")
    strip = "[...document.querySelectorAll('.strip')].slice(0, 4).map((canvas) => canvas.toDataURL()).join()"
    said = "document.querySelector('.layer[data-layer=dense2] .facts').textContent"
    before, told, address = page.evaluate(strip), page.evaluate(said), page.url
    box = page.locator(".pad canvas").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 150, steps=6)
    until(page, f"{said} !== {told!r}")
    assert page.evaluate(strip) != before
    assert page.url == address
    page.mouse.up()
    until(page, f"location.href !== {address!r}")


def test_requests_never_queue_while_somebody_draws(opened, home):
    page = opened[0](home, ".glass-said")
    page.get_by_role("button", name="Draw", exact=True).click()
    page.locator(".pad canvas").wait_for()
    until(page, f"{SETTLED} !== ''")
    flying, most, last = set(), [0], []

    def slow(route):
        flying.add(route)
        most[0] = max(most[0], len(flying))
        page.wait_for_timeout(120)
        last.append(route.request.url)
        flying.discard(route)
        route.continue_()

    page.route("**/values?*", slow)
    drag(page, *CROSS)
    until(page, f"{SETTLED}.startsWith('The answer: x')")
    assert most[0] == 1
    assert len(last) < 12
    assert parse_qs(urlsplit(last[-1]).query)["picture"] == [asked(page, "picture")]


def test_a_shared_address_shows_the_same_in_a_fresh_page(opened, home, crosses):
    page = opened[0](home, ".glass-said")
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_role("button", name="Draw X", exact=True).click()
    until(page, f"{SETTLED}.startsWith('The answer: x')")
    page.locator(".layer[data-layer=conv2]").click()
    page.locator("#maps button[data-channel='7']").click()
    until(page, "location.search.endsWith('at=conv2/7')")
    box = page.locator("#map").bounding_box()
    height, width = crosses.explain(picture_of(page)).seen["conv2"].shape[1:]
    spot = box["x"] + box["width"] * 4.5 / width, box["y"] + box["height"] * 3.5 / height
    page.mouse.move(*spot)
    until(page, "document.getElementById('reading').textContent.startsWith('conv2, channel 7, row 3, column 4: ')")
    x1, y1, x2, y2 = field(crosses.predictor.model.network, "conv2", 7, 3, 4).box
    lamp, whole = page.locator("#field").bounding_box(), page.locator("#seen").bounding_box()
    for start, size, low, high in (("x", "width", x1, x2), ("y", "height", y1, y2)):
        assert lamp[start] - whole[start] == pytest.approx(whole[size] * low / 32, abs=1.5)
        assert lamp[size] == pytest.approx(whole[size] * (high - low) / 32, abs=1.5)
    page.mouse.click(*spot)
    until(page, "location.search.endsWith('at=conv2/7/3/4')")
    told = page.locator("#sum-title").inner_text()
    found = crosses.explain(picture_of(page))
    assert number(told.rpartition("= ")[2]) == pytest.approx(found.seen["conv2"][7, 3, 4], rel=1e-4)
    filters = page.locator("#filter")
    filters.locator("summary").click()
    filters.locator("pre").wait_for()
    assert filters.locator("canvas").count() == found.filters("conv2").weights.shape[1]
    first = number(filters.locator("pre").inner_text().split("\n")[1].split()[0])
    assert first == pytest.approx(found.filters("conv2").weights[7, 0, 0, 0], rel=1e-3)
    other = opened[0](page.url.removeprefix(home_of(page)), "#sum-title")
    until(other, f"document.getElementById('sum-title').textContent === {told!r}")
    assert other.get_by_role("button", name="Draw", exact=True).get_attribute("aria-pressed") == "true"
    assert np.array(other.evaluate(PIXELS)).reshape(32, 32, 4)[..., 0].tolist() == picture_of(page)[:, :, 0].tolist()
    assert opened[1] == []


def home_of(page):
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}"


def test_the_pad_works_by_keyboard_and_in_either_ink(opened, home):
    page = opened[0](home, ".glass-said")
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_role("application", name="Drawing pad").focus()
    for key in ("ArrowLeft", " ", "ArrowLeft", "ArrowLeft", "ArrowUp", " "):
        page.keyboard.press(key)
    until(page, "location.search.length > 40")
    manner = glass_source.manner("xo", 32, 32)
    drawn = picture_of(page)[:, :, 0]
    assert {tuple(place) for place in np.argwhere(drawn == manner["ink"]).tolist()} >= {
        (16, 16),
        (16, 15),
        (16, 14),
        (15, 14),
    }
    assert drawn[0, 0] == manner["paper"]
    page.get_by_role("button", name="Dark ink").click()
    until(page, "document.querySelector('.glass-ink button:last-child').getAttribute('aria-pressed') === 'true'")
    turned = picture_of(page)[:, :, 0].astype(int)
    assert (np.abs(turned - (manner["ink"] + manner["paper"] - drawn.astype(int))) <= 1).all()
    page.get_by_label("Brush").select_option("eraser")
    before = asked(page, "picture")
    drag(page, [(0.3, 0.5), (0.7, 0.5)])
    until(page, f"!location.search.includes({before!r})")
    assert len(np.unique(picture_of(page))) < len(np.unique(turned))


def test_pictures_of_the_data_are_chosen_by_class_and_page(opened, home, crosses):
    opening, heard = opened
    page = opening(home, ".glass-thumbs button")
    lock = crosses.lock
    assert page.locator(".glass-thumbs button[aria-pressed=true]").count() == 1
    page.get_by_label("Class").select_option("x")
    until(page, "[...document.querySelectorAll('.glass-thumbs button span')].every((span) => span.textContent === 'x')")
    page.get_by_role("button", name="Next").click()
    until(page, "location.search.includes('page=2')")
    until(page, "document.querySelector('.glass-pages [role=status]').textContent.startsWith('2 of')")
    page.locator(".glass-thumbs button").nth(3).click()
    until(page, "/picture=\\d+/.test(location.search)")
    chosen = int(asked(page, "picture"))
    assert lock.labels[chosen] == "x"
    found = crosses.explain(lock.keys[chosen])
    until(page, f"{SETTLED}.startsWith('The answer: {found.answer.label}, {100 * found.answer.answer.confidence:.1f}')")
    until(page, "[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    assert heard == []


def test_a_dropped_file_with_a_name_like_markup_is_looked_at_and_its_name_is_text(opened, home, crosses, tmp_path):
    opening, heard = opened
    page = opening(home, ".glass-said")
    pixels = np.random.default_rng(4).integers(0, 256, (40, 52, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "<img src=x onerror=alert(1)>.png")
    data = base64.b64encode((tmp_path / "<img src=x onerror=alert(1)>.png").read_bytes()).decode()
    dropping = """([data, name]) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const given = new DataTransfer();
      given.items.add(new File([bytes], name, { type: 'image/png' }));
      document.querySelector('.glass').dispatchEvent(new DragEvent('drop', { dataTransfer: given, bubbles: true, cancelable: true }));
    }"""
    page.evaluate(dropping, [data, "<img src=x onerror=alert(1)>.png"])
    page.get_by_text("<img src=x onerror=alert(1)>.png, 52 × 40 pixels").wait_for()
    assert page.locator("[onerror]").count() == 0
    assert re.fullmatch("[0-9a-f]{16}", asked(page, "picture"))
    found = crosses.explain(pixels)
    until(page, f"{SETTLED}.startsWith('The answer: {found.answer.label}, {100 * found.answer.answer.confidence:.1f}')")
    page.evaluate(dropping, [base64.b64encode(b"no picture").decode(), "<b>broken</b>.png"])
    page.get_by_role("alert").filter(has_text="<b>broken</b>.png cannot be opened.").wait_for()
    assert page.locator("main b").count() == 0
    page.get_by_label("Choose a picture").set_input_files(tmp_path / "<img src=x onerror=alert(1)>.png")
    page.get_by_text("52 × 40 pixels").wait_for()
    assert [each for each in heard if "422" not in each] == []


def test_what_is_not_there_gets_a_sentence_and_a_way_out(opened, home, studio, tmp_path):
    page = opened[0](f"{home}?picture=0123456789abcdef", "[role=alert]")
    assert "Drop it on the page again" in page.get_by_role("alert").inner_text()
    page.get_by_role("button", name="Draw", exact=True).click()
    page.locator(".glass-said").wait_for()
    page.goto(f"{studio.gate.address}glass/{'0' * 16}")
    page.get_by_role("alert").filter(has_text="not in the ledger").wait_for()
    page.get_by_role("link", name="Choose another run").click()
    page.get_by_role("link", name="crosses").click()
    page.locator(".glass-said").wait_for()
    for wrong in ("conv1/99/0/0", "nowhere", "<script>", "conv1/-1", "%"):
        page.evaluate(GO, f"?at={quote(wrong)}")
        until(page, "document.getElementById('layer-title').textContent === 'conv1'")


def test_without_any_run_the_page_leads_to_one(browser, photos, tmp_path):
    with served(tmp_path, photos) as empty:
        page = browser.new_page()
        page.goto(f"{empty.gate.address}glass?token={empty.gate.token}")
        page.get_by_role("link", name="Train one on crosses and circles").click()
        page.get_by_role("radio", name=re.compile("^xo")).wait_for()
        assert page.get_by_role("radio", name=re.compile("^xo")).is_checked()
        page.close()


def test_a_dense_task_is_answered_in_the_picture_and_opens_into_its_map(browser, places):
    run = places("detect")
    with served(run.folder.path.parent) as other:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        given = next(each["id"] for each in other.json("/api/glass")["runs"] if each["name"] == run.name)
        page.goto(f"{other.gate.address}glass/{given}?token={other.gate.token}")
        page.locator(".glass-drawn").wait_for()
        found = run.explain(run.lock.keys[int(run.lock.validation[0])])
        assert page.locator(".glass-said").inner_text() == found.answer.text()
        page.locator(".layer[data-layer=conv1]").click()
        page.locator("#map").focus()
        for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
            page.keyboard.press(key)
        page.locator("tr.result").wait_for()
        result, own, layer, at = shown(page)
        assert result == pytest.approx(found.arithmetic(layer, *at).result, rel=1e-5, abs=1e-6)
        assert own == pytest.approx(found.seen[layer][tuple(at)], rel=1e-5)
        page.close()


def test_a_layer_that_is_too_large_for_the_page_opens_by_asking(browser, crosses, monkeypatch):
    monkeypatch.setattr(packing, "plan_page", functools.partial(packing.plan_page, most=240_000))
    with served(crosses.folder.path.parent) as other:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        given = other.json("/api/glass")["runs"][0]["id"]
        closed = [each["name"] for each in other.json(f"/api/glass/{given}")["glass"]["layers"] if each["closed"]]
        assert "conv3" in closed
        page.goto(f"{other.gate.address}glass/{given}?at=conv3/5/1/2&token={other.gate.token}")
        page.locator("tr.result").wait_for()
        found = crosses.explain(crosses.lock.keys[int(crosses.lock.validation[0])])
        result, own, *_ = shown(page)
        assert result == pytest.approx(found.arithmetic("conv3", 5, 1, 2).result, rel=1e-5, abs=1e-6)
        assert own == pytest.approx(found.seen["conv3"][5, 1, 2], rel=1e-5)
        page.locator("#sum-body [data-opens]").first.click()
        until(page, "location.search.includes('~')")
        page.close()


STATES = ("", "?at=softmax/1~dense2/1", "?at=conv2/7/3/4&panel=whatif", "?from=file", "?at=dense1/5~conv3/1/1/1")


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_everybody_can_use_it(opened, home, look):
    settings = {"color_scheme": "dark" if look == "dark" else "light", "reduced_motion": "reduce", "bypass_csp": True}
    size = {"viewport": {"width": 390, "height": 844}} if look == "phone" else {}
    page = opened[0](home, ".glass-said", **settings, **size)
    for state in STATES:
        page.evaluate(GO, home + state)
        page.wait_for_timeout(300)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        nothing_grave(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_role("button", name="Draw X", exact=True).click()
    page.wait_for_timeout(300)
    nothing_grave(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
