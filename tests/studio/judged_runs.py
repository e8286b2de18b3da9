"""Small runs whose results the pages show: of two classes, of three, and of masks; trained once for all tests of a session."""

import numpy as np
from PIL import Image

from glassnet.pipeline.from_python import train

NAMES = ("two", "three", "places")


def drawn(root, names, each=40):
    """Draw pictures of lines: across, along, or across and fainter, so that a small network confuses something."""
    draw = np.random.default_rng(11)
    for number, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for i in range(each):
            pixels = draw.integers(0, 150, (16, 16, 3), dtype=np.uint8)
            at = draw.integers(2, 12)
            pixels[(slice(None), slice(at, at + 2)) if number == 1 else (slice(at, at + 2), slice(None))] = (
                150,
                150,
                190,
            )[number]
            Image.fromarray(pixels).save(root / name / f"{i:02}.png")
    return root


def train_runs(root, out):
    """Train the runs of NAMES into `out`; the pictures lie below `root`."""
    small = {"out": out, "network": "mini", "batch": 8, "threads": 1, "precision": "fp32", "quiet": True}
    train(drawn(root / "lines", ("across", "along")), epochs=2, name="two", validation=0.3, **small)
    train(drawn(root / "more lines", ("across", "along", "bright")), epochs=2, name="three", validation=0.3, **small)
    train(_places(root / "places"), epochs=1, task="instances", name="places", **small)


def _places(root):
    import json

    from glassnet.data.builtin import shapes

    (root / "images").mkdir(parents=True)
    pixels, pictures = shapes.draw(40)
    images, annotations = [], []
    for i, (picture, things) in enumerate(zip(pixels, pictures, strict=True)):
        Image.fromarray(picture).save(root / "images" / f"{i:03}.png")
        images.append({"id": i, "file_name": f"{i:03}.png", "width": 96, "height": 96})
        for thing in things:
            x1, y1, x2, y2 = thing.box
            annotations.append(
                {
                    "id": len(annotations),
                    "image_id": i,
                    "category_id": shapes.CLASSES.index(thing.label),
                    "iscrowd": 0,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": 1,
                    "segmentation": {"counts": list(thing.shape.counts), "size": [96, 96]},
                }
            )
    named = [{"id": i, "name": name} for i, name in enumerate(shapes.CLASSES)]
    (root / "annotations.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": named})
    )
    return root
