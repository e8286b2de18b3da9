"""The lessons from the loss to a network of one's own, in a real browser: their figures, one change each, questions, and looks."""

import itertools
import math
import re
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from tests.browser.studio_pages import nothing_grave, run_named, until

from glassnet.lessons import find

LESSONS = ("loss", "fitting", "stopping", "augmentation", "precision", "tasks", "building")


def figure(page, name):
    """The big number of a card by the name that stands above it."""
    return page.locator(".lesson-figure").filter(has_text=name).locator(".big")


def rounded(value):
    """A number with three decimals as a page writes it: halves go up."""
    return str(Decimal(float(value)).quantize(Decimal("0.001"), ROUND_HALF_UP))


def shows(page, name, text):
    """Wait until a card shows a text."""
    figure(page, name).get_by_text(text, exact=True).wait_for(timeout=10_000)


def slide(page, label, value):
    """Put a slider at a value as a hand does: the page hears every change."""
    page.get_by_role("slider", name=label).evaluate(
        "(each, value) => { each.value = value; each.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(value),
    )


@pytest.fixture
def lesson(opened):
    """Return a function that opens a lesson, and at the end tell what its page complained of."""
    opening, heard = opened

    def open_(name, query="", **settings):
        return opening(f"/lesson/{name}{query}", ".piece", **settings)

    yield open_
    assert heard == []


def test_loss_one_number_and_a_ball(lesson):
    page = lesson("loss")
    shows(page, "loss: −ln", f"{-math.log(math.exp(2) / sum(map(math.exp, (2, 1, 0.1)))):.3f}")
    page.get_by_role("button", name="dog", exact=True).click()
    shows(page, "loss: −ln", f"{-math.log(math.exp(1) / sum(map(math.exp, (2, 1, 0.1)))):.3f}")
    slide(page, "value for dog", 3)
    shows(page, "loss: −ln", f"{-math.log(math.exp(3) / sum(map(math.exp, (2, 3, 0.1)))):.3f}")
    told = page.locator(".ball-told")
    slope = 1.6**3 - 1.6 + 0.15
    told.get_by_text(f"x: 1.6 − 0.05 × {slope:.3f} = {1.6 - 0.05 * slope:.3f}; y: 1 − 0.05 × 1 = 0.95").wait_for()
    page.get_by_role("button", name="One step").click()
    told.get_by_text(f"Step 1: x = {1.6 - 0.05 * slope:.3f}").wait_for()
    rate = page.get_by_role("slider", name="learning rate")
    rate.press("End")
    for _ in range(2):
        rate.press("ArrowLeft")
    page.get_by_role("button", name="Roll").click()
    told.get_by_text("The learning rate is too large").wait_for(timeout=15_000)
    until(page, "location.search.includes('rate=2')")
    for _ in range(6):
        rate.press("ArrowLeft")
    assert rate.get_attribute("aria-valuetext") == "0.7", "what the page asks to try can be set with the keyboard"


def test_the_ball_rests_in_the_local_minimum_wherever_its_address_is_opened(lesson):
    page = lesson("loss", "?step=200&x=1.9&y=-0.5")
    page.get_by_text("The ball rests in a local minimum").wait_for()
    page.locator(".ball-map").focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    page.locator(".ball-told").get_by_text("Step 0: x = −1.1").wait_for()


