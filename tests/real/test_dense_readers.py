"""The real sets of boxes and masks: what is recognised, and how many of what there are.

Without them these tests say so, loudly, in the summary of every run.
"""

from collections import Counter

import pytest

from glassnet.data.headers import header
from glassnet.data.readers import recognise

BOXES = ("bccd-voc", "pets-heads-voc", "fruits-coco", "nuts-coco", "cards-yolo")
SENTENCES = {
    "bccd-voc": "VOC boxes, 3 classes, train 205 + validation 87 images, 3,943 boxes",
    "pets-heads-voc": "VOC boxes, 2 classes, train 111 + validation 37 images, 148 boxes",
    "fruits-coco": "COCO boxes, 3 classes, train 19 + validation 4 images, 33 boxes",
    "nuts-coco": "COCO outlines, 3 classes, train 15 + validation 3 images, 165 outlines",
    "cards-yolo": "YOLO boxes, 6 classes, train 99 + validation 23 images, 227 boxes",
    "camvid-semantic": "pictures and masks of classes, 11 classes, train 123 + validation 34 images",
    "nuclei-instances": "pictures with a mask for each thing, 1 class, train 42 + validation 10 images, 1,242 masks",
}
ANSWERS = {
    "bccd-voc": ("detect",),
    "pets-heads-voc": ("localize", "detect"),
    "fruits-coco": ("detect",),
    "nuts-coco": ("instances", "detect", "segment"),
    "cards-yolo": ("detect",),
    "camvid-semantic": ("segment",),
    "nuclei-instances": ("instances", "detect", "segment"),
}


@pytest.mark.real
@pytest.mark.parametrize("name", list(SENTENCES))
def test_the_set_is_recognised_and_says_what_it_can_answer(real, name):
    catalog = recognise(real(name))
    assert catalog.layout == f"recognised: {SENTENCES[name]}"
    assert (catalog.task, catalog.answers) == (ANSWERS[name][0], ANSWERS[name])
    assert not catalog.quarantined
    assert not any(example.annotation.faults for example in catalog.examples)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("bccd-voc", {"RBC": 3350, "WBC": 301, "Platelets": 292}),
        ("pets-heads-voc", {"cat": 48, "dog": 100}),
        ("cards-yolo", {"train": 179, "validation": 48}),
        ("fruits-coco", {"train": 28, "validation": 5}),
    ],
)
def test_the_things_are_as_many_as_the_set_says(real, name, counts):
    catalog = recognise(real(name))
    by_class = Counter(thing.label for example in catalog.examples for thing in example.annotation.things)
    by_split = Counter(example.split for example in catalog.examples for _ in example.annotation.things)
    assert {key: (by_class | by_split)[key] for key in counts} == counts


@pytest.mark.real
@pytest.mark.parametrize("name", BOXES)
def test_every_box_lies_in_its_picture(real, name):
    catalog = recognise(real(name))
    for example in catalog.examples:
        head = header(catalog.source.read(example.key))
        assert example.annotation.size in (None, (head.height, head.width))
        for thing in example.annotation.things:
            x1, y1, x2, y2 = thing.box
            assert -2 <= x1 <= x2 <= head.width + 2
            assert -2 <= y1 <= y2 <= head.height + 2


@pytest.mark.real
def test_the_known_defects_of_the_blood_cells_are_kept_for_the_audit(real):
    catalog = recognise(real("bccd-voc"))
    empty = [
        example.key
        for example in catalog.examples
        for thing in example.annotation.things
        if thing.box[0] == thing.box[2] and thing.box[1] == thing.box[3]
    ]
    assert sorted(empty) == ["JPEGImages/BloodImage_00338.jpg", "JPEGImages/BloodImage_00343.jpg"]


@pytest.mark.real
def test_unlabelled_fruits_are_not_training_data_and_pets_can_be_classified(real):
    fruits = recognise(real("fruits-coco"))
    assert sum(key.startswith("unlabelled/") for key in fruits.skipped) == 12
    assert any("not used (12)" in note for note in fruits.notes)
    pets = recognise(real("pets-heads-voc"))
    assert any("--task classify takes labels in a table" in note for note in pets.notes)
    assert recognise(real("pets-heads-voc"), task="classify").classes == ("cat", "dog")


@pytest.mark.real
def test_outlines_also_segment(real):
    assert recognise(real("nuts-coco"), task="segment").classes == ("background", "date", "fig", "hazelnut")
