import numpy as np
import pytest

from glassnet.data.overlap import iou, paired_iou


def painted(a, b, side=80):
    """IoU of two boxes with whole corners, by counting pixels."""
    masks = []
    for x1, y1, x2, y2 in (a, b):
        mask = np.zeros((side, side), bool)
        mask[y1:y2, x1:x2] = True
        masks.append(mask)
    union = (masks[0] | masks[1]).sum()
    return (masks[0] & masks[1]).sum() / union if union else 0.0


def test_overlap_is_what_counting_pixels_gives():
    corners = np.sort(np.random.default_rng(0).integers(0, 80, (60, 2, 2, 2)), axis=2)
    boxes = corners.reshape(60, 2, 4)
    expected = [painted(*pair) for pair in boxes.tolist()]
    assert paired_iou(boxes[:, 0], boxes[:, 1]) == pytest.approx(expected)
    assert np.diag(iou(boxes[:, 0], boxes[:, 1])) == pytest.approx(expected)


def test_overlap_by_hand():
    found = iou([[0, 0, 2, 2], [0, 0, 1, 1], [5, 5, 5, 9]], [[1, 0, 3, 2], [0, 0, 1, 1]])
    assert found == pytest.approx(np.array([[2 / 6, 1 / 4], [0, 1], [0, 0]]))
    crowd = iou([[0, 0, 2, 2]], [[1, 0, 30, 20], [0, 0, 4, 4]], [True, True])
    assert crowd == pytest.approx(np.array([[0.5, 1.0]]))
    assert iou(np.zeros((0, 4)), [[0, 0, 1, 1]]).shape == (0, 1)


def test_a_box_never_overlaps_itself_by_more_than_one():
    boxes = np.random.default_rng(1).random((2000, 4)) * 1e3
    boxes[:, 2:] += boxes[:, :2]
    assert (paired_iou(boxes, boxes) == 1).all()
    inner = np.nextafter(boxes, boxes[:, [2, 3, 0, 1]])
    assert paired_iou(boxes, inner).max() <= 1