def test_fitting_is_over_balanced_and_under(lesson):
    page = lesson("fitting")
    done = page.get_by_text("100 of 100 passes, done")
    done.wait_for(timeout=30_000)
    page.get_by_text("Verdict: overfitting.").wait_for()
    start = {**find("fitting").examples["train"], "passes": 50}
    first = find("fitting").compute("train", start)
    last = find("fitting").compute("train", {**start, "state": first["state"], "curves": first["curves"]})["curves"][-1]
    assert figure(page, "its training points").inner_text() == f"{100 * last['accuracy']:.1f} %"
    assert figure(page, "new points").inner_text() == f"{100 * last['validation_accuracy']:.1f} %"
    slide(page, "training points", 300)
    page.get_by_text("Verdict: balanced.").wait_for(timeout=30_000)
    slide(page, "neurons in two layers", 0)
    page.get_by_text("Verdict: underfitting.").wait_for(timeout=30_000)
    assert "count=300" in page.url
    cells = page.get_by_role("region", name="The tutorial network").locator("td").all_inner_texts()
    assert [cell for cell in cells if cell] == ["1.5187", "0.4464", "1.2385", "0.8461", "0.5554", "0.8053", "0.8843"]
    page.get_by_text("lowest after epoch 9 and 4.5 % higher after the last one").wait_for()


def test_stopping_drops_ends_and_counts(lesson):
    page = lesson("stopping")
    shows(page, "what is kept", "2.00")
    kept = np.array(find("stopping").compute("drop")["training"])
    table = page.get_by_role("region", name="The same values after dropout").locator("tr")
    until(page, "document.querySelectorAll('.grid-cells tr').length >= 6")
    assert [[float(cell) for cell in row.locator("td").all_inner_texts()] for row in table.all()] == kept.round(
        2
    ).tolist()
    shows(page, "training ends after epoch", "8")
    slide(page, "patience", 1)
    shows(page, "training ends after epoch", "4")
    shows(page, "weights are kept of epoch", "3")
    shows(page, "steps in an epoch", "1,563")
    shows(page, "steps in all", "15,630")
    page.get_by_label("batch", exact=True).fill("64")
    shows(page, "steps in an epoch", f"{math.ceil(50_000 / 64):,}")


def test_augmentation_shows_what_training_shows(lesson):
    page = lesson("augmentation")
    page.get_by_label("The picture in epoch 8").wait_for()
    pixels = """(name) => {
      const copy = new OffscreenCanvas(32, 32).getContext('2d', { willReadFrequently: true });
      copy.drawImage(document.querySelector(`[aria-label='${name}'] canvas`), 0, 0);
      return [...copy.getImageData(0, 0, 32, 32).data];
    }"""
    wanted = np.array(
        find("augmentation").compute("vary", {**find("augmentation").examples["vary"], "count": 3})["shown"][2]["bytes"]
    )
    shown = np.array(page.evaluate(pixels, "The picture in epoch 3")).reshape(32, 32, 4)
    assert np.array_equal(shown[:, :, 0], wanted[0])
    page.get_by_role("button", name="Switch all off").click()
    plain = np.array(page.evaluate(pixels, "The picture as it is"))
    until(page, "document.querySelector('.augmented + .row') !== null && location.search.includes('augment')")
    page.wait_for_timeout(300)
    assert np.array_equal(np.array(page.evaluate(pixels, "The picture in epoch 3")), plain)
    slide(page, "brightness", 0.5)
    page.wait_for_timeout(600)
    assert not np.array_equal(np.array(page.evaluate(pixels, "The picture in epoch 3")), plain)


def test_precision_moves_with_the_threshold(lesson):
    page = lesson("precision")
    example = find("precision").examples["threshold"]
    shares, true = np.array(example["shares"]), np.array(example["positive"]) == 1
    for at in (0.5, 0.9, 0.1):
        if at != 0.5:
            slide(page, "answer yes from this share on", at)
        said = shares >= at
        hits = int((said & true).sum())
        shows(page, "precision:", rounded(hits / said.sum()))
        shows(page, "recall:", rounded(hits / true.sum()))
        cells = page.locator(".precision-counts tbody td").all_inner_texts()
        counts = [hits, int((~said & true).sum()), int((said & ~true).sum()), int((~said & ~true).sum())]
        assert [int(re.match(r"\d+", cell)[0]) for cell in cells] == counts


