import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from glassnet.data.catalog import Polygon
from glassnet.data.shapes import rasterise
from glassnet.data.writers.outline import fill, single_outline


@given(arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 14))).filter(lambda mask: mask.any()))
def test_one_line_around_any_mask_gives_the_mask_again(mask):
    line, _ = single_outline(None, mask)
    np.testing.assert_array_equal(fill(line, *mask.shape), mask)


def test_a_polygon_of_one_part_is_kept_point_by_point():
    part = (1.25, 1.5, 7.75, 2.0, 4.0, 8.5)
    line, seams = single_outline(Polygon((part,)), np.zeros((10, 10), bool))
    assert line.ravel().tolist() == list(part) and not seams


def test_parts_are_joined_by_seams_and_overlapping_ones_by_their_pixels():
    apart = Polygon(((1, 1, 4, 1, 4, 4, 1, 4), (6, 6, 9, 6, 9, 9)))
    over = Polygon(((1, 1, 6, 1, 6, 6, 1, 6), (3, 3, 9, 3, 9, 9, 3, 9)))
    for shape, points, seams in ((apart, 4 + 3 + 2, True), (over, 8, False)):
        mask = rasterise(shape, 10, 10, lambda key: b"")
        line, seamed = single_outline(shape, mask)
        assert len(line) == points and seamed is seams
        np.testing.assert_array_equal(fill(line, 10, 10), mask)
