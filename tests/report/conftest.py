"""One real run on 64 drawn pictures whose class names are hostile, and materials of the tasks whose answers are places in pictures."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from glassnet.data.audit import audit
from glassnet.data.builtin import shapes
from glassnet.data.labels import label_numbers
from glassnet.data.pixels import PixelSettings, decode
from glassnet.data.store import open_store
from glassnet.data.truths import truths
from glassnet.evaluation.arithmetic import box_scores, instance_scores, pixel_scores, place_scores
from glassnet.pipeline import reporting
from glassnet.pipeline.from_python import train
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import prepare
from glassnet.report.material import Data, rows_shown
from glassnet.tasks.answers import Found, PixelsAnswer, ThingsAnswer

CLASSES = ("<img src=x onerror=alert(1)>", 'it\'s "two" & more', "plain")


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile") / "photos"
    draw = np.random.default_rng(3)
    for number, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for i in range(22):
            pixels = draw.integers(0, 80, (16, 16, 3), dtype=np.uint8)
            pixels[:, :, number] += 90
            pixels[4 : 8 + number, 4:12] = 200
            Image.fromarray(pixels).save(root / name / f"{i:02}.png")
    (root / "plain" / "copy.png").write_bytes((root / "plain" / "00.png").read_bytes())
    (root / "plain" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    return root


@pytest.fixture(scope="session")
def trained(photos, tmp_path_factory):
    """Return a function that trains a small run of its own."""

    def training():
        out = tmp_path_factory.mktemp("runs")
        return train(photos, out=out, network="mini", epochs=3, batch=16, threads=1, precision="fp32", quiet=True)

    return training


@pytest.fixture(scope="session")
def run(trained):
    return trained()


TASKS = ("localize", "detect", "segment", "instances")
_PICTURES = 40


@pytest.fixture(scope="session")
def asked(run, tmp_path_factory):
    """Return a function that gives the material of a task: drawn pictures, and answers with every kind of error."""
    known = {}

    def material(task):
        if task not in known:
            known[task] = _asked(run, task, tmp_path_factory.mktemp(task))
        return known[task]

    return material


def _asked(run, task, folder):
    catalog = shapes.catalog(task=task)
    catalog = replace(catalog, examples=catalog.examples[:_PICTURES])
    store = open_store(catalog, PixelSettings(64, 96, "pad"), folder)
    rows = np.arange(_PICTURES)
    known = truths(catalog, store, rows)
    draws = np.random.default_rng(7)
    found = [_answer(task, truth, catalog.classes, draws) for truth in known]
    options = {"seed": 0, "rows": rows, "resamples": 100}
    if task in ("detect", "instances"):
        options["threshold"] = 0.5
    score = {"localize": place_scores, "detect": box_scores, "instances": instance_scores, "segment": pixel_scores}[
        task
    ]
    scores = score(found, known, catalog.classes, "validation", **options)
    base = reporting.material_of(
        run, reporting.align(run, prepare(run.recipe, run.folder.path.parent, Observer())), "runs"
    )
    data = Data(
        "shapes", catalog.layout, catalog.classes, [example.key for example in catalog.examples], label_numbers(catalog),
        lambda row: np.asarray(store.pixels[row]), audit(catalog, store, run.recipe.data), task=task,
        original=lambda row: decode(catalog.source.read(catalog.examples[row].key)),
        truth=lambda row: truths(catalog, store, [row])[0],
    )  # fmt: skip
    shown = rows_shown({"validation": scores})["validation"]
    answers = {row: _above(each, 0.5) for row, each in enumerate(found)}
    heats = {} if task == "segment" else {row: np.full((12, 12), 0.4, np.float32) for row in shown}
    return replace(base, scores={"validation": scores}, data=data, answers=answers, heats=heats)


def _above(answer, threshold):
    if isinstance(answer, PixelsAnswer) or answer.threshold is None:
        return answer
    return replace(answer, found=tuple(thing for thing in answer.found if thing.confidence >= threshold))


def _answer(task, truth, classes, draws):
    if task == "segment":
        pixels = np.roll(truth.classes_map(), draws.integers(0, 9), 1)
        return PixelsAnswer(np.where(draws.random(pixels.shape) < 0.02, 1, pixels).astype(np.uint8), classes)
    found = []
    for i, label in enumerate(truth.labels.tolist()):
        kind = draws.choice(["right", "right", "wrong", "shifted", "missed", "double"])
        by = draws.integers(12, 16) if kind == "shifted" else 0
        name = classes[(label + 1) % 3] if kind == "wrong" else classes[label]
        if kind != "missed":
            found += [_found(task, truth, i, name, by, draws.uniform(0.3, 1)) for _ in range(1 + (kind == "double"))]
    if draws.random() < 0.5:
        mask = np.zeros((truth.height, truth.width), bool)
        mask[2:8, 2:12] = True
        found.append(Found(classes[0], 0.9, (2.0, 2.0, 12.0, 8.0), mask if task == "instances" else None))
    found.sort(key=lambda thing: -thing.confidence)
    return ThingsAnswer(tuple(found), truth.height, truth.width, 0.0, classes)


def _found(task, truth, i, name, by, sure):
    x1, y1, x2, y2 = truth.boxes[i]
    mask = np.roll(truth.mask(i), by, 1) if task == "instances" else None
    return Found(name, float(sure), (x1 + by, y1, x2 + by, y2), mask)