def test_precision_of_ones_own_run(lesson, studio):
    run = run_named(studio, "first")
    page = lesson("precision", f"?run={run['id']}&whose=run")
    answers = studio.json(f"/api/lessons/precision/own?run={run['id']}")["own"]["threshold"]
    page.get_by_role("button", name=f"Your run's {len(answers['shares'])} validation pictures").wait_for()
    said, true = np.array(answers["shares"]) >= answers["threshold"], np.array(answers["positive"]) == 1
    shows(page, "recall:", rounded((said & true).sum() / true.sum()))


def test_five_questions_to_one_picture(lesson):
    page = lesson("tasks")
    page.get_by_text("The answer: 5 boxes: circle, triangle, circle, square, square.").wait_for()
    for title, said in (
        ("classification", "One answer for the whole picture"),
        ("localization", "One box"),
        ("semantic segmentation", "Which class has each pixel?"),
        ("instance segmentation", "A mask for each"),
    ):
        page.get_by_role("button", name=title, exact=True).click()
        page.get_by_text(said).first.wait_for()
    pixels = [
        int(cell.replace(",", ""))
        for cell in page.get_by_role("region", name="Every thing").locator("td:last-child").all_inner_texts()
    ]
    assert pixels == find("tasks").compute("ask", {"task": "instances", "number": 9})["pixels"]
    shows(page, "intersection over union", f"{900 / 2300:.3f}")
    slide(page, "answer: left", 0)
    shows(page, "intersection over union", f"{40 * 30 / (2 * 1600 - 40 * 30):.3f}")
    box = page.locator(".task-boxes .answered")
    box.scroll_into_view_if_needed()
    at = box.bounding_box()
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    page.mouse.down()
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2 - 10 * at["height"] / 40, steps=4)
    page.mouse.up()
    shows(page, "intersection over union", "1.000")


def rows(page):
    """Word, output and parameters of each layer in the list."""
    return [
        (row.locator("code").inner_text(), *row.locator("dd").all_inner_texts()[:2])
        for row in page.locator(".build-layer").all()
    ]


def test_building_the_two_known_networks(lesson):
    page = lesson("building")
    shows(page, "parameters", "122,570")
    table = [("conv", "30×30×32", "896"), ("maxpool", "15×15×32", "0"), ("conv", "13×13×64", "18,496"),
             ("maxpool", "6×6×64", "0"), ("conv", "4×4×64", "36,928"), ("flatten", "1,024", "0"), ("dense", "64", "65,600"),
             ("dense: classes", "10", "650")]  # fmt: skip
    assert rows(page) == table
    page.get_by_role("button", name="flowers", exact=True).click()
    shows(page, "parameters", "3,989,285")
    until(page, "location.search.includes('preset=flowers')")
    page.reload()
    shows(page, "parameters", "3,989,285")


def test_building_by_drag_button_and_keyboard_and_what_does_not_fit(lesson):
    page = lesson("building")
    shows(page, "parameters", "122,570")
    page.get_by_role("button", name="Layer 6, flatten: take out").click()
    page.get_by_role("alert").filter(
        has_text="Layer 6 (dense1) reads a row of values, and 4×4×64 is a map. Put flatten"
    ).wait_for()
    page.get_by_role("button", name=re.compile("^flatten ")).click()
    shows(page, "parameters", "122,570")
    chip = page.get_by_role("button", name=re.compile("^batch_norm ")).bounding_box()
    second = page.locator(".build-layer").nth(1).bounding_box()
    page.mouse.move(chip["x"] + 20, chip["y"] + 10)
    page.mouse.down()
    page.mouse.move(second["x"] + 60, second["y"] + 4, steps=6)
    assert page.locator(".build-layer.put-before").count() == 1
    page.mouse.up()
    until(page, "document.querySelectorAll('.build-layer').length === 9")
    assert [word for word, *_ in rows(page)][:3] == ["conv", "batch_norm", "maxpool"]
    shows(page, "parameters", f"{122_570 + 2 * 32:,}")
    handle = page.get_by_role("button", name=re.compile("^Layer 2, batch_norm: drag"))
    handle.focus()
    page.keyboard.press("ArrowDown")
    until(page, "document.activeElement.getAttribute('aria-label').startsWith('Layer 3, batch_norm')")
    page.keyboard.press("Delete")
    until(page, "document.querySelectorAll('.build-layer').length === 8")
    page.get_by_label("Layer 1, conv: filters").fill("16")
    shows(page, "parameters", f"{122_570 - 16 * 28 - 16 * 9 * 64:,}")
    page.get_by_label("Layer 5, conv: kernel").fill("9")
    page.get_by_role("alert").filter(has_text="Layer 5 (conv3)").wait_for()
    until(page, "(new URLSearchParams(location.search).get('layers') || '').includes('9')")
    page.reload()
    page.get_by_role("alert").filter(has_text="Layer 5 (conv3)").wait_for()


