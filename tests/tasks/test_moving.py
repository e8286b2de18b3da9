"""Targets follow the augmentation: points exactly, maps as the pictures themselves move."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from glassnet.data.shapes import box_of, hull_of
from glassnet.recipe import AugmentRecipe
from glassnet.tasks import outlines, task
from glassnet.tasks.moving import moved_maps, moved_points
from glassnet.training import augment

sides = st.tuples(st.integers(4, 40), st.integers(4, 40))
seeds = st.integers(0, 10_000)


def drawn(recipe, rows, size, seed=0, epoch=0):
    return augment.draw(AugmentRecipe(**recipe), seed, epoch, np.arange(rows), *size)


def apply(maps, draws, edge):
    """Move maps as pictures are moved."""
    pictures = torch.from_numpy(maps.astype(np.uint8))[..., None]
    return np.rint(augment.apply(pictures, draws, edge).mul(255).numpy()[:, 0]).astype(np.uint8)


def mirror(size, down=False):
    matrix = np.eye(3)
    axis = 1 if down else 0
    matrix[axis, axis], matrix[axis, 2] = -1, (size[0] if down else size[1]) - 1
    return matrix


@given(
    sides,
    seeds,
    st.sampled_from(["none", "horizontal", "vertical", "both"]),
    st.floats(0, 0.4),
    st.sampled_from(["reflect", "border"]),
)
@settings(deadline=None, max_examples=120)
def test_maps_follow_mirrors_and_whole_shifts_exactly(size, seed, flip, shift, edge):
    draws = drawn({"flip": flip, "shift": shift}, 4, size, seed)
    maps = np.random.default_rng(seed).integers(0, 255, (4, *size), dtype=np.uint8)
    assert draws.whole
    np.testing.assert_array_equal(moved_maps(maps, draws.matrices, edge), apply(maps, draws, edge))


@given(seeds, st.sampled_from(["reflect", "border"]))
@settings(deadline=None, max_examples=45)
def test_maps_follow_turns_and_zooms_to_the_nearest_pixel(seed, edge):
    """A smooth picture and its map stay together to the slope of one pixel's half diagonal."""
    size = (30, 40)
    y, x = np.mgrid[: size[0], : size[1]]
    smooth = np.stack([3 * x + 2 * y, 200 - 4 * y, 2 * x + 3 * y]).astype(np.uint8)
    draws = drawn({"rotate": 40, "zoom": 0.4, "flip": "both", "shift": 0.2}, 3, size, seed)
    nearest = moved_maps(smooth, draws.matrices, edge).astype(int)
    assert (
        np.abs(nearest - apply(smooth, draws, edge)).max() <= 4
    )  # half a pixel of the steepest slope both ways, and rounding


@given(sides, seeds)
@settings(deadline=None, max_examples=75)
def test_what_lies_beyond_the_border_has_the_value_outside(size, seed):
    draws = drawn({"zoom": 0.5, "shift": 0.4, "rotate": 30}, 3, size, seed)
    maps = np.ones((3, *size), np.int32)
    inside = moved_maps(maps, draws.matrices, "border", outside=0)
    y, x = np.mgrid[: size[0], : size[1]]
    points = np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    at = draws.matrices @ points
    within = (at[:, 0] > -0.49) & (at[:, 0] < size[1] - 0.51) & (at[:, 1] > -0.49) & (at[:, 1] < size[0] - 0.51)
    out = (at[:, 0] < -0.51) | (at[:, 0] > size[1] - 0.49) | (at[:, 1] < -0.51) | (at[:, 1] > size[0] - 0.49)
    assert inside.reshape(3, -1)[within].all() and not inside.reshape(3, -1)[out].any()


@given(sides, seeds)
@settings(deadline=None, max_examples=75)
def test_points_and_back_are_the_same_points(size, seed):
    draws = drawn({"rotate": 180, "zoom": 0.5, "shift": 0.3, "flip": "both", "crop": 0.3}, 3, size, seed)
    points = np.random.default_rng(seed).uniform(-5, 45, (3, 2, 6, 2))
    back = moved_points(moved_points(points, draws.matrices), np.linalg.inv(draws.matrices))
    np.testing.assert_allclose(back, points, atol=1e-9)


@given(st.data())
@settings(deadline=None, max_examples=120)
def test_a_moved_box_is_the_box_of_the_moved_rectangle(data):
    """Mirrors, shifts and zooms keep sides parallel: the moved target's box is that of the drawn and moved pixels, within rounding."""
    size = (40, 48)
    x1, y1 = data.draw(st.integers(0, 40)), data.draw(st.integers(0, 32))
    x2, y2 = data.draw(st.integers(x1 + 4, 48)), data.draw(st.integers(y1 + 4, 40))
    zoomed = data.draw(st.booleans())
    draws = drawn({"flip": "both", "shift": 0.2, "zoom": 0.3 if zoomed else 0.0}, 1, size, data.draw(seeds))
    mask = np.zeros((1, *size), np.uint8)
    mask[0, y1:y2, x1:x2] = 1
    pixels = moved_maps(mask, draws.matrices, "border", outside=0)[0].astype(bool)
    assume(pixels.any())
    targets = np.array([[[2, 0, x1, y1, x2, y1, x2, y2, x1, y2]]], np.float32)
    boxes, labels, _, _ = outlines.boxes_of(torch.from_numpy(outlines.move(targets, draws.matrices)), size)
    assert labels[0, 0] == 2
    away = np.abs(boxes[0, 0].numpy() - box_of(pixels))
    assert away.max() <= (0.51 if zoomed else 1e-4)


