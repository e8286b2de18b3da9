"""Many settings tried from a page: the form counts, curves grow while it trains, it stops and goes on, and the winner is the ledger's."""

import re

import pytest
from tests.browser.studio_pages import nothing_grave, until

from glassnet.runs.ledger import Ledger

FORM = (
    "/sweeps?data=xo&network=mini&train.epochs=14&train.batch=32&train.threads=1&train.precision=fp32"
    "&data.size=16&how.workers=2"
)


@pytest.fixture(scope="module")
def swept(browser, studio):
    """The address of a sweep that was begun, stopped, resumed and watched to its end, and what went wrong meanwhile."""
    heard = []
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: heard.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(f"{studio.gate.address.rstrip('/')}{FORM}&token={studio.gate.token}")
    page.get_by_label("A setting to try").select_option("train.lr")
    rates = page.get_by_role("group", name="train.lr")
    rates.get_by_label("Values, with commas").fill("0.01, 0.001")
    page.get_by_label("Another setting").select_option("train.optimizer")
    for name in ("adam", "sgd"):
        page.get_by_role("group", name="train.optimizer").get_by_label(name, exact=True).check()
    page.get_by_label("name of the sweep").fill("tried")
    page.get_by_text("The full grid of 4 combinations").wait_for()
    address = page.url
    page.get_by_role("button", name="Start the sweep").click()
    page.wait_for_url(re.compile("/sweep/[0-9a-f]{16}$"), timeout=60_000)
    page.get_by_role("heading", name="tried").wait_for()
    curves = "Number(document.querySelector('.all-curves .chart').dataset.curves)"
    until(page, f"{curves} >= 1", 60)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Resume").wait_for(timeout=60_000)
    rows = Ledger(studio.work.out, create=False).rows(sweep="tried")
    before = {row.name: (row.status, row.ended_at) for row in rows}
    page.get_by_role("button", name="Resume").click()
    page.locator(".sweep-found .big").first.wait_for(timeout=120_000)
    shown = page.evaluate(curves)
    found = page.url
    context.close()
    return {"address": found, "form": address, "before": before, "curves": shown, "heard": heard}


def at(studio, address):
    return "/" + address.removeprefix(studio.gate.address)


def test_the_address_of_the_form_says_all_that_was_filled_in(swept, opened, studio):
    opening, heard = opened
    page = opening(at(studio, swept["form"]))
    page.get_by_text("The full grid of 4 combinations").wait_for()
    assert page.get_by_label("Values, with commas").input_value() == "0.01, 0.001"
    assert page.get_by_label("workers", exact=True).input_value() == "2"
    page.get_by_role("button", name="Remove train.optimizer").click()
    page.get_by_text("The full grid of 2 combinations").wait_for()
    page.get_by_role("group", name="train.lr").get_by_label("A range").check()
    page.get_by_label("From", exact=True).fill("0.0001")
    page.get_by_label("To", exact=True).fill("0.1")
    page.get_by_label("evenly in the logarithm").check()
    page.get_by_text("30 combinations, proposed by").wait_for()
    assert "try.train.lr=0.0001..0.1%3Alog" in page.url
    page.get_by_label("To", exact=True).fill("0.00001")
    page.get_by_role("alert").filter(has_text="min below max").wait_for()
    assert page.get_by_role("group", name="train.lr").locator("[aria-invalid=true]").count() == 2
    assert heard == []


def test_a_sweep_that_was_stopped_goes_on_and_runs_nothing_twice(swept, studio):
    rows = Ledger(studio.work.out, create=False).rows(sweep="tried")
    assert len(rows) == 4 and {row.status for row in rows} == {"done"}
    assert any(status != "done" for status, _ in swept["before"].values())
    for row in rows:
        status, ended = swept["before"][row.name]
        assert status != "done" or row.ended_at == ended
    assert swept["curves"] == 4
    assert swept["heard"] == []


def test_the_page_shows_the_winner_of_the_ledger_and_its_one_test_score(swept, opened, studio):
    opening, heard = opened
    page = opening(at(studio, swept["address"]))
    page.locator(".sweep-found .big").first.wait_for()
    book = Ledger(studio.work.out, create=False)
    winner = book.row(book.sweep("tried").winner)
    assert winner.test_opened == 1
    wanted = [f"{winner.headline(split).value:.3f}" for split in ("validation", "test")]
    assert page.locator(".sweep-found .big").all_inner_texts() == wanted
    assert page.locator(".sweep-found").get_by_role("link", name=winner.name).count() == 1
    scores = [row.headline("validation").value for row in book.rows(sweep="tried")]
    told = page.locator(".combinations tbody tr td:nth-last-child(3)").all_inner_texts()
    assert [text[:5] for text in told] == [f"{score:.3f}" for score in sorted(scores, reverse=True)]
    with page.expect_download() as coming:
        page.get_by_role("link", name="CSV").click()
    assert coming.value.suggested_filename == "tried.csv"
    with page.context.expect_page() as opening_page:
        page.get_by_role("link", name="Open the report").click()
    opening_page.value.wait_for_load_state()
    assert "tried" in opening_page.value.title()
    assert heard == []


def test_a_combination_is_chosen_by_keyboard_and_stays_in_the_address(swept, opened, studio):
    page = opened[0](at(studio, swept["address"]))
    button = page.get_by_role("button", name="Show the curve of combination 2")
    button.focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.curve.picked[data-n=\"2\"]').length === 1")
    assert "combination=2" in page.url
    page.get_by_text(re.compile("^Combination 2: train.lr")).wait_for()
    page.get_by_role("button", name="time").click()
    page.reload()
    page.locator("th[aria-sort=ascending]").get_by_text("time").wait_for()
    assert button.get_attribute("aria-pressed") == "true"


def test_home_and_ledger_lead_to_sweeps(swept, opened, studio):
    page = opened[0]("/?data=xo&train.epochs=3")
    page.get_by_role("link", name="Try many settings").click()
    page.get_by_role("heading", name="Try many settings").wait_for()
    assert page.get_by_label("epochs", exact=True).input_value() == "3"
    page.get_by_role("link", name="tried", exact=True).click()
    page.get_by_role("link", name="In the ledger").click()
    page.wait_for_selector("tbody tr")
    assert page.locator("tbody tr").count() == 4
    page.get_by_role("main").get_by_role("link", name="tried", exact=True).click()
    page.get_by_role("heading", name="Learning curves of all").wait_for()


@pytest.mark.parametrize("which", ["form", "address"])
@pytest.mark.parametrize("settings", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}])
def test_everybody_can_use_it(swept, opened, studio, which, settings):
    page = opened[0](at(studio, swept[which]), bypass_csp=True, **settings)
    page.wait_for_selector(".plan p" if which == "form" else ".sweep-found .card")
    nothing_grave(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
