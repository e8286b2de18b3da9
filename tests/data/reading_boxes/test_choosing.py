import json

import pytest

from glassnet.data.readers import LAYOUTS, recognise
from glassnet.data.readers.choosing import TASKS
from glassnet.errors import DataError

XML = "<annotation><object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"


def voc_and_table():
    files = {f"JPEGImages/{i}.png": None for i in range(4)} | {f"Annotations/{i}.xml": XML for i in range(4)}
    return files | {"labels.csv": "file,label\n0.png,old\n1.png,old\n2.png,young\n3.png,young\n"}


def test_boxes_come_before_labels_and_the_note_says_how_to_get_the_others(folder):
    root = folder(voc_and_table())
    catalog = recognise(root)
    assert (catalog.task, catalog.classes) == ("localize", ("cat",))
    (note,) = catalog.notes
    assert note == (
        "two layouts fit: VOC files, and labels in a table; VOC files are taken (localize). --task classify takes labels in a table"
    )
    assert recognise(root, task="classify").classes == ("old", "young")
    assert recognise(root, task="detect").notes == ()


def test_a_task_that_only_another_layout_answers_takes_that_one(folder):
    square = [[1, 1, 9, 1, 9, 9, 1, 9]]
    values = {
        "images": [{"id": i, "file_name": f"{i}.png"} for i in range(4)],
        "annotations": [
            {"image_id": i, "category_id": 1, "bbox": [1, 1, 8, 8], "segmentation": square} for i in range(4)
        ],
        "categories": [{"id": 1, "name": "kitten"}],
    }
    files = voc_and_table() | {"instances.json": json.dumps(values)}
    assert recognise(folder(files), task="instances").classes == ("kitten",)
    assert recognise(folder(files)).classes == ("kitten",)
    boxes = values | {"annotations": [{**entry, "segmentation": []} for entry in values["annotations"]]}
    with pytest.raises(DataError, match="can answer localize or detect, not segment, which needs a mask"):
        recognise(folder(files | {"instances.json": json.dumps(boxes)}, "boxes"), task="segment")


def test_folders_of_another_layout_are_no_classes_but_real_classes_are(folder):
    files = {path: data for path, data in voc_and_table().items() if path != "labels.csv"}
    with pytest.raises(DataError, match="not classify, which needs one class per picture"):
        recognise(folder(files | {"unlabelled/z.png": None}), task="classify")
    classes = {f"{name}/{i}.png": None for name in ("cat", "dog") for i in range(2)}
    classes |= {f"{name}/{i}.xml": XML for name in ("cat", "dog") for i in range(2)}
    assert recognise(folder(classes, "both"), task="classify").classes == ("cat", "dog")
    assert recognise(folder(classes, "both")).task == "localize"


def test_a_bad_file_is_said_when_the_task_needs_it(folder):
    files = {"images/0.png": None, "images/1.png": None, "a.json": '{"images": [], "annotations": [{"image_id": 1}'}
    for task in (None, "detect", "instances"):
        with pytest.raises(DataError, match=r"a\.json is broken"):
            recognise(folder(files), task=task)


@pytest.mark.parametrize("task", TASKS)
def test_the_drawn_shapes_answer_every_task(task):
    catalog = recognise("shapes", task=task)
    assert catalog.task == task
    assert task in catalog.answers


def test_a_built_in_set_that_cannot_answer_says_so():
    with pytest.raises(DataError, match="can answer classify, not detect"):
        recognise("xo", task="detect")


def test_layouts_know_their_tasks():
    assert all(set(layout.tasks) <= set(TASKS) and layout.tasks for layout in LAYOUTS)
