"""Classification, localization, detection and the two segmentations: five questions to one picture."""

from typing import Any

import numpy as np

from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given
from glassnet.lessons.picking import Pick
from glassnet.lessons.reading import few

TASKS = {
    "classify": "Which class is it? One answer for the whole picture.",
    "localize": "Which class is it, and where? One box.",
    "detect": "What is there, and where is each? Any number of boxes, each with a class.",
    "segment": "Which class has each pixel? This is semantic segmentation.",
    "instances": "Which pixels belong to which thing? A mask for each: instance segmentation.",
}
_MOST = 30


def ask(values: dict[str, Any]) -> dict[str, Any]:
    """Return a drawn picture with the true answer to one of the five questions drawn on it, and in words.

    `image` is the picture as a data URI.
    """
    from glassnet.data.builtin.shapes import CLASSES
    from glassnet.data.truths import truth_of
    from glassnet.report.pictures import data_uri
    from glassnet.tasks import task as task_named
    from glassnet.tasks.drawing import canvas_of, draw_truth

    given = Given(values, "task", "number")
    task = given.choice("task", tuple(TASKS), "classify")
    picture, catalog = _drawn(given.whole("number", 0, _MOST - 1, 3), task)
    truth = truth_of(catalog, 0, *picture.shape[:2])
    drawn = (
        canvas_of(picture)
        if task == "classify"
        else draw_truth(picture, truth, catalog.classes, pixels=task == "segment", boxes=task in ("localize", "detect"))
    )
    names = [catalog.classes[int(label)] for label in truth.labels]
    background = len(catalog.classes) - 1
    pixels = truth.classes_map()
    head = task_named(task).head(len(catalog.classes))
    return {
        "task": task,
        "question": TASKS[task],
        "questions": dict(TASKS),
        "picture": {"height": drawn.shape[0], "width": drawn.shape[1], "image": data_uri(drawn, longest=384)},
        "labels": names,
        "boxes": truth.boxes.tolist() if task in ("localize", "detect", "instances") else [],
        "pixels": [int(truth.mask(i).sum()) for i in range(len(truth))] if task == "instances" else [],
        "shares": {
            name: float((pixels == at).mean()) for at, name in enumerate(catalog.classes) if (pixels == at).any()
        }
        if task == "segment" and background >= len(CLASSES)
        else {},
        "output": head,
    }


def overlap(values: dict[str, Any]) -> dict[str, Any]:
    """Return intersection over union of two boxes (x1, y1, x2, y2)."""
    from glassnet.data.overlap import iou
    from glassnet.errors import RecipeError

    given = Given(values, "first", "second")
    boxes = [given.numbers(name, 4, 4, -1e4, 1e4) for name in ("first", "second")]
    for box in boxes:
        if box[2] <= box[0] or box[3] <= box[1]:
            raise RecipeError("A box is x1, y1, x2, y2 with x2 right of x1 and y2 below y1.")
    return {"iou": float(iou(np.array(boxes[:1]), np.array(boxes[1:]))[0, 0])}


def _drawn(number: int, task: str) -> tuple[np.ndarray, Any]:
    """Return a picture of the drawn set, and a catalog of it alone; classify and localize are asked about its largest thing."""
    from glassnet.data.builtin import shapes
    from glassnet.data.catalog import Catalog, Example, Things, class_list
    from glassnet.data.sources import ArraySource

    pixels, things = shapes.draw(number + 1)
    found = things[number]
    if task in ("classify", "localize"):
        found = (max(found, key=_area),)
    source = ArraySource(pixels[number : number + 1], prefix="shapes")
    classes = class_list((*shapes.CLASSES, "background") if task == "segment" else shapes.CLASSES)
    example = Example(source.key(0), Things(found, pixels.shape[1:3]))
    return pixels[number], Catalog(
        root="shapes", layout="one drawn picture", task=task, classes=classes, examples=(example,), source=source
    )


def _area(thing: Any) -> float:
    x1, y1, x2, y2 = thing.box
    return (x2 - x1) * (y2 - y1)


def _asks(explained: Any, pick: Pick) -> list[Question]:
    first = [0, 0, 10 * pick.whole(3, 6), 10 * pick.whole(3, 6)]
    move = 10 * pick.whole(1, 2)
    second = [move, move, first[2] + move, first[3] + move]
    share = overlap({"first": first, "second": second})["iou"]
    area = first[2] * first[3]
    inside = (first[2] - move) * (first[3] - move)
    number = pick.whole(0, 9)
    things = ask({"task": "detect", "number": number})["labels"]
    wanted = pick.one(tuple(TASKS))
    seeks = {
        "classify": "whether a photograph shows a cat or a dog",
        "localize": "where the one plate stands in a photograph of one car",
        "detect": "how many birds are in a photograph, and where each is",
        "segment": "which pixels of a photograph are road and which are pavement",
        "instances": "the exact outline of every single cell in a picture of many that touch",
    }
    return [
        Question(
            f"A box goes from (0, 0) to ({first[2]}, {first[3]}), the true one from ({move}, {move}) to ({second[2]}, "
            f"{second[3]}). What is their intersection over union? (2 decimals)",
            share,
            0.006,
            how=f"They share {few(inside)}; together they cover {few(area)} + {few(area)} − {few(inside)} = {few(2 * area - inside)}; "
            f"{few(inside)} ÷ {few(2 * area - inside)} = {share:.3f}.",
            slips=((inside / area, "Divide by what both cover together, not by one of them."),),
        ),
        Question(
            f"Somebody wants to know {seeks[wanted]}. Which task is that: {', '.join(TASKS)}?",
            wanted,
            how=TASKS[wanted],
            choices=tuple(TASKS),
        ),
        Question(
            f"Picture {number} of the drawn set shows: {', '.join(things)}. How many boxes does detection have to find in it?",
            len(things),
            how="One for each thing, also where two are of the same class.",
            slips=((len(set(things)), "Two things of one class need two boxes."),)
            if len(set(things)) != len(things)
            else (),
        ),
    ]


LESSON = Lesson(
    "tasks",
    "Five tasks on one picture",
    "The same picture can be asked five questions: one class for it (classification), one box (localization), all boxes with "
    "their classes (object detection), a class for every pixel (semantic segmentation), or a mask for every thing (instance "
    "segmentation). What is asked decides how pictures must be annotated and what the network has to answer.",
    {"ask": ask, "overlap": overlap},
    {"ask": {"task": "detect", "number": 9}, "overlap": {"first": [0, 0, 40, 40], "second": [10, 10, 50, 50]}},
    _asks,
)
