"""What the sections make of unusual runs: one epoch, many classes, a binary question, pictures that would burst the file, failures."""

import re
from dataclasses import replace

import numpy as np
import pytest

from glassnet.evaluation.classification import classification_scores
from glassnet.pipeline import reporting
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import prepare
from glassnet.report.charts import Line, curves
from glassnet.report.markup import prose
from glassnet.report.sections import confusion, headline, scores
from glassnet.report.sections.curves import section as learning
from glassnet.training.history import History


@pytest.fixture(scope="module")
def prepared(run):
    out = run.folder.path.parent
    return reporting.align(run, prepare(run.recipe, out, Observer()))


@pytest.fixture(scope="module")
def material(run, prepared):
    return reporting.material_of(run, prepared, run.folder.path.parent)


def answered(material, classes, n=600, wrong=0.4):
    """Return a material whose validation scores are those of `n` answers over `classes` classes, rows pointing at its own pictures."""
    draw = np.random.default_rng(2)
    targets = np.arange(n) % classes
    logits = draw.normal(0, 1, (n, classes))
    right = draw.random(n) >= wrong
    logits[np.arange(n), targets] += np.where(right, 8, -8)
    names = [f"class {number:03}" for number in range(classes)]
    found = classification_scores(logits, targets, names, "validation", 0)
    pictures = len(material.data.keys)
    data = replace(
        material.data,
        keys=[f"{names[targets[row]]}/{row}.png" for row in range(n)],
        picture=lambda row: material.data.picture(row % pictures),
        labels=targets,
        classes=tuple(names),
    )
    return replace(material, scores={"validation": found}, data=data)


def buttons(section):
    return re.findall(r'data-cell="(\d+-\d+)"', section.body)


@pytest.mark.parametrize("classes", [2, 10, 30, 31, 100])
def test_every_button_opens_pictures_and_no_picture_is_carried_that_none_opens(material, classes):
    many = answered(material, classes)
    found = confusion.section(many)
    held = confusion.pictures(many)
    cells = held["cells"]["validation"]
    assert sorted(buttons(found)) == sorted(cells)
    assert all(cell["pictures"] for cell in cells.values())
    assert {str(row) for cell in cells.values() for row in cell["pictures"]} == set(held["pictures"])
    for place, cell in cells.items():
        truth = many.data.classes[int(place.split("-")[0])]
        assert all(held["pictures"][str(row)]["key"].startswith(f"{truth}/") for row in cell["pictures"])
    if classes > 30:
        assert len(cells) == 40
        assert all(truth != answer for truth, answer in (place.split("-") for place in cells))


def test_a_file_that_would_grow_too_large_gives_every_cell_some_pictures_and_says_how_many_are_missing(material):
    large = answered(material, 10, n=3000)
    noise = np.random.default_rng(0).integers(0, 255, (112, 112, 3), dtype=np.uint8)  # the worst that can be compressed
    held = confusion.pictures(replace(large, data=replace(large.data, picture=lambda row: noise)))
    assert 3_500_000 < sum(len(one["uri"]) for one in held["pictures"].values()) < 4_100_000
    sizes = {len(cell["pictures"]) for cell in held["cells"]["validation"].values()}
    assert min(sizes) >= 1
    assert any("of them shown" in cell["note"] for cell in held["cells"]["validation"].values())


def test_many_classes_without_a_mistake_are_said_in_words(material):
    found = confusion.section(answered(material, 40, n=80, wrong=0.0))
    assert "every answer on validation is right" in found.lead
    assert buttons(found) == []


def test_the_threshold_in_use_is_a_point_on_both_curves(material):
    binary = answered(material, 2)
    tables = binary.scores["validation"].tables
    points = re.findall(
        r"<title>threshold ([\d.]+): ([a-z ]+) ([\d.]+), ([a-z]+) ([\d.]+)</title>", scores.section(binary).body
    )
    assert [(x, y) for _, x, _, y, _ in points] == [("false positive rate", "recall"), ("recall", "precision")]
    counts = np.array(tables["confusion"]["counts"])
    positive = tables["confusion"]["classes"].index(tables["positive"])
    recall = counts[positive, positive] / counts[positive].sum()
    false = counts[1 - positive, positive] / counts[1 - positive].sum()
    assert float(points[0][2]) == pytest.approx(false, abs=0.02)  # curves are thinned to 200 points
    assert float(points[0][4]) == pytest.approx(recall, abs=0.02)
    assert float(points[1][2]) == pytest.approx(recall, abs=0.02)


def test_one_epoch_is_drawn_as_points_that_can_be_seen(material):
    once = learning(replace(material, history=History(tuple(material.history)[:1])))
    assert once.body.count('class="alone first"') == 3  # loss, score, rate
    assert once.body.count('class="alone second"') == 2
    assert once.lead.startswith("1 epoch in")
    assert "alone" not in learning(material).body


def test_a_score_that_is_taken_now_and_then_is_drawn_whole():
    """Every third epoch of 300 is validated, so most values are missing: what is thinned is what there is."""
    values = [float(i) if i % 3 == 2 else float("nan") for i in range(300)]
    drawn = curves("Score", [Line("validation", list(range(300)), values)], "epoch", "score")
    assert drawn.count("<circle") == 100
    assert "goes from 2 to 299" in drawn


def test_warnings_stand_before_the_verdict_and_their_options_are_code(material):
    split = material.main_split
    warned = replace(material.scores[split], warnings=("Use <b> and `--group-by` here.",))
    body = headline.section(replace(material, scores={split: warned})).body
    assert body.index("Warning.") < body.index(material.verdict["kind"].capitalize())
    assert "Use &lt;b&gt; and <code>--group-by</code> here." in body


def test_prose_keeps_what_it_does_not_know():
    assert prose("a `b` < c") == "a <code>b</code> &lt; c"
    assert prose("nothing") == "nothing"


@pytest.mark.parametrize("fault", [KeyError("confusion"), OSError("no space")])
def test_a_report_that_cannot_be_written_is_told_and_costs_nothing(run, prepared, fault):
    class Faulty:
        def __getattr__(self, name):
            raise fault

    told = []
    reporting.try_to_write(run, replace(prepared, catalog=Faulty()), run.folder.path.parent, told.append)
    assert len(told) == 1
    assert "could not be written" in told[0]
    assert type(fault).__name__ in told[0]