@given(st.integers(2, 30), st.integers(0, 1), seeds)
@settings(deadline=None, max_examples=120)
def test_the_box_of_a_turned_mask_is_the_box_of_its_turned_hull(points, thick, seed):
    size = (64, 64)
    random = np.random.default_rng(seed)
    mask = np.zeros((1, *size), np.uint8)
    centre = random.integers(24, 40, 2)
    for y, x in (centre + random.integers(-9, 10, (points, 2))).tolist():
        mask[0, y : y + 2 + thick, x : x + 2 + thick] = 1
    draws = drawn({"rotate": 180, "zoom": 0.2}, 1, size, seed)
    pixels = moved_maps(mask, draws.matrices, "border", outside=0)[0].astype(bool)
    hull = hull_of(mask[0].astype(bool))
    targets = np.array([[[0, 0, *hull.ravel()]]], np.float32)
    boxes, *_ = outlines.boxes_of(torch.from_numpy(outlines.move(targets, draws.matrices)), size)
    # A corner of the hull is one of a pixel, whose middle is what lands in the map: up to half a diagonal inside, zoomed.
    assert np.abs(boxes[0, 0].numpy() - box_of(pixels)).max() <= 1.0


@given(seeds)
@settings(deadline=None, max_examples=30)
def test_move_then_decode_is_decode_then_move(seed):
    """What perfect outputs of the moved picture say is what those of the picture say, moved: boxes of detect."""
    size = (48, 64)
    detect = task("detect")
    targets = np.array([[[1, 0, 10, 12, 30, 12, 30, 28, 10, 28], [0, 0, 40, 8, 56, 8, 56, 40, 40, 40]]], np.float32)
    draws = drawn({"flip": "both", "shift": 0.1}, 1, size, seed)
    moved = detect.move(targets, draws.matrices, size)
    before, after = (perfect_boxes(each, size) for each in (targets, moved))
    answers = [sorted_boxes(detect.read(torch.from_numpy(each)).numpy()) for each in (before, after)]
    shown = moved_points(answers[0].reshape(1, -1, 2), draws.matrices).reshape(-1, 2, 2)
    expected = np.concatenate([shown.min(1), shown.max(1)], 1).clip(0, [64, 48, 64, 48])
    order = np.argsort(expected[:, 0])
    np.testing.assert_allclose(answers[1][np.argsort(answers[1][:, 0])], expected[order], atol=1e-3)


def perfect_boxes(targets, size):
    """Outputs that say exactly what the targets are, cut at the edges."""
    h, w = size[0] // 4, size[1] // 4
    outputs = np.zeros((1, 2 + 4, h, w), np.float32)
    outputs[:, :2] = -6
    boxes, labels, learnt, _ = (part[0] for part in outlines.boxes_of(torch.from_numpy(targets), size))
    for box, label, good in zip(boxes.numpy(), labels.tolist(), learnt.tolist(), strict=True):
        assert good
        row, column = (int((box[1] + box[3]) / 8), int((box[0] + box[2]) / 8))
        outputs[0, label, row, column] = 12
        x, y = 4 * column + 2, 4 * row + 2
        outputs[0, 2:, row, column] = np.log(np.array([x - box[0], y - box[1], box[2] - x, box[3] - y]) / 16)
    return outputs


def sorted_boxes(read):
    return read[0][read[0, :, 4] > 0.5, :4].astype(np.float64)


@pytest.mark.parametrize("name", ["segment", "instances"])
def test_a_mirrored_target_is_mirrored(name, make_drawn):
    world = make_drawn(name, 2)
    matrices = np.tile(mirror(world.size), (2, 1, 1))
    np.testing.assert_array_equal(world.task.move(world.targets, matrices, world.size), world.targets[:, :, ::-1])
    matrices = np.tile(mirror(world.size, down=True), (2, 1, 1))
    np.testing.assert_array_equal(world.task.move(world.targets, matrices, world.size), world.targets[:, ::-1])


def test_padding_stays_padding_wherever_it_moves(make_drawn):
    world = make_drawn("detect", 4)
    draws = drawn({"rotate": 90, "shift": 0.3, "zoom": 0.3}, 4, world.size)
    moved = world.task.move(world.targets, draws.matrices, world.size)
    np.testing.assert_array_equal(moved[:, :, :2], world.targets[:, :, :2])
    _, _, learnt, left = outlines.boxes_of(torch.from_numpy(moved), world.size)
    assert not (learnt | left)[torch.from_numpy(world.targets[:, :, 0] < 0)].any()


def test_a_thing_that_nearly_left_the_picture_is_neither_learnt_nor_background(make_masked, make_rectangle):
    mask = make_rectangle(32, 32, 2, 10, 12, 20)
    world = make_masked("detect", [[("a", mask)]])
    for shift, expected in ((0, "learnt"), (8, "learnt"), (10, "left"), (11, "left"), (13, "gone")):
        matrix = np.array([[[1.0, 0, shift], [0, 1, 0], [0, 0, 1]]])
        moved = world.task.move(world.targets, matrix, world.size)
        _, _, learnt, left = outlines.boxes_of(torch.from_numpy(moved), world.size)
        found = "learnt" if learnt[0, 0] else "left" if left[0, 0] else "gone"
        assert found == expected, shift
