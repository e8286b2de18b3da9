"""Boxes and masks are shown on the varied pictures as training is taught them: they follow."""

from dataclasses import replace

import numpy as np
import pytest

from glassnet.pipeline import audit
from glassnet.pipeline.varied import varied_pictures
from glassnet.recipe import recipe_from
from glassnet.report.sections import augment
from glassnet.tasks.palette import colour_of


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Return a function that gives the drawn pictures, audited and split, for a task."""
    out = tmp_path_factory.mktemp("varied")
    return lambda task: audit(recipe_from({"data": {"root": "shapes", "task": task}}), out)


def lines(picture, colour):
    """Return the share of each column that is drawn in this colour."""
    return (picture == np.array(colour, np.uint8)).all(2).mean(0)


@pytest.mark.parametrize("task", ["detect", "instances"])
def test_what_is_taught_is_mirrored_with_its_picture(prepared, task):
    one = prepared(task)
    recipe = recipe_from({"data": {"root": "shapes"}, "augment": {"flip": "horizontal"}})
    found, _ = varied_pictures(one, recipe, shown=3)
    for each in found:
        assert each.original.shape[:2] == (384, 384)  # enlarged, so that lines are fine
        mirrored = [draw for draw in each.draws if not np.array_equal(draw, each.original)]
        assert 3 <= len(mirrored) <= 4  # in turn
        for place in one.audit.present[each.row]:
            before, after = (lines(picture, colour_of(place)) for picture in (each.original, mirrored[0]))
            assert np.corrcoef(before[::-1], after)[0, 1] > 0.5  # labels are not mirrored
            assert before.max() > 0.05


def test_every_class_in_turn_and_the_page_says_what_is_drawn(prepared):
    one = prepared("segment")
    recipe = recipe_from({"data": {"root": "shapes"}, "augment": {"rotate": 20}})
    found, said = varied_pictures(one, recipe, shown=4)
    assert "rotate 20 degrees" in said
    assert set(one.lock.train.tolist()) >= {each.row for each in found}


def test_the_section_shows_the_colours_of_the_classes(asked):
    data = asked("detect").data
    picture = np.zeros((64, 64, 3), np.uint8)
    shown = replace(data, varied=(augment.Varied(0, picture, (picture,) * 7),), varies="Varied by flip horizontal.")
    found = augment.section(shown)
    assert "follows the picture" in found.lead
    assert found.body.count("<img") == 8
    assert 'aria-label="Colours of the classes"' in found.body
    assert "follows" not in augment.section(replace(shown, truth=None, labels=np.zeros(64, np.int64))).lead
