"""Boxes and pixels: what perfect outputs are read as, and the corners of the work: nothing, one pixel, many, crowds, odd sizes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.data.catalog import Catalog, ClassLabel, Example, Fault, Thing, Things
from glassnet.data.frames import frame
from glassnet.data.pixels import PixelSettings
from glassnet.errors import DataError
from glassnet.evaluation import measure
from glassnet.tasks import centres, outlines, task
from glassnet.tasks.segment import IGNORED

detect, localize, segment = task("detect"), task("localize"), task("segment")


def targets_of(*pictures, most=None):
    """Float32 (N, M, 10) from lists of (class, crowd, x1, y1, x2, y2)."""
    most = most or max(1, *(len(things) for things in pictures))
    found = np.zeros((len(pictures), most, 10), np.float32)
    found[:, :, 0] = -1
    for n, things in enumerate(pictures):
        for m, (label, crowd, x1, y1, x2, y2) in enumerate(things):
            found[n, m] = label, crowd, x1, y1, x2, y1, x2, y2, x1, y2
    return found


def perfect(targets, size, classes=2):
    """Outputs that say exactly what is to be learnt: hot at centres, all boxes exact at each thing's places."""
    h, w = -(-size[0] // 4), -(-size[1] // 4)
    boxes, labels, learnt, _ = outlines.boxes_of(torch.from_numpy(targets), (4 * h, 4 * w))
    heat, thing, _ = centres.target(boxes, labels, learnt, classes, (h, w))
    outputs = torch.zeros(len(targets), classes + 4, h, w)
    outputs[:, :classes] = torch.where(heat > 0.999, 14.0, heat.clamp(1e-7, 0.4).log())
    wanted = boxes.gather(1, thing.flatten(1)[:, :, None].expand(-1, -1, 4)).transpose(1, 2).reshape(-1, 4, h, w)
    x, y = (torch.arange(w) + 0.5)[None, None] * 4, (torch.arange(h) + 0.5)[None, :, None] * 4
    sides = torch.stack([x - wanted[:, 0], y - wanted[:, 1], wanted[:, 2] - x, wanted[:, 3] - y], 1)
    outputs[:, classes:] = (sides.clamp(min=0.05) / centres.SIDE).log()
    return outputs


@st.composite
def things(draw):
    """Up to nine boxes on a 72 × 96 picture, one in each cell of a 3 × 3 arrangement, of any place and size within it."""
    found = []
    for row in range(3):
        for column in range(3):
            if draw(st.booleans()):
                x1, y1 = 32 * column + draw(st.floats(0, 12)), 24 * row + draw(st.floats(0, 8))
                found.append(
                    (draw(st.integers(0, 1)), 0, x1, y1, x1 + draw(st.floats(5, 20)), y1 + draw(st.floats(5, 16)))
                )
    return found


@given(things())
@settings(deadline=None, max_examples=60)
def test_perfect_outputs_are_read_as_the_boxes(given_things):
    targets = targets_of(given_things)
    read = detect.read(perfect(targets, (72, 96))).numpy()
    assert read.shape == (1, 100, 6) and (np.diff(read[0, :, 4]) <= 0).all()
    sure = read[0][read[0, :, 4] > 0.9]
    assert len(sure) == len(given_things)
    for label, _, *box in given_things:
        away = np.abs(sure[:, :4] - box).max(1)
        # A side of a box that ends at its centre's place cannot be nearer than nothing: half a place at most.
        assert away.min() < 0.1 and sure[away.argmin(), 5] == label
    if given_things:
        assert detect.score(read, targets) == 1.0
        assert 0 < detect.threshold(read, targets) < 0.9999
        assert detect.hits(perfect(targets, (72, 96)), torch.from_numpy(targets))[0] == 1
        surest = localize.read(perfect(targets, (72, 96))).numpy()
        assert surest.shape == (1, 1, 6)
        np.testing.assert_array_equal(surest[0, 0, 4], read[0, 0, 4])


@given(things())
@settings(deadline=None, max_examples=30)
def test_a_mirrored_picture_answered_and_turned_back_is_the_picture_answered(given_things):
    targets = targets_of(given_things)
    turned = targets_of([(label, crowd, 96 - x2, y1, 96 - x1, y2) for label, crowd, x1, y1, x2, y2 in given_things])
    back = detect.unmirrored(perfect(turned, (72, 96)))
    read, again = (
        each[0][each[0, :, 4] > 0.9]
        for each in (detect.read(perfect(targets, (72, 96))).numpy(), detect.read(back).numpy())
    )
    for box in read:
        assert np.abs(again - box).max(1).min() < 0.1
    assert len(read) == len(again)


def test_a_place_whose_middle_lies_on_an_edge_of_the_picture_keeps_its_box():
    for box in ((0, 0, 1, 1), (95, 71, 96, 72), (0, 0, 96, 72), (0, 30, 96, 31), (94.5, 0, 96, 72)):
        targets = targets_of([(1, 0, *box)])
        outputs = perfect(targets, (72, 96))
        read = detect.read(outputs).numpy()[0, 0]
        assert read[4] > 0.9 and read[5] == 1
        loss = detect.loss(outputs, torch.from_numpy(targets))
        assert torch.isfinite(loss).all()


def test_a_quick_score_counts_answers_only():
    """Places that are no peak have no heat and are no answers, though `read` is filled up with them to its fixed length."""
    outputs = torch.zeros(1, 6, 6, 6)
    outputs[:, 1] = -30
    outputs[0, 0] = torch.arange(36.0).view(6, 6) / 36  # one slope, one peak, in the last corner
    sides = centres.boxes(outputs, 2)
    targets = targets_of([(0, 0, *sides[0, :, 0, 0].clamp(0, 24).tolist())])
    read = detect.read(outputs).numpy()
    truths = [truth_of_boxes(targets, (24, 24))]
    frames = [frame(24, 24, PixelSettings(24, 24))]
    scores = measure(detect, read, targets, ("a", "b"), "validation", truths=truths, frames=frames)
    assert scores.main.value == detect.score(read, targets)


def truth_of_boxes(targets, size):
    from glassnet.data.truths import Truth
    from glassnet.tasks.matching import boxed

    classes, crowd, found = boxed(targets)[0]
    return Truth(*size, classes, found, crowd)


def test_pictures_without_things_are_learnt_as_background():
    targets = targets_of([], [(0, 0, 4, 4, 20, 20)])
    cold = torch.full((2, 6, 8, 8), -12.0)
    assert detect.loss(cold, torch.from_numpy(targets))[0] < 1e-3
    hot = cold.clone()
    hot[:, 1, 3, 3] = 12
    assert detect.loss(hot, torch.from_numpy(targets))[0] > 5
    assert detect.hits(hot, torch.from_numpy(targets)).tolist() == [1, 0]
    np.testing.assert_array_equal(detect.per_picture(detect.read(cold).numpy(), targets), [1, 0])
    np.testing.assert_array_equal(detect.per_picture(detect.read(hot).numpy(), targets), [0, 0])
    assert [len(answer.found) for answer in detect.decode(detect.read(cold).numpy(), ("a", "b"))] == [0, 0]


def test_a_crowd_gives_no_loss_within_it_and_its_surroundings_are_learnt():
    plain, crowded = targets_of([(0, 0, 2, 2, 10, 10)]), targets_of([(0, 0, 2, 2, 10, 10), (1, 1, 16, 8, 32, 28)])
    outputs = torch.randn(1, 6, 8, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    detect.loss(outputs, torch.from_numpy(crowded)).sum().backward()
    inside = outputs.grad[0, :, 2:7, 4:8]
    assert not inside.any() and outputs.grad[0, 0, :, :4].all()
    warm = outputs.detach().clone()
    warm[0, :2, 2:7, 4:8] = 10
    same, more = (detect.loss(warm, torch.from_numpy(each)) for each in (crowded, plain))
    assert torch.equal(same, detect.loss(outputs.detach(), torch.from_numpy(crowded))) and more > same + 10


def test_an_answer_within_a_crowd_is_neither_hit_nor_miss():
    targets = targets_of([(0, 0, 2, 2, 10, 10), (0, 1, 16, 8, 32, 28)])
    read = np.zeros((1, 100, 6))
    read[0, :2] = [[18, 10, 30, 20, 0.95, 0], [2, 2, 10, 10, 0.9, 0]]
    assert detect.score(read, targets) == 1.0


@pytest.mark.parametrize("kind", ["giou", "l1"])
def test_the_loss_of_a_box_falls_towards_the_right_one(kind):
    targets = targets_of([(0, 0, 10, 12, 30, 28)])
    losses = []
    for share in (0.0, 0.5, 0.9, 1.0):
        outputs = perfect(targets, (48, 48))
        outputs[:, 2:] *= share
        losses.append(detect.loss(outputs, torch.from_numpy(targets), box_loss=kind)[0].item())
    assert losses[0] > losses[1] > losses[2] > losses[3]
    outputs = perfect(targets, (48, 48))
    unweighted = detect.loss(outputs * 0.5, torch.from_numpy(targets), box_loss=kind, box_weight=0.0)
    assert unweighted < detect.loss(outputs * 0.5, torch.from_numpy(targets), box_loss=kind, box_weight=5.0)


def test_an_l1_box_is_exact_where_its_loss_is_least():
    targets = targets_of([(0, 0, 10, 12, 30, 28)])
    outputs = torch.zeros(1, 6, 12, 12, requires_grad=True)
    optimizer = torch.optim.Adam([outputs], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        detect.loss(outputs, torch.from_numpy(targets), box_loss="l1").sum().backward()
        optimizer.step()
    np.testing.assert_allclose(detect.read(outputs.detach()).numpy()[0, 0, :4], [10, 12, 30, 28], atol=1.0)


def test_sixty_things_are_sixty_things():
    many = [(i % 2, 0, 8 * (i % 12), 8 * (i // 12), 8 * (i % 12) + 7, 8 * (i // 12) + 7) for i in range(60)]
    targets = targets_of(many)
    outputs = perfect(targets, (40, 96))
    read = detect.read(outputs).numpy()
    assert (read[0, :, 4] > 0.9).sum() == 60 and detect.score(read, targets) == 1.0
    assert len(detect.decode(read, ("a", "b"))[0].found) == 60


def test_a_tiny_picture_has_as_many_answers_as_places():
    assert detect.read(torch.zeros(2, 5, 3, 4)).shape == (2, 12, 6)
    assert localize.read(torch.zeros(2, 5, 3, 4)).shape == (2, 1, 6)


def test_localize_asks_for_exactly_one_thing_and_says_so():
    def catalog(*annotations):
        examples = tuple(Example(f"{i}.png", each) for i, each in enumerate(annotations))
        return Catalog("root", "layout", "localize", ("a",), examples, None)

    box = Thing("a", (1, 1, 5, 5))
    frames = [frame(8, 8, PixelSettings(8, 8))]
    with pytest.raises(DataError, match=r"0\.png has 2 things, and localize needs exactly one.*--task detect"):
        localize.encode(catalog(Things((box, box))), np.array([0]), frames)
    with pytest.raises(DataError, match=r"0\.png has 0 things"):
        localize.encode(catalog(Things()), np.array([0]), frames)
    with pytest.raises(DataError, match="ClassLabel"):
        detect.encode(catalog(ClassLabel("a")), np.array([0]), frames)
    faulty = localize.encode(catalog(Things((box, box), faults=(Fault("x", "y"),))), np.array([0]), frames)
    assert (faulty[:, :, 0] == -1).all(), "a row with faults is in no split, and is not taught as anything"


def test_a_box_of_a_class_that_is_not_in_the_list_is_not_dropped_in_silence():
    examples = (Example("0.png", Things((Thing("b", (1, 1, 5, 5)),))),)
    with pytest.raises(DataError, match="'b'"):
        detect.encode(
            Catalog("r", "l", "detect", ("a",), examples, None), np.array([0]), [frame(8, 8, PixelSettings(8, 8))]
        )


def test_things_of_one_mask_file_read_it_once(tmp_path):
    from PIL import Image

    from glassnet.data.catalog import MaskFile
    from glassnet.data.sources import FolderSource

    numbers = np.zeros((16, 64), np.uint8)
    for i in range(12):
        numbers[4:9, 5 * i : 5 * i + 4] = i + 1
    Image.fromarray(numbers).save(tmp_path / "m.png")

    class Counting(FolderSource):
        reads = 0

        def read(self, key):
            type(self).reads += 1
            return super().read(key)

    annotation = Things(tuple(Thing("a", None, MaskFile("m.png", i + 1)) for i in range(12)))
    catalog = Catalog("r", "l", "detect", ("a",), (Example("0.png", annotation),), Counting(tmp_path))
    targets = detect.encode(catalog, np.array([0]), [frame(16, 64, PixelSettings(16, 64))])
    found = targets[0, :, 2:].reshape(12, -1, 2)
    np.testing.assert_array_equal(found.min(1), [[5 * i, 4] for i in range(12)])
    np.testing.assert_array_equal(found.max(1), [[5 * i + 4, 9] for i in range(12)])
    assert Counting.reads <= 2


@given(st.integers(0, 1000))
@settings(deadline=None, max_examples=20)
def test_perfect_logits_are_read_as_the_mask(seed):
    cells = np.random.default_rng(seed).integers(0, 4, (1, 12, 16))
    target = cells.repeat(2, 1).repeat(2, 2).astype(np.uint8)
    outputs = torch.nn.functional.one_hot(torch.from_numpy(cells), 4).permute(0, 3, 1, 2).float() * 20
    read = segment.read(outputs)
    assert read.dtype == torch.uint8 and np.array_equal(read.numpy(), target)
    assert segment.hits(outputs, torch.from_numpy(target))[0] == 1 == segment.score(read.numpy(), target)
    mirrored = segment.read(segment.unmirrored(outputs))
    assert np.array_equal(mirrored.numpy(), target[:, :, ::-1])
    assert np.array_equal(segment.decode(read.numpy(), "abcd")[0].pixels, target[0])


@pytest.mark.parametrize("dice", [0.0, 1.0])
def test_ignored_pixels_cost_nothing_whatever_is_answered_there(dice):
    target = torch.zeros(1, 16, 16, dtype=torch.uint8)
    target[:, :, 8:] = IGNORED
    target[:, :8, :8] = 1
    outputs = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    segment.loss(outputs, target, dice=dice).sum().backward()
    assert not outputs.grad[..., 5:].any() and outputs.grad[..., :4].any()
    nothing = torch.full((1, 16, 16), IGNORED, dtype=torch.uint8)
    assert segment.loss(outputs, nothing, dice=dice).item() == 0
    assert segment.score(segment.read(outputs.detach()).numpy(), nothing.numpy()) == 0.0


@pytest.mark.parametrize("size", [(33, 47), (47, 33), (30, 46), (5, 5), (35, 64)])
def test_odd_sizes_serve_like_even_ones(size, make_drawn):
    """A picture of 47 pixels has 24 places of two; the pixel too many is cut off everywhere alike."""
    for name in ("segment", "instances", "detect", "localize"):
        world = make_drawn(name, 2, size, "stretch")
        outputs = torch.tensor(world.outputs(scale=0.1), requires_grad=True)
        targets = torch.from_numpy(world.targets)
        optimizer = torch.optim.Adam([outputs], lr=0.2)
        for _ in range(40):
            optimizer.zero_grad()
            loss = world.task.loss(outputs, targets)
            loss.sum().backward()
            optimizer.step()
        assert torch.isfinite(world.task.hits(outputs.detach(), targets)).all()
        read = world.read(outputs.detach())
        assert 0 <= world.task.score(read, world.targets) <= 1
        assert world.task.per_picture(read, world.targets).shape == (2,)
        if min(size) > 20 and name in ("segment", "localize"):
            assert world.task.score(read, world.targets) > 0.7
        scores = measure(world.task, read, world.targets, world.classes, "test", **world.options)
        if name == "segment":
            assert scores.figures["pixel_accuracy"].value > (0.85 if min(size) > 20 else 0.3)
