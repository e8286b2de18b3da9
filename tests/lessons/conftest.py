"""Small runs whose numbers questions are made of: two classes in grey, three in colour with a flatten, and boxes."""

import json

import numpy as np
import pytest
from PIL import Image

from glassnet.data.builtin import shapes, xo
from glassnet.pipeline.from_python import train

_FLAT = [{"conv": 4, "activation": "relu"}, {"maxpool": 2}, "flatten", {"dense": "classes"}]


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Return a function from a name (grey, colour, boxes) to a finished run."""
    base, made = tmp_path_factory.mktemp("lessons"), {}

    def of(name):
        if name not in made:
            root, options = {"grey": _grey, "colour": _colour, "boxes": _boxes}[name](base / name)
            made[name] = train(
                root,
                out=base / "runs",
                name=name,
                epochs=2,
                batch=8,
                threads=1,
                precision="fp32",
                quiet=True,
                **options,
            )
        return made[name]

    return of


@pytest.fixture(scope="session")
def explained(runs):
    """Return a function from a name to one picture of that run, explained; None for the built-in examples."""
    made = {None: None}

    def of(name):
        if name not in made:
            run = runs(name)
            made[name] = run.explain(run.lock.keys[int(run.lock.train[0])])
        return made[name]

    return of


def _grey(root):
    pixels, labels = xo.draw(60, 16)
    for i, (picture, label) in enumerate(zip(pixels, labels, strict=True)):
        folder = root / xo.CLASSES[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture[:, :, 0]).save(folder / f"{i:02}.png")
    return root, {"network": "mini"}


def _colour(root):
    draw = np.random.default_rng(3)
    for number, name in enumerate(("red", "green", "blue")):
        (root / name).mkdir(parents=True)
        for i in range(20):
            pixels = draw.integers(0, 90, (12, 12, 3), dtype=np.uint8)
            pixels[3:9, 3:9, number] += 150
            Image.fromarray(pixels).save(root / name / f"{i:02}.png")
    return root, {"network": _FLAT}


def _boxes(root):
    (root / "images").mkdir(parents=True)
    pixels, pictures = shapes.draw(24)
    images, found = [], []
    for i, (picture, things) in enumerate(zip(pixels, pictures, strict=True)):
        Image.fromarray(picture).save(root / "images" / f"{i:03}.png")
        images.append({"id": i, "file_name": f"{i:03}.png", "width": 96, "height": 96})
        for thing in things:
            x1, y1, x2, y2 = thing.box
            found.append({"id": len(found), "image_id": i, "category_id": shapes.CLASSES.index(thing.label), "iscrowd": 0,
                          "bbox": [x1, y1, x2 - x1, y2 - y1], "area": 1})  # fmt: skip
    named = [{"id": i, "name": name} for i, name in enumerate(shapes.CLASSES)]
    (root / "annotations.json").write_text(json.dumps({"images": images, "annotations": found, "categories": named}))
    return root, {"network": "mini", "task": "detect"}
