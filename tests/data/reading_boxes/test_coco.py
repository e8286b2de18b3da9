import json

import pytest

from glassnet.data.catalog import Polygon, Rle
from glassnet.data.readers import recognise
from glassnet.errors import DataError

SQUARE = [10, 10, 40, 10, 40, 30, 10, 30]
CATEGORIES = ({"id": 3, "name": "cat"}, {"id": 17, "name": "dog"})


def thing(image=7, category=3, bbox=(10, 10, 30, 20), **extra):
    return {"image_id": image, "category_id": category, "bbox": list(bbox), "iscrowd": 0} | extra


def coco(images, annotations, categories=CATEGORIES):
    """JSON text; `images` {id: file name}. Annotation ids have gaps."""
    return json.dumps(
        {
            "images": [{"id": i, "file_name": name, "height": 80, "width": 100} for i, name in images.items()],
            "annotations": [{"id": 5 + 3 * i} | entry for i, entry in enumerate(annotations)],
            "categories": list(categories),
        }
    )


def plain(*annotations, **extra):
    """Two splits; the annotations are those of images/a.png (id 7)."""
    files = {f"images/{name}.png": None for name in "abcd"}
    train = coco({7: "a.png", 100: "b.png", 12: "c.png"}, [*annotations, thing(12, 17), thing(12, 17)])
    return files | {
        "annotations/instances_train.json": train,
        "annotations/instances_val.json": coco({7: "d.png"}, [thing(7, 17)]),
    } | extra  # fmt: skip


def test_one_file_per_split_with_ids_of_its_own(folder, things):
    catalog = recognise(folder(plain(thing())))
    assert catalog.layout == (
        "recognised: COCO boxes, 2 classes, train 3 + validation 1 images, 4 boxes, 1 of the images without any"
    )
    assert (catalog.answers, catalog.classes) == (("detect",), ("cat", "dog"))
    annotation = things(catalog, "images/a.png")
    assert (annotation.things[0].label, annotation.things[0].box) == ("cat", (10, 10, 40, 30))
    assert (annotation.size, annotation.key) == ((80, 100), "annotations/instances_train.json")
    assert things(catalog, "images/b.png").things == ()  # listed without annotations: background
    assert things(catalog, "images/d.png").things[0].label == "dog"


def test_a_file_inside_each_split_and_a_parent_class_that_nothing_uses(folder):
    parents = ({"id": 0, "name": "pets", "supercategory": "none"}, *CATEGORIES)
    files = {f"{split}/{i}_jpg.rf.9a.png": None for split in ("train", "valid", "test") for i in range(2)}
    for split in ("train", "valid", "test"):
        files[f"{split}/_annotations.coco.json"] = coco(
            {i: f"{i}_jpg.rf.9a.png" for i in range(2)}, [thing(0, 3), thing(0, 17), thing(1, 3)], parents
        )
    catalog = recognise(folder(files))
    assert catalog.layout == "recognised: COCO boxes, 2 classes, train 2 + validation 2 + test 2 images, 9 boxes"
    assert catalog.classes == ("cat", "dog")
    assert any("1 named class has no thing anywhere" in note and "pets" in note for note in catalog.notes)


def test_a_class_that_another_split_uses_is_no_unused_one(folder):
    catalog = recognise(folder(plain(thing(12, 17))))
    assert catalog.classes == ("dog",)
    assert any("cat" in note and "no thing" in note for note in catalog.notes)
    files = plain(thing(12, 17)) | {"annotations/instances_val.json": coco({7: "d.png"}, [thing(7, 3)])}
    catalog = recognise(folder(files, "other"))
    assert catalog.classes == ("cat", "dog")
    assert not any("no thing anywhere" in note for note in catalog.notes)
    assert any("class never learnt: train has nothing of cat" in note for note in catalog.notes)


def outlined(segmentation, **extra):
    square = {"segmentation": [SQUARE]}
    files = {f"{name}.png": None for name in "ab"}
    entries = [thing(1, segmentation=segmentation, **extra), thing(2, 17, **square), thing(2, **square)]
    return files | {"all.json": coco({1: "a.png", 2: "b.png"}, entries)}


PARTS = [SQUARE, [50, 50, 60, 50, 55, 60]]
RUNS = [80 * 10 + 5, 10, 8000 - 80 * 10 - 15]


@pytest.mark.parametrize(
    ("segmentation", "expected"),
    [
        (PARTS, Polygon(tuple(tuple(map(float, part)) for part in PARTS))),
        (SQUARE, Polygon((tuple(map(float, SQUARE)),))),  # one polygon without the list around it
        ({"size": [80, 100], "counts": RUNS}, Rle(tuple(RUNS), 80, 100)),
        ({"size": [80, 100], "counts": [0, 8000]}, Rle((0, 8000), 80, 100)),
    ],
)
def test_outlines_are_read_as_polygons_and_run_lengths(folder, things, segmentation, expected):
    catalog = recognise(folder(outlined(segmentation)))
    assert catalog.layout == "recognised: COCO outlines, 2 classes, 2 images, 3 outlines"
    assert (catalog.task, catalog.answers) == ("instances", ("instances", "detect", "segment"))
    assert things(catalog, "a.png").things[0].shape == expected