def test_a_network_of_ones_own_is_tried_and_trained(lesson, studio):
    page = lesson("building", "?preset=mini")
    page.get_by_role("button", name="Learn X and O").click()
    layers = find("building").compute(
        "preset", {"name": "mini", "height": 32, "width": 32, "channels": 3, "classes": 10}
    )["layers"]
    page.locator(".lesson-figure").filter(has_text="right of new ones").get_by_text("loss").wait_for(timeout=20_000)
    found = find("building").compute("train", {"layers": layers, "side": 32, "rate": 0.001, "passes": 5, "seed": 0})
    assert figure(page, "right of new ones").inner_text() == f"{100 * found['new_accuracy']:.1f} %"
    page.get_by_role("button", name=re.compile("^dropout ")).click()
    page.get_by_label("epochs", exact=True).fill("1")
    page.get_by_text("600 pictures, 2 classes").wait_for()
    page.get_by_role("button", name="Train it", exact=True).click()
    page.wait_for_url("**/run/*", timeout=60_000)
    page.locator(".state.done").wait_for(timeout=60_000)
    run = studio.json(f"/api/runs/{page.url.rsplit('/', 1)[1]}")
    assert [next(iter(layer)) if isinstance(layer, dict) else layer for layer in run["settings"]["network"]][-2:] == [
        "dropout",
        "dense",
    ]
    assert run["settings"]["data.size"] == [32, 32]


@pytest.mark.parametrize(
    ("name", "query", "wanted"),
    [
        ("building", "?layers=[1,null,[]]&shape=[1]", "122,570"),
        ("loss", "?logits=[1,%22x%22]&truth=0", "0.417"),
        ("stopping", "?scores=[%22a%22]&values=[null]", "8"),
        ("tasks", "?box=[1,2]", "0.391"),
    ],
)
def test_an_address_that_somebody_changed_by_hand_shows_the_beginning(lesson, name, query, wanted):
    page = lesson(name, query)
    page.locator(".lesson-figure .big").get_by_text(wanted, exact=True).first.wait_for()


@pytest.mark.parametrize("name", LESSONS)
def test_a_question_is_checked_right_and_wrong(lesson, name):
    page = lesson(name)
    question = find(name).questions(None, 0)[0]
    card = page.locator(".questions-asked li").first
    card.get_by_role("textbox").fill("-12345")
    card.get_by_role("button", name="Check").click()
    card.locator(".verdict.bad").wait_for()
    card.get_by_role("textbox").fill(str(question.answer))
    card.get_by_role("button", name="Check").click()
    card.locator(".verdict.good").wait_for()


@pytest.mark.parametrize("name", LESSONS)
def test_axe_finds_nothing_serious_and_nothing_is_too_wide(lesson, name):
    page = lesson(name, reduced_motion="reduce", bypass_csp=True)
    page.wait_for_timeout(900)
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        nothing_grave(page)
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
