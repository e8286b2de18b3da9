import io
import tarfile
import zipfile

import pytest

from glassnet.data.readers import recognise
from glassnet.errors import DataError


def box(name="cat", corners=(11, 21, 50, 60), extra=""):
    tags = "".join(f"<{k}>{v}</{k}>" for k, v in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True))
    return f"<object><name>{name}</name>{extra}<bndbox>{tags}</bndbox></object>"


def xml(*objects, filename="", size=(100, 80)):
    width, height = size
    return (
        f"<annotation><filename>{filename}</filename><size><width>{width}</width><height>{height}</height>"
        f"<depth>3</depth></size>{''.join(objects)}</annotation>"
    )


def voc(**extra):
    files = {f"JPEGImages/{i}.png": None for i in range(4)}
    files |= {f"Annotations/{i}.xml": xml(box("cat" if i % 2 else "dog"), box("dog")) for i in range(4)}
    lists = {"ImageSets/Main/train.txt": "0\n1\n2\n", "ImageSets/Main/val.txt": "3\n"}
    return files | lists | extra


def test_the_classic_layout_with_lists_is_recognised_and_said(folder, things):
    catalog = recognise(folder(voc()))
    assert catalog.layout == "recognised: VOC boxes, 2 classes, train 3 + validation 1 images, 8 boxes"
    assert (catalog.task, catalog.answers, catalog.classes) == ("detect", ("detect",), ("cat", "dog"))
    annotation = things(catalog, "JPEGImages/1.png")
    assert annotation.things[0].label == "cat"
    assert annotation.things[0].box == (10, 20, 50, 60)  # pixels 11..50 counted from 1 are the edges 10..50
    assert (annotation.size, annotation.key) == ((80, 100), "Annotations/1.xml")


def test_one_box_in_every_picture_is_offered_as_localization(folder):
    files = voc() | {f"Annotations/{i}.xml": xml(box("cat")) for i in range(4)}
    catalog = recognise(folder(files))
    assert (catalog.task, catalog.answers, catalog.classes) == ("localize", ("localize", "detect"), ("cat",))
    assert recognise(folder(files), task="detect").task == "detect"
    with pytest.raises(DataError, match="4 pictures have none or several"):
        recognise(folder(voc()), task="localize")


@pytest.mark.parametrize(
    ("lists", "splits"),
    [
        ({"trainval": "0\n1\n2\n3\n"}, [None] * 4),
        ({"trainval": "0\n1\n2\n", "test": "3\n"}, ["train", "train", "train", "test"]),
        (
            {"train": "0\n1\n", "val": "2\n3\n", "trainval": "0\n1\n2\n3\n"},
            ["train", "train", "validation", "validation"],
        ),
        ({"train": "0.png\n1.png\n", "val": " 2  1\n3 -1\n"}, ["train", "train", "validation", "validation"]),
        ({"train": "0\n1\n2\n", "test": "2\n3\n"}, ["train", "train", "test", "test"]),
    ],
)
def test_lists_give_the_splits(folder, lists, splits):
    files = {path: data for path, data in voc().items() if "ImageSets" not in path}
    files |= {f"ImageSets/Main/{name}.txt": text for name, text in lists.items()}
    files["ImageSets/Main/cat_train.txt"] = "0 1\n1 -1\n"  # a list per class is no split
    catalog = recognise(folder(files))
    assert [example.split for example in catalog.examples] == splits
    assert any("several of the lists" in note for note in catalog.notes) == (lists.get("test") == "2\n3\n")


def test_pictures_that_no_list_names_are_left_out_aloud(folder):
    catalog = recognise(folder(voc() | {"ImageSets/Main/train.txt": "0\n1\n9\n", "ImageSets/Main/val.txt": "3"}))
    assert [example.key for example in catalog.examples] == [f"JPEGImages/{i}.png" for i in (0, 1, 3)]
    assert any("not used (1), as they are in none of the lists" in note for note in catalog.notes)
    assert [(fault.key, "was not found" in fault.reason) for fault in catalog.quarantined] == [("9", True)]


