import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_dilation, distance_transform_edt

from glassnet.evaluation.boundary import boundary_f1, grown


def edges(labels, k):
    """A pixel of class k with a neighbour, up, down, left or right, of another class; the picture's edge does not count."""
    own = labels == k
    padded = np.pad(labels, 1, mode="edge")
    centre = (slice(1, -1), slice(1, -1))
    moved = [np.roll(padded, step, axis)[centre] for axis in (0, 1) for step in (1, -1)]
    return own & np.any([other != k for other in moved], 0)


def expected(truth, answer, classes, tolerance):
    """The definition by distance transforms, pixels all known."""
    reach = max(1.0, tolerance * math.hypot(*truth.shape))
    found = []
    for k in range(classes):
        wanted, given_ = edges(truth, k), edges(answer, k)
        if not wanted.any() and not given_.any():
            found.append(np.nan)
            continue
        if not wanted.any() or not given_.any():
            found.append(0.0)
            continue
        precision = (distance_transform_edt(~wanted)[given_] <= reach).mean()
        recall = (distance_transform_edt(~given_)[wanted] <= reach).mean()
        found.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return np.array(found)


blobs = arrays(np.uint8, (7, 9), elements=st.integers(0, 2)).map(lambda a: np.kron(a, np.ones((3, 4), np.uint8)))


@settings(max_examples=60, deadline=None)
@given(blobs, blobs, st.sampled_from([0.001, 0.03, 0.08, 0.3]))
def test_it_is_the_definition_by_euclidean_distances(truth, answer, tolerance):
    assert boundary_f1(truth, answer, 3, tolerance) == pytest.approx(expected(truth, answer, 3, tolerance), nan_ok=True)
    same = boundary_f1(truth, truth, 3, tolerance)
    assert np.all(np.isnan(same) | (same == 1))


def square(shift=0, side=200):
    labels = np.zeros((side, side), np.uint8)
    labels[60 + shift : 140 + shift, 60 + shift : 140 + shift] = 1
    return labels


def test_the_tolerance_is_a_share_of_the_diagonal():
    # 0.75 % of the diagonal of 200 × 200 are 2.1 pixels: one pixel off is forgiven, five are not, except where edges cross.
    assert boundary_f1(square(), square(1), 2).min() == 1
    assert boundary_f1(square(), square(5), 2).max() < 0.25
    assert boundary_f1(square(side=1000), square(5, side=1000), 2).min() == 1


def test_a_class_that_is_nowhere_or_everywhere_has_no_boundary():
    plain = np.zeros((20, 20), np.uint8)
    assert np.isnan(boundary_f1(plain, plain, 3)).all()
    assert boundary_f1(plain, square(side=200)[50:70, 50:70], 3)[:2].tolist() == [0, 0]


def test_a_thin_ignored_band_along_an_outline_is_bridged():
    """As PASCAL VOC draws them: the outline is somewhere within; an answer that puts it there is right."""
    truth = square()
    truth[58:62, 58:142] = truth[138:142, 58:142] = truth[58:142, 58:62] = truth[58:142, 138:142] = 255
    assert boundary_f1(truth, square(), 2).min() == 1
    assert boundary_f1(truth, square(12), 2).max() < 0.25
    assert boundary_f1(truth, np.zeros_like(truth), 2).max() == 0


def test_what_lies_within_a_large_ignored_region_does_not_count():
    truth = np.zeros((200, 200), np.uint8)
    truth[:, :40] = 1
    truth[:, 100:] = 255
    answer = truth.copy()
    answer[:, 100:] = np.random.default_rng(0).integers(0, 2, (200, 100))
    assert boundary_f1(truth, answer, 2).tolist() == [1, 1]
    assert np.isnan(boundary_f1(np.full((9, 9), 255, np.uint8), answer[:9, 100:109], 2)).all()


@settings(max_examples=40, deadline=None)
@given(arrays(bool, (13, 17), elements=st.sampled_from([False] * 9 + [True])), st.floats(1, 30))
def test_growing_is_a_dilation_with_a_disk(mask, reach):
    side = int(reach)
    y, x = np.mgrid[-side : side + 1, -side : side + 1]
    assert np.array_equal(grown(mask, reach), binary_dilation(mask, x * x + y * y <= reach * reach))
