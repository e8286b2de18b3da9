"""COCO's figures of matched pictures, by faster-coco-eval."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.evaluation.average_precision import LIMITS
from glassnet.evaluation.matching import AREAS, SIZES, Matched, Region

# Classes evaluated at a time: the library holds a megabyte of precisions for each.
_CLASSES = 50


def coco_ap(pictures: Sequence[Matched], classes: int, region: Region) -> tuple[np.ndarray, np.ndarray]:
    """Return AP float64 (K, 4, 10) by class, range of area (all, small, medium, large) and overlap, and recall (K, 3, 10) by limit.

    Limits are 1, 10 and 100 answers of a class in a picture, recall is over all areas. NaN where a class has no thing of that size.
    """
    truth, found = _library(pictures, classes, region)
    parts = [
        _evaluated(truth, found, list(range(first + 1, min(first + _CLASSES, classes) + 1)), region)
        for first in range(0, classes, _CLASSES)
    ]
    ap, recall = (np.concatenate(column) for column in zip(*parts, strict=True))
    return ap, recall


def _evaluated(truth: Any, found: Any, numbers: list[int], region: Region) -> tuple[np.ndarray, np.ndarray]:
    from faster_coco_eval import COCOeval_faster

    evaluation = COCOeval_faster(
        truth, found, iouType="bbox" if region == "box" else "segm", print_function=_quiet, rle_iou_max_workers=1
    )
    evaluation.params.catIds = numbers
    evaluation.params.maxDets = list(LIMITS)
    evaluation.params.areaRng = AREAS.tolist()
    evaluation.params.areaRngLbl = ["all", *SIZES]
    evaluation.evaluate()
    evaluation.accumulate()
    # (overlaps, recalls, classes, areas, limits) and (overlaps, classes, areas, limits); -1 where nothing counts.
    precision = np.asarray(evaluation.eval["precision"], np.float64)[..., -1]
    recall = np.asarray(evaluation.eval["recall"], np.float64)[:, :, 0]
    ap = precision.mean(1).transpose(1, 2, 0)
    recall = recall.transpose(1, 2, 0)
    return np.where(ap < 0, np.nan, ap), np.where(recall < 0, np.nan, recall)


def _library(pictures: Sequence[Matched], classes: int, region: Region) -> tuple[Any, Any]:
    """Return truths and answers as the library's data sets. All numbers begin at 1: 0 means "unmatched" there."""
    from faster_coco_eval import COCO

    images = [{"id": i, "height": p.size[0], "width": p.size[1]} for i, p in enumerate(pictures, 1)]
    frame = {"images": images, "categories": [{"id": i, "name": str(i)} for i in range(1, classes + 1)]}
    key = "bbox" if region == "box" else "segmentation"
    things, answers = [], []
    for i, picture in enumerate(pictures, 1):
        rows = zip(
            picture.things.tolist(), picture.areas.tolist(), picture.crowd.tolist(), picture.regions, strict=True
        )
        for number, area, crowd, shape in rows:
            about = {"image_id": i, "category_id": number + 1, "iscrowd": int(crowd), "area": area, key: shape}
            things.append({"id": len(things) + 1, **about})
        given = picture.answers
        rows = zip(given.classes.tolist(), given.areas.tolist(), given.scores.tolist(), given.regions, strict=True)
        for number, area, score, shape in rows:
            about = {"image_id": i, "category_id": number + 1, "iscrowd": 0, "area": area, "score": score, key: shape}
            answers.append({"id": len(answers) + 1, **about})
    return COCO({**frame, "annotations": things}), COCO({**frame, "annotations": answers})


def _quiet(*_: object) -> None:
    pass
