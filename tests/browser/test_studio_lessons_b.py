"""The lessons from convolution to softmax in a browser: the published figures, and a change of each with the number worked out here."""

import math
import re

import pytest
from tests.browser.studio_pages import nothing_grave, run_named, until

SIZES = ("width", "height")
LESSONS = ("convolution", "filters", "stride", "relu", "pooling", "vote", "softmax")
RED = [[7, 91, 9, 164], [87, 221, 66, 13], [29, 34, 1, 81], [4, 87, 72, 45]]
GREEN = [[99, 15, 3, 47], [51, 114, 19, 82], [189, 74, 255, 2], [48, 10, 147, 79]]
BLUE = [[187, 234, 168, 2], [88, 29, 172, 71], [92, 58, 9, 110], [62, 47, 69, 5]]
FILTERS = [[[0, 1], [1, 0]], [[0, 1], [1, 1]], [[0, 0], [1, 1]]]
MAP_A = """
 0.77 -0.11  0.11  0.33  0.55 -0.11  0.33
-0.11  1.00 -0.11  0.33 -0.11  0.11 -0.11
 0.11 -0.11  1.00 -0.33  0.11 -0.11  0.55
 0.33  0.33 -0.33  0.55 -0.33  0.33  0.33
 0.55 -0.11  0.11 -0.33  1.00 -0.11  0.11
-0.11  0.11 -0.11  0.33 -0.11  1.00 -0.11
 0.33 -0.11  0.55  0.33  0.11 -0.11  0.77
"""
POOLED_A = [
    ["1.00", "0.33", "0.55", "0.33"],
    ["0.33", "1.00", "0.33", "0.55"],
    ["0.55", "0.33", "1.00", "0.11"],
    ["0.33", "0.55", "0.11", "0.77"],
]


def slid(picture, kernel):
    """The map of a filter over a picture, in plain Python."""
    k = len(kernel)
    return [
        [
            sum(picture[y + i][x + j] * kernel[i][j] for i in range(k) for j in range(k))
            for x in range(len(picture[0]) - k + 1)
        ]
        for y in range(len(picture) - k + 1)
    ]


def summed(*maps):
    return [[sum(values) for values in zip(*rows, strict=True)] for rows in zip(*maps, strict=True)]


def texts(rows):
    return [[str(value).replace("-", "−") for value in row] for row in rows]


def grid(page, label):
    """What a small table of numbers shows, cell by cell."""
    table = page.locator(f"table[aria-label='{label}']")
    table.wait_for()
    return table.evaluate(
        """(table) => [...table.rows].map((row) => [...row.cells].map(
          (cell) => (cell.querySelector('input') || {}).value || cell.innerText.trim()))"""
    )


def becomes(page, label, rows):
    """Wait until a table shows these numbers; what it shows else is the message."""
    for _ in range(100):
        if grid(page, label) == rows:
            return
        page.wait_for_timeout(50)
    assert grid(page, label) == rows


def says(page, text):
    """Wait until the page announces a text."""
    page.get_by_role("status").filter(has_text=text).first.wait_for()


def typed(page, label, text):
    page.get_by_label(label, exact=True).fill(text)


def cell(page, label, row, column):
    return page.locator(f"table[aria-label='{label}'] tr").nth(row).locator("td").nth(column)


def slide(page, label, value, piece=None):
    """Move a slider as a hand does: to a value, with the event that a browser sends."""
    where = page if piece is None else page.get_by_role("region", name=piece)
    where.get_by_label(re.compile(f"^{label}")).and_(page.locator("input[type=range]")).evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', { bubbles: true })); }",
        str(value),
    )


def test_convolution_over_three_colours(opened):
    opening, heard = opened
    page = opening("/lesson/convolution", "table[aria-label=Map]")
    parts = [slid(picture, kernel) for picture, kernel in zip((RED, GREEN, BLUE), FILTERS, strict=True)]
    assert grid(page, "Map") == texts(summed(*parts)) and summed(*parts)[0][0] == 475
    says(page, "178 + 180 + 117 = 475")
    page.get_by_role("button", name="Next place").click()
    says(page, f"{parts[0][0][1]} + {parts[1][0][1]} + {parts[2][0][1]} = 567")
    cell(page, "Map", 2, 1).click()
    says(page, f"{parts[0][2][1]} + {parts[1][2][1]} + {parts[2][2][1]} = {summed(*parts)[2][1]}")
    typed(page, "Filter, red, row 1, column 1", "-2")
    changed = summed(slid(RED, [[0, 1], [1, -2]]), *parts[1:])
    becomes(page, "Map", texts(changed))
    until(page, "location.search.includes('filter=')")
    page.reload()
    becomes(page, "Map", texts(changed))
    assert heard == []


