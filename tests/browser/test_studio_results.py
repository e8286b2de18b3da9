"""The page Results in a real browser: a threshold that moves every count, pictures behind each number, and the sealed test set."""

import re

import numpy as np
import pytest
from tests.browser.studio_pages import nothing_grave, run_named, until
from tests.studio.judged_runs import train_runs
from tests.studio.serving import served

from glassnet.evaluation.classification import classification_scores
from glassnet.evaluation.intervals import wilson
from glassnet.pipeline.run import load

CELLS = "[...document.querySelectorAll('.confusion [data-cell]')].map((cell) => cell.textContent).join()"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    root, out = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("runs")
    train_runs(root, out)
    with served(out, root) as found:
        yield found


@pytest.fixture(scope="module")
def ids(studio):
    return {row["name"]: row["id"] for row in studio.json("/api/ledger")["rows"]}


def logits_of(studio, name):
    """Return the logits of a run's validation pictures, their classes and numbers, asked of Python alone."""
    run = load(name, studio.work.out)
    store, lock = run.taught.store, run.lock
    rows = lock.validation
    assert [run.taught.catalog.examples[row].key for row in rows] == [lock.keys[row] for row in rows]
    truths = np.array([lock.classes.index(lock.labels[row]) for row in rows])
    return run, run.predictor.read(store.pixels[rows]), truths


def shown(page, name):
    return page.locator(f"[data-figure={name}]").inner_text()


def test_the_threshold_moves_precision_recall_and_the_matrix(opened, studio, ids):
    opening, heard = opened
    page = opening(f"/run/{ids['two']}", "main .big")
    page.get_by_role("link", name="Look into the results").click()
    slider = page.get_by_label(re.compile("^Threshold for"))
    slider.wait_for(timeout=60_000)
    run, logits, truths = logits_of(studio, "two")
    stored = run.scores["validation"]
    assert f"{stored['precision'].value:.3f}" in shown(page, "precision")
    assert f"between {stored['recall'].low:.3f} and {stored['recall'].high:.3f}" in shown(page, "recall")
    seen = set()
    for keys, _ in ((["ArrowLeft"] * 20, 0.4), (["ArrowRight"] * 50, 0.65)):
        slider.focus()
        for key in keys:
            page.keyboard.press(key)
        threshold = float(slider.input_value())
        assert f"threshold={threshold:g}" in page.url
        own = classification_scores(
            logits,
            truths,
            run.lock.classes,
            "validation",
            temperature=run.predictor.model.temperature,
            threshold=threshold,
        )
        for name in ("precision", "recall", "accuracy"):
            if name in own.figures:
                told = shown(page, name)
                assert f"{own[name].value:.3f}" in told
                assert f"between {own[name].low:.3f} and {own[name].high:.3f}" in told
        counts = own.tables["confusion"]["counts"]
        until(
            page,
            f"{counts}.flat().filter(Boolean).join() === " + CELLS,
        )
        seen.add(str(counts))
    assert len(seen) == 2
    page.reload()
    slider.wait_for(timeout=60_000)
    assert float(slider.input_value()) == threshold
    page.get_by_role("button", name=re.compile("^Best F1")).click()
    until(page, "document.querySelector('[aria-pressed=true]') !== null")
    page.get_by_role("button", name=re.compile("^In use")).click()
    page.get_by_text("what the stored scores were taken at").wait_for()
    assert "threshold=" not in page.url
    assert heard == []


def test_intervals_of_the_page_are_those_of_evaluation(opened):
    page = opened[0]()
    for hits, n in ((0, 7), (7, 7), (3, 11), (500, 501), (1, 90)):
        own = page.evaluate(f"import('/static/results/counting.js').then((module) => module.wilson({hits}, {n}))")
        assert own == pytest.approx(wilson(hits, n), abs=1e-9)


