"""Answers are written by the same functions: how sure they are goes where the format has a place for it."""

import csv
import json

import numpy as np
import pytest

from glassnet.data.catalog import Thing
from glassnet.data.shapes import rle_of
from glassnet.data.truths import Truth
from glassnet.data.writers import FORMATS, HOLDS, Written
from glassnet.errors import DataError

CLASSES = ("cat", "dog")


def answer(masks=False):
    mask = np.zeros((10, 20), bool)
    mask[2:6, 3:9] = True
    box = (3.0, 2.0, 9.0, 6.0)
    truth = Truth(
        10, 20, np.array([1]), np.array([box]), np.zeros(1, bool), masks=(mask,) if masks else (), background=0
    )
    return Written("a b.jpg", (Thing("dog", box, rle_of(mask) if masks else None),), truth, scores=(0.75,))


def test_boxes_with_confidence(tmp_path):
    for form in ("coco", "yolo", "voc", "csv"):
        assert FORMATS[form](tmp_path / form, [answer()], CLASSES, "detect") == []
    (found,) = json.loads((tmp_path / "coco/annotations/instances.json").read_text())["annotations"]
    assert (found["bbox"], found["score"], found["category_id"]) == ([3, 2, 6, 4], 0.75, 2)
    assert (tmp_path / "yolo/labels/a b.txt").read_text() == "1 0.3 0.4 0.3 0.4 0.75\n"
    assert "<confidence>0.75</confidence>" in (tmp_path / "voc/Annotations/a b.xml").read_text()
    with (tmp_path / "csv/boxes.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["file"], row["label"], row["x2"], row["confidence"]) == ("a b.jpg", "dog", "9", "0.75")
    assert not list(tmp_path.rglob("*.jpg"))


def test_masks_with_confidence_say_where_it_is_lost(tmp_path):
    losses = {
        form: [loss.what.partition(",")[0] for loss in FORMATS[form](tmp_path / form, [answer(True)], CLASSES, task)]
        for form, task in (("coco", "instances"), ("yolo", "instances"), ("masks", "instances"), ("voc", "instances"))
    }
    assert losses == {
        "coco": [],
        "yolo": ["Confidences left out"],
        "masks": ["Confidences left out"],
        "voc": ["Outlines left out"],
    }
    assert (tmp_path / "yolo/labels/a b.txt").read_text() == "1 0.15 0.2 0.45 0.2 0.45 0.6 0.15 0.6\n"


def test_pixels_become_masks(tmp_path):
    pixels = np.zeros((4, 6), np.uint8)
    pixels[1:3] = 1
    nothing = np.zeros(0, np.int64)
    truth = Truth(4, 6, nothing, np.zeros((0, 4)), nothing.astype(bool), map=pixels)
    assert FORMATS["masks"](tmp_path, [Written("x.png", (), truth)], ("background", "dog"), "segment") == []
    from PIL import Image

    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "masks/x.png")), pixels)
    assert (tmp_path / "classes.csv").read_text() == "index,name,colour\n0,background,#000000\n1,dog,#800000\n"


def test_masks_of_more_than_255_things_are_written_in_16_bits(tmp_path):
    from PIL import Image

    masks = [np.zeros((20, 20), bool) for _ in range(300)]
    for i, mask in enumerate(masks):
        mask[i // 20, i % 20] = True
    boxes = np.array([[i % 20, i // 20, i % 20 + 1, i // 20 + 1] for i in range(300)], float)
    things = tuple(Thing("dog", tuple(box), rle_of(mask)) for box, mask in zip(boxes.tolist(), masks, strict=True))
    truth = Truth(20, 20, np.ones(300, np.int64), boxes, np.zeros(300, bool), masks=masks)
    FORMATS["masks"](tmp_path, [Written("x.png", things, truth)], CLASSES, "instances")
    numbers = np.array(Image.open(tmp_path / "instances/x.png"))
    assert len(np.unique(numbers)) == 301
    assert 255 not in numbers


def test_a_name_that_xml_cannot_hold_is_refused(tmp_path):
    truth = Truth(4, 4, np.array([0]), np.array([[0.0, 0, 4, 4]]), np.zeros(1, bool))
    with pytest.raises(DataError, match="control character"):
        FORMATS["voc"](tmp_path, [Written("x.png", (Thing("a\x01", (0, 0, 4, 4)),), truth)], ("a\x01",), "detect")


def test_every_format_says_what_it_holds():
    assert HOLDS.keys() == FORMATS.keys()
    assert {task for held in HOLDS.values() for task in held} == {"localize", "detect", "segment", "instances"}
