from dataclasses import replace

import numpy as np
import pytest

from glassnet.data.catalog import Catalog, Example, MaskFile, Polygon, Rle, Thing, Things
from glassnet.data.dense_sizing import dense_size
from glassnet.data.extents import extent, mask_reader, regions
from glassnet.data.readers import from_arrays
from glassnet.data.sizing import choose_size
from glassnet.data.sources import ArraySource
from glassnet.recipe import DataRecipe


def marked(short: float, n: int = 40, task: str = "detect", long: float = 200.0) -> Catalog:
    """A catalog whose things are all `short` pixels wide."""
    things = Things(
        (Thing("a", (10.0, 10.0, 10.0 + short, 10.0 + long)), Thing("b", (50.0, 20.0, 50.0 + long, 20.0 + short)))
    )
    examples = tuple(Example(f"p{i}", things) for i in range(n))
    return Catalog("world", "", task, ("a", "b"), examples, source=None)


def chosen(catalog: Catalog, height: int, width: int):
    rows = np.arange(min(len(catalog), 500))
    return dense_size(catalog, rows, np.tile([height, width], (len(rows), 1)))


@pytest.mark.parametrize(
    ("short", "n", "task", "picture", "size"),
    [
        (60, 40, "detect", (480, 640), (240, 320)),  # few pictures may have more pixels
        (60, 2000, "detect", (480, 640), (192, 256)),
        (16, 2000, "detect", (480, 640), (320, 416)),  # as small as the things allow, in steps of 32
        (16, 2000, "instances", (640, 480), (416, 320)),
        (5, 2000, "detect", (480, 640), (384, 512)),  # no more than 512
        (5, 40, "detect", (200, 300), (192, 288)),  # never enlarged
        (60, 40, "localize", (480, 640), (144, 192)),
        (60, 2000, "localize", (600, 600), (128, 128)),
        (60, 40, "segment", (360, 480), (288, 384)),
        (20, 40, "detect", (96, 96), (96, 96)),
        (20, 40, "detect", (50, 50), (64, 64)),
    ],
)
def test_the_size_is_as_small_as_the_things_allow(short, n, task, picture, size):
    choice = chosen(marked(short, n, task, long=min(picture) - 60 if min(picture) > 100 else 22), *picture)
    assert choice.value == size and all(side % 16 == 0 for side in choice.value)


def test_the_reason_says_the_numbers():
    assert (
        "the smallest tenth of the 1,000 things looked at are 16 px wide; at 416 they keep 10"
        in chosen(marked(16, 2000), 480, 640).reason
    )
    assert "the smallest tenth of the things are 60 px wide; at 320 they keep 30" in chosen(marked(60), 480, 640).reason
    assert "all pictures are 640×480" in chosen(marked(16, 2000), 480, 640).reason
    assert "they keep only 4" in chosen(marked(5, 2000), 480, 640).reason


def test_pictures_that_lie_both_ways_get_a_square_and_those_that_lie_one_way_their_shape():
    sizes = np.array([[480, 640], [640, 480]] * 20)
    assert dense_size(marked(60), np.arange(40), sizes).value == (320, 320)
    sizes = np.array([[480, 640]] * 20 + [[540, 960]] * 20)
    height, width = dense_size(marked(60), np.arange(40), sizes).value
    assert width == 320 and 176 <= height <= 240


def test_bad_boxes_and_crowds_do_not_count():
    catalog = marked(60, 2000)
    bad = Things(
        (
            Thing("a", (5.0, 5.0, 5.0, 9.0)),
            Thing("b", (0.1, 0.1, 0.3, 0.3)),
            Thing("a", (9.0, 9.0, 12.0, 12.0), crowd=True),
        )
    )
    examples = tuple(replace(e, annotation=bad) if i % 2 else e for i, e in enumerate(catalog.examples))
    assert chosen(replace(catalog, examples=examples), 480, 640).value == (192, 256)


def test_things_that_only_a_shape_places_are_measured():
    flat = np.zeros((3, 100, 120, 1), np.uint8)
    flat[2, 20:36, 30:90] = 5
    source = ArraySource(flat)
    shapes = (
        Polygon(((30.0, 20.0, 90.0, 20.0, 90.0, 36.0),)),
        Rle((30 * 100 + 20, 16, *([84, 16] * 59), 29 * 100 + 64), 100, 120),
        MaskFile(source.key(2), 5),
    )
    for shape in shapes:
        assert extent(shape, mask_reader(source)) == (30.0, 20.0, 90.0, 36.0)
    assert extent(MaskFile(source.key(2), 6), mask_reader(source)) is None
    assert extent(MaskFile("nowhere"), mask_reader(source)) is None
    examples = tuple(Example(source.key(i % 2), Things((Thing("a", None, s),))) for i, s in enumerate(shapes))
    choice = dense_size(
        Catalog("w", "", "instances", ("a",), examples, source), np.arange(3), np.tile([100, 120], (3, 1))
    )
    assert "16 px wide" in choice.reason


def test_run_lengths_that_cross_columns_reach_from_top_to_bottom():
    assert extent(Rle((8, 4, 88), 10, 10)) == (0.0, 0.0, 2.0, 10.0)
    assert extent(Rle((100,), 10, 10)) is None and extent(Rle((0, 1, 99), 10, 10)) == (0.0, 0.0, 1.0, 1.0)


@pytest.mark.parametrize("largest", [700, 70_000])
def test_regions_hold_every_value_with_its_pixels_and_box(largest):
    rng = np.random.default_rng(0)
    values = rng.choice([0, 3, 5000 - largest, largest], (40, 50), p=[0.7, 0.2, 0.05, 0.05]).astype(np.int32)
    values[10:20, 30:50] = 4
    values[11:21, :9] = 4
    found = regions(values)
    assert found.values.tolist() == np.unique(values).tolist() and found.pixels.sum() == values.size
    for i, value in enumerate(found.values.tolist()):
        rows, columns = np.nonzero(values == value)
        assert found.pixels[i] == len(rows)
        assert found.boxes[i].tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert found.count(None) == (values != 0).sum() and found.box(9) is None
    assert regions(values[:0]).count(None) == 0
    colours = np.zeros((4, 4, 3), np.uint8)
    colours[1, 2] = (1, 2, 3)
    colours[3, 3] = 9
    assert regions(colours).values.tolist() == [0, 9, 1 << 24 | 1 << 16 | 2 << 8 | 3]


def test_fit_follows_the_question_unless_it_is_set(draw):
    pictures = np.stack([draw(i, 48, 64) for i in range(8)])
    catalog = from_arrays(pictures, np.arange(8) % 2)
    settings, choices = choose_size(catalog, DataRecipe())
    assert settings.fit == "crop" and [choice.field for choice in choices] == ["data.size", "data.color"]
    things = Things((Thing("a", (5.0, 5.0, 30.0, 30.0)),))
    dense = replace(catalog, task="detect", examples=tuple(replace(e, annotation=things) for e in catalog.examples))
    settings, choices = choose_size(dense, DataRecipe())
    assert (settings.height, settings.width, settings.fit) == (48, 64, "pad")
    assert choices[-1].field == "data.fit" and "nothing is cut away" in choices[-1].reason
    settings, choices = choose_size(dense, DataRecipe(fit="stretch", size=50))
    assert (settings.height, settings.width, settings.fit) == (50, 50, "stretch")
    assert [choice.field for choice in choices] == ["data.color"]