def test_convolution_with_a_bias_and_what_a_diagonal_filter_answers(opened):
    opening, heard = opened
    page = opening("/lesson/convolution", "table[aria-label=Map]")
    says(page, "308 + 1 = 309")
    typed(page, "Filter of nine weights, row 1, column 2", "1")
    says(page, f"{308 + 2 * 155} + 1 = {309 + 2 * 155}")
    assert page.get_by_text("Strongest answer: 2").count() == 2
    page.get_by_role("button", name="isolated diagonals only").click()
    page.get_by_text("Strongest answer: 1").wait_for()
    block = slid([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]], [[-1, 1], [1, -1]])
    becomes(page, "Map of a full block", texts(block))
    assert heard == []


def test_a_filter_of_ones_own_on_a_drawing_of_ones_own(opened):
    opening, heard = opened
    page = opening("/lesson/filters", "table[aria-label='Weights of the filter']")
    assert grid(page, "Weights of the filter") == [["-1", "0", "1"], ["-2", "0", "2"], ["-1", "0", "1"]]
    says(page, "The weights add up to 0")
    page.get_by_role("button", name="draw one").click()
    page.get_by_text("map, from 0 to 0").wait_for()
    board = page.get_by_role("application", name="Draw a picture").bounding_box()
    middle = board["x"] + board["width"] / 2
    page.mouse.move(middle, board["y"] + 0.2 * board["height"])
    page.mouse.down()
    page.mouse.move(middle, board["y"] + 0.8 * board["height"], steps=6)
    page.mouse.up()
    page.get_by_text("map, from −4 to 4").wait_for()  # the weights of one side on white, and the other on black
    page.get_by_role("button", name="level edges", exact=True).first.click()
    page.locator("[aria-pressed=true]", has_text="level edges").wait_for()
    assert grid(page, "Weights of the filter") == [["-1", "-2", "-1"], ["0", "0", "0"], ["1", "2", "1"]]
    typed(page, "Weights of the filter, row 1, column 1", "3")
    says(page, "The weights add up to 3")
    found = [
        [float(text.replace("−", "-").strip("()")) for text in row.locator("td").all_inner_texts()[:3]]
        for row in page.locator("table.lesson-terms tbody tr").all()
    ]
    assert len(found) == 9 and all(abs(weight * value - product) < 2e-3 for weight, value, product in found)
    total = page.locator("table.lesson-terms tfoot").first.inner_text()
    assert (
        abs(float(re.search(r"[−\d.]+$", total.strip())[0].replace("−", "-")) - sum(line[2] for line in found)) < 5e-3
    )
    until(page, "decodeURIComponent(location.search).includes('[0,3,0]') && location.search.includes('drawn')")
    address = page.url
    page.goto(address)
    says(page, "The weights add up to 3")
    assert heard == []


def test_stride_and_padding(opened):
    opening, heard = opened
    page = opening("/lesson/stride", "svg.window-places")
    says(page, "(7 + 2 − 3) ÷ 2, rounded down, + 1 = 4")
    slide(page, "Window", 5)
    slide(page, "Stride", 1, "How many windows fit")
    slide(page, "Padding at each end", 0)
    says(page, f"(7 + 0 − 5) ÷ 1, rounded down, + 1 = {7 - 5 + 1}")
    assert page.locator("svg.window-places .tap").count() == 3 * 5
    slide(page, "Dilation", 3)
    page.get_by_role("alert").wait_for()  # a window of 13 over 7 pixels
    assert grid(page, "Map") == texts([[y * 5 + x for x in (0, 2, 4)] for y in (0, 2, 4)])
    page.get_by_role("button", name="all nine").click()
    picture = [[0] * 7, *([0, *range(y * 5, y * 5 + 5), 0] for y in range(5)), [0] * 7]
    everywhere = slid(picture, [[1] * 3] * 3)
    becomes(page, "Map", texts([row[::2] for row in everywhere[::2]]))
    page.get_by_role("button", name="valid").click()
    becomes(page, "Map", texts([row[1:4:2] for row in everywhere[1:4:2]]))
    assert [text for text in heard if "422" not in text] == []


