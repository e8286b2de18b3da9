"""One scorer for all sides: reads what a side answered for the val pictures, in original pixels, and prints one line of scores.

    python dense_scores.py SET FOLDER ANSWERS     # ANSWERS holds answers.json, or one PNG of class numbers per picture

Boxes and masks: COCO's AP by faster-coco-eval, at most 100 answers a picture. Pixels: mean IoU over the classes that the val pictures
have, from one confusion over all pixels that count. One box: mean IoU of the surest answer, 0 where there is none.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np
from dense_sets import IGNORED, Picture, PictureSet, mask_of, pixel_classes, read, run_lengths
from PIL import Image

HEADLINE = {"detect": "AP50", "instances": "AP50", "segment": "mean IoU", "localize": "mean IoU"}
MOST = 100


def score(pictures: PictureSet, answers: Path) -> dict[str, float]:
    """Return the figures of a side's answers, every one in [0, 1]."""
    if pictures.task == "segment":
        return pixels(pictures, answers)
    held = json.loads((answers / "answers.json").read_text())
    if sorted(map(int, held)) != [p.number for p in pictures.val]:
        sys.exit(f"{answers} answers for {len(held)} pictures; the val part has {len(pictures.val)}.")
    if pictures.task == "localize":
        return one_box(pictures, held)
    figures = average_precision(pictures, held, "bbox")
    if pictures.task == "instances":
        figures = average_precision(pictures, held, "segm") | {f"box {k}": v for k, v in figures.items()}
    return figures


def average_precision(pictures: PictureSet, answers: dict[str, list], kind: str) -> dict[str, float]:
    """Return AP, AP50, AP75 and AR100 by COCO's definitions. `kind` is bbox or segm."""
    from faster_coco_eval import COCO, COCOeval_faster

    numbers = {name: i + 1 for i, name in enumerate(pictures.names)}
    truth, given = [], []
    for picture in pictures.val:
        for thing in picture.things:
            x1, y1, x2, y2 = thing.box
            entry = {
                "id": len(truth) + 1,
                "image_id": picture.number,
                "category_id": numbers[thing.label],
                "iscrowd": 0,
            }
            entry |= {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)}
            if kind == "segm":
                mask = mask_of(picture, thing)
                entry |= {"segmentation": run_lengths(mask), "area": float(mask.sum())}
            truth.append(entry)
        given += _answers_of(picture, answers[str(picture.number)], numbers, kind)
    if not given:
        return dict.fromkeys(("AP", "AP50", "AP75", "AR100"), 0.0)
    images = [{"id": p.number, "height": p.height, "width": p.width, "file_name": p.file.name} for p in pictures.val]
    categories = [{"id": number, "name": name} for name, number in numbers.items()]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO({"images": images, "annotations": truth, "categories": categories})
        judge = COCOeval_faster(coco, coco.loadRes(given), kind)
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return {"AP": judge.stats[0], "AP50": judge.stats[1], "AP75": judge.stats[2], "AR100": judge.stats[8]}


def _answers_of(picture: Picture, things: list[dict], numbers: dict[str, int], kind: str) -> list[dict]:
    given = []
    for thing in sorted(things, key=lambda t: -t["score"])[:MOST]:
        x1, y1, x2, y2 = thing["box"]
        entry = {"image_id": picture.number, "category_id": numbers[thing["label"]], "score": thing["score"]}
        place = {"bbox": [x1, y1, x2 - x1, y2 - y1]} if kind == "bbox" else {"segmentation": thing["mask"]}
        given.append(entry | place)
    return given


def one_box(pictures: PictureSet, answers: dict[str, list]) -> dict[str, float]:
    """Return the mean IoU, and the share with IoU of at least 0.5 and the right class."""
    ious, right, both = [], [], []
    for picture in pictures.val:
        given = sorted(answers[str(picture.number)], key=lambda t: -t["score"])[:1]
        truth = picture.things[0]
        ious.append(_iou(np.array(given[0]["box"]), np.array(truth.box)) if given else 0.0)
        right.append(bool(given) and given[0]["label"] == truth.label)
        both.append(ious[-1] >= 0.5 and right[-1])
    return {"mean IoU": np.mean(ious), "IoU ≥ 0.5 and class": np.mean(both), "class accuracy": np.mean(right)}


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    inner = np.prod(np.clip(high - low, 0, None))
    return float(inner / max(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - inner, 1e-9))


def pixels(pictures: PictureSet, answers: Path) -> dict[str, float]:
    """Return mean IoU and pixel accuracy of one PNG of class numbers per picture."""
    classes = len(pictures.names)
    confusion = np.zeros((classes, classes), np.int64)
    for picture in pictures.val:
        with Image.open(answers / f"{picture.number}.png") as opened:
            given = np.array(opened)
        truth = pixel_classes(picture, classes)
        if given.shape != truth.shape or given.max() >= classes:
            sys.exit(
                f"{picture.number}.png is {given.shape} up to {given.max()}; expected {truth.shape} below {classes}."
            )
        counted = truth != IGNORED
        flat = truth[counted].astype(np.int64) * classes + given[counted]
        confusion += np.bincount(flat, minlength=classes * classes).reshape(classes, classes)
    hit = np.diag(confusion)
    union = confusion.sum(0) + confusion.sum(1) - hit
    present = confusion.sum(1) > 0
    return {"mean IoU": (hit / np.maximum(union, 1))[present].mean(), "pixel accuracy": hit.sum() / confusion.sum()}


if __name__ == "__main__":
    name, folder, place = sys.argv[1:]
    print(json.dumps({key: float(value) for key, value in score(read(name, Path(folder)), Path(place)).items()}))
