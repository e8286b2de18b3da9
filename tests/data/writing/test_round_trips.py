"""Convert, read again, compare: every format gives back what it can hold, and names what it cannot."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.writing.conftest import CLASSES, by_picture, encoded, run_lengths, turned, write_coco

from glassnet.data.readers import recognise
from glassnet.data.writers import FORMATS
from glassnet.errors import DataError, RecipeError
from glassnet.pipeline.converting import convert


def there_and_back(root, form, task=None):
    """Yields (what was done, both catalogs), then (catalog, truth, catalog, truth) of every picture before and after."""
    folder = root.parent / f"{form} of {root.name}"
    done = convert(root, form, folder, task)
    source, again = recognise(root, done.task), recognise(folder, done.task)
    assert not done.left_out
    assert not again.quarantined
    first, second = by_picture(source), by_picture(again)
    assert first.keys() == second.keys()
    yield done, source, again
    for key, (split, truth) in first.items():
        assert split == second[key][0]
        yield source, truth, again, second[key][1]


def things(catalog, truth, crowds=True):
    """[(class, box, crowd, number)] in an order that formats do not change."""
    kept = [i for i in range(len(truth)) if crowds or not truth.crowd[i]]
    return [(catalog.classes[truth.labels[i]], truth.boxes[i], bool(truth.crowd[i]), i) for i in kept]


def lost(done):
    return {loss.what.partition(",")[0]: loss.count for loss in done.losses}


def test_coco_loses_nothing(nasty):
    (done, source, again), *pictures = there_and_back(nasty, "coco")
    assert done.task == "instances" and not done.losses
    assert source.classes == again.classes == tuple(sorted(CLASSES))
    for first, a, second, b in pictures:
        for (label, box, crowd, i), (label2, box2, crowd2, j) in zip(things(first, a), things(second, b), strict=True):
            assert (label, crowd) == (label2, crowd2)
            np.testing.assert_allclose(box, box2, atol=1e-9)
            np.testing.assert_array_equal(a.mask(i), b.mask(j))


def test_yolo_keeps_every_pixel_of_holes_and_parts_and_drops_crowds(nasty):
    (done, source, again), *pictures = there_and_back(nasty, "yolo")
    assert lost(done) == {
        "Things with holes or of several parts written as one line with seams": 4,
        "Crowd regions left out": 1,
    }
    assert source.classes == again.classes
    for first, a, second, b in pictures:
        for (label, _, _, i), (label2, _, _, j) in zip(things(first, a, False), things(second, b), strict=True):
            assert label == label2
            np.testing.assert_array_equal(a.mask(i), b.mask(j))


def test_yolo_boxes_come_back_to_a_millionth_of_a_pixel(nasty):
    (done, *_), *pictures = there_and_back(nasty, "yolo", "detect")
    assert lost(done) == {"Outlines left out": 7, "Crowd regions left out": 1}
    for first, a, second, b in pictures:
        for (label, box, *_), (label2, box2, *_) in zip(things(first, a, False), things(second, b), strict=True):
            assert label == label2
            np.testing.assert_allclose(box, box2, atol=1e-6)


def test_voc_keeps_boxes_to_whole_pixels_and_crowds_as_difficult(nasty):
    (done, *_), *pictures = there_and_back(nasty, "voc")
    assert done.task == "detect"
    assert lost(done) == {"Outlines left out": 8, "Boxes moved to whole pixels": 2, "Boxes not wider than a pixel": 1}
    for first, a, second, b in pictures:
        for (label, box, crowd, _), (label2, box2, crowd2, _) in zip(things(first, a), things(second, b), strict=True):
            assert (label, crowd) == (label2, crowd2)
            assert np.abs(box - box2).max() <= (1 if min(box[2] - box[0], box[3] - box[1]) == 1 else 0.5)


def test_a_table_keeps_boxes_exactly(nasty):
    (done, *_), *pictures = there_and_back(nasty, "csv")
    assert lost(done) == {"Outlines left out": 7, "Crowd regions left out": 1}
    for first, a, second, b in pictures:
        for (label, box, *_), (label2, box2, *_) in zip(things(first, a, False), things(second, b), strict=True):
            assert label == label2
            np.testing.assert_array_equal(box, box2)


def test_masks_keep_every_pixel_of_things_that_do_not_overlap(nasty):
    (done, source, again), *pictures = there_and_back(nasty, "masks")
    assert done.task == "instances"
    assert lost(done) == {"Crowd regions written as pixels to be ignored": 1, "Boxes that differ from their mask": 3}
    assert source.classes == again.classes
    for first, a, second, b in pictures:
        for (label, _, _, i), (label2, _, _, j) in zip(things(first, a, False), things(second, b), strict=True):
            assert label == label2
            np.testing.assert_array_equal(a.mask(i), b.mask(j))


def test_masks_of_classes_keep_every_pixel_and_what_is_ignored(nasty):
    (done, source, again), *pictures = there_and_back(nasty, "masks", "segment")
    assert not done.losses
    assert source.classes == again.classes == tuple(sorted((*CLASSES, "background")))
    assert any((a.classes_map() == 255).any() for _, a, _, _ in pictures)
    for _, a, _, b in pictures:
        np.testing.assert_array_equal(a.classes_map(), b.classes_map())


def test_masks_of_classes_become_one_region_per_class_where_there_are_only_things(nasty, tmp_path):
    convert(nasty, "masks", tmp_path / "masks", "segment")
    for form in ("coco", "yolo"):
        done = convert(tmp_path / "masks", form, tmp_path / form)
        assert lost(done)["Class regions written as one thing per class and picture"] == 7
        source, again = recognise(tmp_path / "masks"), recognise(tmp_path / form, "segment")
        assert source.classes == again.classes
        first, second = by_picture(source), by_picture(again)
        background = source.classes.index("background")
        for key, (_, truth) in first.items():
            pixels = truth.classes_map().copy()
            pixels[pixels == 255] = background
            np.testing.assert_array_equal(pixels, second[key][1].classes_map())


masks_of = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed))


@settings(max_examples=12, deadline=None)
@given(masks_of)
def test_any_masks_and_boxes_survive_coco_yolo_and_tables(rng):
    height, width = (int(side) for side in rng.integers(3, 40, 2))
    pictures = []
    for number in range(3):
        annotated = []
        for _ in range(int(rng.integers(1 if number == 0 else 0, 5))):
            mask = rng.random((height, width)) < rng.choice([0.1, 0.5, 0.9])
            mask[int(rng.integers(height)), int(rng.integers(width))] = True
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            box = tuple(map(int, (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)))
            annotated.append((CLASSES[int(rng.integers(4))], box, run_lengths(mask), 0))
        jpeg = rng.random() < 0.5
        data = turned(height, width, number) if jpeg else encoded(height, width, seed=number)
        pictures.append((f"{number}.{'jpg' if jpeg else 'png'}", data, height, width, annotated))
    with tempfile.TemporaryDirectory() as folder:
        root = write_coco(Path(folder) / "source", {"train": pictures})
        for form, task in (("coco", None), ("yolo", None), ("csv", None)):
            (_, source, again), *compared = there_and_back(root, form, task)
            assert source.classes == again.classes
            for first, a, second, b in compared:
                for (label, box, _, i), (label2, box2, _, j) in zip(things(first, a), things(second, b), strict=True):
                    assert label == label2
                    np.testing.assert_allclose(box, box2, atol=1e-6)
                    if form != "csv":
                        np.testing.assert_array_equal(a.mask(i), b.mask(j))


def test_pictures_of_one_name_in_different_folders_stay_apart(tmp_path):
    box = (2.0, 2.0, 9.0, 9.0)
    root = write_coco(
        tmp_path / "source",
        {s: [("1.png", encoded(12, 12, seed=i), 12, 12, [("no", box, [], 0)])] for i, s in enumerate(("train", "val"))},
    )
    for form in ("coco", "yolo", "voc", "csv"):
        (done, *_), *pictures = there_and_back(root, form)
        assert done.pictures == {"train": 1, "validation": 1}
        assert len(pictures) == 2


def test_a_set_without_splits_has_none_afterwards(tmp_path):
    root = write_coco(tmp_path / "x", {"": [("1.png", encoded(12, 12), 12, 12, [("no", (1, 1, 9, 9), [], 0)])]})
    for form in ("coco", "yolo", "voc", "csv"):
        done, *_ = next(there_and_back(root, form))
        assert done.pictures == {"all": 1}


def test_an_archive_can_be_converted(nasty, tmp_path):
    import shutil

    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", nasty)
    done = convert(packed, "voc", tmp_path / "voc")
    assert done.pictures == {"train": 5, "validation": 2}


def test_bad_annotations_are_left_out_with_their_picture_and_named(tmp_path):
    good, empty = (2.0, 2.0, 9.0, 9.0), (4.0, 4.0, 4.0, 8.0)
    pictures = [
        ("good.png", encoded(12, 12, seed=1), 12, 12, [("no", good, [], 0)]),
        ("bad.png", encoded(12, 12, seed=2), 12, 12, [("no", good, [], 0), ("no", empty, [], 0)]),
        ("broken.png", b"\x89PNG\r\n\x1a\nnothing", 12, 12, [("no", good, [], 0)]),
    ]
    root = write_coco(tmp_path / "source", {"train": pictures})
    done = convert(root, "coco", tmp_path / "new")
    assert done.pictures == {"train": 1}
    assert {key.rpartition("/")[2] for key, _ in done.left_out} == {"bad.png", "broken.png"}
    assert any("no size" in reason for _, reason in done.left_out)
    assert sorted(path.name for path in (tmp_path / "new").rglob("*.png")) == ["good.png"]


def test_nothing_is_overwritten_and_nothing_half_written_stays(nasty, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(RecipeError, match="not empty"):
        convert(nasty, "coco", tmp_path / "full")
    with pytest.raises(RecipeError, match="inside"):
        convert(nasty, "coco", nasty / "new")
    boxes = write_coco(tmp_path / "b", {"train": [("1.png", encoded(9, 9), 9, 9, [("no", (1, 1, 7, 7), [], 0)])]})
    with pytest.raises(DataError, match="masks holds answers to instances or segment"):
        convert(boxes, "masks", tmp_path / "never")
    (tmp_path / "empty").mkdir()
    assert convert(boxes, "coco", tmp_path / "empty").things == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "empty", "full", "source"]


def test_every_format_is_offered_by_the_verb():
    from glassnet.cli.convert import _FORMATS

    assert tuple(FORMATS) == _FORMATS
