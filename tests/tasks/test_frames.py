"""Original pixels and fitted pixels: the geometry of answers against pictures that the pixel room really resized."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.data.frames import frame
from glassnet.data.pixels import PixelSettings, fit
from glassnet.tasks.segment import to_fitted, to_original

sides = st.integers(4, 200)
fits = st.sampled_from(["crop", "pad", "stretch"])


@given(sides, sides, st.integers(4, 64), st.integers(4, 64), fits)
@settings(deadline=None, max_examples=240)
def test_there_and_back_is_the_same_point(height, width, rows, columns, how):
    found = frame(height, width, PixelSettings(rows, columns, how))
    points = np.random.default_rng(height).uniform(-10, 210, (20, 2))
    np.testing.assert_allclose(found.original(found.fitted(points)), points, atol=1e-8)
    np.testing.assert_allclose(found.fitted(found.original(points)), points, atol=1e-8)


@given(sides, sides, st.integers(4, 64), st.integers(4, 64), fits)
@settings(deadline=None, max_examples=240)
def test_the_seen_part_lies_in_the_fitted_picture(height, width, rows, columns, how):
    found = frame(height, width, PixelSettings(rows, columns, how))
    x1, y1, x2, y2 = found.seen
    assert 0 <= x1 < x2 <= columns and 0 <= y1 < y2 <= rows
    if how != "pad":
        np.testing.assert_allclose((x1, y1, x2, y2), (0, 0, columns, rows), atol=1e-6)


@pytest.mark.parametrize("how", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(100, 160), (160, 100), (90, 90), (47, 33), (20, 30), (64, 48)])
@pytest.mark.parametrize("into", [(48, 64), (33, 47), (32, 32)])
def test_a_drawn_rectangle_lies_where_the_frame_says(how, size, into):
    """Edges are found in the resized pixels: where a row or column is half as bright as the rectangle."""
    height, width = size
    x1, x2, y1, y2 = int(0.35 * width), int(0.7 * width), int(0.3 * height), int(0.65 * height)
    picture = np.zeros((height, width, 1), np.uint8)
    picture[y1:y2, x1:x2] = 255
    settings_ = PixelSettings(*into, how, "grey")
    found = frame(height, width, settings_)
    fitted = fit(picture, settings_)[:, :, 0].astype(np.float64) / 255
    (left, top), (right, bottom) = found.fitted(np.array([[x1, y1], [x2, y2]], np.float64))
    # Resampling keeps the sum of brightness along a line through the middle: its length and its first moment are the edges.
    row, column = int((top + bottom) / 2), int((left + right) / 2)
    for line, low, high in ((fitted[row], left, right), (fitted[:, column], top, bottom)):
        length = line.sum()
        middle = ((np.arange(len(line)) + 0.5) * line).sum() / length
        # The samples of a soft edge do not sum to exactly its length: up to a few hundredths of a pixel.
        assert length == pytest.approx(high - low, abs=0.1)
        assert middle == pytest.approx((low + high) / 2, abs=0.1)


@given(sides, sides, st.integers(4, 64), st.integers(4, 64), fits)
@settings(deadline=None, max_examples=180)
def test_a_map_takes_its_values_where_its_points_lie(height, width, rows, columns, how):
    """Every fitted pixel has the value of the original pixel that its middle lies in, and back."""
    found = frame(height, width, PixelSettings(rows, columns, how))
    original = np.arange(height * width).reshape(height, width)
    fitted = to_fitted(original, found, -1)
    random = np.random.default_rng(rows)
    for row, column in zip(
        random.integers(0, rows, 12).tolist(), random.integers(0, columns, 12).tolist(), strict=True
    ):
        x, y = found.original(np.array([column + 0.5, row + 0.5]))
        inside = 0 <= x < width and 0 <= y < height
        assert fitted[row, column] == (original[int(y), int(x)] if inside else -1)
    back = to_original(np.arange(rows * columns).reshape(rows, columns), found)
    for row, column in zip(
        random.integers(0, height, 12).tolist(), random.integers(0, width, 12).tolist(), strict=True
    ):
        x, y = found.fitted(np.array([column + 0.5, row + 0.5])).clip(0, [columns - 0.01, rows - 0.01])
        assert back[row, column] == int(y) * columns + int(x)


def test_enlarged_masks_come_back_as_they_were():
    original = np.random.default_rng(0).integers(0, 5, (20, 30), dtype=np.uint8)
    for how in ("pad", "stretch"):
        found = frame(20, 30, PixelSettings(64, 96, how))
        assert np.array_equal(to_original(to_fitted(original, found, 255), found), original)


@pytest.mark.parametrize("name", ["detect", "localize", "segment", "instances"])
@pytest.mark.parametrize(
    ("size", "fit_"), [((48, 48), "pad"), ((64, 48), "pad"), ((96, 128), "stretch"), ((128, 96), "pad")]
)
def test_what_is_encoded_in_fitted_pixels_is_answered_in_the_pictures_own(name, size, fit_, make_drawn):
    """Answers read from the encoded truth itself agree with the annotation, to the fineness of the fitted pixels."""
    world = make_drawn(name, 3, size, fit_)
    read = told(world)
    answers = world.task.decode(read, world.classes, threshold=0.0, frames=world.frames)
    for answer, truth in zip(answers, world.truths, strict=True):
        if name == "segment":
            assert answer.pixels.shape == (96, 96)
            assert (answer.pixels == truth.classes_map()).mean() > 0.97
            continue
        assert (answer.height, answer.width) == (96, 96)
        assert sorted(thing.label for thing in answer.found) == sorted(world.classes[i] for i in truth.labels)
        for thing in answer.found:
            away = np.abs(truth.boxes - np.array(thing.box)).max(1)
            assert away.min() <= (2.01 if name == "instances" else 1e-3)
            if name == "instances":
                mask = truth.mask(int(away.argmin()))
                assert (mask & thing.mask).sum() / (mask | thing.mask).sum() > 0.8


def told(world):
    """What a network that knows the truth would be read as saying."""
    if world.task.name == "segment":
        return np.where(world.targets == 255, 0, world.targets)
    if world.task.name == "instances":
        ids, classes = world.targets // 256, world.targets % 256
        return np.stack([ids, classes, (ids > 0) * 0.9], 1).astype(np.float32)
    found = np.zeros((*world.targets.shape[:2], 6))
    points = world.targets[:, :, 2:].reshape(*world.targets.shape[:2], -1, 2)
    found[:, :, :2], found[:, :, 2:4] = points.min(2), points.max(2)
    found[:, :, 4] = np.where(world.targets[:, :, 0] >= 0, 0.9, 0)
    found[:, :, 5] = world.targets[:, :, 0]
    return found
