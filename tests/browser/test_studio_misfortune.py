"""The studio in bad luck: it goes away and comes back, addresses are changed by hand, names are long. There is always a sentence."""

import shutil

import numpy as np
import pytest
from PIL import Image
from tests.browser.studio_pages import run_named, until
from tests.studio.serving import served

from glassnet.pipeline.from_python import train

NOWHERE = "0123456789abcdef"
LONG = "L" * 180


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"/training/{NOWHERE}", "This training is not on record."),
        (f"/sweeps/started/{NOWHERE}", "This sweep is not on record."),
        (f"/run/{NOWHERE}", "This run is not in the ledger."),
        ("/run/%", "This run is not in the ledger."),
        (f"/glass/{NOWHERE}", "This run is not in the ledger."),
        (f"/results/{NOWHERE}", "This run is not in the ledger."),
        (f"/data/{NOWHERE}", "This folder is not there"),
        (f"/compare/{NOWHERE}/{NOWHERE}", "This run is not in the ledger."),
        ("/lesson/none", "There is no such lesson."),
        ("/nothing", "There is no page at /nothing"),
    ],
)
def test_an_address_that_leads_nowhere_says_so(opened, address, said):
    opening, heard = opened
    page = opening("/ledger")
    page.goto(page.url.partition("/ledger")[0] + address)
    page.get_by_text(said).first.wait_for()
    assert page.locator("main h1").count() == 1
    assert [line for line in heard if "status of 404" not in line and "status of 422" not in line] == []


def test_a_page_of_pictures_that_is_not_there_leads_back(opened, studio):
    (place,) = [one["id"] for one in studio.json("/api/data")["sets"] if one["name"] == "photos"]
    page = opened[0](f"/data/{place}?part=pictures&from=4000", ".note >> text=none here")
    page.get_by_role("button", name="To the first").click()
    page.locator("figure").first.wait_for()


def test_a_studio_that_went_away_and_came_back_under_another_token(browser, out, photos):
    context = browser.new_context()
    heard = []
    with served(out, photos) as studio:
        page = context.new_page()
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.goto(studio.gate.launch)
        page.get_by_role("heading", name="Train a network on pictures").wait_for()
        port = studio.gate.port
    page.get_by_text("Nothing on this page is live now. The studio does not answer.").wait_for(timeout=15_000)
    with served(out, photos, port=port, token="another token") as again:
        page.get_by_text("Open the studio by the address that").wait_for(timeout=15_000)
        other = context.new_page()
        other.goto(again.gate.launch)
        other.get_by_role("heading", name="Train a network on pictures").wait_for()
        page.evaluate("window.dispatchEvent(new Event('focus'))")  # as when somebody comes back to the window
        until(page, "!document.querySelector('.line-broken')")
        assert page.get_by_role("link", name="first", exact=True).count() == 1
    assert heard == []
    context.close()


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A run whose class names are as long as a file system lets them be."""
    root, out = tmp_path_factory.mktemp("long"), tmp_path_factory.mktemp("runs")
    draw = np.random.default_rng(5)
    for number, name in enumerate((LONG, "short")):
        (root / "photos" / name).mkdir(parents=True)
        for i in range(12):
            pixels = draw.integers(0, 90, (16, 16, 3), dtype=np.uint8) + np.uint8(90 * number)
            Image.fromarray(pixels).save(root / "photos" / name / f"{i:02}.png")
    small = {"network": "mini", "batch": 8, "threads": 1, "precision": "fp32", "quiet": True}
    train(root / "photos", out=out, epochs=1, name="long", **small)
    with served(out, root) as studio:
        yield studio


@pytest.mark.parametrize("width", [1280, 390])
def test_very_long_class_names_push_nothing_aside(browser, named, width):
    run = run_named(named, "long")["id"]
    (place,) = [one["id"] for one in named.json("/api/data")["sets"]]
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(named.gate.launch)
    page.wait_for_selector("h1")
    base = named.gate.address.rstrip("/")
    for address, there in (
        (f"/glass/{run}", ".glass-thumbs button"),
        (f"/results/{run}", ".confusion td"),
        (f"/run/{run}", "table"),
        (f"/data/{place}?part=pictures", "figure"),
        (f"/data/{place}?part=counts", "table"),
    ):
        page.goto(base + address)
        page.locator(there).first.wait_for(timeout=30_000, state="attached")
        wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide[0] <= wide[1], address
    page.goto(f"{base}/glass/{run}")
    page.locator(".glass-thumbs button").first.wait_for()
    thumb, choice = page.locator(".glass-thumbs img").first.bounding_box(), page.locator("#glass-of").bounding_box()
    assert thumb["width"] < 120
    assert choice["x"] + choice["width"] <= width
    context.close()


def test_pictures_that_were_moved_away_leave_sentences_and_no_waiting(browser, photos, tmp_path):
    shutil.copytree(photos / "photos", tmp_path / "photos")
    small = {"network": "mini", "batch": 8, "threads": 1, "precision": "fp32", "quiet": True}
    train(tmp_path / "photos", out=tmp_path / "runs", epochs=1, name="left", **small)
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    with served(tmp_path / "runs", tmp_path) as studio:
        run = run_named(studio, "left")["id"]
        page = browser.new_page()
        page.goto(studio.gate.launch)
        page.wait_for_selector("h1")
        base = studio.gate.address.rstrip("/")
        page.goto(f"{base}/glass/{run}")
        page.get_by_text("This picture is not where it was when the run was trained").wait_for()
        page.get_by_text("Choose another picture, a file of your own, or draw one.").wait_for()
        assert page.get_by_text("The network looks at the picture").count() == 0
        page.goto(f"{base}/results/{run}")
        page.get_by_text("The pictures cannot be shown, so what follows is what was stored with the run.").wait_for()
        page.get_by_role("heading", name="What is taken for what").wait_for()
        assert page.get_by_text("Opening the pictures").count() == 0
        page.close()
