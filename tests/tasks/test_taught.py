"""What training is taught lies in the picture where the target says."""

import numpy as np
import pytest

from glassnet.tasks.palette import UNCOUNTED, colour_of
from glassnet.tasks.taught import draw_taught

CLASSES = ("cat", "dog", "owl")
SIZE = (400, 400)
PICTURE = np.full((400, 400, 3), 90, np.uint8)


def where(drawn, colour):
    rows, columns = np.nonzero((drawn == np.array(colour, np.uint8)).all(2))
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if len(rows) else None


def thing(label, x1, y1, x2, y2, crowd=0):
    return [label, crowd, x1, y1, x2, y1, x2, y2, x1, y2]


def test_boxes_are_those_that_the_points_span_and_what_is_left_alone_is_grey():
    target = np.array(
        [thing(1, 100, 200, 180, 300), thing(2, 390, 250, 700, 350), thing(0, 220, 300, 260, 380, crowd=1), thing(-1, 0, 0, 9, 9)],
        np.float32,
    )  # fmt: skip
    drawn = draw_taught(PICTURE, target, SIZE, CLASSES)
    x1, _, x2, y2 = where(drawn, colour_of(1))
    assert (x1, x2, y2) == (100, 180, 300)
    assert where(drawn, colour_of(2)) is None  # nearly out of the picture: neither taught nor counted as background
    assert where(drawn, colour_of(0)) is None
    grey = (drawn == np.array(UNCOUNTED)).all(2)
    assert grey[340, 220:262].any()
    assert grey[300, 388:].any()


def test_a_smaller_picture_carries_the_same_things():
    target = np.array([thing(1, 100, 200, 180, 300)], np.float32)
    drawn = draw_taught(PICTURE[:, :, :1], target, (800, 800), CLASSES)
    x1, _, x2, y2 = where(drawn, colour_of(1))
    assert (x1, x2, y2) == (50, 90, 150)


def test_instances_and_classes_of_pixels_are_masks():
    instances = np.zeros(SIZE, np.int32)
    instances[100:200, 50:150] = 1 * 256 + 2
    instances[250:300, 50:150] = -1
    drawn = draw_taught(PICTURE, instances, SIZE, CLASSES)
    assert where(drawn, colour_of(2))[0::2] == (50, 150)
    assert (drawn[260:290] == 90).all()
    pixels = np.full(SIZE, 255, np.uint8)
    pixels[:, :200] = 1
    drawn = draw_taught(PICTURE, pixels, SIZE, CLASSES)
    expected = 90 * 0.45 + np.array(colour_of(1)) * 0.55
    assert np.abs(drawn[:, 10:190] - expected).max() <= 1


@pytest.mark.parametrize("target", [np.array(3), np.zeros((4, 4), np.int64), np.zeros((2, 4, 4), np.float32)])
def test_a_target_that_is_no_place_is_not_drawn(target):
    assert draw_taught(PICTURE, target, SIZE, CLASSES) is None
