"""The scorer, the readers and the records of benchmarks/dense.py: a wrong one would make every comparison wrong."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def at_hand(monkeypatch):
    before = set(sys.modules)
    for folder in (BENCHMARKS, BENCHMARKS / "sides"):
        monkeypatch.syspath_prepend(str(folder))
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(BENCHMARKS)):
            del sys.modules[name]


def _set(task, val, names=("cat", "dog")):
    return importlib.import_module("dense_sets").PictureSet("some", task, names, [], val)


def _picture(*things, number=0, classes=None):
    sets = importlib.import_module("dense_sets")
    made = tuple(sets.Thing(label, box) for label, box in things)
    return sets.Picture(number, Path("p.png"), 100, 100, made, classes)


def _answered(folder, answers):
    (folder / "answers.json").write_text(json.dumps(answers))
    return folder


def _said(label, box, score=0.9):
    return {"label": label, "box": box, "score": score}


def test_average_precision_of_one_right_and_one_surer_wrong_answer(tmp_path):
    score = importlib.import_module("dense_scores").score
    pictures = _set("detect", [_picture(("cat", (0, 0, 40, 40)), ("cat", (50, 50, 90, 90)))], ("cat",))
    answers = [_said("cat", [0, 0, 40, 40]), _said("cat", [60, 0, 90, 30], 0.95)]
    # Half of the things are found at a precision of a half: 51 of COCO's 101 recalls count 0.5.
    assert score(pictures, _answered(tmp_path, {"0": answers}))["AP50"] == pytest.approx(0.5 * 51 / 101)


def test_nothing_found_is_zero_and_a_picture_left_out_is_refused(tmp_path):
    score = importlib.import_module("dense_scores").score
    pictures = _set("detect", [_picture(("cat", (0, 0, 40, 40)))])
    assert score(pictures, _answered(tmp_path, {"0": []}))["AP"] == 0
    with pytest.raises(SystemExit, match="answers for 0 pictures; the val part has 1"):
        score(pictures, _answered(tmp_path, {}))


def test_masks_are_judged_as_masks_and_their_boxes_beside(tmp_path):
    sets = importlib.import_module("dense_sets")
    score = importlib.import_module("dense_scores").score
    disc = np.hypot(*np.mgrid[-50:50, -50:50]) < 30
    Image.fromarray(disc.astype(np.uint8) * 255).save(tmp_path / "mask.png")
    thing = sets.Thing("cat", (21, 21, 80, 80), mask=tmp_path / "mask.png")
    pictures = _set("instances", [sets.Picture(0, Path("p.png"), 100, 100, (thing,))], ("cat",))
    ring = disc & (np.hypot(*np.mgrid[-50:50, -50:50]) > 25)
    said = _said("cat", [21, 21, 80, 80]) | {"mask": sets.run_lengths(ring)}
    found = score(pictures, _answered(tmp_path, {"0": [said]}))
    assert found["AP50"] == 0 and found["box AP50"] == pytest.approx(1)


def test_one_box_counts_place_and_class(tmp_path):
    score = importlib.import_module("dense_scores").score
    val = [_picture(("cat", (0, 0, 40, 40)), number=i) for i in range(3)]
    answers = {"0": [_said("cat", [20, 0, 60, 40])], "1": [_said("dog", [0, 0, 40, 40])], "2": []}
    found = score(_set("localize", val), _answered(tmp_path, answers))
    assert found["mean IoU"] == pytest.approx((1 / 3 + 1 + 0) / 3)
    assert found["class accuracy"] == pytest.approx(1 / 3) and found["IoU ≥ 0.5 and class"] == 0


def test_pixels_leave_out_what_is_ignored_and_classes_that_are_not_there(tmp_path):
    score = importlib.import_module("dense_scores").score
    truth = np.array([[0, 0, 1, 1], [0, 0, 1, 9]], np.uint8)
    said = np.array([[0, 0, 0, 1], [0, 0, 1, 2]], np.uint8)
    Image.fromarray(truth).save(tmp_path / "truth.png")
    Image.fromarray(said).save(tmp_path / "0.png")
    pictures = _set("segment", [_picture(classes=tmp_path / "truth.png")], ("a", "b", "c"))
    found = score(pictures, tmp_path)
    assert found["mean IoU"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found["pixel accuracy"] == pytest.approx(6 / 7)


def test_voc_corners_are_one_based_and_boxes_without_area_are_none(tmp_path):
    root = tmp_path / "bccd-voc"
    for folder in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (root / folder).mkdir(parents=True)
    boxes = "".join(
        f"<object><name>RBC</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox></object>"
        for a, b, c, d in ((1, 3, 10, 12), (5, 5, 5, 5))
    )
    (root / "Annotations" / "one.xml").write_text(f"<annotation>{boxes}</annotation>")
    Image.new("RGB", (40, 30)).save(root / "JPEGImages" / "one.jpg")
    for part in ("train", "val"):
        (root / "ImageSets" / "Main" / f"{part}.txt").write_text("one\n")
    found = importlib.import_module("dense_sets").read("bccd-voc", tmp_path)
    assert [thing.box for thing in found.val[0].things] == [(0, 2, 10, 12)]
    assert (found.val[0].height, found.val[0].width) == (30, 40)


def test_a_record_counts_for_the_same_versions_and_the_best_way_goes_on(tmp_path):
    dense = importlib.import_module("dense")
    about = {"minutes": 10.0, "threads": 4, "peers": {"torch": "1"}, "glassnet": "0+a"}
    records = dense.Records(tmp_path, about, False)
    assert records.best_way("bccd-voc", dense.YOLO, "AP50", [0, 1]) is None
    for way, reached, best in (("at 640", 0.2, "at 640"), ("at 320", 0.4, "at 320")):
        records.write("bccd-voc", dense.YOLO, way, 0, {"scores": {"AP50": reached}})
        assert records.best_way("bccd-voc", dense.YOLO, "AP50", [0, 1]) == best
    records.write("bccd-voc", dense.GLASSNET, "", 0, {"scores": {"AP50": 0.5}})
    newer = dense.Records(tmp_path, about | {"glassnet": "0+b"}, False)
    assert newer.find("bccd-voc", dense.YOLO, "at 320", 0) and not newer.find("bccd-voc", dense.GLASSNET, "", 0)
    assert dense.Records(tmp_path, about | {"glassnet": "0+b"}, True).find("bccd-voc", dense.GLASSNET, "", 0)
    assert not dense.Records(tmp_path, about | {"minutes": 5.0}, True).find("bccd-voc", dense.YOLO, "at 320", 0)
