"""Pixels of shapes against oracles that know nothing of them: the shoelace formula, SciPy's hull, COCO's own encoder."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.data.catalog import MaskFile, Polygon, Rle
from glassnet.data.shapes import (
    box_of,
    box_of_shape,
    check_rle,
    compressed,
    convex_hull,
    decode_compressed,
    decode_rle,
    hull_of,
    hull_of_shape,
    rasterise,
    rle_of,
)
from glassnet.errors import DataError


def nothing(key: str) -> bytes:
    raise AssertionError(f"{key} was read")


def shoelace(points: np.ndarray) -> float:
    x, y = points[:, 0], points[:, 1]
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def length(points: np.ndarray) -> float:
    return float(np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1).sum())


def star(seed: int, side: float = 60.0, corners: int = 9) -> np.ndarray:
    """A polygon that does not cross itself, within (2, side - 2)."""
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.random(corners)) * 2 * np.pi
    radii = rng.uniform(side / 8, side / 2 - 2, corners)
    return side / 2 + np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii[:, None]


@pytest.mark.parametrize("seed", range(25))
def test_a_polygon_covers_its_area_to_within_its_outline(seed):
    points = star(seed)
    mask = rasterise(Polygon((tuple(points.reshape(-1)),)), 60, 60, nothing)
    assert mask.dtype == bool
    assert mask.shape == (60, 60)
    assert abs(mask.sum() - shoelace(points)) <= length(points) / 2 + 1


def test_a_polygon_along_pixel_edges_covers_exactly_those_pixels():
    mask = rasterise(Polygon(((1.0, 1.0, 5.0, 1.0, 5.0, 4.0, 1.0, 4.0),)), 10, 12, nothing)
    wanted = np.zeros((10, 12), bool)
    wanted[1:4, 1:5] = True
    assert (mask == wanted).all()


def test_parts_of_a_polygon_are_joined():
    one, two = (0.0, 0.0, 3.0, 0.0, 3.0, 3.0, 0.0, 3.0), (6.0, 6.0, 8.0, 6.0, 8.0, 8.0, 6.0, 8.0)
    both = rasterise(Polygon((one, two)), 9, 9, nothing)
    assert (both == rasterise(Polygon((one,)), 9, 9, nothing) | rasterise(Polygon((two,)), 9, 9, nothing)).all()
    assert both.sum() == 13


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((), "no points"),
        (((1.0, 2.0, 3.0, 4.0),), "three points"),
        (((1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),), "no pairs"),
        (((0.0, 0.0, float("nan"), 1.0, 5.0, 5.0),), "no numbers"),
        (((0.0, 0.0, float("inf"), 1.0, 5.0, 5.0),), "no numbers"),
        (((0.0, 0.0, 1e9, 0.0, 1e9, 1e9),), "far outside"),
        (((0.0, 0.0, 19.0, 0.0) * 200_000,), "long"),
    ],
)
def test_polygons_that_make_no_sense_never_reach_the_decoder(parts, said):
    with pytest.raises(DataError, match=said):
        rasterise(Polygon(parts), 10, 10, nothing)


def test_a_polygon_that_slips_over_the_edge_is_cut_off():
    shape = Polygon(((-5.0, -5.0, 5.0, -5.0, 5.0, 5.0, -5.0, 5.0),))
    assert rasterise(shape, 8, 8, nothing).sum() == 25
    assert box_of_shape(shape, 8, 8, nothing) == (0, 0, 5, 5)
    with pytest.raises(DataError, match="outside"):
        hull_of_shape(Polygon(((-5.0, -5.0, -1.0, -5.0, -1.0, -1.0),)), 8, 8, nothing)


def test_run_lengths_come_back(masks):
    for mask in masks:
        runs = rle_of(mask)
        assert (decode_rle(runs, *mask.shape) == mask).all()
        assert decode_compressed(compressed(runs), *mask.shape) == runs


def test_compressed_run_lengths_are_those_of_coco(masks):
    from faster_coco_eval.core import mask as coco

    for mask in masks:
        theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]
        theirs = theirs.encode() if isinstance(theirs, str) else theirs
        assert compressed(rle_of(mask)).encode() == theirs
        assert (decode_rle(decode_compressed(theirs, *mask.shape), *mask.shape) == mask).all()


@pytest.mark.parametrize(
    "runs",
    [
        Rle((5,), 2, 3),
        Rle((7,), 2, 3),
        Rle((-1, 7), 2, 3),
        Rle((3, 3), 3, 2),
        Rle((2.5, 3.5), 2, 3),
        Rle((True, 5), 2, 3),
        Rle((), 2, 3),
        Rle((10**30,), 2, 3),
    ],
)
def test_run_lengths_that_do_not_fit_are_refused(runs):
    with pytest.raises(DataError):
        check_rle(runs, 2, 3)
    with pytest.raises(DataError):
        rasterise(runs, 2, 3, nothing)


@given(st.one_of(st.text(max_size=30), st.binary(max_size=30)))
def test_hostile_compressed_run_lengths_end_in_a_sentence_or_in_a_mask(text):
    try:
        runs = decode_compressed(text, 4, 5)
    except DataError:
        return
    assert sum(runs.counts) == 20
    assert decode_rle(runs, 4, 5).shape == (4, 5)


def test_boxes_are_edges():
    mask = np.zeros((5, 7), bool)
    mask[4, 6] = True
    assert box_of(mask) == (6, 4, 7, 5)
    assert box_of(np.ones((5, 7), bool)) == (0, 0, 7, 5)
    with pytest.raises(DataError, match="no pixels"):
        box_of(np.zeros((5, 7), bool))


def test_the_hull_of_pixels_is_the_hull_of_their_corners(masks):
    from scipy.spatial import ConvexHull

    for mask in masks:
        if not mask.any():
            continue
        rows, columns = np.nonzero(mask)
        corners = np.concatenate([np.stack([columns + dx, rows + dy], axis=1) for dx in (0, 1) for dy in (0, 1)])
        hull = hull_of(mask)
        theirs = corners[ConvexHull(corners).vertices]
        assert {tuple(point) for point in hull} == {tuple(point) for point in theirs}
        assert (*hull.min(axis=0), *hull.max(axis=0)) == box_of(mask)
        x, y = hull[:, 0], hull[:, 1]
        assert np.dot(x, np.roll(y, -1)) > np.dot(y, np.roll(x, -1))  # clockwise, as y points down


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), max_size=30))
def test_every_point_lies_within_its_convex_hull(points):
    hull = convex_hull(np.array(points, float).reshape(-1, 2))
    if len(hull) < 3:
        return
    ahead = np.roll(hull, -1, axis=0) - hull
    for point in points:
        away = np.array(point) - hull
        assert (ahead[:, 0] * away[:, 1] - ahead[:, 1] * away[:, 0] >= -1e-9).all()


def test_the_hull_of_a_polygon_is_finer_than_pixels():
    points = star(3)
    hull = hull_of_shape(Polygon((tuple(points.reshape(-1)),)), 60, 60, nothing)
    assert np.allclose(hull.min(axis=0), points.min(axis=0))
    assert np.allclose(hull.max(axis=0), points.max(axis=0))


def test_mask_files_are_things_where_they_are_not_0_or_have_the_value(png):
    values = np.array([[0, 1, 1], [2, 2, 255]], np.uint8)
    data = png(values)
    assert (rasterise(MaskFile("m"), 2, 3, lambda _: data) == (values != 0)).all()
    assert (rasterise(MaskFile("m", 2), 2, 3, lambda _: data) == (values == 2)).all()
    wide = png(np.array([[0, 1000], [65535, 3]], np.uint16))
    assert rasterise(MaskFile("m", 65535), 2, 2, lambda _: wide).tolist() == [[False, False], [True, False]]
    with pytest.raises(DataError, match="3 × 2 pixels, its picture 2 × 3"):
        rasterise(MaskFile("m"), 3, 2, lambda _: data)
