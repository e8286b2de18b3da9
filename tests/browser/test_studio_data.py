"""The page Data in a real browser: findings with their pictures, numbers, and what augmentation shows the network."""

import re

import pytest
from tests.browser.studio_pages import nothing_grave, until
from tests.studio.serving import served
from tests.studio.spoiled_set import spoil

LOADED = """[...document.querySelectorAll("main img")].every((image) =>
  image.loading === "lazy" || (image.complete && image.naturalWidth > 0))"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with served(tmp_path_factory.mktemp("runs"), spoil(tmp_path_factory.mktemp("root"))) as found:
        yield found


@pytest.fixture(scope="module")
def pets(studio):
    return next(one["id"] for one in studio.json("/api/data")["sets"] if one["name"] == "pets")


def test_from_choosing_pictures_to_the_picture_under_two_labels(opened):
    opening, heard = opened
    page = opening("/data")
    page.get_by_role("radio", name=re.compile("^pets")).check()
    page.get_by_text("Recognised: folder per class").wait_for()
    page.get_by_role("button", name="Look at these pictures").click()
    page.get_by_role("heading", name="pets", exact=True).wait_for(timeout=60_000)
    two = page.get_by_role("button", name=re.compile("under two labels"))
    assert two.get_attribute("aria-expanded") == "true"  # the gravest stands open
    page.get_by_text("Why it matters.").wait_for()
    pair = page.locator(".look-alike")
    assert sorted(pair.locator("figcaption strong").all_inner_texts()) == ["cat", "dog"]
    assert "<img src=x onerror=alert(1)>.png" in pair.inner_text()
    assert page.locator("[onerror]").count() == 0
    pair.locator("img").first.scroll_into_view_if_needed()
    until(page, "[...document.querySelectorAll('.look-alike img')].every((image) => image.naturalWidth === 48)")
    near = page.get_by_role("button", name=re.compile("nearly the same"))
    near.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**finding=near_duplicates**")
    assert two.get_attribute("aria-expanded") == "false"
    page.reload()
    page.get_by_text("near.jpg").first.wait_for(timeout=30_000)
    page.go_back()
    page.get_by_text("Kept out of everything").wait_for()
    assert heard == []


def test_numbers_are_those_of_the_split(opened, studio, pets):
    page = opened[0](f"/data/{pets}?part=counts", "main table")
    found = studio.json(f"/api/audit/{pets}")["found"]
    rows = page.locator("table").first.locator("tbody tr")
    for number, row in enumerate(found["sides"]):
        cells = rows.nth(number).locator("td.number").all_inner_texts()
        sides = [row[side] for side in ("train", "validation", "test", "none")]
        assert [int(cell) for cell in cells] == [*sides, sum(sides)]
    widths = page.evaluate(
        "[...document.querySelectorAll('.side-bars rect.train[x]')].map((bar) => Number(bar.getAttribute('width')))"
    )
    trained = [row["train"] for row in found["sides"]]
    assert widths[0] / widths[1] == pytest.approx(trained[0] / trained[1], rel=0.02)


def test_one_picture_is_followed_through_the_epochs(opened, pets):
    opening, heard = opened
    page = opening(f"/data/{pets}?part=pictures&side=train", "main figure")
    page.locator("main figure a").nth(2).click()
    page.get_by_role("link", name="See what training makes of it").click()
    draws = page.locator(".epoch-draws img")
    draws.first.wait_for()
    assert draws.count() == 12
    until(page, LOADED)
    picture = page.url.partition("picture=")[2]
    assert f"/varied/{picture}/1.png" in draws.nth(1).get_attribute("src")
    for name in ("flip", "rotate", "zoom", "shift", "brightness", "contrast"):
        field = page.get_by_label(name, exact=True)
        field.select_option("none") if name == "flip" else field.fill("0")
    page.get_by_text("Nothing is varied").wait_for()
    until(page, LOADED)
    same = """() => {
      const pixels = (image) => {
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const pen = canvas.getContext("2d");
        pen.drawImage(image, 0, 0);
        return pen.getImageData(0, 0, canvas.width, canvas.height).data.join();
      };
      return new Set([...document.querySelectorAll(".epoch-draws img")].map(pixels)).size;
    }"""
    assert page.evaluate(same) == 1
    page.get_by_label("rotate", exact=True).fill("90")
    page.get_by_text("Varied by rotate 90 degrees").wait_for()
    until(page, LOADED)
    assert page.evaluate(same) == 12
    page.get_by_role("button", name="Later epochs").click()
    page.get_by_text("epoch 12", exact=True).wait_for()
    page.reload()
    page.get_by_text("Varied by rotate 90 degrees").wait_for()
    page.get_by_text("epoch 22", exact=True).wait_for()
    page.get_by_role("link", name="Train with these settings").click()
    page.get_by_role("heading", name="Start a training").wait_for()
    page.get_by_role("radio", name=re.compile("^pets")).wait_for()
    assert page.get_by_role("radio", name=re.compile("^pets")).is_checked()
    assert page.locator("#field-augment-rotate").input_value() == "90"
    assert heard == []


def test_a_setting_that_does_not_fit_is_told_and_the_last_pictures_stay(opened, pets):
    page = opened[0](f"/data/{pets}?part=varied", ".epoch-draws img")
    page.get_by_label("rotate", exact=True).fill("400")
    page.get_by_role("alert").filter(has_text="augment.rotate").wait_for()
    assert page.locator(".epoch-draws img").count() == 12
    assert page.locator("#field-augment-rotate").get_attribute("aria-invalid") == "true"


def test_masks_and_boxes_are_drawn_and_the_question_can_be_changed(opened):
    opening, heard = opened
    page = opening("/data/shapes?part=pictures", "main figure img")
    assert page.get_by_label("Colours of the classes").get_by_role("listitem").count() == 3
    until(page, "document.querySelector('main figure img').naturalWidth > 100")
    page.get_by_label("The question").select_option("segment")
    page.wait_for_url("**task=segment**")
    page.locator("main figure img").first.wait_for(timeout=60_000)
    page.get_by_role("link", name="What the network is shown").click()
    page.locator(".epoch-draws.drawn img").first.wait_for()
    until(page, LOADED, 60)
    assert heard == []


def test_a_set_that_is_not_there_is_told(opened):
    page = opened[0]("/data/0123456789abcdef", "main .wrong")
    assert "not there" in page.get_by_role("alert").inner_text()


PARTS = ("", "?part=counts", "?part=pictures&picture=3", "?part=varied")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", PARTS)
def test_everybody_can_use_it(opened, pets, part, scheme):
    page = opened[0](
        f"/data/{pets}{part}", ".page-parts", color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    page.wait_for_timeout(400)
    nothing_grave(page)
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    nothing_grave(page)
