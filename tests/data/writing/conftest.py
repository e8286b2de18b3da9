"""Small sets written by hand, and the comparison of two catalogs by what they say about each picture."""

import hashlib
import io
import json

import numpy as np
import pytest
from PIL import Image

from glassnet.data.headers import header
from glassnet.data.truths import truth_of

CLASSES = ('say "hi", you', "naïve 猫", "no", "<&> : #")
NAMES = ("a b.png", "cat 1.png", "ünï.jpg", "x_mask.png", "p_l.png", "UPPER.JPG", "dots.in.name.png")


def encoded(height, width, kind="PNG", seed=0, **options):
    values = np.random.default_rng([seed, height, width]).integers(0, 256, (height, width, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(values).save(file, kind, **options)
    return file.getvalue()


def turned(height, width, seed=0):
    """A JPEG that is height × width after its EXIF rotation by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(width, height, "JPEG", seed, exif=exif)


def run_lengths(mask):
    flat = mask.T.ravel().astype(int)
    ends = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate([[0], ends, [len(flat)]])).tolist()
    return {"counts": [0, *runs] if flat[0] else runs, "size": list(mask.shape)}


def write_coco(root, pictures, classes=CLASSES):
    """Write {split: [(file name, bytes, height, width, [(class, box, segmentation, crowd)])]} as COCO, by hand."""
    for split, listed in pictures.items():
        images, annotations = [], []
        for number, (name, data, height, width, things) in enumerate(listed, 7):
            (root / "images" / split).mkdir(parents=True, exist_ok=True)
            (root / "images" / split / name).write_bytes(data)
            images.append({"id": number, "file_name": name, "height": height, "width": width})
            for label, (x1, y1, x2, y2), segmentation, crowd in things:
                annotations.append(
                    {"id": len(annotations), "image_id": number, "category_id": classes.index(label) + 3}
                    | {"bbox": [x1, y1, x2 - x1, y2 - y1], "segmentation": segmentation, "iscrowd": crowd, "area": 1}
                )
        categories = [{"id": i + 3, "name": name} for i, name in enumerate(classes)]
        (root / "annotations").mkdir(exist_ok=True)
        (root / "annotations" / f"instances_{split}.json").write_text(
            json.dumps({"images": images, "annotations": annotations, "categories": categories}), encoding="utf-8"
        )
    return root


def by_picture(catalog):
    """{SHA-256 of the picture's bytes: (split, truth)} of every sound picture."""
    found = {}
    for row, example in enumerate(catalog.examples):
        data = catalog.source.read(example.key)
        if not getattr(example.annotation, "faults", ()):
            head = header(data)
            found[hashlib.sha256(data).hexdigest()] = (
                example.split,
                truth_of(catalog, row, head.height, head.width),
            )
    return found


@pytest.fixture
def nasty(tmp_path):
    """Seven pictures with awkward names and classes, in two splits: polygons, run lengths, holes, parts, one pixel, a crowd, none."""
    y, x = np.mgrid[:20, :30]
    ring = ((y - 9) ** 2 + (x - 12) ** 2 < 60) & ((y - 9) ** 2 + (x - 12) ** 2 > 9)
    parts = np.zeros((20, 30), bool)
    parts[1:4, 20:28], parts[10:14, 22:25], parts[5, 20] = True, True, True
    pixel = np.zeros((20, 30), bool)
    pixel[19, 29] = True
    crowd = np.zeros((20, 30), bool)
    crowd[15:19, 2:9] = True
    a, b, c, d = CLASSES

    def box(mask):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        return tuple(map(int, (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)))

    polygon = [[3.5, 2.25, 11.0, 2.25, 11.0, 9.75, 3.5, 9.75]]
    two = [[1, 1, 5, 1, 5, 5, 1, 5], [20, 10, 26, 10, 26, 16]]
    things = {
        "a b.png": [(a, box(ring), run_lengths(ring), 0), (b, box(parts), run_lengths(parts), 0)],
        "cat 1.png": [(c, box(pixel), run_lengths(pixel), 0)],
        "ünï.jpg": [(d, (3.5, 2.25, 11.0, 9.75), polygon, 0)],
        "x_mask.png": [],
        "p_l.png": [(b, (1, 1, 26, 16), two, 0), (a, box(crowd), run_lengths(crowd), 1)],
        "UPPER.JPG": [(a, (3.5, 2.25, 11.0, 9.75), polygon, 0)],
        "dots.in.name.png": [(d, box(ring), run_lengths(ring), 0)],
    }
    made = []
    for seed, name in enumerate(NAMES):
        jpeg = name.lower().endswith("jpg")
        data = turned(20, 30, seed) if jpeg else encoded(20, 30, seed=seed)
        made.append((name, data, 20, 30, things[name]))
    return write_coco(tmp_path / "source", {"train": made[:5], "val": made[5:]})
