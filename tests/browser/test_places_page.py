"""Reports of boxes and masks in a real browser: truth beside answer can be put in order, and everybody can read it."""

import pytest
from tests.browser.test_report_page import CONTRAST


@pytest.fixture
def opened(browser, places):
    heard, pages = [], []

    def opening(task, **settings):
        page = browser.new_page(**{"viewport": {"width": 1100, "height": 800}, **settings})
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: heard.append(request.url) if not request.url.startswith("data:") else None)
        page.goto(places(task).report.as_uri())
        pages.append(page)
        return page

    yield opening, heard
    for page in pages:
        page.close()


def ordered(page, what):
    return page.evaluate(f"[...document.querySelectorAll('.answered')].map((figure) => figure.dataset.{what})")


def test_pictures_are_put_in_another_order_by_mouse_and_by_keyboard(opened, places):
    opening, heard = opened
    page = opening("detect")
    first = page.locator(".mosaic .row").first
    shown, together = first.locator(".answered").count(), page.locator(".answered").count()
    scores = [float(score) for score in ordered(page, "score")]
    assert scores == sorted(scores)
    page.get_by_role("button", name="By name").click()
    assert ordered(page, "name") == sorted(ordered(page, "name"))
    assert page.get_by_role("button", name="By name").get_attribute("aria-pressed") == "true"
    assert page.get_by_role("button", name="Most wrong first").get_attribute("aria-pressed") == "false"
    page.get_by_role("button", name="Most things first").focus()
    page.keyboard.press("Enter")
    things = [int(n) for n in ordered(page, "things")]
    assert things == sorted(things, reverse=True)
    assert first.locator(".answered").count() == shown
    assert page.locator(".answered").count() == together
    assert heard == [places("detect").report.as_uri()]  # no request, no complaint of the policy


def test_without_a_script_the_most_wrong_stand_first_and_no_button_promises_more(browser, places):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(places("detect").report.as_uri())
    assert page.locator(".answered").count() == 8
    assert not page.locator(".sorters").is_visible()
    assert page.locator(".answered").first.is_visible()
    page.locator(".mosaic summary").first.click()
    assert page.locator(".answered").last.is_visible()
    context.close()


def test_a_cell_of_confused_pixels_shows_where_they_are(opened):
    page = opened[0]("segment")
    button = page.locator(".confusion button").first
    button.click()
    behind = page.locator("#behind-validation")
    assert 1 <= behind.locator("img").count() <= 4
    assert "of the class" in behind.inner_text()
    assert "per cent of the pixels" in button.get_attribute("aria-label")


@pytest.mark.parametrize("task", ["detect", "segment"])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_makes_the_page_scroll_sideways(opened, task, width):
    page = opened[0](task, viewport={"width": width, "height": 700})
    for details in page.locator("details").all():
        details.evaluate("element => element.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sides = page.evaluate(
        "[...document.querySelectorAll('.beside')].map((e) => new Set([...e.children].map((c) => c.offsetTop)).size)"
    )
    assert set(sides) == {3 if width < 480 else 1}  # below one another on a phone, else side by side


@pytest.mark.parametrize("task", ["detect", "segment"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_and_every_picture_has_words(opened, task, scheme):
    page = opened[0](task, color_scheme=scheme)
    for details in page.locator("details").all():
        details.evaluate("element => element.open = true")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("[...document.images].every((image) => image.alt && image.naturalWidth)")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_pictures_keep_their_place_while_the_page_loads(opened):
    page = opened[0]("detect")
    wrong = page.evaluate(
        "[...document.querySelectorAll('.beside img')].filter((i) => i.offsetWidth && "
        "Math.abs(i.offsetHeight / i.offsetWidth - i.getAttribute('height') / i.getAttribute('width')) > 0.02).length"
    )
    assert wrong == 0