def test_without_lists_the_folders_split_and_xml_may_lie_beside_the_pictures(folder):
    files = {f"{split}/{i}.png": None for split in ("train", "valid", "test") for i in range(2)}
    files |= {f"{split}/{i}.xml": xml(box()) for split in ("train", "valid", "test") for i in range(2)}
    catalog = recognise(folder(files))  # the same names in every split
    assert catalog.layout == "recognised: VOC boxes, 1 class, train 2 + validation 2 + test 2 images, 6 boxes"
    below = {f"{split}/{kind}/1.{end}": None if end == "png" else xml(box())
             for split in ("train", "val") for kind, end in (("images", "png"), ("annotations", "xml"))}  # fmt: skip
    catalog = recognise(folder(below, "below"))
    assert sorted((e.key, e.annotation.key) for e in catalog.examples) == [
        ("train/images/1.png", "train/annotations/1.xml"),
        ("val/images/1.png", "val/annotations/1.xml"),
    ]


def test_the_name_of_the_file_counts_before_the_name_inside(folder):
    files = {"JPEGImages/a.png": None, "JPEGImages/b.png": None, "Annotations/a.xml": xml(box(), filename="b.png")}
    catalog = recognise(folder(files | {"Annotations/c.xml": xml(box("dog"), filename="C:\\old\\b.png")}))
    assert {e.key: e.annotation.things[0].label for e in catalog.examples} == {
        "JPEGImages/a.png": "cat",
        "JPEGImages/b.png": "dog",
    }
    assert any("with another name inside" in note for note in catalog.notes)


def test_masks_of_the_same_name_are_not_taken_for_the_picture(folder):
    files = {f"VOC2012/{path}": data for path, data in voc().items()}
    catalog = recognise(folder(files | {f"VOC2012/SegmentationClass/{i}.png": None for i in range(4)}), task="detect")
    assert [example.key for example in catalog.examples] == [f"VOC2012/JPEGImages/{i}.png" for i in range(4)]


def test_difficult_things_are_crowd_and_a_file_without_objects_is_background(folder, things):
    files = voc() | {
        "Annotations/0.xml": xml(box(extra="<difficult>1</difficult>"), box(extra="<difficult>0</difficult>")),
        "Annotations/1.xml": xml(),
    }
    catalog = recognise(folder(files))
    assert [thing.crowd for thing in things(catalog, "JPEGImages/0.png").things] == [True, False]
    assert things(catalog, "JPEGImages/1.png").things == ()
    assert not things(catalog, "JPEGImages/1.png").faults
    assert catalog.layout.endswith("6 boxes, 1 of the images without any")


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ((1, 1, 100, 80), (0, 0, 100, 80)),
        (("10.5", " 20 ", "1e1", "30"), (10.5, 19, 10, 30)),
        ((0, 0, 5, 5), (0, 0, 5, 5)),
        ((50, 60, 50, 60), (50, 60, 50, 60)),  # a click has no size
        ((60, 21, 50, 40), (60, 20, 50, 40)),  # reversed: kept as given, the audit judges
        ((-5, 21, 500, 40), (-6, 20, 500, 40)),
    ],
)
def test_corners_become_edges_and_odd_boxes_are_kept_for_the_audit(folder, things, corners, expected):
    catalog = recognise(folder(voc() | {"Annotations/0.xml": xml(box(corners=corners))}))
    annotation = things(catalog, "JPEGImages/0.png")
    assert annotation.things[0].box == expected
    assert not annotation.faults
    assert any("VOC counts pixels from 1" in note for note in catalog.notes) == (corners[0] == 0)


BOMB = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><annotation><object><name>&c;</name></object></annotation>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>'


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (BOMB, "bad_xml", "attack"),
        (OUTSIDE, "bad_xml", "attack"),
        (xml(box())[:90], "bad_xml", "cut off"),
        ("", "bad_xml", "cut off"),
        ("<other/>", "bad_xml", "root <other>"),
        ("<annotation>" + "<a>" * 50_000, "bad_xml", "cut off"),
        (xml(box("K\u00e4tzchen")).encode("latin-1"), "not_utf8", "UTF-8"),
        (b'<?xml version="1.0" encoding="klingon"?><annotation/>', "bad_xml", "broken"),
        (xml("<object><name>cat</name></object>"), "bad_xml", "no bndbox"),
        (xml(box(" ")), "unknown_class", "no name"),
        (xml(box(corners=("a", 1, 2, 3))), "bad_number", "no numbers"),
        (xml(box(corners=("nan", 1, 2, 3))), "bad_number", "no numbers"),
        (xml(box(corners=("inf", 1, 2, 3))), "bad_number", "no numbers"),
        (xml(box(corners=("9" * 5000, 1, 2, 3))), "bad_number", "no numbers"),
        (xml(box(corners=(0.1, 0.2, 0.5, 0.9))), "unit", "fractions"),
    ],
)
def test_a_spoiled_file_keeps_its_picture_out_with_code_and_sentence(folder, codes, things, data, code, words):
    catalog = recognise(folder(voc() | {"Annotations/0.xml": data}))
    assert codes(catalog) == {"JPEGImages/0.png": [code]}
    (fault,) = things(catalog, "JPEGImages/0.png").faults
    assert words in fault.reason
    assert len(fault.reason) < 300
    assert "root:" not in str(catalog)  # nothing of /etc/passwd