def test_relu_of_the_map_of_feature_a(opened):
    opening, heard = opened
    page = opening("/lesson/relu", "table[aria-label='The map after ReLU']")
    published = [line.split() for line in MAP_A.strip().splitlines()]
    assert grid(page, "Map of the feature") == texts(published)
    assert grid(page, "The map after ReLU") == [
        ["0.00" if "-" in value else value for value in row] for row in published
    ]
    says(page, "ReLU turned 20 of 49 numbers into 0")
    cell(page, "Map of the feature", 3, 2).click()
    says(page, "−3 ÷ 9 = −0.33, after ReLU 0.00")
    cell(page, "Map of the feature", 1, 1).click()
    says(page, "9 ÷ 9 = 1.00")
    cell(page, "Picture of 1 and −1", 2, 2).click()
    says(page, "7 ÷ 9 = 0.77, after ReLU 0.77")
    page.get_by_role("button", name="Back to the X").click()
    says(page, "9 ÷ 9 = 1.00")
    page.get_by_role("button", name="sigmoid").click()
    slide(page, "Input", 2)
    says(page, f"sigmoid of 2.0 = {1 / (1 + math.exp(-2)):.4f}")
    assert heard == []


def test_pooling(opened):
    opening, heard = opened
    page = opening("/lesson/pooling", "table[aria-label='Pooled map']")
    rows = [[475, 567, 621], [777, 515, 472], [279, 616, 455]]
    windows = [[[rows[y + i][x + j] for i in (0, 1) for j in (0, 1)] for x in (0, 1)] for y in (0, 1)]
    assert grid(page, "Map") == texts(rows)
    assert grid(page, "Pooled map") == texts([[max(window) for window in row] for row in windows])
    becomes(page, "Pooled map of feature A", POOLED_A)
    says(page, "3 of 49 numbers of the map, 7 of 16")
    cell(page, "Pooled map", 1, 1).click()
    says(page, "the largest of 515, 472, 616, 455 is 616")
    page.get_by_role("group", name="Pooling", exact=True).get_by_role("button", name="average").click()
    says(page, f"the mean of 515, 472, 616, 455 is {sum((515, 472, 616, 455)) / 4:.2f}")
    slide(page, "Stride", 2)
    becomes(page, "Pooled map", [[f"{sum(windows[0][0]) / 4:g}"]])
    page.get_by_label("Incomplete windows count").uncheck()
    becomes(page, "Pooled map of feature A", [row[:3] for row in POOLED_A[:3]])
    slide(page, "To the right", 0)
    says(page, "49 of 49 numbers of the map, 16 of 16")
    assert heard == []


def votes(page):
    """The votes of both pieces, as their bars say them."""
    return [line.replace("\n", " ") for line in page.locator(".vote-line").all_inner_texts()]


def test_the_published_vote_and_one_that_turns(opened):
    opening, heard = opened
    page = opening("/lesson/vote", ".vote-line")
    until(page, "document.querySelectorAll('.vote-line').length === 4")
    shown = votes(page)
    assert re.search(r"X.*4\.56 ÷ 5 = 0\.91", shown[2]) and re.search(r"O.*2\.07 ÷ 4 = 0\.51", shown[3])
    for place, value in ((1, "0.1"), (4, "0.1"), (5, "0.1")):
        typed(page, f"Value {place}", value)
    until(page, "document.querySelectorAll('.votes')[1].innerText.includes('It is an O')")
    assert f"{0.1 * 3 + 0.89 + 0.94:.2f} ÷ 5 = 0.42" in votes(page)[2]
    page.get_by_label("X listens to value 1", exact=True).uncheck()
    until(page, "document.querySelectorAll('.votes')[1].innerText.includes('÷ 4 = 0.50')")
    assert heard == []


def test_drawing_on_the_picture_moves_the_votes(opened):
    opening, heard = opened
    page = opening("/lesson/vote", ".vote-line")
    assert [line[-4:] for line in votes(page)[:2]] == ["1.00", "0.55"]
    becomes(page, "Pooled map of A", POOLED_A)
    becomes(page, "Map of A, pooled again", [["1.00", "0.55"], ["0.55", "1.00"]])
    page.get_by_role("button", name="O", exact=True).first.click()
    until(page, "document.querySelector('.votes').innerText.includes('It is an O')")
    assert [line[-4:] for line in votes(page)[:2]] == ["0.55", "1.00"]
    page.get_by_role("button", name="Clear").click()
    until(page, "document.querySelector('.vote-line').innerText.includes('0.26')")
    board = page.get_by_role("application").first.bounding_box()
    for start, end in (
        ((1, 1), (7, 7)),
        ((7, 1), (1, 7)),
    ):  # both strokes of an X, from the middle of one pixel to that of another
        page.mouse.move(
            *((board[side] + board[size] * (at + 0.5) / 9) for side, size, at in zip("xy", SIZES, start, strict=True))
        )
        page.mouse.down()
        page.mouse.move(
            *((board[side] + board[size] * (at + 0.5) / 9) for side, size, at in zip("xy", SIZES, end, strict=True)),
            steps=12,
        )
        page.mouse.up()
    until(page, "document.querySelector('.vote-line').innerText.includes('1.00')")
    says(page, "It is an X")
    assert [line[-4:] for line in votes(page)[:2]] == ["1.00", "0.55"]
    page.get_by_role("application").first.press("ArrowUp")
    assert heard == []