def test_compressed_run_lengths_are_read_and_crowds_are_kept_as_such(folder, things):
    from glassnet.data.shapes import compressed

    shape = Rle(tuple(RUNS), 80, 100)
    packed = {"size": [80, 100], "counts": compressed(shape)}
    annotation = things(recognise(folder(outlined(packed, iscrowd=1))), "a.png")
    assert (annotation.things[0].shape, annotation.things[0].crowd) == (shape, True)


def test_segmenting_outlines_has_a_class_for_the_pixels_beside_them(folder):
    root = folder(outlined([SQUARE]))
    assert recognise(root, task="segment").classes == ("background", "cat", "dog")
    assert recognise(root, task="detect").classes == ("cat", "dog")
    with pytest.raises(DataError, match="not classify, which needs one class per picture"):
        recognise(root, task="classify")


def test_a_box_may_be_missing_where_there_is_an_outline_and_the_reverse(folder, things):
    files = outlined([SQUARE])
    values = json.loads(files["all.json"])
    del values["annotations"][0]["bbox"]
    catalog = recognise(folder(files | {"all.json": json.dumps(values)}))
    assert things(catalog, "a.png").things[0].box is None
    assert catalog.task == "instances"
    catalog = recognise(folder(outlined([]), "mixed"))
    assert catalog.answers == ("detect",)
    assert any("2 of 3 things have an outline" in note for note in catalog.notes)


