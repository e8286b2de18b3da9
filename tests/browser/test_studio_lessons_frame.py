"""What every lesson's page shares: the list, one's own run, questions with their check, the way on, and the address as the state."""

import re

import pytest
from tests.browser.studio_pages import nothing_grave, until
from tests.studio.conftest import NASTY

from glassnet.lessons import NAMES, find

SHORT = {"width": 390, "height": 800}


def test_from_the_list_through_a_question_to_the_next_lesson(opened, studio):
    opening, heard = opened
    page = opening("/lessons", ".lessons li")
    assert page.locator(".lessons a").all_inner_texts() == [find(name).title for name in NAMES]
    runs = studio.json("/api/lessons")["runs"]
    until(page, f"location.search === '?run={runs[0]['id']}'")  # the newest run is taken as the reader's own
    page.get_by_label("Your run").select_option(label="first: mini on photos")
    first = next(run["id"] for run in runs if run["name"] == "first")
    page.get_by_role("link", name=find("pixels").title).click()
    page.get_by_role("heading", name=find("pixels").title, level=1).wait_for()
    assert f"run={first}" in page.url
    page.get_by_text("They are made of the numbers of your run first and of its picture").wait_for(timeout=60_000)
    question = page.locator(".questions-asked li").first
    assert "16 pixels high and 16 wide, in 3 colours" in question.inner_text()
    box = question.get_by_role("textbox")
    box.fill("256")
    page.keyboard.press("Enter")
    question.locator(".verdict.bad").wait_for()
    assert "Each has a number for every colour" in question.inner_text()
    assert "768" not in question.inner_text(), "a wrong answer may be tried again"
    question.get_by_role("button", name="Show the answer").click()
    assert "The answer is 768" in question.inner_text()
    box.fill("768")
    question.get_by_role("button", name="Check").click()
    question.locator(".verdict.good").wait_for()
    assert "16 × 16 × 3 = 768" in question.inner_text()
    page.get_by_role("link", name=find("tensors").title).click()
    page.get_by_role("heading", name="Tensors", level=1).wait_for()
    assert f"run={first}" in page.url
    assert page.title() == "Tensors · Glassnet studio"
    page.go_back()
    page.get_by_role("heading", name=find("pixels").title, level=1).wait_for()
    assert heard == []


def test_other_questions_have_an_address_of_their_own(opened):
    opening, heard = opened
    page = opening("/lesson/perceptron?run=none", ".questions-asked li")
    first = page.locator(".questions-asked li").first.inner_text()
    page.get_by_role("button", name="Other questions").click()
    until(page, "location.search.includes('seed=1')")
    until(page, f"document.querySelector('.questions-asked li').innerText !== {first!r}")
    second = page.locator(".questions-asked li").first.inner_text()
    page.reload()
    page.wait_for_selector(".questions-asked li")
    assert page.locator(".questions-asked li").first.inner_text() == second
    page.go_back()
    until(page, f"document.querySelector('.questions-asked li').innerText === {first!r}")
    question = page.locator(".questions-asked li").nth(2)
    question.get_by_role("button", name="and", exact=True).click()
    question.locator(".verdict.bad").wait_for()
    question.get_by_role("button", name="xor").click()
    question.locator(".verdict.good").wait_for()
    assert heard == []


def test_a_run_named_like_markup_is_text(opened, studio):
    opening, heard = opened
    run = next(run for run in studio.json("/api/lessons")["runs"] if run["name"] == NASTY)
    page = opening(f"/lesson/dense?run={run['id']}", ".questions-asked li")
    page.get_by_text(f"your run {NASTY}").wait_for()
    assert page.locator("main img, main [onerror]").count() == 0
    assert heard == []


def test_what_is_not_there_is_said(opened):
    opening, _ = opened
    page = opening("/lesson/nothing", ".wrong")
    assert "There is no such lesson" in page.get_by_role("alert").inner_text()
    page = opening(f"/lesson/dense?run={'0' * 16}", ".questions .wrong")
    assert "not in the ledger" in page.get_by_role("alert").inner_text()
    page = opening("/lesson/dense?side=broken&hidden=%5B", ".lesson-figure .big")
    until(page, "document.querySelector('.lesson-figure .big').innerText === '120,000'")


def test_a_state_is_kept_in_the_address_and_the_way_back_leads_to_it(opened):
    opening, heard = opened
    page = opening("/lesson/dense?run=none", ".questions-asked li")
    page.get_by_label("Height and width").fill("28")
    until(page, "location.search.includes('side=28')")
    page.get_by_text("2,352").first.wait_for()
    page.get_by_label("Height and width").fill("200")  # the beginning needs no words
    until(page, "!location.search.includes('side')")
    page.evaluate("history.pushState(null, '', '?run=none&side=100'); dispatchEvent(new PopStateEvent('popstate'))")
    page.get_by_text("30,000").wait_for()
    page.go_back()
    page.get_by_text("120,000").wait_for()
    assert heard == []


def test_a_slider_that_rushes_asks_one_question_at_a_time_and_ends_with_the_newest(opened):
    opening, _ = opened
    page = opening("/lesson/dense?run=none", ".questions-asked li")
    page.wait_for_load_state("networkidle")
    asked, open_now, most = [], [0], [0]

    def slowly(route):
        open_now[0] += 1
        most[0] = max(most[0], open_now[0])
        asked.append(route.request.post_data_json["hidden"])
        page.wait_for_timeout(120)
        open_now[0] -= 1
        route.continue_()

    page.route("**/compute/network", slowly)
    slider = page.get_by_label("Hidden neurons", exact=False).first
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    page.get_by_text(f"{50 * 50 * 130 + 130 + 2 * 130 + 2:,}", exact=True).first.wait_for()
    assert most[0] == 1
    assert asked[-1] == 130
    assert len(asked) < 20


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_list(opened, scheme):
    for address, place in (("/lessons", ".lessons li"), ("/lesson/nothing", ".wrong")):
        page = opened[0](address, place, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
        nothing_grave(page)


def test_nothing_scrolls_sideways_on_a_phone(opened):
    page = opened[0]("/lessons", ".lessons li", viewport=SHORT)
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert re.fullmatch(r"Lessons", page.locator("h1").inner_text())
