"""One mask per thing, and masks whose values number things."""

import numpy as np
import pytest

from glassnet.data.catalog import MaskFile, Things
from glassnet.data.readers import instance_folders
from glassnet.data.readers.listing import list_files
from glassnet.data.readers.numbering import numbers_things, pieces
from glassnet.data.truths import annotation_digest, truth_of
from glassnet.errors import DataError

FOLDERS, INDEXED = "masks of single things", "masks that number things"


def single(values: np.ndarray, number: int) -> np.ndarray:
    return np.where(values == number, 255, 0).astype(np.uint8)


@pytest.mark.parametrize(
    ("picture", "mask_of", "split"),
    [
        ("{0}/images/{0}.png", "{0}/masks/{1}.png", None),
        ("train/{0}/images/{0}.png", "train/{0}/masks/{1}.png", "train"),
        ("images/{0}.png", "masks/{0}/{1}.png", None),
        ("train/images/{0}.png", "train/masks/{0}/{1}.png", "train"),
        ("images/train/{0}.png", "masks/train/{0}/{1}.png", "train"),
    ],
)
def test_a_mask_for_each_thing(picture, mask_of, split, write, photo, mask, scattered, taken):
    files, values = {}, scattered(3)
    for stem in ("a1", "b2"):
        files[picture.format(stem)] = photo()
        files |= {mask_of.format(stem, f"n{i}"): mask(single(values, i)) for i in (1, 2, 3)}
    name, catalog = taken(write(files))
    assert name == FOLDERS
    assert catalog.answers == ("instances", "detect", "segment")
    assert catalog.classes == ("object",)
    assert [(e.key, e.split) for e in catalog.examples] == [(picture.format(stem), split) for stem in ("a1", "b2")]
    things = catalog.examples[0].annotation.things
    assert [thing.shape for thing in things] == [MaskFile(mask_of.format("a1", f"n{i}")) for i in (1, 2, 3)]
    truth = truth_of(catalog, 1, 16, 24)
    assert truth.boxes.tolist() == [[0, 0, 3, 3], [4, 0, 7, 3], [8, 0, 11, 3]]
    assert (truth.mask(1) == (values == 2)).all()
    assert truth.shaped


def test_folders_within_masks_are_classes(write, photo, mask, scattered, taken):
    files = {"p/images/p.png": photo(), "q/images/q.png": photo()}
    for owner in "pq":
        files |= {
            f"{owner}/masks/cell/1.png": mask(single(scattered(2), 1)),
            f"{owner}/masks/dust/2.png": mask(single(scattered(2), 2)),
        }
    _, catalog = taken(write(files))
    assert catalog.classes == ("cell", "dust")
    assert truth_of(catalog, 0, 16, 24).labels.tolist() == [0, 1]


def test_one_name_in_a_table_is_what_things_are_called(write, photo, mask, scattered, taken):
    files = {f"{s}/images/{s}.png": photo() for s in "ab"} | {
        f"{s}/masks/{i}.png": mask(single(scattered(2), i)) for s in "ab" for i in (1, 2)
    }
    _, catalog = taken(write(files | {"classes.txt": "nucleus\n"}))
    assert catalog.classes == ("nucleus",)


def test_no_folder_of_masks_is_a_fault_and_an_empty_one_is_background(write, photo, mask, scattered):
    files = {f"{s}/images/{s}.png": photo() for s in "abcd"} | {
        f"{s}/masks/{i}.png": mask(single(scattered(2), i)) for s in "ab" for i in (1, 2)
    }
    root = write(files)
    (root / "c" / "masks").mkdir()
    catalog = instance_folders.LAYOUT.read(list_files(root))
    found = {e.key[0]: e.annotation for e in catalog.examples}
    assert found["c"] == Things()
    assert [fault.code for fault in found["d"].faults] == ["no_mask"]


def test_folders_of_masks_without_a_picture_are_kept_out(write, photo, mask, scattered):
    files = {f"{s}/images/{s}.png": photo() for s in "ab"} | {
        f"{s}/masks/{i}.png": mask(single(scattered(2), i)) for s in "abz" for i in (1, 2)
    }
    catalog = instance_folders.LAYOUT.read(list_files(write(files)))
    assert {q.key for q in catalog.quarantined} == {"z/masks/1.png", "z/masks/2.png"}


def test_an_empty_mask_file_is_named_when_the_truth_is_asked(write, photo, mask, scattered, taken):
    files = {
        "p/images/p.png": photo(),
        "p/masks/1.png": mask(single(scattered(2), 1)),
        "p/masks/2.png": mask(single(scattered(2), 9)),
    }
    _, catalog = taken(write(files))
    with pytest.raises(DataError, match="no pixels"):
        truth_of(catalog, 0, 16, 24)


