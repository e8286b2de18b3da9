import hashlib

import numpy as np
import pytest

from glassnet.data import pixels
from glassnet.data.builtin import shapes
from glassnet.errors import DataError


@pytest.fixture(scope="module")
def drawn():
    return shapes.draw(120)


def pixels_of(rle):
    on = np.zeros(rle.height * rle.width, bool)
    ends = np.cumsum(rle.counts)
    for start, end in zip(ends[::2], ends[1::2], strict=False):
        on[start:end] = True
    assert ends[-1] == on.size
    return on.reshape(rle.width, rle.height).T


def share_of_box(thing):
    mask = pixels_of(thing.shape)
    x1, y1, x2, y2 = thing.box
    return mask.sum() / ((x2 - x1) * (y2 - y1))


def test_every_box_is_the_box_of_its_mask_and_masks_do_not_meet(drawn):
    for things in drawn[1]:
        masks = [pixels_of(thing.shape) for thing in things]
        assert np.sum(masks, axis=0).max() == 1
        for thing, mask in zip(things, masks, strict=True):
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            assert thing.box == (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
            assert mask.sum() >= 100


def test_what_is_in_a_mask_differs_from_the_ground_around_it(drawn):
    contrasts = []
    for picture, things in zip(*drawn, strict=True):
        masks = [pixels_of(thing.shape) for thing in things]
        ground = ~np.any(masks, axis=0)
        contrasts += [np.abs(picture[m].mean(0) - picture[ground].mean(0)).max() for m in masks]
    assert min(contrasts) > 25


def test_things_hide_parts_of_one_another_but_never_most(drawn):
    touching = hidden = 0
    for things in drawn[1]:
        boxes = np.array([thing.box for thing in things])
        for i, thing in enumerate(things):
            others = np.delete(boxes, i, 0)
            x1, y1, x2, y2 = thing.box
            meet = (others[:, 0] < x2) & (others[:, 2] > x1) & (others[:, 1] < y2) & (others[:, 3] > y1)
            touching += meet.any()
            if thing.label == "circle":
                hidden += share_of_box(thing) < 0.77
    assert touching > 50
    assert 3 < hidden < 60


def test_the_pictures_are_the_same_on_every_machine_and_each_depends_only_on_its_number(drawn):
    few, things = shapes.draw(5)
    np.testing.assert_array_equal(few, drawn[0][:5])
    assert things == drawn[1][:5]
    assert not np.array_equal(shapes.draw(5, seed=1)[0], few)
    assert hashlib.sha256(few.tobytes()).hexdigest()[:16] == "4928b03d99f62c2c"


@pytest.mark.parametrize("task", shapes.TASKS)
def test_one_catalog_for_each_task(task):
    catalog = shapes.catalog(task=task)
    assert (catalog.root, catalog.task, len(catalog), catalog.given_splits) == ("shapes", task, 600, ())
    assert set(catalog.answers) == set(shapes.TASKS)
    assert catalog.classes == ("background",) * (task == "segment") + ("circle", "square", "triangle")
    picture = pixels.decode(catalog.source.read(catalog.examples[7].key))
    assert picture.shape == (96, 96, 3)
    if task == "classify":
        names = [example.annotation.name for example in catalog.examples]
        assert [names.count(name) for name in catalog.classes] == [200, 200, 200]
        return
    counts = {len(example.annotation.things) for example in catalog.examples}
    assert counts == ({1} if task == "localize" else {1, 2, 3, 4, 5, 6})
    assert all(example.annotation.size == (96, 96) for example in catalog.examples)


def test_detect_is_what_is_drawn_unless_another_task_is_named():
    assert shapes.catalog().task == "detect"
    with pytest.raises(DataError, match="'count' was asked for"):
        shapes.catalog(task="count")


def test_brightness_and_size_do_not_tell_what_a_thing_is(drawn):
    kinds, features = [], []
    for picture, things in zip(*drawn, strict=True):
        for thing in things:
            mask = pixels_of(thing.shape)
            kinds.append(thing.label)
            features.append([*picture[mask].mean(0), mask.sum()])
    features = (np.array(features) - np.mean(features, 0)) / np.std(features, 0)
    distance = ((features[:, None] - features[None]) ** 2).sum(-1)
    np.fill_diagonal(distance, np.inf)
    kinds = np.array(kinds)
    assert (kinds[distance.argmin(1)] == kinds).mean() < 0.5
