"""Outlines of masks: the same pixels come back, holes and pieces included."""

import numpy as np
import pytest

from glassnet.data.shapes import polygon_of, rasterise
from glassnet.errors import DataError


def back(mask: np.ndarray) -> np.ndarray:
    return rasterise(polygon_of(mask), *mask.shape, lambda _: b"")


def test_outlines_give_the_same_mask_again(masks):
    for mask in masks:
        if mask.any():
            assert (back(mask) == mask).all()


def test_a_ring_in_a_ring():
    mask = np.zeros((40, 50), bool)
    for inset in range(0, 18, 4):
        mask[inset : 40 - inset, inset : 50 - inset] = True
        mask[inset + 2 : 38 - inset, inset + 2 : 48 - inset] = False
    assert (back(mask) == mask).all()
    assert len(polygon_of(mask).parts) == 5


def test_a_rectangle_has_four_points_and_pieces_are_parts():
    mask = np.zeros((9, 9), bool)
    mask[2:5, 3:8] = True
    assert sorted(zip(*[iter(polygon_of(mask).parts[0])] * 2, strict=True)) == [(3, 2), (3, 5), (8, 2), (8, 5)]
    mask[7, 0] = True
    assert len(polygon_of(mask).parts) == 2


def test_nothing_has_no_outline():
    with pytest.raises(DataError, match="no outline"):
        polygon_of(np.zeros((4, 4), bool))
