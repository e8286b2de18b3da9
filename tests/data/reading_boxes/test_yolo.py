import pytest

from glassnet.data.catalog import Polygon
from glassnet.data.readers import recognise
from glassnet.errors import DataError

YAML = "path: .\ntrain: images/train\nval: images/val\nnc: 2\nnames:\n  0: dog\n  1: cat\n"


def yolo(**extra):
    files = {f"images/{split}/{i}.png": None for split in ("train", "val") for i in range(2)}
    labels = {
        f"labels/{split}/{i}.txt": "0 0.5 0.5 0.2 0.5\n1 .25 .25 .1 .1\n"
        for split in ("train", "val")
        for i in range(2)
    }
    return files | labels | {"data.yaml": YAML} | extra


def test_the_usual_layout_is_recognised_and_boxes_become_pixels(folder, things):
    catalog = recognise(folder(yolo()))
    assert catalog.layout == "recognised: YOLO boxes, 2 classes, train 2 + validation 2 images, 8 boxes"
    assert (catalog.answers, catalog.classes) == (("detect",), ("cat", "dog"))
    annotation = things(catalog, "images/train/0.png")
    assert annotation.things[0].label == "dog"
    assert annotation.things[0].box == pytest.approx((40, 20, 60, 60))  # of 100 × 80 pixels
    assert annotation.key == "labels/train/0.txt"
    assert not catalog.notes


def test_fractions_are_of_the_picture_as_it_is_seen(folder, things, picture):
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    turned = picture(kind="JPEG", exif=exif)
    files = {"images/a.jpg": turned, "labels/a.txt": "0 0.5 0.5 1 1", "classes.txt": "cat"}
    assert things(recognise(folder(files)), "images/a.jpg").things[0].box == (0, 0, 80, 100)


def test_polygons_are_outlines(folder, things):
    files = yolo() | {f"labels/{s}/{i}.txt": "0 0.1 0.1 0.5 0.1 0.5 0.5\n" for s in ("train", "val") for i in range(2)}
    catalog = recognise(folder(files))
    assert catalog.layout.startswith("recognised: YOLO outlines, 1 class")
    assert catalog.answers == ("instances", "detect", "segment", "localize")
    shape = things(catalog, "images/val/1.png").things[0].shape
    assert isinstance(shape, Polygon)
    assert shape.parts[0] == pytest.approx((10, 8, 50, 8, 50, 40))


def test_missing_and_empty_labels_are_background_and_counted(folder, things):
    files = yolo(**{"labels/train/0.txt": "", "labels/val/0.txt": "\n \n"})
    del files["labels/train/1.txt"]
    catalog = recognise(folder(files))
    assert catalog.layout.endswith("2 boxes, 3 of the images without any")
    assert things(catalog, "images/train/1.png").things == ()
    assert any("background: 1 picture without a label file (images/train/1.png)" in n for n in catalog.notes)
    assert any("background: 2 pictures with an empty label file" in note for note in catalog.notes)


@pytest.mark.parametrize(
    "text",
    [
        "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['dog', 'cat']\n",
        "train: train/images\nval: [valid/images]\nnames: [dog, cat]\n",
        "path: /content/somewhere\ntrain: train\nval: valid\nnames: {0: dog, 1: cat}\n",
        "path: ../elsewhere\ntrain: /content/set/train/images\nval: ./valid/images\nnames: {'0': dog, '1': cat}\n",
    ],
)
def test_splits_are_found_whatever_machine_the_yaml_was_written_on(folder, text):
    files = {f"{split}/images/{i}.png": None for split in ("train", "valid") for i in range(2)}
    files |= {f"{split}/labels/{i}.txt": "1 .5 .5 .1 .1" for split in ("train", "valid") for i in range(2)}
    catalog = recognise(folder(files | {"data.yaml": text}))
    assert catalog.layout == "recognised: YOLO boxes, 1 class, train 2 + validation 2 images, 4 boxes"
    assert any("leads out of the folder" in note for note in catalog.notes) == (
        "../train" in text or "/content/set" in text
    )


def test_splits_may_be_lists_of_files(folder):
    lists = {
        "train.txt": "./images/train/0.png\nimages/train/1.png\n../../etc/passwd.png\n",
        "val.txt": "images/val/0.png\n",
    }
    catalog = recognise(folder(yolo() | lists | {"data.yaml": "train: train.txt\nval: val.txt\nnames: [dog, cat]\n"}))
    assert {e.key: e.split for e in catalog.examples} == {
        "images/train/0.png": "train",
        "images/train/1.png": "train",
        "images/val/0.png": "validation",
    }
    assert [fault.key for fault in catalog.quarantined] == ["../../etc/passwd.png"]
    assert any("not used (1), as they are in no split of data.yaml: images/val/1.png" in note for note in catalog.notes)


def test_a_split_that_is_not_there_is_said(folder):
    catalog = recognise(folder(yolo() | {"data.yaml": YAML + "test: ../../../outside\n"}))
    assert any("names ../../../outside for test, which is not there" in note for note in catalog.notes)