@pytest.mark.parametrize(
    ("entry", "code", "words"),
    [
        (thing(category=99), "unknown_class", "category_id 99"),
        (thing(category=None), "unknown_class", "category_id None"),
        (thing(category=[1]), "unknown_class", "no category"),
        (thing(bbox=(1, 2, 3)), "bad_number", "no numbers"),
        (thing(bbox=(1, 2, "x", 4)), "bad_number", "no numbers"),
        (thing(bbox=(1, 2, float("nan"), 4)), "bad_number", "no numbers"),
        (thing(bbox=(1, 2, float("inf"), 4)), "bad_number", "no numbers"),
        (thing(bbox=(1, 2, 10**400, 4)), "bad_number", "no numbers"),
        (thing(bbox=()), "bad_number", "no numbers"),
        (thing(bbox=(0.1, 0.2, 0.3, 0.4)), "unit", "fractions"),
        (thing(segmentation=[[1, 2, 3, 4]]), "bad_polygon", "three points"),
        (thing(segmentation=[[1, 2, 3, 4, 5, 6, 7]]), "bad_polygon", "three points"),
        (thing(segmentation=[[1, 2, 3, 4, 5, None]]), "bad_number", "polygon"),
        (thing(segmentation=[[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]), "unit", "fractions"),
        (thing(segmentation="words"), "bad_polygon", "neither"),
        (thing(segmentation={"counts": [1, 2]}), "bad_rle", "size"),
        (thing(segmentation={"size": [8, 10], "counts": [80]}), "bad_rle", "10 × 8 pixels"),
        (thing(segmentation={"size": [80, 100], "counts": [9000]}), "bad_rle", "longer"),
        (thing(segmentation={"size": [80, 100], "counts": [90]}), "bad_rle", "shorter"),
        (thing(segmentation={"size": [80, 100], "counts": [-5, 8005]}), "bad_rle", "whole number"),
        (thing(segmentation={"size": [80, 100], "counts": [1.5, 7998.5]}), "bad_rle", "whole number"),
        (thing(segmentation={"size": [80, 100], "counts": "\x00\x01"}), "bad_rle", "characters"),
        (thing(segmentation={"size": [80, 100], "counts": "o" * 50}), "bad_rle", ""),
        (thing(segmentation={"size": [10**9, 10**9], "counts": "1"}), "bad_rle", "size"),
    ],
)
def test_a_bad_entry_keeps_its_picture_out_with_code_and_sentence(folder, codes, things, entry, code, words):
    catalog = recognise(folder(plain(entry, thing())))
    assert codes(catalog) == {"images/a.png": [code]}
    (fault,) = things(catalog, "images/a.png").faults
    assert words in fault.reason
    assert "annotation 5" in fault.reason
    assert len(fault.reason) < 300


def test_odd_boxes_are_kept_for_the_audit(folder, codes, things):
    catalog = recognise(folder(plain(thing(bbox=(50, 50, -10, 0)), thing(bbox=(-5, 0, 500, 10)))))
    assert codes(catalog) == {}
    assert [t.box for t in things(catalog, "images/a.png").things] == [(50, 50, 40, 50), (-5, 0, 495, 10)]


def test_files_missing_on_either_side_are_named(folder):
    files = plain(thing()) | {"unlabelled/z.png": None}
    files["annotations/instances_val.json"] = coco({7: "d.png", 8: "gone.png", 9: "../../up.png", 10: "/etc/x.png"}, [])
    catalog = recognise(folder(files))
    reasons = {fault.key: fault.reason for fault in catalog.quarantined}
    assert "was not found" in reasons["gone.png"]
    assert "leads out of the folder" in reasons["../../up.png"]
    assert "leads out of the folder" in reasons["/etc/x.png"]
    assert "unlabelled/z.png" in catalog.skipped
    assert any("not used (1)" in note and "unlabelled/z.png" in note for note in catalog.notes)


@pytest.mark.parametrize("given", ["a.png", "images/a.png", "things/images/a.png", ".\\images\\a.png"])
def test_names_with_and_without_folders_are_found(folder, given):
    where = "images/a.png" if given.count("/") < 2 else "x/things/images/a.png"
    files = {
        where: None,
        "images/b.png": None,
        "all.json": coco({1: given, 2: "b.png"}, [thing(1), thing(2), thing(2)]),
    }
    assert {example.key for example in recognise(folder(files)).examples} == {where, "images/b.png"}


def test_a_name_in_several_folders_means_the_one_of_the_split(folder):
    files = {f"{split}2017/1.png": None for split in ("train", "val")}
    files |= {f"annotations/instances_{split}2017.json": coco({1: "1.png"}, [thing(1)]) for split in ("train", "val")}
    catalog = recognise(folder(files))
    assert {e.key: e.split for e in catalog.examples} == {"train2017/1.png": "train", "val2017/1.png": "validation"}
    same = {"x/1.png": None, "y/1.png": None, "y/2.png": None, "all.json": coco({1: "1.png", 2: "2.png"}, [thing(2)])}
    catalog = recognise(folder(same, "same"))
    assert "may mean" in catalog.quarantined[0].reason


def test_ids_that_stand_twice_and_annotations_of_nothing(folder, codes):
    files = plain(thing(), thing(4711))
    values = json.loads(files["annotations/instances_train.json"])
    values["images"][1]["id"] = 7
    catalog = recognise(folder(files | {"annotations/instances_train.json": json.dumps(values)}))
    assert codes(catalog) == {"images/a.png": ["bad_line"], "images/b.png": ["bad_line"]}
    assert any("1 annotation in" in note and "4711" in note for note in catalog.notes)


def test_a_picture_in_two_files_and_files_that_are_not_read(folder, codes):
    files = plain(thing()) | {"annotations/instances_val.json": coco({1: "d.png", 2: "a.png"}, [thing(1)])}
    files["annotations/everything.json"] = coco({1: "a.png"}, [thing(1)])
    catalog = recognise(folder(files))
    assert codes(catalog) == {"images/a.png": ["bad_line"]}
    assert any("everything.json is not used" in note for note in catalog.notes)


def one_file(text):
    return {"images/a.png": None, "images/b.png": None, "annotations/all.json": text}


WORDS = '"images": [], "annotations": [{"image_id": 1}], "categories": []'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (coco({1: "a.png"}, [thing(1)])[:-30], "broken or cut off at line 1"),
        (coco({1: "a.png"}, [thing(1)]).replace('"cat"', '"c\u00e4t"').encode("latin-1"), "not UTF-8"),
        ("{" + WORDS + ', "x": ' + "[" * 100_000, "nested too deeply|cut off"),
        ("{" + WORDS + ', "x": ' + "9" * 10_000 + "}", "no number"),
        ("{" + WORDS + ', "images": []}', "the key images twice"),
        ("[" + "{" + WORDS + "}]", "holds a list"),
        ("{" + WORDS.replace("[]", "{}") + "}", "no list of images"),
        (coco({1: "a.png"}, [thing(1)], ({"id": 3},)), "category 0 has no id and name"),
        (coco({1: "a.png"}, [thing(1)], ({"id": 3, "name": "a"}, {"id": 3, "name": "b"})), "could be either"),
        (coco({1: "a.png", 2: "b.png"}, []), "not one of the boxes"),
        (coco({1: "x.png"}, [thing(1)]), "not one annotated picture is left"),
    ],
)
def test_files_that_cannot_be_used_are_refused_in_words(folder, text, words):
    with pytest.raises(DataError, match=words) as caught:
        recognise(folder(one_file(text)))
    assert len(str(caught.value)) < 600


def test_a_key_that_stands_twice_in_an_entry_costs_that_picture_only(folder, codes):
    files = plain(thing())
    text = files["annotations/instances_train.json"].replace('"bbox"', '"bbox": [1, 1, 1, 1], "bbox"', 1)
    assert codes(recognise(folder(files | {"annotations/instances_train.json": text}))) == {
        "images/a.png": ["bad_line"]
    }


def test_images_and_categories_may_be_named_by_text(folder):
    text = coco({"i1": "a.png", "i2": "b.png"}, [thing("i1", "c"), thing("i2", "c")], ({"id": "c", "name": "cat"},))
    assert recognise(folder(one_file(text))).task == "localize"