def test_softmax(opened):
    opening, heard = opened
    page = opening("/lesson/softmax", "table.softmax-shares")

    def shares(logits):
        total = sum(map(math.exp, logits))
        return [f"{math.exp(each) / total:.4f}" for each in logits]

    def shown(number):
        return page.locator("table.softmax-shares").nth(number).locator("td strong").all_inner_texts()

    assert shown(0) == shares([2, 1, 0.1]) and shown(0)[0] == "0.6590"
    slide(page, "Score of bird", 3.5)
    says(page, "The answer is bird")
    assert shown(0) == shares([2, 1, 3.5])
    page.get_by_role("button", name="Add 1 to all").click()
    page.get_by_label(re.compile("^Score of bird")).and_(page.locator("input[aria-valuetext='4.5']")).wait_for()
    page.wait_for_timeout(300)
    assert shown(0) == shares([2, 1, 3.5])
    page.get_by_role("slider", name="Temperature").press("End")
    says(page, f"The largest share is {max(shares([0.3, 0.2, 0.45]))}")
    assert shown(1) == shares([0.3, 0.2, 0.45])
    assert heard == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_everybody_can_use_it_in_light_in_dark_and_on_a_phone(opened, lesson):
    page = opened[0](f"/lesson/{lesson}", ".piece", reduced_motion="reduce", bypass_csp=True)
    until(
        page, "!document.querySelector('.lesson-waits') && document.querySelectorAll('.questions-asked > *').length > 1"
    )
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    nothing_grave(page)
    page.emulate_media(color_scheme="dark")
    nothing_grave(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="light")
    nothing_grave(page)
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_lesson_goes_on_with_the_numbers_of_ones_own_run(opened, studio):
    opening, heard = opened
    run = run_named(studio, "first")["id"]
    own = {
        name: studio.json(f"/api/lessons/{name}/own?run={run}")["own"]
        for name in ("softmax", "pooling", "relu", "convolution")
    }
    take = "Take numbers of your run"
    page = opening(f"/lesson/softmax?run={run}", "table.softmax-shares")
    page.get_by_role("button", name=take).click()
    logits = own["softmax"]["softmax"]["logits"]
    shares = [math.exp(each) / sum(map(math.exp, logits)) for each in logits]
    says(page, f"The answer is {own['softmax']['softmax']['classes'][0]}")
    assert page.locator("table.softmax-shares").first.locator("td strong").all_inner_texts() == [
        f"{each:.4f}" for each in shares
    ]
    page.get_by_role("link", name="Lessons", exact=True).first.click()
    page.goto(f"{studio.gate.address}lesson/convolution?run={run}")
    page.get_by_role("button", name=take).click()
    values = own["convolution"]["colours"]
    products = [
        pixel * weight
        for picture, kernel in zip(values["picture"], values["filter"], strict=True)
        for pixels, weights in zip(picture, kernel, strict=True)
        for pixel, weight in zip(pixels, weights, strict=True)
    ]
    until(page, "document.querySelectorAll('table[aria-label=Map] td').length === 1")
    shown = float(grid(page, "Map")[0][0].replace("−", "-"))
    assert shown == pytest.approx(sum(products) + values["bias"], rel=1e-3)
    page.goto(f"{studio.gate.address}lesson/relu?run={run}")
    before = own["relu"]["activate"]["map"]
    page.get_by_text("In your own network").wait_for()
    assert grid(page, "Map of your network after ReLU") == [[f"{max(value, 0):.2f}" for value in row] for row in before]
    page.goto(f"{studio.gate.address}lesson/pooling?run={run}")
    page.get_by_role("button", name=take).click()
    first = [value for row in own["pooling"]["pool"]["map"][:2] for value in row[:2]]
    until(page, "document.querySelectorAll('table[aria-label=Map] input').length > 9")
    says(page, f" is {max(first):.2f}".replace("-", "−"))
    assert heard == []
