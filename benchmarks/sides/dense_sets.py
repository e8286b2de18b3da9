"""The six sets of the dense benchmarks, read here and nowhere else: every side and the scorer take pictures and truths from this file.

Written without the product's readers, so that a mistake in them cannot hide in its own score. Boxes are (x1, y1, x2, y2), edges in pixels
of the picture. VOC's corners are 1-based and inclusive. A box without area is no box. Runs with numpy and Pillow alone.
"""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

TASKS = {
    "bccd-voc": "detect",
    "cards-yolo": "detect",
    "nuclei-instances": "instances",
    "nuts-coco": "instances",
    "camvid-semantic": "segment",
    "pets-heads-voc": "localize",
}
IGNORED = 255
# Seen from above, or through a microscope: such pictures have no up and no down, and the peers are told so.
NO_UP = ("bccd-voc", "nuclei-instances", "nuts-coco")


@dataclass(frozen=True)
class Thing:
    """One object. `outline` holds polygons x0, y0, x1, y1, …; `mask` is a file whose pixels above 0 belong to it."""

    label: str
    box: tuple[float, float, float, float]
    outline: tuple[tuple[float, ...], ...] = ()
    mask: Path | None = None


@dataclass(frozen=True)
class Picture:
    """One picture with everything that is known of it; `classes` is the file of class numbers per pixel."""

    number: int
    file: Path
    height: int
    width: int
    things: tuple[Thing, ...] = ()
    classes: Path | None = None

    def pixels(self) -> np.ndarray:
        """Return uint8 (H, W, 3)."""
        with Image.open(self.file) as opened:
            return np.array(opened.convert("RGB"))


@dataclass(frozen=True)
class PictureSet:
    """A set with its two parts. `names` are the classes in the order of their numbers."""

    name: str
    task: str
    names: tuple[str, ...]
    train: list[Picture] = field(default_factory=list)
    val: list[Picture] = field(default_factory=list)


def read(name: str, folder: Path) -> PictureSet:
    """Return one of the six sets from the folder that holds them."""
    root = Path(folder) / name
    readers = {
        "bccd-voc": _voc,
        "pets-heads-voc": _voc,
        "cards-yolo": _yolo,
        "nuts-coco": _coco,
        "nuclei-instances": _nuclei,
        "camvid-semantic": _camvid,
    }
    parts = {part: readers[name](root, part) for part in ("train", "val")}
    if name == "camvid-semantic":
        names = _camvid_names(root)
    else:
        names = tuple(sorted({thing.label for part in parts.values() for p in part for thing in p.things}))
    return PictureSet(name, TASKS[name], names, **parts)


def mask_of(picture: Picture, thing: Thing) -> np.ndarray:
    """Return the pixels of a thing as bool (H, W). Polygons are filled by COCO's own rule."""
    if thing.mask is not None:
        with Image.open(thing.mask) as opened:
            return np.array(opened.convert("L")) > 0
    from faster_coco_eval.core import mask as coco_mask

    size = picture.height, picture.width
    return coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects([list(p) for p in thing.outline], *size))) > 0


def run_lengths(mask: np.ndarray) -> dict:
    """Return a mask bool (H, W) as COCO's compressed run lengths, ready for JSON."""
    from faster_coco_eval.core import mask as coco_mask

    found = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    counts = found["counts"]
    return {"size": [int(n) for n in found["size"]], "counts": counts.decode() if isinstance(counts, bytes) else counts}


def pixel_classes(picture: Picture, classes: int) -> np.ndarray:
    """Return the class of every pixel, uint8 (H, W), 255 where it does not count."""
    assert picture.classes is not None
    with Image.open(picture.classes) as opened:
        found = np.array(opened)
    return np.where(found < classes, found, IGNORED).astype(np.uint8)


def _size(file: Path) -> tuple[int, int]:
    with Image.open(file) as opened:
        return opened.height, opened.width


def _voc(root: Path, part: str) -> list[Picture]:
    found = []
    for number, stem in enumerate((root / "ImageSets" / "Main" / f"{part}.txt").read_text().split()):
        file = root / "JPEGImages" / f"{stem}.jpg"
        things = []
        for entry in ElementTree.parse(root / "Annotations" / f"{stem}.xml").iter("object"):
            x1, y1, x2, y2 = (float(entry.findtext(f"bndbox/{side}") or 0) for side in ("xmin", "ymin", "xmax", "ymax"))
            if x2 > x1 and y2 > y1:
                things.append(Thing(entry.findtext("name") or "", (max(x1 - 1, 0), max(y1 - 1, 0), x2, y2)))
        found.append(Picture(number, file, *_size(file), tuple(things)))
    return found


def _yolo(root: Path, part: str) -> list[Picture]:
    lines = (root / "data.yaml").read_text().split("names:")[1].strip().splitlines()
    names = {int(number): name.strip() for number, name in (line.split(":") for line in lines)}
    found = []
    for number, file in enumerate(sorted((root / "images" / part).iterdir())):
        height, width = _size(file)
        things = []
        for line in (root / "labels" / part / f"{file.stem}.txt").read_text().splitlines():
            kind, cx, cy, w, h = (float(value) for value in line.split())
            box = (cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height
            things.append(Thing(names[int(kind)], box))
        found.append(Picture(number, file, height, width, tuple(things)))
    return found


def _coco(root: Path, part: str) -> list[Picture]:
    held = json.loads((root / "annotations" / f"instances_{part}.json").read_text())
    names = {entry["id"]: entry["name"] for entry in held["categories"]}
    found = []
    for number, image in enumerate(held["images"]):
        things = []
        for entry in held["annotations"]:
            if entry["image_id"] == image["id"]:
                x, y, w, h = entry["bbox"]
                outline = tuple(tuple(polygon) for polygon in entry["segmentation"])
                things.append(Thing(names[entry["category_id"]], (x, y, x + w, y + h), outline))
        found.append(
            Picture(number, root / "images" / image["file_name"], image["height"], image["width"], tuple(things))
        )
    return found


def _nuclei(root: Path, part: str) -> list[Picture]:
    found = []
    for number, folder in enumerate(sorted((root / part).iterdir())):
        file = folder / "images" / f"{folder.name}.png"
        things = tuple(_nucleus(mask) for mask in sorted((folder / "masks").iterdir()))
        found.append(Picture(number, file, *_size(file), things))
    return found


def _nucleus(mask: Path) -> Thing:
    with Image.open(mask) as opened:
        rows, columns = np.nonzero(np.array(opened.convert("L")))
    box = float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)
    return Thing("object", box, mask=mask)  # this layout names no classes


def _camvid(root: Path, part: str) -> list[Picture]:
    return [
        Picture(number, file, *_size(file), classes=root / part / "masks" / f"{file.stem}.png")
        for number, file in enumerate(sorted((root / part / "images").iterdir()))
    ]


def _camvid_names(root: Path) -> tuple[str, ...]:
    with (root / "classes.csv").open(newline="") as opened:
        return tuple(row["name"] for row in csv.DictReader(opened) if row["name"] != "Unlabelled")
