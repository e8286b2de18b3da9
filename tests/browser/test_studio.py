"""The studio in a real browser: the whole way of a training, the ledger, two runs, and that everybody can use it."""

import itertools
import re

import pytest
from tests.browser.studio_pages import nothing_grave, run_named, until
from tests.studio.conftest import NASTY
from tests.studio.serving import served


def test_a_training_from_the_first_click_to_the_score(opened, studio):
    """Open, choose xo, start, watch the curve grow, stop, resume, read the score."""
    opening, heard = opened
    page = opening()
    assert "token" not in page.url
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("alert").filter(has_text="Choose pictures first").wait_for()
    page.get_by_role("radio", name=re.compile("^xo")).check()
    page.get_by_text("Recognised: built-in: xo").wait_for()
    page.get_by_label("network", exact=True).select_option("mini")
    page.get_by_label("epochs", exact=True).fill("60")
    page.get_by_label("name of the run").fill("from-the-page")
    page.get_by_text(re.compile("^Training: ")).click()
    page.get_by_label("threads", exact=True).fill("1")
    page.get_by_label("precision", exact=True).select_option("fp32")
    assert "data=xo" in page.url
    assert "train.epochs=60" in page.url
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/run/*", timeout=60_000)
    page.get_by_role("heading", name="from-the-page").wait_for()
    drawn = "Number(document.querySelector('.curves .chart').dataset.epochs)"
    until(page, f"{drawn} >= 2", 60)
    before = page.evaluate(drawn)
    until(page, f"{drawn} > {before}", 60)
    page.get_by_text(re.compile("about .* left")).wait_for()
    assert page.locator(".curves polyline.first").count() == 2
    page.get_by_role("button", name="Stop").click()
    page.locator(".state.interrupted").wait_for(timeout=60_000)
    stopped = run_named(studio, "from-the-page")
    assert stopped["exit_code"] == 75
    assert 0 < stopped["epochs_done"] < 60
    page.reload()
    page.get_by_role("button", name="Resume").click()
    page.locator(".state.done").wait_for(timeout=120_000)
    page.locator(".big").wait_for()
    found = run_named(studio, "from-the-page")
    assert page.locator(".big").inner_text() == f"{found['scores']['validation']['value']:.3f}"
    assert page.evaluate(drawn) == found["epochs_done"] >= stopped["epochs_done"]
    page.get_by_role("link", name="Home", exact=True).click()
    page.get_by_role("link", name="from-the-page").wait_for()
    assert heard == []


def test_a_training_that_cannot_begin_says_why(opened, studio, photos):
    page = opened[0]()
    page.get_by_text("Another folder").click()
    page.get_by_role("button", name=str(photos)).click()
    page.get_by_role("radio", name=re.compile("^empty")).check()
    page.get_by_text("no pictures").first.wait_for()
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("alert").filter(has_text=re.compile("is empty|no pictures")).wait_for(timeout=60_000)
    page.get_by_role("button", name="Take it off the list").click()
    page.wait_for_url(studio.gate.address)


def test_a_setting_that_does_not_fit_is_marked(opened):
    page = opened[0]("/?data=xo&train.epochs=-1")
    page.locator("#field-train-epochs").wait_for()
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("alert").filter(has_text="train.epochs").wait_for()
    assert page.locator("#field-train-epochs").get_attribute("aria-invalid") == "true"


def test_a_run_named_like_markup_is_text(opened, studio):
    opening, heard = opened
    shown = f"<{NASTY}>"
    page = opening("/ledger", "table")
    page.route("**/api/ledger?*", lambda route: route.fulfill(json=_renamed(route.fetch().json(), shown)))
    page.reload()
    page.get_by_role("link", name=shown).first.wait_for()
    assert page.locator("main img").count() == 0
    picture = run_named(studio, "first"), run_named(studio, NASTY)
    page.goto(f"{studio.gate.address}compare/{picture[0]['id']}/{picture[1]['id']}")
    page.get_by_role("heading", name="Scores", exact=True).wait_for()
    assert page.locator("[onerror]").count() == 0
    assert heard == []