def test_deeply_nested_but_complete_files_are_read(folder):
    deep = xml(box(), "<a>" * 100_000 + "</a>" * 100_000)
    assert len(recognise(folder(voc() | {"Annotations/0.xml": deep}))) == 4


def test_a_missing_annotation_keeps_its_picture_out(folder, codes):
    files = voc()
    del files["Annotations/2.xml"]
    assert codes(recognise(folder(files))) == {"JPEGImages/2.png": ["missing_annotation"]}
    unlisted = {path: data for path, data in files.items() if "ImageSets" not in path}
    catalog = recognise(folder(unlisted | {"unlabelled/9.png": None}, "unlisted"))
    assert codes(catalog) == {"JPEGImages/2.png": ["missing_annotation"]}
    assert any("not used (1), as they have no XML file near them: unlabelled/9.png" in n for n in catalog.notes)


def test_files_without_a_picture_and_doubled_ones_are_named(folder):
    files = voc() | {"Annotations/gone.xml": xml(box()), "JPEGImages/1.xml": xml(box("dog"))}
    catalog = recognise(folder(files))
    reasons = {fault.key: fault.reason for fault in catalog.quarantined}
    assert "no picture belongs to it" in reasons["Annotations/gone.xml"]
    assert "annotation already" in reasons["JPEGImages/1.xml"]


def test_when_nothing_is_left_the_sentence_says_why(folder):
    with pytest.raises(DataError, match=r"none of its 4 annotations can be used.*attack"):
        recognise(folder(voc() | {f"Annotations/{i}.xml": BOMB for i in range(4)}))
    with pytest.raises(DataError, match="4 pictures and not one of the boxes"):
        recognise(folder(voc() | {f"Annotations/{i}.xml": xml() for i in range(4)}, "empty"))
    with pytest.raises(DataError, match="none for train"):
        files = {path: data for path, data in voc().items() if not path.endswith("train.txt")}
        recognise(folder(files, "untrained"))


def test_classes_that_only_one_side_has_and_look_alikes_are_notes(folder):
    files = voc() | {"Annotations/3.xml": xml(box("Dog "), box("bird")), "Annotations/0.xml": xml(box("dog"))}
    catalog = recognise(folder(files))
    assert catalog.classes == ("Dog", "bird", "cat", "dog")
    assert any("class never learnt: train has nothing of Dog, bird" in note for note in catalog.notes)
    assert any("missing class: the validation split has nothing of cat, dog" in note for note in catalog.notes)
    assert any("look-alike classes: 'Dog' and 'dog'" in note for note in catalog.notes)


@pytest.mark.parametrize("name", ["set.zip", "set.tar.gz"])
def test_archives_are_read_in_place(tmp_path, picture, name):
    files = {k: picture() if v is None else v.encode() for k, v in voc().items()}
    if name.endswith("zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as file:
            for path, data in files.items():
                file.writestr(path, data)
    else:
        with tarfile.open(tmp_path / name, "w:gz") as file:
            for path, data in files.items():
                info = tarfile.TarInfo(path)
                info.size = len(data)
                file.addfile(info, io.BytesIO(data))
    catalog = recognise(tmp_path / name)
    assert catalog.layout == "recognised: VOC boxes, 2 classes, train 3 + validation 1 images, 8 boxes"
    assert catalog.examples[0].annotation.key == f"{name}/Annotations/0.xml"
