"""Intersection over union of boxes (x1, y1, x2, y2), which the audit, training and scores of places share.

COCO's own figures are not taken from here: `evaluation/matching.py` asks the library that defines them.
"""

import numpy as np


def iou(a: np.ndarray, b: np.ndarray, crowd: np.ndarray | None = None) -> np.ndarray:
    """Return float64 (n, m): intersection over union of boxes (n, 4) and (m, 4), 0 for boxes without area.

    Where `crowd` bool (m,) is true, the intersection is divided by the area of `a` alone, as COCO does: an answer within a crowd is
    excused.
    """
    return _shares(_boxes(a)[:, None], _boxes(b)[None], None if crowd is None else np.asarray(crowd, bool)[None])


def paired_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return float64 (n,): intersection over union of a[i] and b[i], boxes (n, 4) both; 0 for boxes without area."""
    return _shares(_boxes(a), _boxes(b))


def _boxes(boxes: np.ndarray) -> np.ndarray:
    return np.asarray(boxes, np.float64).reshape(-1, 4)


def _shares(a: np.ndarray, b: np.ndarray, crowd: np.ndarray | None = None) -> np.ndarray:
    shared = _area(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]))
    area_a, area_b = (_area(boxes[..., 2:] - boxes[..., :2]) for boxes in (a, b))
    whole = area_a + area_b - shared
    if crowd is not None:
        whole = np.where(crowd, area_a, whole)
    return np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)


def _area(sides: np.ndarray) -> np.ndarray:
    return sides.clip(min=0).prod(axis=-1)