def _renamed(value, name):
    return value | {"rows": [row | {"name": name} for row in value["rows"]]}


def test_the_ledger_is_sorted_filtered_and_compared_and_its_address_says_so(opened, studio):
    opening, heard = opened
    page = opening("/ledger", "table")
    page.get_by_role("button", name="validation").click()
    page.locator("th[aria-sort=descending]").wait_for()
    assert "sort=-score" in page.url
    page.get_by_label("Filter", exact=True).fill("name~first,onerror")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('tbody tr').length === 2")
    page.reload()
    page.wait_for_selector("tbody tr")
    assert page.get_by_label("Filter", exact=True).input_value() == "name~first,onerror"
    for name in ("first", NASTY):
        page.get_by_label(f"Compare {name}").check()
    page.get_by_role("link", name="Compare these two").click()
    page.get_by_role("rowheader", name="train.lr").wait_for()
    page.get_by_role("heading", name="Pictures whose answer changed").wait_for()
    picture = page.locator("figure img").first
    picture.wait_for()
    until(page, "[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    page.get_by_text("Asking both networks").wait_for(state="detached", timeout=60_000)
    assert page.locator("figcaption").first.get_by_text("%").count() == 2
    page.go_back()
    page.wait_for_selector("tbody tr")
    assert heard == []


def test_a_filter_that_cannot_be_read_is_explained(opened):
    page = opened[0]("/ledger?where=accuracy%3E", "main .wrong")
    assert "For example" in page.get_by_role("alert").inner_text()


def test_a_report_opens_without_the_studios_cookie(opened, studio):
    run = run_named(studio, "first")
    page = opened[0](f"/run/{run['id']}", ".big")
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Open the report").click()
    report = opening.value
    report.wait_for_load_state()
    assert report.evaluate("self.origin") == "null"
    assert report.evaluate("fetch('/api/recent').then(() => 'read', () => 'refused')") == "refused"
    assert report.locator("h1").inner_text() == "first"
    assert report.locator(".sorters button, .confusion button").count() > 0  # its own script runs


def test_another_origins_page_can_neither_read_nor_write(opened, studio, out, photos):
    """The other origin is another studio: the same host, another port, which a strict cookie alone would let in."""
    page = opened[0]()
    with served(out, photos) as other:
        page.goto(f"{other.gate.address}?token={other.gate.token}")
        page.wait_for_selector("main h1")
        page.route("**/*", lambda route: route.continue_())
        tried = """(address) => Promise.all([
          fetch(address + 'api/recent', {credentials: 'include'}).then(() => 'read', () => 'refused'),
          fetch(address + 'api/recent', {credentials: 'include', mode: 'no-cors'}).then((r) => r.type, () => 'refused'),
          fetch(address + 'api/trainings', {method: 'POST', credentials: 'include', mode: 'no-cors', body: '{"data":"xo"}'})
            .then((r) => r.type, () => 'refused'),
        ])"""
        before = len(studio.work.jobs.all())
        assert set(page.evaluate(tried, studio.gate.address)) <= {"refused", "opaque"}
        assert len(studio.work.jobs.all()) == before


ADDRESSES = ("/?data=xo", "/ledger?chosen=0000000000000000", "/run/{first}", "/compare/{first}/{second}", "/nowhere")


def addressed(studio, address):
    return address.format(first=run_named(studio, "first")["id"], second=run_named(studio, NASTY)["id"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_axe_finds_nothing_serious(opened, studio, address, scheme):
    page = opened[0](addressed(studio, address), color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    page.wait_for_load_state("networkidle") if address == "/nowhere" else page.wait_for_timeout(700)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    nothing_grave(page)


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_makes_the_page_scroll_sideways(opened, studio, address):
    page = opened[0](addressed(studio, address))
    page.wait_for_timeout(500)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    for width in (320, 360, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_the_way_by_keyboard_alone(opened):
    page = opened[0]()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.get_by_role("link", name="Ledger", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Ledger").wait_for()
    assert page.evaluate("document.activeElement.id") == "content"
    assert page.title() == "Ledger · Glassnet studio"
