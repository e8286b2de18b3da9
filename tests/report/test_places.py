"""Reports of the tasks whose answers are places in pictures: truth beside answer, kinds of error, curves, confusion of pixels."""

import json
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from glassnet.errors import DataError
from glassnet.report.material import rows_shown
from glassnet.report.sections import audit, calibration, confusion, errors, headline, mistakes, mosaic, scores
from glassnet.report.write import write_report

TASKS = ("localize", "detect", "segment", "instances")


def figures(section):
    found = re.findall(r'<figure class="answered" data-score="([\d.]+)" data-name="([^"]+)" data-things="(\d+)">(.*?)</figure>',
                       section.body, re.DOTALL)  # fmt: skip
    return [(float(score), name, int(things), body) for score, name, things, body in found]


@pytest.fixture(scope="module")
def shown(asked):
    """Return a function that gives the mosaic of a task, drawn once."""
    return cache(lambda task: mosaic.section(asked(task)))


@pytest.mark.parametrize("task", TASKS)
def test_truth_stands_beside_answer_the_most_wrong_first(asked, shown, task):
    material = asked(task)
    found = figures(shown(task))
    worst = material.scores["validation"].tables["worst"]
    assert len(found) == 36
    assert [score for score, *_ in found] == sorted(score for score, *_ in found)
    assert [name for _, name, *_ in found[:24]] == [material.data.keys[one["row"]] for one in worst[:24]]
    assert found[-1][0] == pytest.approx(worst[-1]["score"], abs=1e-6)  # the best is there too
    third = "wrong pixels" if task == "segment" else "heat map"
    for _, name, things, body in found:
        assert re.findall(r'<span class="what">(.*?)</span>', body) == ["truth", "answer", third]
        assert body.count('src="data:image/webp;base64,') == 3
        row = list(material.data.keys).index(name)
        truth = material.data.truth(row)
        assert things == (
            len(np.unique(truth.classes_map())) if task == "segment" and truth.map is not None else len(truth)
        )


@pytest.mark.parametrize("task", ["localize", "segment"])
def test_a_whole_report_can_be_written_and_sent(asked, task, tmp_path):
    material = asked(task)
    page = write_report(material, tmp_path / "report.html").read_text(encoding="utf-8")
    assert 200_000 < len(page) < 6_000_000
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert titles[:2] == ["Result", "Truth and answer"]
    assert ("What goes wrong" in titles) == (task != "segment")
    assert ("What is taken for what" in titles) == (task in ("segment", "localize"))
    assert "Worst mistakes" not in titles
    assert "Can its confidence be trusted?" not in titles
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_counts_below_a_picture_and_the_kinds_above_are_those_of_the_scores(asked, shown):
    material = asked("detect")
    tables = material.scores["validation"].tables
    body = errors.section(material).body
    told = {
        name: int(n.replace(",", ""))
        for name, n in re.findall(r'<th scope="row">([^<]+)</th><td class="number">([\d,]+)</td>', body)
    }
    kinds = tables["errors"]
    assert told == {
        "found": kinds["found"], "missed": kinds["missed"], "right": kinds["found"], "nothing there": kinds["background"],
        "wrong class": kinds["wrong_class"], "badly placed": kinds["badly_placed"], "double": kinds["double"],
    }  # fmt: skip
    assert min(kinds.values()) > 0  # every kind occurs in these answers
    first = tables["worst"][0]
    body = figures(shown("detect"))[0][3]
    for kind, word in (("found", "found"), ("missed", "missed"), ("background", "where nothing is")):
        assert (f"{first[kind]} {word}" in body) == bool(first[kind])


def test_every_class_has_a_curve_with_the_threshold_in_use_on_it(asked):
    material = asked("instances")
    scores_ = material.scores["validation"]
    body = errors.section(material).body
    assert body.count('<svg viewBox="0 0 420 240"') == 3
    assert f"{scores_.tables['threshold']:.2f}" in errors.section(material).lead
    points = re.findall(r"<title>threshold 0.50: recall ([\d.]+), precision ([\d.]+)</title>", body)
    names = re.findall(r"Precision over recall: (\w+)</title>", body)
    assert sorted(names, key=lambda name: scores_.per_class[name]["AP50"].value) == names  # the weakest first
    for name, (recall, precision) in zip(names, points, strict=True):
        assert float(recall) == pytest.approx(scores_.per_class[name]["recall"].value, abs=0.02)
        assert float(precision) == pytest.approx(scores_.per_class[name]["precision"].value, abs=0.02)


def test_one_thing_per_picture_is_told_in_one_table(asked):
    body = errors.section(asked("localize")).body
    assert body.count("<table") == 1
    assert "no answer" in body
    assert "double" not in body


