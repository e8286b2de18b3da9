import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from glassnet.data.frames import frame
from glassnet.data.pixels import PixelSettings
from glassnet.data.truths import Truth
from glassnet.evaluation.baselines import MEAN_LAYOUT, OTSU, near
from glassnet.evaluation.box_baselines import box_trivial, mean_layout
from glassnet.evaluation.components import components, otsu
from glassnet.evaluation.instance_baselines import instance_trivial

CLASSES = ("a", "b")


def boxes_of(*things, width=200, height=100, crowd=()):
    return Truth(
        height,
        width,
        np.array([CLASSES.index(name) for name, _ in things], np.int64),
        np.array([box for _, box in things], np.float64).reshape(-1, 4),
        np.array([i in crowd for i in range(len(things))], bool),
    )


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 14), st.integers(1, 14), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_connected_parts_equal_scipys(height, width, share, seed):
    mask = np.random.default_rng(seed).random((height, width)) < share
    expected, count = ndimage.label(mask)
    found = components(mask)
    assert found.max(initial=0) == count
    assert np.array_equal(found, expected)


def test_a_spiral_is_one_part():
    mask = np.zeros((41, 41), bool)
    y, x, step, turn = 0, 0, 40, 0
    mask[0, 0] = True
    while step > 0:
        for _ in range(1 if turn == 0 else 2):
            dy, dx = ((0, 1), (1, 0), (0, -1), (-1, 0))[turn % 4]
            for _ in range(step):
                y, x = y + dy, x + dx
                mask[y, x] = True
            turn += 1
        step -= 2
    assert components(mask).max() == 1


def test_otsu_separates_two_heaps_and_has_nothing_above_one_value():
    assert 20 <= otsu(np.r_[np.full(90, 20), np.full(10, 200)].astype(np.uint8)) < 200
    assert otsu(np.full((4, 4), 9, np.uint8)) == 255

    def slow(grey):
        def apart(t):
            low, high = grey[grey <= t], grey[grey > t]
            return len(low) * len(high) * (low.mean() - high.mean()) ** 2 if len(low) and len(high) else -1

        return max(range(256), key=apart)

    grey = np.random.default_rng(0).normal([60] * 300 + [140] * 200, 20).clip(0, 255).astype(np.uint8)
    assert otsu(grey) == slow(grey)


def test_the_mean_layout_by_hand():
    training = [
        boxes_of(("a", (10, 10, 30, 30)), ("a", (150, 60, 190, 80)), ("b", (80, 40, 90, 50))),
        boxes_of(("a", (12, 12, 32, 32)), ("a", (150, 60, 190, 80)), ("b", (0, 0, 200, 100)), crowd=(2,)),
    ]
    layout = mean_layout(training, 2)
    assert [(number, confidence) for number, confidence, _ in layout] == [(0, 1.0), (0, 1.0), (1, 0.5)]
    # Class a: mean sides 30 × 20, middles (21, 21) and (170, 70) in pictures of 200 × 100.
    assert layout[0][2] == pytest.approx(np.array([6 / 200, 11 / 100, 36 / 200, 31 / 100]))
    assert layout[1][2] == pytest.approx(np.array([155 / 200, 60 / 100, 185 / 200, 80 / 100]))
    assert layout[2][2] == pytest.approx(np.array([80 / 200, 40 / 100, 90 / 200, 50 / 100]))


def test_pictures_laid_out_alike_need_no_network_and_scattered_ones_do():
    alike = [boxes_of(("a", (10, 10, 60, 60)), ("b", (120, 20, 180, 90))) for _ in range(12)]
    found = box_trivial(alike, alike, CLASSES, "test")
    assert found[MEAN_LAYOUT].value == pytest.approx(1) and found[MEAN_LAYOUT].low < 0.9
    assert "Move the pictures while training" in near(found[MEAN_LAYOUT], found)[0]
    source = np.random.default_rng(0)
    scattered = [
        boxes_of(("a", (x, y, x + 20, y + 20)))
        for x, y in zip(source.integers(0, 180, 60), source.integers(0, 80, 60), strict=True)
    ]
    assert box_trivial(scattered[:30], scattered[30:], CLASSES, "test")[MEAN_LAYOUT].value < 0.2


def test_nothing_to_learn_from_is_a_note():
    things = [boxes_of(("a", (0, 0, 9, 9)))]
    assert not box_trivial([], things, CLASSES, "test") and not box_trivial(things, [boxes_of()], CLASSES, "test")
    assert "show nothing" in box_trivial([boxes_of()], things, CLASSES, "test").notes[0]


def cells(n, dark, seed=0, height=96, width=144):
    """Discs on a noisy ground, darker or brighter than it: truths in their own pixels, pictures fitted with padding to 64 × 64."""
    source = np.random.default_rng(seed)
    settings_ = PixelSettings(height=64, width=64, fit="pad")
    place = frame(height, width, settings_)
    truths, pictures = [], np.zeros((n, 64, 64, 3), np.uint8)
    rows, columns = np.ogrid[:height, :width]
    for i in range(n):
        grey = source.normal(180 if dark else 60, 10, (height, width))
        masks = []
        for y, x in ((24, 24), (24, 72), (24, 120), (72, 48), (72, 96)):
            radius = source.uniform(8, 14)
            masks.append((rows - y) ** 2 + (columns - x) ** 2 < radius**2)
            grey[masks[-1]] += -90 if dark else 90
        grey = grey.clip(0, 255)
        x1, y1, x2, y2 = (round(side) for side in place.seen)
        ys = ((np.arange(y1, y2) + 0.5 - place.shift_y) / place.scale_y).astype(int)
        xs = ((np.arange(x1, x2) + 0.5 - place.shift_x) / place.scale_x).astype(int)
        pictures[i, y1:y2, x1:x2] = grey[ys][:, xs, None]
        labels = np.array([0, 0, 0, 1, 0], np.int64)
        truths.append(Truth(height, width, labels, np.zeros((5, 4)), np.zeros(5, bool), masks))
    return truths, pictures, [place] * n


@pytest.mark.parametrize("dark", [True, False])
def test_cells_on_an_even_ground_are_found_on_either_side_of_the_threshold(dark):
    truths, pictures, places = cells(20, dark)
    rows, train = np.arange(12, 20), np.arange(12)
    found = instance_trivial(
        truths[:12], truths[12:], CLASSES, "test",
        pixels=pictures, train_rows=train, rows=rows, train_frames=places[:12], frames=places[12:],
    )  # fmt: skip
    # Every thing is called "a": class a is found whole, with one false answer in five; class b is not.
    assert 0.3 < found[OTSU].value <= 0.5
    assert found[OTSU].n == 8


def test_noise_is_no_baseline_and_nothing_to_learn_from_is_a_note():
    truths, pictures, places = cells(6, True)
    noise = np.random.default_rng(1).integers(0, 256, pictures.shape, dtype=np.uint8)
    rows = np.arange(6)
    options = {"train_rows": rows, "rows": rows, "train_frames": places, "frames": places}
    assert instance_trivial(truths, truths, CLASSES, "test", pixels=noise, **options)[OTSU].value < 0.05
    empty = [Truth(96, 144, np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0, bool)) for _ in range(6)]
    assert "show nothing" in instance_trivial(empty, truths, CLASSES, "test", pixels=pictures, **options).notes[0]