def test_cells_of_many_classes_open_their_pictures_by_keyboard_too(opened, studio, ids):
    opening, heard = opened
    page = opening(f"/results/{ids['three']}", ".confusion button")
    run, logits, truths = logits_of(studio, "three")
    answers = logits.argmax(1)
    first = page.locator(".confusion button").first
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    cell = page.evaluate("document.activeElement.dataset.cell")
    truth, answer = (int(part) for part in cell.split("-"))
    own = {int(n) for n, t, a in zip(run.lock.validation, truths, answers, strict=True) if (t, a) == (truth, answer)}
    page.locator(".behind-cell figure a").first.wait_for(timeout=60_000)
    links = page.eval_on_selector_all(".behind-cell figure a", "(all) => all.map((each) => each.getAttribute('href'))")
    assert {int(link.rpartition("=")[2]) for link in links} == own
    assert links[0].startswith(f"/glass/{ids['three']}?picture=")
    page.locator(".behind-cell img").first.scroll_into_view_if_needed()
    until(page, "document.querySelector('.behind-cell img').naturalWidth === 16")
    assert f"cell={cell}" in page.url
    page.reload()
    page.locator(".behind-cell figure").first.wait_for(timeout=60_000)
    assert heard == []


def test_worst_mistakes_and_the_table_of_classes(opened, studio, ids):
    page = opened[0](f"/results/{ids['three']}", "#worst-part")
    own = load("three", studio.work.out).scores["validation"]
    for name, row in own.per_class.items():
        shown_row = page.get_by_role("row", name=re.compile(f"^{name} ")).filter(has_text="[").first.inner_text()
        assert f"{row['recall'].value:.3f}" in shown_row
    worst = own.tables["worst"]
    if worst:
        figures = page.locator("#worst-part ~ ul").first.locator("figure")
        figures.first.wait_for(timeout=60_000)
        assert worst[0]["answer"] in figures.first.inner_text()
        assert f"picture={worst[0]['row']}" in figures.first.locator("a").get_attribute("href")


def test_truth_stands_beside_answer_and_can_be_sorted(opened, studio, ids):
    opening, heard = opened
    page = opening(f"/results/{ids['places']}", "main h1")
    mosaic = page.locator(".answer-mosaic > li")
    mosaic.first.wait_for(timeout=60_000)
    scores = "[...document.querySelectorAll('.answer-mosaic > li')].map((each) => Number(each.dataset.score))"
    own = sorted(one["score"] for one in load("places", studio.work.out).scores["validation"].tables["worst"])
    assert page.evaluate(scores) == own[:6]
    mosaic.first.scroll_into_view_if_needed()
    until(
        page,
        "[...document.querySelectorAll('.answer-mosaic > li:first-child img')].every((image) => image.naturalWidth > 100)",
        60,
    )
    assert mosaic.first.locator("img").count() == 3
    page.get_by_role("button", name="Best first").click()
    until(page, f"JSON.stringify({scores}) === JSON.stringify({own[::-1][:6]})")
    assert "order=best" in page.url
    page.get_by_role("heading", name="What goes wrong").wait_for()
    assert heard == []


def test_the_test_set_is_opened_after_a_warning(opened, studio, ids):
    opening, heard = opened
    page = opening(f"/results/{ids['three']}", ".test-set")
    page.get_by_role("button", name="Open the test set").click()
    page.get_by_text("cannot be undone").wait_for()
    advised = page.get_by_text("Next: Open the sealed test set").count()
    page.get_by_role("button", name="Leave it sealed").click()
    assert studio.json(f"/api/results/{ids['three']}/test")["opened"] == 0
    page.get_by_role("button", name="Open the test set").click()
    page.get_by_role("button", name="Open it now").click()
    page.get_by_text("was opened once").wait_for(timeout=90_000)
    page.get_by_text("Accuracy on the test set").wait_for()
    assert page.get_by_text("Next: Open the sealed test set").count() == 0, f"advised before: {advised}"
    own = load("three", studio.work.out).scores["test"].main.value
    assert page.locator(".card .big").first.inner_text() == f"{own:.3f}"
    page.get_by_role("button", name="Validation", exact=True).click()
    page.get_by_text("Accuracy on the validation set").wait_for()
    assert "split=validation" in page.url
    assert run_named(studio, "three")["scores"]["test"]["value"] == own
    assert heard == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", ["two?cell=0-0", "three", "places"])
def test_everybody_can_use_it(opened, ids, address, scheme):
    name, _, rest = address.partition("?")
    page = opened[0](
        f"/results/{ids[name]}?{rest}", ".page-parts", color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    page.locator("main figure a").first.wait_for(timeout=60_000)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    nothing_grave(page)
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    nothing_grave(page)
