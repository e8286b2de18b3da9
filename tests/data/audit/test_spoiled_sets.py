"""Whole sets as people have them, with one bad annotation of each kind: from the files to what is kept out."""

import json

import pytest

from glassnet.data.audit import audit
from glassnet.data.pixels import PixelSettings
from glassnet.data.readers import recognise
from glassnet.data.store import open_store
from glassnet.recipe import DataRecipe


@pytest.fixture
def found_in(tmp_path):
    def look(root):
        catalog = recognise(root)
        store = open_store(catalog, PixelSettings(60, 80, "pad"), tmp_path / "store", workers=1)
        found = audit(catalog, store, DataRecipe(group_by="none"))
        return {catalog.examples[row].key: reason for row, reason in found.quarantined.items()}, {
            key: f.code for f in found.findings if f.rank == "error" for key in f.keys
        }

    return look


def pictures(world, folder, n=16):
    """Move the world's way of drawing into a folder of pictures a00.png, a01.png, …"""
    (world.root.parent / folder).mkdir(parents=True)
    for i in range(n):
        world.put(f"../{folder}/a{i:02d}.png", (), 100 + i)


def test_voc(world, tmp_path, found_in):
    pictures(world, "set/JPEGImages")
    notes = tmp_path / "set/Annotations"
    notes.mkdir()
    thing = (
        "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"
    )
    whole = "<annotation><size><width>{}</width><height>{}</height><depth>3</depth></size>{}</annotation>"
    for i in range(16):
        text = whole.format(80, 60, thing.format("cat", 5, 5, 30, 40) + thing.format("dog", 41, 5, 60, 40))
        (notes / f"a{i:02d}.xml").write_text(text)
    text = (notes / "a00.xml").read_text()
    (notes / "a01.xml").write_text(text[:90])
    (notes / "a02.xml").write_text('<!DOCTYPE a [<!ENTITY b "cat">]>' + text.replace("cat", "&b;"))
    (notes / "a03.xml").write_bytes(text.replace("cat", "k\xe4tze").encode("latin-1"))
    (notes / "a04.xml").write_text(whole.format(80, 60, thing.format("cat", 20, 20, 20, 20)))
    (notes / "a05.xml").write_text(whole.format(60, 80, thing.format("cat", 5, 5, 30, 40)))
    (notes / "a06.xml").write_text(whole.format(80, 60, thing.format("cat", 30, 40, 5, 5)))
    (notes / "a07.xml").write_text(whole.format(80, 60, thing.format("cat", 0.1, 0.1, 0.4, 0.5)))
    (notes / "a08.xml").unlink()
    out, codes = found_in(tmp_path / "set")
    assert {key.rpartition("/")[2][:3]: code for key, code in codes.items()} == {
        "a01": "bad_xml", "a02": "bad_xml", "a03": "not_utf8", "a04": "box_empty", "a05": "picture_size", "a06": "box_reversed",
        "a07": "unit", "a08": "missing_annotation",
    }  # fmt: skip
    assert set(out) == set(codes)


def test_yolo(world, tmp_path, found_in):
    pictures(world, "set/images/train")
    labels = tmp_path / "set/labels/train"
    labels.mkdir(parents=True)
    (tmp_path / "set/data.yaml").write_text("train: images/train\nnc: 2\nnames: [cat, dog]\n")
    for i in range(16):
        (labels / f"a{i:02d}.txt").write_text("0 0.3 0.3 0.2 0.4\n1 0.7 0.5 0.2 0.5\n")
    (labels / "a01.txt").write_text("7 0.3 0.3 0.2 0.4\n")
    (labels / "a02.txt").write_text("0 30 30 20 40\n")
    (labels / "a03.txt").write_bytes(b"0 0.3 0.3 0.2 0.4 \xff\n")
    (labels / "a04.txt").write_text("0 0.3 0.3 0.2\n")
    (labels / "a05.txt").write_text("0 0.95 0.5 0.4 0.2\n")
    (labels / "a06.txt").write_text("0 0.3 0.3 nan 0.4\n")
    (labels / "a07.txt").write_text("")
    (labels / "a08.txt").write_text("0 0.3 0.3 0.0 0.4\n")
    out, codes = found_in(tmp_path / "set")
    assert {key.rpartition("/")[2][:3]: code for key, code in codes.items()} == {
        "a01": "unknown_class", "a02": "unit", "a03": "not_utf8", "a04": "bad_line", "a05": "box_outside", "a06": "bad_number",
        "a08": "box_empty",
    }  # fmt: skip
    assert set(out) == set(codes)


def test_coco(world, tmp_path, found_in):
    pictures(world, "set/images")
    square = [10, 10, 30, 10, 30, 30, 10, 30]
    marks = [{"segmentation": [square], "bbox": [10, 10, 20, 20], "category_id": 3, "iscrowd": 0} for _ in range(16)]
    marks[1] |= {"segmentation": [[1, 1, 9, 9]]}
    marks[2] |= {"segmentation": {"counts": [100, 5000], "size": [60, 80]}}
    marks[3] |= {"category_id": 9}
    marks[4] |= {"segmentation": [[60, 10, 99, 10, 99, 99, 60, 99]], "bbox": [60, 10, 39, 89]}
    marks[5] |= {"bbox": [10, 10, -5, 20]}
    marks[6] |= {"segmentation": {"counts": [4800], "size": [60, 80]}, "bbox": [10, 10, 20, 20]}
    whole = {
        "images": [{"id": 7 * i, "file_name": f"a{i:02d}.png", "width": 80, "height": 60} for i in range(16)],
        "annotations": [mark | {"id": i + 1, "image_id": 7 * i, "area": 400} for i, mark in enumerate(marks)],
        "categories": [{"id": 3, "name": "cat"}],
    }
    (tmp_path / "set/annotations").mkdir()
    (tmp_path / "set/annotations/instances_train.json").write_text(json.dumps(whole))
    out, codes = found_in(tmp_path / "set")
    assert {key.rpartition("/")[2][:3]: code for key, code in codes.items()} == {
        "a01": "bad_polygon", "a02": "bad_rle", "a03": "unknown_class", "a04": "box_outside", "a05": "box_reversed", "a06": "shape_empty",
    }  # fmt: skip
    assert set(out) == set(codes)
