"""Lessons 1 to 5: pixels, tensors, dense, perceptron, playground. Each begins with its figures and answers to a change rightly."""

import io
import itertools
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from tests.browser.studio_pages import nothing_grave, until

from glassnet.data.builtin import shapes, xo
from glassnet.explain.what_if import changed
from glassnet.lessons import find
from glassnet.studio.glass_source import drawn

HERE = ("pixels", "tensors", "dense", "perceptron", "playground")


def lesson(opened, name, query="", **settings):
    page = opened[0](f"/lesson/{name}?run=none{query}", ".questions-asked li", **settings)
    page.wait_for_selector(".lesson .piece")
    page.wait_for_load_state("networkidle")
    return page


def piece(page, title):
    return page.get_by_role("region", name=title, exact=True)


def shows(page, title, *texts):
    for text in texts:
        piece(page, title).get_by_text(text, exact=True).first.wait_for()


def test_pixels_under_the_pointer_are_the_bytes_of_the_picture(opened):
    page = lesson(opened, "pixels")
    x = xo.draw(2)[0][1]
    shows(page, "A picture is numbers", f"{x.size:,}")
    part = piece(page, "A picture is numbers")
    assert f"Row 16, column 16: grey {x[16, 16, 0]}." in part.inner_text()
    picture = part.locator(".lesson-picture")
    box = picture.bounding_box()
    page.mouse.move(box["x"] + box["width"] * (7.5 / 32), box["y"] + box["height"] * (20.5 / 32))
    part.get_by_text(f"Row 20, column 7: grey {x[20, 7, 0]}.").wait_for()
    part.get_by_text(f"In the network: {x[20, 7, 0] / 255:.3f}.").wait_for()
    window = np.array(
        [[int(c) for c in row.split()] for row in part.locator("table.grid-cells").inner_text().splitlines()]
    )
    assert (window == x[17:24, 4:11, 0]).all()
    picture.focus()
    page.keyboard.press("ArrowDown")
    part.get_by_text(f"Row 21, column 7: grey {x[21, 7, 0]}.").wait_for()
    part.get_by_role("button", name="shapes").click()
    s = shapes.draw(2)[0][1]
    part.get_by_text("27,648").wait_for()
    red, green, blue = s[21, 7]
    part.get_by_text(f"Row 21, column 7: red {red}, green {green}, blue {blue}.").wait_for()
    assert part.locator("table.grid-cells").count() == 3
    part.get_by_role("button", name="green").click()
    until(page, "document.querySelectorAll('table.grid-cells').length === 1")
    assert opened[1] == []


def test_pixels_a_shift_by_one_changes_almost_all_numbers(opened):
    page = lesson(opened, "pixels")
    x = xo.draw(2)[0][1]
    title = "The same to you, different to the computer"
    shows(page, title, f"{(changed(x, 'shift', 1) != x).sum():,} of {x.size:,}")
    piece(page, title).get_by_role("button", name="rotate").click()
    piece(page, title).get_by_label("By").fill("-30")
    shows(page, title, f"{(changed(x, 'rotate', -30) != x).sum():,} of {x.size:,}")
    assert opened[1] == []


