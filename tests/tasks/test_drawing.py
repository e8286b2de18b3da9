"""What is drawn lies where it should, in the colour of its class, on any ground and at any size."""

import numpy as np
import pytest

from glassnet.data.truths import Truth
from glassnet.tasks import drawing
from glassnet.tasks.answers import Found, PixelsAnswer, ThingsAnswer
from glassnet.tasks.drawing import draw, draw_pixels, draw_things, draw_truth
from glassnet.tasks.palette import UNCOUNTED, colour_of

CLASSES = ("cat", "dog", "owl")


def grounds(height, width):
    draws = np.random.default_rng(0)
    for value in (0, 128, 255):
        yield np.full((height, width, 3), value, np.uint8)
    yield draws.integers(1, 255, (height, width, 3), dtype=np.uint8)
    yield draws.integers(1, 255, (height, width, 1), dtype=np.uint8)


def things(height, width, *found):
    return ThingsAnswer(tuple(Found(*one) for one in found), height, width, 0.3)


def truth(height, width, labels, boxes, masks=(), crowd=None, **more):
    labels = np.array(labels, np.int64)
    crowd = np.zeros(len(labels), bool) if crowd is None else np.array(crowd)
    return Truth(height, width, labels, np.array(boxes, np.float64).reshape(-1, 4), crowd, masks, **more)


def where(drawn, colour):
    rows, columns = np.nonzero((drawn == np.array(colour, np.uint8)).all(2))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("size", [(400, 600), (1200, 900), (2000, 3000)])
def test_a_box_encloses_its_pixels_in_the_colour_of_its_class(size):
    height, width = size
    box = (0.25 * width, 0.5 * height, 0.5 * width, 0.75 * height)
    for ground in grounds(height, width):
        drawn = draw_things(ground, things(height, width, ("dog", 0.9, box)), classes=CLASSES, legend=False)
        assert drawn.shape == (height, width, 3)
        x1, y1, x2, y2 = where(drawn, colour_of(1))
        assert (x1, x2, y2) == (box[0], box[2], box[3])
        assert y1 < box[1]  # the label stands above it
        inside = drawn[round(0.6 * height) : round(0.7 * height), round(0.3 * width) : round(0.4 * width)]
        assert (inside != np.array(colour_of(1))).any(2).all()  # what is inside can be seen


@pytest.mark.parametrize("dashed", [False, True])
def test_a_box_is_outlined_as_the_mask_of_all_its_pixels(dashed):
    boxes = np.random.default_rng(3).integers(0, 90, (60, 4))
    for a, b, c, d in [*boxes.tolist(), (0, 0, 90, 120), (5, 5, 6, 6), (0, 119, 90, 120)]:
        x1, x2, y1, y2 = min(a, c), max(a, c) + 1, min(b, d), max(b, d) + 1
        whole = np.zeros((120, 90), np.uint8)
        whole[y1:y2, x1:x2] = 1
        x2, y2 = min(x2, 90), min(y2, 120)
        drawn = []
        for mask in (None, whole.astype(bool)):
            canvas = np.full((120, 90, 3), 77, np.uint8)
            mark = drawing._Mark((x1, y1, x2, y2), mask, (1, 2, 3), (), dashed)
            drawing._outline(canvas, mark, 4, drawing._dashes(canvas))
            drawn.append(canvas)
        assert (drawn[0] == drawn[1]).all()


