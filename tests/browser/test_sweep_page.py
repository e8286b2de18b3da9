"""The page of a sweep in a real browser: sorts, chooses, points, by mouse and by keyboard, and can be read by everyone."""

import itertools

import pytest
from tests.browser.test_report_page import CONTRAST
from tests.report.sweep_materials import all_failed, grid, one, sampled, two, with_repeats

from glassnet.report.sweep.write import write_sweep_report

SWEEPS = {
    "one": one,
    "two": two,
    "grid": grid,
    "sampled": sampled,
    "failed": all_failed,
    "repeats": lambda: with_repeats(grid()),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweeps")
    return {name: write_sweep_report(made(), folder / f"{name}.html") for name, made in SWEEPS.items()}


@pytest.fixture
def opened(browser, files):
    """Return a function that opens the page of a sweep, and the list of what went wrong or was asked for."""
    heard, pages = [], []

    def opening(name, **settings):
        page = browser.new_page(**{"viewport": {"width": 1100, "height": 800}, **settings})
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: heard.append(request.url) if not request.url.startswith("data:") else None)
        page.goto(files[name].as_uri())
        pages.append(page)
        return page

    yield opening, heard
    for page in pages:
        page.close()


def column(page, number):
    return page.locator(f"table.sortable tbody tr > :nth-child({number})").all_inner_texts()


@pytest.mark.parametrize("name", SWEEPS)
def test_the_page_opens_from_disk_and_asks_nothing(opened, files, name):
    opening, heard = opened
    opening(name).wait_for_load_state("load")
    assert heard == [files[name].as_uri()]


def test_the_table_sorts_by_every_column_what_is_missing_last(opened):
    page = opened[0]("sampled")
    heads = page.locator("table.sortable thead th").all_inner_texts()
    score, momentum = (next(i for i, head in enumerate(heads) if word in head) for word in ("accuracy", "momentum"))
    page.locator("table.sortable thead button").nth(0).click()
    assert column(page, 1) == [str(i) for i in range(1, 301)]
    button = page.locator("table.sortable thead th").nth(momentum).locator("button")
    for direction, reverse in (("ascending", False), ("descending", True)):
        button.focus()
        page.keyboard.press("Enter")
        values = column(page, momentum + 1)
        known = [float(value) for value in values if value != "off"]
        assert known == sorted(known, reverse=reverse)
        assert set(values[len(known) :]) == {"off"}
        assert page.locator("table.sortable thead th").nth(momentum).get_attribute("aria-sort") == direction
    assert page.locator("[aria-sort]").count() == 1
    page.locator("table.sortable thead th").nth(score).locator("button").click()
    found = column(page, score + 1)
    assert found[0]
    assert found[-1] == ""


def test_two_settings_are_chosen_and_one_heat_map_is_seen(opened):
    page = opened[0]("grid")
    assert page.locator(".two:visible").count() == 1
    choice = page.get_by_label("Settings:")
    for name in choice.locator("option").all_inner_texts():
        choice.select_option(name)
        assert page.locator(".two:visible").get_attribute("data-name") == name
        assert page.locator(".two:visible table").is_visible()


def test_keys_go_through_the_combinations_by_score_and_light_them_in_all_charts(opened):
    opening, heard = opened
    page = opening("grid")
    order = [int(number) for number in column(page, 1)]
    page.locator("#slices .marks").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    lit = page.locator(".lit")
    assert set(lit.evaluate_all("marks => marks.map((mark) => mark.dataset.n)")) == {str(order[1])}
    assert lit.count() == 3 + 1 + 1  # three slices, parallel coordinates, learning curves
    said = page.locator("#slices .readout")
    assert said.inner_text().startswith(f"Combination {order[1]}: accuracy 0.9")
    assert said.get_attribute("aria-live") == "polite"
    page.keyboard.press("End")
    assert f"Combination {order[-1]}:" in said.inner_text()
    page.keyboard.press("ArrowUp")
    assert f"Combination {order[-2]}:" in said.inner_text()
    page.keyboard.press("Escape")
    assert lit.count() == 0
    assert said.inner_text().startswith("Point at")
    assert len(heard) == 1


def test_pointing_near_a_thin_line_lights_it(opened):
    page = opened[0]("grid")
    chart = page.locator("svg.parallel")
    chart.scroll_into_view_if_needed()
    x, y = chart.evaluate("""(svg) => {
      const [x, y] = svg.querySelector(".top").getAttribute("points").split(" ").at(-1).split(",").map(Number);
      const place = new DOMPoint(x, y - 3).matrixTransform(svg.getScreenCTM());
      return [place.x, place.y];
    }""")
    page.mouse.move(x, y)
    best = grid().best.number
    assert page.locator("#parallel .readout").inner_text().startswith(f"Combination {best}:")
    page.mouse.move(5, 5)
    assert page.locator(".lit").count() == 0


@pytest.mark.parametrize("name", SWEEPS)
def test_nothing_makes_the_page_scroll_sideways(opened, name):
    page = opened[0](name)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; each.hidden = false; })")
    for width in (320, 360, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["grid", "sampled", "failed"])
def test_every_text_stands_out_from_what_is_behind_it(opened, name, scheme):
    page = opened[0](name, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; each.hidden = false; })")
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_scores_rise_in_contrast_to_the_paper(opened, scheme):
    """Whoever sees no red and green sees the lightness."""
    contrasts = opened[0]("grid", color_scheme=scheme).evaluate("""() => {
      const light = (colour) => { const c = colour.match(/[\\d.]+/g).slice(0, 3).map((v) => { v /= 255;
        return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
        return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; };
      const paper = light(getComputedStyle(document.documentElement).backgroundColor);
      return [...document.querySelector(".shades svg").children].map((patch) => {
        const own = light(getComputedStyle(patch).fill);
        return (Math.max(own, paper) + 0.05) / (Math.min(own, paper) + 0.05);
      });
    }""")
    assert contrasts == sorted(contrasts)
    assert contrasts[0] >= 3  # as WCAG 2.2 asks of what is no text


def test_without_a_script_the_page_can_be_read(browser, files):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files["grid"].as_uri())
    assert column(page, 1)[0] == str(grid().best.number)
    assert page.locator("table.sortable button").count() == 0
    assert not page.locator(".chooser").is_visible()
    assert page.locator(".readout:visible").count() == 0  # nothing promises what would not work
    assert page.locator(".two table:visible").count() == 1
    page.locator(".two summary").nth(1).click()
    assert page.locator(".two table:visible").count() == 2
    context.close()


@pytest.mark.parametrize("name", ["grid", "sampled"])
def test_headings_go_down_one_level_at_a_time_and_charts_say_what_they_are(opened, name):
    page = opened[0](name)
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert page.evaluate(
        "[...document.querySelectorAll('svg')].every((s) => s.ariaHidden === 'true' || s.querySelector('title, desc'))"
    )
    assert page.evaluate(
        "[...document.querySelectorAll('thead th')].every((th) => th.textContent.trim() || th.closest('.shares'))"
    )
    scrolled = "[...document.querySelectorAll('.scroll, .marks')].filter((e) => e.scrollWidth > e.clientWidth + 1)"
    assert page.evaluate(f"{scrolled}.every((e) => e.tabIndex === 0)")