@pytest.mark.parametrize("names", ["classes.txt", "labels/classes.txt", "images/classes.txt"])
def test_without_yaml_a_list_of_names_will_do(folder, names):
    files = {f"images/{i}.png": None for i in range(3)} | {f"labels/{i}.txt": "1 .5 .5 .1 .1" for i in range(2)}
    catalog = recognise(folder(files | {names: "dog\ncat\n\n", "unlabelled/9.png": None}))
    assert (catalog.classes, len(catalog)) == (("cat",), 3)
    assert "unlabelled/9.png" in catalog.skipped
    bare = recognise(folder(files, "bare"))
    assert bare.classes == ("1",)
    assert any("called by their numbers" in note for note in bare.notes)


def test_labels_beside_the_pictures_and_captions_that_are_no_labels(folder):
    files = {f"all/{i}.png": None for i in range(2)} | {f"all/{i}.txt": "0 .5 .5 .1 .1" for i in range(2)}
    assert len(recognise(folder(files | {"all/classes.txt": "cat"}))) == 2
    captions = {f"{c}/{i}.png": None for c in ("cat", "dog") for i in range(2)} | {"cat/0.txt": "a cat on a mat today"}
    assert recognise(folder(captions, "captions")).task == "classify"


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("2 .5 .5 .1 .1", "unknown_class", "class number 2, but data.yaml names 2 classes, 0 to 1"),
        ("-1 .5 .5 .1 .1", "bad_line", "no class number"),
        ("cat .5 .5 .1 .1", "bad_line", "no class number"),
        ("0.5 .5 .5 .1 .1", "bad_line", "no class number"),
        ("0 .5 .5 .1", "bad_line", "4 values"),
        ("0 .5 .5 .1 .1 .9", "bad_line", "6 values"),
        ("0 .5 .5 .1 .1 .9 .9 .8", "bad_polygon", "8 values"),
        ("0 .5 .5 nan .1", "bad_number", "no number"),
        ("0 .5 .5 1e999 .1", "bad_number", "no number"),
        ("0 .5 .5 \u0661 .1", "bad_number", "no number"),
        ("0 50 40 20 20", "unit", "fractions of the picture are expected"),
        (b"0 .5 .5 .1 \xff", "not_utf8", "UTF-8"),
    ],
)
def test_a_bad_line_keeps_its_picture_out_with_code_and_sentence(folder, codes, things, line, code, words):
    catalog = recognise(folder(yolo(**{"labels/train/0.txt": line})))
    assert codes(catalog) == {"images/train/0.png": [code]}
    assert words in things(catalog, "images/train/0.png").faults[0].reason


def test_boxes_over_the_border_are_kept_for_the_audit(folder, codes, things):
    catalog = recognise(folder(yolo(**{"labels/train/0.txt": "0 1.1 .5 .4 1.2\n0 .5 .5 0 -.1"})))
    assert codes(catalog) == {}
    found = [thing.box for thing in things(catalog, "images/train/0.png").things]
    assert found[0] == pytest.approx((90, -8, 130, 88))
    assert found[1] == pytest.approx((50, 44, 50, 36))


def test_keypoints_after_a_box_are_not_taken_for_a_polygon(folder, things):
    text = YAML + "kpt_shape: [2, 3]\n"
    catalog = recognise(folder(yolo(**{"labels/train/0.txt": "0 .5 .5 .2 .5 .4 .4 2 .6 .6 1", "data.yaml": text})))
    (thing,) = things(catalog, "images/train/0.png").things
    assert thing.shape is None
    assert thing.box == pytest.approx((40, 20, 60, 60))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (YAML.replace("nc: 2", "nc: 3"), "nc: 3 but names 2 classes"),
        ("train: images/train\nnames: [cat, cat]\n", "several class numbers the name cat"),
        ("train: images/train\nnames: {a: cat}\n", "no whole number"),
        ("train: images/train\nnames: {0: [1]}\n", "class 0 has no name"),
        ("train: images/train\nnames: 7\n", "needs `names`"),
        ("train: {a: 1}\nnames: [cat]\n", "`train` must be a folder"),
        ("train: images/train\nnames: !!python/object/apply:os.system ['true']\n", "tag"),
        ("a: &x [1]\ntrain: images/train\nnames: *x\n", "alias"),
        ("train: images/train\nnames: [cat]\nnames: [dog]\n", "stands twice"),
        ("train: images/train\nnames: [cat\n", "not valid YAML"),
        ("train: images/train\nnames: " + "[" * 5000, "YAML|nested"),
    ],
)
def test_names_that_cannot_be_meant_are_refused_in_words(folder, text, words):
    with pytest.raises(DataError, match=words) as caught:
        recognise(folder(yolo(**{"data.yaml": text})))
    assert "data.yaml" in str(caught.value)
    assert "recipe" not in str(caught.value)


def test_labels_without_a_picture_and_pictures_that_cannot_be_read(folder, codes):
    catalog = recognise(folder(yolo(**{"labels/train/gone.txt": "0 .5 .5 .1 .1", "images/val/0.png": b"no picture"})))
    assert [fault.key for fault in catalog.quarantined] == ["labels/train/gone.txt"]
    assert codes(catalog) == {"images/val/0.png": ["missing_size"]}


def test_a_class_that_nothing_uses_is_named(folder):
    catalog = recognise(folder(yolo(**{"data.yaml": YAML.replace("nc: 2", "nc: 3") + "  2: bird\n"})))
    assert catalog.classes == ("cat", "dog")
    assert any("bird" in note for note in catalog.notes)
