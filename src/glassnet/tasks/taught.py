"""What training is taught about a picture, drawn into it: the targets of the dense tasks after they followed the augmentation."""

from collections.abc import Sequence

import numpy as np

from glassnet.data.truths import IGNORED, Truth
from glassnet.tasks.drawing import draw_truth


def draw_taught(
    picture: np.ndarray, target: np.ndarray, size: tuple[int, int], classes: Sequence[str]
) -> np.ndarray | None:
    """Return uint8 (h, w, 3): the picture uint8 (H, W, 1 or 3) with its target drawn, None for a target that is no place in it.

    The three kinds of targets are told apart by what they are: float32 (M, 2 + 2V) outlines of things, uint8 (H, W) classes of pixels,
    int32 (H, W) pixels of instances. `size` is (H, W) of the fitted picture, which `picture` may be a smaller copy of.
    """
    if target.ndim == 2 and target.dtype == np.float32:
        return draw_truth(picture, _outlined(target, size), classes)
    if target.ndim == 2 and target.dtype == np.uint8:
        return draw_truth(picture, _mapped(target, size), classes, pixels=True)
    if target.ndim == 2 and target.dtype == np.int32:
        return draw_truth(picture, _instances(target, size), classes)
    return None


def _outlined(target: np.ndarray, size: tuple[int, int]) -> Truth:
    """Return boxes that are learnt, and as crowds those that are left alone."""
    import torch

    from glassnet.tasks.outlines import boxes_of

    boxes, labels, learnt, left = (part[0].numpy() for part in boxes_of(torch.from_numpy(target[None]), size))
    shown = learnt | left
    return Truth(*size, labels[shown], boxes[shown].astype(np.float64), left[shown])


def _mapped(target: np.ndarray, size: tuple[int, int]) -> Truth:
    nothing = np.zeros(0, np.int64)
    return Truth(*size, nothing, np.zeros((0, 4)), nothing.astype(bool), map=target, background=IGNORED)


def _instances(target: np.ndarray, size: tuple[int, int]) -> Truth:
    """Return the instances of a map of number · 256 + class."""
    from glassnet.data.shapes import box_of

    known = [int(value) for value in np.unique(target) if value > 0]
    masks = tuple(target == value for value in known)
    boxes = np.array([box_of(mask) for mask in masks], np.float64).reshape(-1, 4)
    labels = np.array([value % 256 for value in known], np.int64)
    return Truth(*size, labels, boxes, np.zeros(len(known), bool), masks)