def test_pixels_of_a_dropped_file_a_drawing_and_the_run(opened, studio):
    page = lesson(opened, "pixels")
    held = io.BytesIO()
    Image.fromarray(np.full((10, 20, 3), (9, 120, 250), np.uint8)).save(held, "PNG")
    part = piece(page, "A picture is numbers")
    part.locator("input[type=file]").set_input_files(
        {"name": "<img onerror=alert(1)>.png", "mimeType": "image/png", "buffer": held.getvalue()}
    )
    part.get_by_text("red 9, green 120, blue 250.").wait_for()
    part.get_by_text("10 × 20 pixels in three colours").wait_for()
    part.locator("input[type=file]").set_input_files(
        {"name": "no.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    part.get_by_role("alert").wait_for()
    part.get_by_role("button", name="draw one").click()
    part.get_by_text("28 × 28 pixels in one colour").wait_for()
    pad = part.locator(".lesson-drawing canvas").bounding_box()
    page.mouse.move(pad["x"] + 10, pad["y"] + pad["height"] / 2)
    page.mouse.down()
    page.mouse.move(pad["x"] + pad["width"] - 10, pad["y"] + pad["height"] / 2, steps=6)
    page.mouse.up()
    part.locator(".lesson-picture").focus()
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    part.get_by_text("Row 14, column 16: grey 255.").wait_for()
    until(page, "location.search.includes('at=%5B14')")
    drawing = drawn(parse_qs(urlsplit(page.url).query)["picture"][0])  # the server reads what the address says
    assert drawing.shape == (28, 28, 1) and drawing[14, 16] == 255 and drawing[4, 16] == 0
    page.reload()
    page.get_by_text("Row 14, column 16: grey 255.").wait_for()
    run = next(run["id"] for run in studio.json("/api/lessons")["runs"] if run["name"] == "first")
    own = opened[0](f"/lesson/pixels?run={run}", ".questions-asked li")
    seen = studio.json(
        "/api/lessons/pixels/compute/look", {"picture": {"run": run, "seed": 0}, "row": 15, "column": 15}
    )
    red, green, blue = seen["pixel"]["bytes"]
    own.get_by_text(f"Row 15, column 15: red {red}, green {green}, blue {blue}.").wait_for()


def test_tensors_rank_index_reshape_and_broadcasting(opened):
    page = lesson(opened, "tensors")
    shows(page, "Rank, shape, and a place in it", "4", "[3, 2, 4, 5]", "120")
    part = piece(page, "Rank, shape, and a place in it")
    part.get_by_text("tensor[2, 1, 3, 4] is the number 119.").wait_for()
    assert part.locator("td.picked").all_inner_texts() == ["119"]
    part.get_by_role("button", name="One index less").click()
    part.get_by_text("tensor[2, 1, 3] is a tensor of shape [5].").wait_for()
    assert part.locator("td.picked").all_inner_texts() == ["115", "116", "117", "118", "119"]
    part.get_by_label("Length of axis 3").fill("3")
    shows(page, "Rank, shape, and a place in it", "[3, 2, 4, 3]", "72")
    part = piece(page, "Reshape: the same numbers in another block")
    part.get_by_label("From [3, 2, 4, 5] to").fill("7, 20")
    part.get_by_role("alert").filter(has_text="120 values do not fit into the shape [7, 20]").wait_for()
    part.get_by_label("From [3, 2, 4, 5] to").fill("-1, 8")
    part.get_by_text("Shape [15, 8], rank 2.").wait_for()
    rows = part.locator("table.grid-cells").inner_text().splitlines()
    assert [int(c) for c in rows[-1].split()] == np.arange(120).reshape(15, 8)[-1].tolist()
    part = piece(page, "Broadcasting: a short axis is repeated")
    part.get_by_role("button", name="[4, 1] + [1, 5]").click()
    part.get_by_text("Together [4, 5]: the first repeated along axis 1, the second repeated along axis 0.").wait_for()
    rows = part.locator("table.grid-cells").last.inner_text().splitlines()
    assert [[int(c) for c in row.split()] for row in rows] == (np.arange(4)[:, None] + np.arange(5)).tolist()
    part.get_by_role("button", name="[4, 5] + [4]").click()
    part.get_by_role("alert").filter(has_text="do not go together").wait_for()
    assert [text for text in opened[1] if "422" not in text] == []


def test_dense_counts_are_those_of_the_figures(opened):
    page = lesson(opened, "dense")
    shows(page, "One neuron that sees every pixel", "120,000", "27")
    assert "2,352 weights" in piece(page, "One neuron that sees every pixel").inner_text()
    shows(page, "A small network, counted", "250,302", "2,500 · 100 + 100 + 2 · 100 + 2 = 250,302")
    shows(page, "The weights as matrices", "[8×5]", "[5×1]")
    part = piece(page, "One neuron that sees every pixel")
    part.get_by_label("Height and width").fill("28")
    shows(page, "One neuron that sees every pixel", "2,352")
    part.get_by_label("Colours").fill("1")
    shows(page, "One neuron that sees every pixel", "784")
    piece(page, "The weights as matrices").get_by_label("Hidden neurons of this network").fill("6")
    shows(page, "The weights as matrices", "[8×6]", "[6×1]", str(8 * 6 + 6 + 6 + 1))
    assert opened[1] == []


def test_perceptron_sums_bends_and_separates(opened):
    page = lesson(opened, "perceptron")
    part = piece(page, "One neuron")
    total = part.locator("tfoot tr")
    total.filter(has_text=re.compile(r"after ReLU\s*0.70")).wait_for()
    part.get_by_label("Inputs, row 0, column 2").fill("-2")
    total.filter(has_text=re.compile(r"= sum\s*−0.30")).wait_for()
    total.filter(has_text=re.compile(r"after ReLU\s*0.00")).wait_for()
    part = piece(page, "The bend: activation functions")
    shows(page, "The bend: activation functions", "2.00")
    part.get_by_label("Function").select_option("sigmoid")
    shows(page, "The bend: activation functions", f"{1 / (1 + np.exp(-2)):.2f}")
    part.get_by_label("Sum that comes in").fill("-1.5")
    shows(page, "The bend: activation functions", f"{1 / (1 + np.exp(1.5)):.2f}")
    title = "What one line can separate"
    shows(page, title, "4 of 4", "This is and.")
    piece(page, title).get_by_role("button", name="xor").click()
    shows(page, title, "1 of 4")
    piece(page, title).get_by_label("The neuron's bias").fill("-0.5")
    shows(page, title, "3 of 4", "This is or.")
    assert opened[1] == []


def test_playground_learns_while_one_looks_on(opened):
    page = lesson(opened, "playground")
    start = find("playground").compute("train", {**find("playground").examples["train"], "passes": 0})
    standing = page.locator(".play-standing")
    until(page, "document.querySelector('.play-standing').innerText.startsWith('After 0 passes')")
    assert f"{100 * start['accuracy']:.0f} % of the training points" in standing.inner_text()
    assert page.locator(".play-field .point").count() == 120
    before = page.evaluate("document.querySelector('.play-field canvas').toDataURL()")
    page.get_by_role("button", name="Start", exact=True).click()
    until(page, "Number(/After (\\d+)/.exec(document.querySelector('.play-standing').innerText)[1]) >= 25", 60)
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(400)
    passes = int(re.search(r"After (\d+)", standing.inner_text()).group(1))
    done = None  # the same passes in Python, one call each as the page does
    for _ in range(passes):
        given = {**find("playground").examples["train"], "passes": 1} | ({"state": done["state"]} if done else {})
        done = find("playground").compute("train", given)
    assert f"{100 * done['accuracy']:.0f} % of the training points" in standing.inner_text()
    shows(page, "How it learns", f"{done['loss']:.3f}", f"{done['new_loss']:.3f}")
    assert done["accuracy"] > 0.9 > start["accuracy"]
    assert page.evaluate("document.querySelector('.play-field canvas').toDataURL()") != before
    page.get_by_role("button", name="One pass").click()
    until(page, f"document.querySelector('.play-standing').innerText.startsWith('After {passes + 1} ')")
    page.get_by_role("button", name="Start anew").click()
    until(page, "document.querySelector('.play-standing').innerText.startsWith('After 0 ')")
    for _ in range(2):
        page.get_by_role("button", name="Remove a hidden layer").click()
    page.get_by_text("6 weights and biases").wait_for()
    until(page, "location.search.includes('hidden=%5B%5D')")
    page.reload()
    page.get_by_text("6 weights and biases").wait_for()
    assert opened[1] == []


@pytest.mark.parametrize(
    "settings",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 800}}],
    ids=["light", "dark", "phone"],
)
@pytest.mark.parametrize("name", HERE)
def test_axe_finds_nothing_serious(opened, name, settings):
    page = lesson(opened, name, reduced_motion="reduce", bypass_csp=True, **settings)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    nothing_grave(page)
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert opened[1] == []
