"""Instances: pixels vote for their centres. Outputs that say exactly what the target is give back exactly its masks."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.tasks import task
from glassnet.tasks.instances import IGNORED, STRIDE, UNIT, _targets

instances = task("instances")


def perfect(targets, classes):
    """Outputs float32 (N, K + 3, h, w) that say what the targets (N, H, W) are.

    Background points where its nearest thing does, as smooth offsets would; nobody teaches it.
    """
    heat, _, _ = _targets(torch.from_numpy(targets), classes)
    outputs = np.zeros((len(targets), classes + 3, *heat.shape[2:]), np.float32)
    outputs[:, :classes] = np.where(heat.numpy() > 0.999, 10.0, np.log(heat.numpy().clip(1e-6, 0.5)))
    for n, target in enumerate(targets):
        sparse = target[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]
        outputs[n, classes] = np.where(sparse > 0, 8, -8)
        centres = {}
        for name in np.unique(target[target > 0]):
            rows, columns = np.nonzero(target == name)
            centres[int(name)] = columns.mean() + 0.5, rows.mean() + 0.5
        places = np.argwhere(sparse > 0)
        for row, column in np.ndindex(*sparse.shape):
            if not len(places):
                continue
            near = places[np.abs(places - (row, column)).sum(1).argmin()]
            x, y = centres[int(sparse[tuple(near)])]
            at = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
            outputs[n, classes + 1 :, row, column] = (x - at[0]) / UNIT, (y - at[1]) / UNIT
    return outputs


def same_parts(ids, target):
    """Whether two maps cut the picture into the same things."""
    pairs = set(zip(ids.ravel().tolist(), target.ravel().tolist(), strict=True))
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


@st.composite
def blocks(draw):
    """A target of up to nine things on a 48 × 64 picture: rectangles of whole 2 × 2 cells, four pixels apart or more."""
    target = np.zeros((48, 64), np.int32)
    number = 0
    for row in range(3):
        for column in range(3):
            if draw(st.booleans()):
                number += 1
                height, width = draw(st.integers(3, 6)), draw(st.integers(3, 8))
                y, x = row * 16, column * 20
                target[y : y + 2 * height, x : x + 2 * width] = number * 256 + draw(st.integers(0, 2))
    return target


@given(blocks())
@settings(deadline=None, max_examples=60)
def test_perfect_outputs_give_back_exactly_the_masks(target):
    read = instances.read(torch.from_numpy(perfect(target[None], 3))).numpy()
    ids, labels, sure = read[0]
    assert same_parts(ids, target)
    assert np.array_equal(labels[target > 0], (target % 256)[target > 0])
    assert (sure[target > 0] > 0.9).all() and not sure[target == 0].any()
    if target.any():
        assert instances.score(read, target[None]) == 1.0 == instances.per_picture(read, target[None])[0]
        assert instances.hits(torch.from_numpy(perfect(target[None], 3)), torch.from_numpy(target[None]))[0] == 1


def test_things_that_touch_are_told_apart_exactly():
    target = np.zeros((32, 32), np.int32)
    target[4:16, 4:14], target[4:16, 14:28], target[16:28, 4:28] = 256, 512 + 1, 768
    read = instances.read(torch.from_numpy(perfect(target[None], 2))).numpy()
    ids = read[0, 0]
    # Where three meet, the votes of a corner are a mixture of three.
    corners = np.zeros((32, 32), bool)
    corners[14:18, 12:16] = True
    assert same_parts(np.where(corners, 0, ids), np.where(corners, 0, target))


@given(blocks())
@settings(deadline=None, max_examples=20)
def test_a_mirrored_picture_answered_and_turned_back_is_the_picture_answered(target):
    plain = perfect(target[None], 3)
    mirrored = perfect(np.ascontiguousarray(target[None, :, ::-1]), 3)
    back = instances.unmirrored(torch.from_numpy(mirrored))
    ids = instances.read(back).numpy()[0, 0]
    assert same_parts(ids, target)
    np.testing.assert_allclose(back[:, 3].numpy(), plain[:, 3])


def test_drawn_shapes_of_any_form_come_back_nearly_whole(make_drawn):
    """Slanted edges do not fall on cells of two pixels, so their outermost pixels may differ."""
    world = make_drawn("instances", 8)
    read = world.read(perfect(world.targets, 3))
    assert world.task.score(read, world.targets) == 1.0
    for planes, target in zip(read, world.targets, strict=True):
        assert ((planes[0] > 0) == (target > 0)).mean() > 0.97
    answers = world.task.decode(read, world.classes, frames=world.frames)
    for answer, truth in zip(answers, world.truths, strict=True):
        assert sorted(thing.label for thing in answer.found) == sorted(world.classes[i] for i in truth.labels)


def test_sixty_things_are_sixty_things():
    target = np.zeros((80, 96), np.int32)
    for number in range(60):
        y, x = 8 * (number // 12), 8 * (number % 12)
        target[y : y + 6, x : x + 6] = (number + 1) * 256
    read = instances.read(torch.from_numpy(perfect(target[None], 1))).numpy()
    assert same_parts(read[0, 0], target) and len(np.unique(read[0, 0])) == 61
    assert len(instances.decode(read, ("cell",))[0].found) == 60


def test_more_things_than_can_collect_votes_are_the_surest_ones_and_no_error():
    target = np.zeros((128, 128), np.int32)
    for number in range(256):
        y, x = 8 * (number // 16), 8 * (number % 16)
        target[y : y + 6, x : x + 6] = (number + 1) * 256
    read = instances.read(torch.from_numpy(perfect(target[None], 1))).numpy()
    assert len(np.unique(read[0, 0])) == 1 + 128


def test_a_picture_without_things_is_answered_with_none_and_learnt_as_background():
    target = np.zeros((1, 32, 32), np.int32)
    outputs = torch.full((1, 4, 16, 16), -12.0)
    read = instances.read(outputs).numpy()
    assert not read.any() and instances.decode(read, ("a",))[0].found == ()
    assert instances.per_picture(read, target)[0] == 1.0 == instances.hits(outputs, torch.from_numpy(target))[0]
    hot = torch.full((1, 4, 16, 16), 6.0)
    cold, warm = (instances.loss(each, torch.from_numpy(target))[0] for each in (outputs, hot))
    assert cold < 0.1 < warm
    assert instances.per_picture(instances.read(hot).numpy(), target)[0] == 0.0


def test_foreground_without_a_warm_centre_is_no_thing():
    outputs = torch.full((1, 4, 16, 16), -6.0)
    outputs[:, 1] = 6
    assert not instances.read(outputs).numpy().any()


def test_ignored_pixels_cost_nothing_whatever_is_answered_there(make_masked, make_rectangle):
    thing, crowd = make_rectangle(32, 32, 2, 2, 12, 14), make_rectangle(32, 32, 16, 8, 32, 28)
    world = make_masked("instances", [[("a", thing), ("b", crowd, True)]])
    assert (world.targets[0][crowd] == IGNORED).all() and (world.targets[0][thing] > 0).all()
    outputs = torch.tensor(world.outputs(), requires_grad=True)
    world.task.loss(outputs, torch.from_numpy(world.targets), dice=1.0).sum().backward()
    inner = outputs.grad[0, :, 5:13, 9:15]  # places whose interpolation reaches no known pixel
    assert not inner.any() and outputs.grad[0, :, 5:13, :7].any()


def test_an_answer_within_a_crowd_is_neither_hit_nor_miss(make_masked, make_rectangle):
    thing, crowd = make_rectangle(32, 32, 2, 2, 12, 14), make_rectangle(32, 32, 16, 8, 32, 28)
    world = make_masked("instances", [[("a", thing), ("b", crowd, True)]])
    seen = np.where(crowd, 5 * 256, np.where(thing, 256, 0)).astype(np.int32)
    read = np.stack([seen // 256, seen % 256, (seen > 0) * 0.9], 0)[None].astype(np.float32)
    assert world.task.score(read, world.targets) == 1.0
    assert world.task.threshold(read, world.targets) < 0.9


def test_where_things_overlap_the_smaller_lies_on_top_and_a_crowd_below_all(make_masked, make_rectangle):
    large, small = make_rectangle(32, 32, 0, 0, 30, 30), make_rectangle(32, 32, 4, 4, 12, 12)
    crowd = make_rectangle(32, 32, 2, 2, 20, 20)
    world = make_masked("instances", [[("a", small), ("b", large), ("a", crowd, True)]])
    target = world.targets[0]
    assert (target[small] % 256 == 0).all() and (target[small] > 0).all()
    assert (target[large & ~small] % 256 == 1).all(), "a crowd hides no thing, as in the truth that scores use"
    assert np.array_equal(target > 0, world.truths[0].classes_map() != 255)


@pytest.mark.parametrize("pixels", [1, 2, 3])
def test_a_thing_of_a_few_pixels_is_a_target_like_any_other(pixels, make_masked, make_rectangle):
    for x, y in ((0, 0), (31, 31), (13, 8), (32 - pixels, 5)):
        mask = make_rectangle(32, 32, x, y, min(32, x + pixels), min(32, y + pixels))
        world = make_masked("instances", [[("a", mask)]])
        heat, _, things = _targets(torch.from_numpy(world.targets), 2)
        right, below = min(32, x + pixels), min(32, y + pixels)
        place = (y + below) // 4 * 16 + (x + right) // 4
        assert things[0] == 1 and heat[0, 0].max() == 1 and heat[0, 0].argmax() == place
        assert torch.isfinite(world.task.loss(torch.tensor(world.outputs()), torch.from_numpy(world.targets))).all()