def test_lines_grow_with_the_picture():
    def thickness(side):
        picture = np.zeros((side, side, 3), np.uint8)
        box = (0.1 * side, 0.5 * side, 0.9 * side, 0.9 * side)
        drawn = draw_things(picture, things(side, side, ("dog", 0.9, box)), classes=CLASSES, legend=False)
        return int((drawn[side // 2 :, side // 2] == np.array(colour_of(1), np.uint8)).all(1).sum()) / 2

    assert thickness(400) == 2
    assert 6 <= thickness(2000) <= 8


@pytest.mark.parametrize("ground", [colour_of(1), (0, 0, 0), (255, 255, 255)])
def test_a_line_can_be_seen_even_on_its_own_colour(ground):
    picture = np.full((400, 400, 3), ground, np.uint8)
    drawn = draw_things(picture, things(400, 400, ("dog", 0.9, (100, 100, 300, 300))), classes=CLASSES, legend=False)
    across = drawn[200].astype(int)
    assert np.abs(across - np.array(ground)).max(1)[95:105].max() > 120


def test_small_pictures_are_enlarged_by_whole_pixels_and_shrunk_ones_carry_their_answer():
    small = np.random.default_rng(1).integers(0, 255, (20, 32, 3), dtype=np.uint8)
    empty = draw_things(small, things(20, 32), classes=CLASSES, legend=False)
    assert np.array_equal(empty, small.repeat(10, 0).repeat(10, 1))
    answer = things(1000, 2000, ("owl", 0.5, (500, 250, 1000, 500)))
    shrunk = draw_things(np.zeros((200, 400, 3), np.uint8), answer, classes=CLASSES, legend=False)
    x1, _, x2, y2 = where(shrunk, colour_of(2))
    assert (x1, x2, y2) == (100, 200, 100)


def test_masks_are_filled_and_outlined_and_the_picture_shines_through():
    mask = np.zeros((400, 400), bool)
    mask[100:200, 150:300] = True
    answer = things(400, 400, ("cat", 0.8, (150, 100, 300, 200), mask))
    ground = np.random.default_rng(2).integers(0, 255, (400, 400, 3), dtype=np.uint8)
    drawn = draw_things(ground, answer, classes=CLASSES, legend=False)
    x1, _, x2, y2 = where(drawn, colour_of(0))
    assert (x1, x2, y2) == (150, 300, 200)
    expected = ground[120:180, 170:280] * 0.62 + np.array(colour_of(0)) * 0.38
    assert np.abs(drawn[120:180, 170:280] - expected).max() <= 1
    assert np.array_equal(drawn[300:], ground[300:])


def test_truth_is_dashed_over_the_answer_and_the_legend_names_both():
    picture = np.full((400, 400, 3), 90, np.uint8)
    answer = things(400, 400, ("cat", 0.8, (150, 100, 300, 200)))
    known = truth(400, 400, [0], [(50, 250, 350, 380)])
    drawn = draw(picture, answer, known, CLASSES)
    assert drawn.shape[0] > 400
    assert drawn.shape[1] == 400
    edge = drawn[378, 60:340].max(1)
    assert {int(value) for value in np.unique(edge)} == {16, 255}  # black and white in turn
    assert np.array_equal(drawn[:50], draw(picture, answer, None, CLASSES)[:50])
    assert draw(picture, answer, known, CLASSES, legend=False).shape == picture.shape


def test_crowds_and_ignored_pixels_are_grey():
    picture = np.full((400, 400, 3), 200, np.uint8)
    crowd = draw_truth(picture, truth(400, 400, [1], [(100, 100, 300, 300)], crowd=[True]), CLASSES)
    assert where(crowd, UNCOUNTED)[2:] == (300, 300)
    found = np.zeros((400, 400), np.uint8)
    found[200:] = 255
    drawn = draw_truth(picture, truth(400, 400, [], [], map=found), CLASSES, pixels=True)
    striped = (drawn[210:] == 200).all(2)
    assert 0.4 < striped.mean() < 0.6


def test_pixels_are_tinted_by_class_and_background_is_left_as_it_is():
    ground = np.random.default_rng(3).integers(0, 255, (400, 500, 3), dtype=np.uint8)
    pixels = np.zeros((400, 500), np.uint8)
    pixels[:, 250:] = 2
    answer = PixelsAnswer(pixels, ("background", "road", "tree"))
    drawn = draw_pixels(ground, answer, legend=False)
    assert np.array_equal(drawn[:, :249], ground[:, :249])
    expected = ground[:, 252:] * 0.45 + np.array(colour_of(2)) * 0.55
    assert np.abs(drawn[:, 252:] - expected).max() <= 1
    assert draw_pixels(ground, answer).shape[0] > 400
    known = truth(400, 500, [], [], map=np.roll(pixels, 40, 1))
    dashed = draw(ground, answer, known, legend=False)
    assert (dashed[:, 280:300] != drawn[:, 280:300]).any()


def test_many_labels_never_lie_over_one_another_and_names_of_any_length_fit():
    draws = np.random.default_rng(4)
    corners = draws.uniform(0, 300, (60, 2))
    found = [("a class with a very long name " * 9, 0.5, (x, y, x + 30, y + 30)) for x, y in corners]
    found += [("cat", 0.9, (x, y, x + 60, y + 40)) for x, y in corners]
    drawn = draw_things(np.zeros((340, 340, 3), np.uint8), things(340, 340, *found))
    assert drawn.shape[1] == 340
    assert drawn.shape[0] < 600


def test_masks_too_small_to_be_seen_are_shown_by_their_box_and_remarks_stand_beside_their_thing():
    picture = np.full((800, 800, 3), 90, np.uint8)
    mask = np.zeros((800, 800), bool)
    mask[300:302, 400:402] = True
    answer = things(800, 800, ("owl", 0.7, (400, 300, 402, 302), mask))
    drawn = draw_things(picture, answer, classes=CLASSES, legend=False)
    assert (drawn[295:307, 395:407] != 90).any(2).sum() > 8
    remarked = draw_things(picture, answer, classes=CLASSES, legend=False, remarks={0: "double"})
    assert (remarked != 90).any(2).sum() > (drawn != 90).any(2).sum()  # a longer label


def test_the_only_class_is_not_named_on_every_thing():
    picture = np.full((400, 400, 3), 90, np.uint8)
    known = truth(400, 400, [0, 0], [(50, 50, 200, 200), (210, 50, 390, 200)])
    alone, named = (draw_truth(picture, known, names) for names in (("cat",), CLASSES))
    assert (alone != 90).any(2).sum() < (named != 90).any(2).sum()
    boxes = draw_truth(
        picture, truth(400, 400, [0], [(50, 50, 200, 200)], (np.ones((400, 400), bool),)), CLASSES, boxes=True
    )
    assert (boxes[300:] == 90).all()


@pytest.mark.parametrize("box", [(-50, -50, 900, 900), (399.9, 399.9, 400, 400), (100, 100, 100, 100), (0, 0, 1, 1)])
def test_boxes_at_and_over_the_edge_are_drawn_as_far_as_they_go(box):
    picture = np.full((400, 400, 3), 90, np.uint8)
    drawn = draw_things(picture, things(400, 400, ("cat", 0.9, box)), classes=CLASSES, legend=False)
    assert (drawn != 90).any()