def test_pixels_are_confused_in_per_cent_and_every_button_opens_pictures(asked):
    material = asked("segment")
    found = confusion.section(material)
    table = material.scores["validation"].tables["confusion"]
    held = confusion.pictures(material)
    cells = held["cells"]["validation"]
    assert sorted(re.findall(r'data-cell="(\d+-\d+)"', found.body)) == sorted(cells)
    for place, cell in cells.items():
        truth, answer = map(int, place.split("-"))
        counts = table["counts"][truth]
        assert truth != answer
        assert f"{counts[answer]:,} pixels" in cell["note"]
        assert f'data-cell="{place}"' in found.body
        assert f">{100 * counts[answer] / sum(counts):.0f}</button>" in found.body
        assert cell["pictures"]
        assert all(name in held["pictures"] for name in cell["pictures"])
    without = replace(material, answers={})
    assert "data-cell" not in confusion.section(without).body
    assert confusion.pictures(without) == {"cells": {"validation": {}}, "pictures": {}}


@pytest.mark.parametrize("task", TASKS)
def test_scores_say_what_their_names_stand_for(asked, task):
    material = asked(task)
    main = material.scores["validation"].main
    assert f"{main.value:.3f}" in headline.section(material).body
    assert "Ap50" not in headline.section(material).body
    body = scores.section(material).body
    expected = "average precision at IoU 0.5" if task in ("detect", "instances") else "intersection / union"
    assert expected in body
    assert mistakes.section(material) is None
    assert calibration.section(material) is None


def test_a_split_without_answers_is_no_mosaic_and_other_splits_stand_behind_a_click(asked):
    material = asked("detect")
    assert mosaic.section(replace(material, answers={})) is None
    taken = material.scores["validation"]
    both = replace(material, scores={"validation": taken, "test": replace(taken, split="test")})
    rows = rows_shown(both.scores)
    assert (len(rows["test"]), len(rows["validation"])) == (36, 12)
    few = {row: material.answers[row] for row in rows["validation"][:8]}
    body = mosaic.section(replace(both, answers=few)).body
    assert "On validation: 8 pictures" in body
    assert body.index("2 more") < body.index("On validation")
    assert len(figures(mosaic.section(replace(both, answers=few)))) == 16


def test_a_picture_whose_truth_cannot_be_read_still_shows_its_answer(asked):
    material = asked("detect")
    few = {row: material.answers[row] for row in rows_shown(material.scores)["validation"][:2]}
    body = mosaic.section(replace(material, answers=few, data=replace(material.data, truth=lambda row: None))).body
    assert "beside2" in body
    assert ">truth<" not in body


def test_names_of_classes_and_files_never_become_markup(asked):
    material = asked("detect")
    evil = "<img src=x onerror=alert(1)>"
    classes = (evil, *material.data.classes[1:])
    data = replace(material.data, classes=classes, keys=[f"{evil}/{row}.png" for row in range(len(material.data.keys))])
    few = {row: material.answers[row] for row in rows_shown(material.scores)["validation"][:2]}
    found = replace(material, data=data, answers=few)
    for section in (mosaic.section(found), audit.section(data)):
        assert evil not in section.body
        assert "&lt;img src=x" in section.body


def test_the_audit_draws_what_is_annotated_and_counts_it(asked):
    body = audit.section(asked("instances").data).body
    drawn = body[body.index("As annotated") : body.index("What is annotated</h3>")]
    assert drawn.count("<img") == 12
    assert 'aria-label="Colours of the classes"' in drawn
    counted = asked("instances").data.audit.statistics["things"]
    for name, n in counted["per_class"].items():
        assert re.search(rf'<th scope="row">{name}</th><td class="number">{n}</td>', body)
    assert "Sizes of things" in body
    data = asked("segment").data
    pixels = {"per_class": {"background": 0.75, "circle": 0.25}, "ignored": 0.04}
    told = audit.section(replace(data, audit=replace(data.audit, statistics={"pixels": pixels}))).body
    assert re.search(r'<th scope="row">background</th><td class="number">75.0%</td>', told)
    assert "4.0% of all pixels are ignored" in told


def test_pictures_that_are_kept_out_because_of_their_annotation_are_shown_with_it(asked):
    data = asked("detect").data
    kept_out = replace(data.audit, quarantined={0: "a box of no size"})
    finding = audit.Finding("boxes", "error", "1 picture has a box of no size", (data.keys[0],))
    marked = replace(data, audit=replace(kept_out, findings=(finding,)))
    body = audit.section(marked).body
    assert body[body.index('id="finding-0"') : body.index("As annotated")].count("<img") == 1

    def unreadable(row):
        raise DataError("It cannot be read.")

    body = audit.section(replace(marked, original=unreadable)).body
    assert "<img" not in body[body.index('id="finding-0"') :]
    body = audit.section(replace(marked, truth=unreadable)).body  # a mask of another size: the picture alone
    assert body[body.index('id="finding-0"') :].count("<img") == 13


def test_data_for_the_script_is_plain_json(asked, tmp_path):
    page = write_report(asked("segment"), tmp_path / "report.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL).group(1))
    assert set(data) == {"cells", "pictures"}
