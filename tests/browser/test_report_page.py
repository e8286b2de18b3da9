"""The report in a real browser: opens from disk, asks nothing of any network, and can be read by everyone."""

import itertools

import pytest

# Composites colours over what lies behind them, then compares as WCAG 2.2 says.
CONTRAST = """() => {
  const parts = (colour) => { const found = colour.match(/[\\d.]+/g).map(Number); return found.length < 4 ? [...found, 1] : found; };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = (element) => {
    const stack = [];
    for (let at = element; at; at = at.parentElement) stack.push(parts(getComputedStyle(at).backgroundColor));
    return stack.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const light = (c) => { const l = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest("svg") || ["SCRIPT", "STYLE"].includes(element.tagName) || !element.getClientRects().length) continue;
    const back = behind(element), front = over(parts(getComputedStyle(element).color), back);
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) low.push([element.tagName, element.textContent.trim().slice(0, 30), ratio.toFixed(2)]);
  }
  return low;
}"""


@pytest.fixture
def opened(browser, run):
    """Return a function that opens the report with settings, and the list of what went wrong or was asked for."""
    heard, pages = [], []

    def opening(**settings):
        page = browser.new_page(**{"viewport": {"width": 1100, "height": 800}, **settings})
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: heard.append(request.url) if not request.url.startswith("data:") else None)
        page.goto(run.report.as_uri())
        pages.append(page)
        return page

    yield opening, heard
    for page in pages:
        page.close()


def test_the_page_opens_from_disk_and_asks_nothing(opened, run):
    opening, heard = opened
    page = opening()
    page.wait_for_load_state("load")
    assert heard == [run.report.as_uri()]
    broken = page.evaluate("[...document.images].filter((i) => !i.naturalWidth).length")
    assert page.evaluate("document.images.length") > 5
    assert broken == 0


def test_a_cell_of_the_confusion_matrix_opens_its_pictures_by_mouse_and_by_keyboard(opened, run):
    opening, heard = opened
    page = opening()
    button = page.locator(".confusion button").first
    n = int(button.inner_text())
    button.click()
    behind = page.locator("#behind-validation")
    assert behind.locator("img").count() == n
    assert button.get_attribute("aria-pressed") == "true"
    title = behind.locator("h3").inner_text()
    assert title.split(",")[0].split(" taken")[0] in button.get_attribute("aria-label")
    last = page.locator(".confusion button").last
    last.focus()
    page.keyboard.press("Enter")
    assert last.get_attribute("aria-pressed") == "true"
    assert button.get_attribute("aria-pressed") == "false"
    assert behind.locator("img").count() == int(last.inner_text())
    assert behind.locator("h3").inner_text() != title
    assert len(heard) == 1  # only the page itself was asked for


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_makes_the_page_scroll_sideways(opened, width):
    page = opened[0](viewport={"width": width, "height": 700})
    page.locator(".confusion button").first.click()
    for details in page.locator("details").all():
        details.evaluate("element => element.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(opened, scheme):
    page = opened[0](color_scheme=scheme)
    page.locator(".confusion button").first.click()
    assert page.evaluate(CONTRAST) == []
    back = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (back == "rgb(255, 255, 255)") == (scheme == "light")


def test_without_a_script_every_section_can_be_read(browser, run):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(run.report.as_uri())
    titles = page.locator("main h2").all_inner_texts()
    assert {"Result", "Learning curves", "Scores", "What is taken for what", "The pictures", "The network"} <= set(
        titles
    )
    assert page.locator("main section").count() == len(titles)
    context.close()


def test_headings_go_down_one_level_at_a_time_and_links_lead_somewhere(opened):
    page = opened[0]()
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].every((a) => document.querySelector(a.getAttribute('href')))"
    )
    assert page.evaluate("[...document.images].every((image) => image.alt)")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