@pytest.mark.parametrize(("dtype", "first"), [(np.uint8, 1), (np.uint16, 1), (np.uint16, 900)])
def test_values_that_number_things(dtype, first, write, photo, mask, scattered, taken):
    files = {}
    for i in range(8):
        files[f"images/{i}.png"] = photo(i)
        files[f"masks/{i}.png"] = mask(scattered(3 + i, dtype, first + (17 * i if first > 1 else 0)))
    name, catalog = taken(write(files))
    assert name == INDEXED
    assert catalog.answers == ("instances", "detect", "segment")
    assert [len(e.annotation.things) for e in catalog.examples] == [3 + i for i in range(8)]
    assert any("classes.csv" in note for note in catalog.notes)
    truth = truth_of(catalog, 2, 16, 24)
    assert truth.boxes[1].tolist() == [4, 0, 7, 3]
    assert (truth.mask(4) == (scattered(5) == 5)).all()


def test_objects_of_a_voc_set_take_their_classes_from_the_other_mask(write, photo, mask, scattered, taken):
    files = {"classes.csv": "index,name\n0,background\n3,cat\n7,dog\n"}
    for stem in "abc":
        objects = scattered(3)
        objects[14:] = 255
        classes = np.array([0, 3, 7, 3], np.uint8)[scattered(3)]
        classes[14:] = 255
        files |= {f"JPEGImages/{stem}.png": photo(), f"SegmentationObject/{stem}.png": mask(objects, palette=True)}
        files[f"SegmentationClass/{stem}.png"] = mask(classes, palette=True)
    root = write(files)
    from glassnet.data.readers import indexed

    assert indexed.LAYOUT.claims(list_files(root))
    catalog = indexed.LAYOUT.read(list_files(root))
    assert [thing.label for thing in catalog.examples[0].annotation.things] == ["cat", "dog", "cat"]
    assert any("255" in note for note in catalog.notes)
    assert truth_of(catalog, 0, 16, 24).labels.tolist() == [0, 1, 0]


def test_spoiled_indexed_masks_are_faults(write, photo, mask, scattered):
    from glassnet.data.readers import indexed

    files = {f"images/{i}.png": photo(i) for i in range(6)} | {
        f"instances/{i}.png": mask(scattered(3 + i)) for i in range(4)
    }
    files |= {"instances/4.png": b"", "instances/5.png": mask(np.zeros((16, 24, 3), np.uint8))}
    catalog = indexed.LAYOUT.read(list_files(write(files)))
    codes = [[fault.code for fault in e.annotation.faults] for e in catalog.examples]
    assert codes == [[], [], [], [], ["unreadable_mask"], ["colour_mask"]]


def test_pieces_are_those_of_scipy():
    from scipy import ndimage

    rng = np.random.default_rng(0)
    for _ in range(60):
        values = rng.integers(0, 4, rng.integers(1, 25, 2))
        counts = pieces(values)
        assert counts == {int(v): ndimage.label(values == v, np.ones((3, 3)))[1] for v in np.unique(values)}


def test_classes_are_not_taken_for_numbers(scattered):
    many = [scattered(n) for n in (3, 5, 8, 4)]
    assert numbers_things(many)
    assert not numbers_things([scattered(5)] * 4)  # the same values in every picture: organs, not cells
    assert not numbers_things([np.where(m > 0, m % 3 + 1, 0) for m in many])  # each value in many pieces
    assert not numbers_things([np.where(m == 2, 15, 0) for m in many])
    assert not numbers_things(many[:1])
    assert not numbers_things([])


def test_digests_see_the_bytes_of_masks_and_not_their_names(write, photo, mask, scattered, taken):
    files = {f"{s}/images/{s}.png": photo() for s in "ab"} | {
        f"{s}/masks/{i}.png": mask(single(scattered(2), i)) for s in "ab" for i in (1, 2)
    }
    root = write(files)
    _, catalog = taken(root)
    before = annotation_digest(catalog, 0)
    assert before == annotation_digest(catalog, 1)
    assert len(before) == 16
    (root / "a/masks/2.png").write_bytes(mask(single(scattered(3), 3)))
    assert annotation_digest(catalog, 0) != before
    (root / "a/masks/2.png").unlink()
    assert annotation_digest(catalog, 0) not in (before, annotation_digest(catalog, 1))


def test_a_set_with_both_masks_is_read_for_its_things_and_on_request_for_its_classes(write, photo, mask, scattered):
    from glassnet.data.readers import recognise

    files = {"ImageSets/Segmentation/train.txt": "a\nb\n", "JPEGImages/unlisted.png": photo()}
    for stem in "ab":
        classes = np.zeros((16, 24, 3), np.uint8)
        classes[scattered(2) > 0] = (128, 0, 0)
        files |= {f"JPEGImages/{stem}.png": photo(), f"SegmentationObject/{stem}.png": mask(scattered(2))}
        files[f"SegmentationClass/{stem}.png"] = mask(classes)
    files["classes.csv"] = "name,r,g,b\nground,0,0,0\nplane,128,0,0\n"
    root = write(files)
    catalog = recognise(root)
    assert (catalog.task, catalog.classes, len(catalog)) == ("instances", ("plane",), 2)
    assert "JPEGImages/unlisted.png" in catalog.skipped
    assert recognise(root, "segment").classes == ("ground", "plane")
