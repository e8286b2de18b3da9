"""The targets of boxes: things as rows of numbers whose points can be moved exactly.

Float32 (N, M, 2 + 2V): class number (-1 where there is no thing any more), 1 for a crowd, then V points x, y in pixels of the fitted
picture: the corners of the box, or the convex hull of the mask where there is one. The box of a thing is what its points span, so the box
of a turned mask is exact, and the box of a turned box is the box around it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from glassnet.data.catalog import Catalog, Things
from glassnet.data.frames import Frame
from glassnet.errors import DataError
from glassnet.tasks.moving import moved_points

if TYPE_CHECKING:
    import torch

# A thing of which less than this share is left in the picture is neither learnt nor taught as background.
LEAST_VISIBLE = 0.3


def encode(catalog: Catalog, rows: np.ndarray, frames: Sequence[Frame], task: str) -> np.ndarray:
    """Return float32 (n, M, 2 + 2V) for these rows. Raises DataError for an annotation without things, or one that does not fit."""
    from glassnet.data.truths import truth_of

    pictures: list[list[tuple[int, bool, np.ndarray]]] = []
    for row, frame in zip(rows, frames, strict=True):
        example = catalog.examples[int(row)]
        if not isinstance(example.annotation, Things):
            raise DataError(
                f"{example.key} is annotated with {type(example.annotation).__name__}, not with things, so it is nothing for {task}."
            )
        if example.annotation.faults:
            pictures.append([])
            continue
        truth = truth_of(catalog, int(row), frame.height, frame.width)
        named = zip(truth.labels.tolist(), truth.crowd.tolist(), strict=True)
        pictures.append([(label, crowd, frame.fitted(truth.hull(i))) for i, (label, crowd) in enumerate(named)])
    most = max((len(things) for things in pictures), default=0)
    points = max((len(each) for things in pictures for _, _, each in things), default=4)
    found = np.zeros((len(pictures), max(1, most), 2 + 2 * points), np.float32)
    found[:, :, 0] = -1
    for place, things in enumerate(pictures):
        for at, (label, crowd, each) in enumerate(things):
            whole = np.concatenate([each, np.repeat(each[-1:], points - len(each), axis=0)])
            found[place, at] = [label, crowd, *whole.ravel()]
    return found


def move(targets: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Return targets (N, M, 2 + 2V) whose points lie where the moved pictures show them."""
    n, most, wide = targets.shape
    moved = targets.copy()
    points = targets[:, :, 2:].reshape(n, most, (wide - 2) // 2, 2)
    moved[:, :, 2:] = moved_points(points, matrices).reshape(n, most, wide - 2)
    return moved


def boxes_of(
    targets: "torch.Tensor", size: tuple[int, int]
) -> "tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]":
    """Return boxes float32 (N, M, 4) within pictures of `size` (H, W), classes int64 (N, M), and bool (N, M) twice: to be learnt, and
    to be left alone (crowds, and things that are nearly out of the picture).
    """
    import torch

    targets = targets.float()
    x, y = targets[:, :, 2::2], targets[:, :, 3::2]
    whole = torch.stack([x.amin(2), y.amin(2), x.amax(2), y.amax(2)], 2)
    height, width = size
    limits = torch.tensor([width, height, width, height], dtype=torch.float32, device=targets.device)
    boxes = torch.minimum(whole.clamp(min=0), limits)
    area, seen = _area(whole), _area(boxes)
    there = (targets[:, :, 0] >= 0) & (seen > 0)
    left = (targets[:, :, 1] > 0) | (seen < LEAST_VISIBLE * area)
    return boxes, targets[:, :, 0].clamp(min=0).long(), there & ~left, there & left


def _area(boxes: "torch.Tensor") -> "torch.Tensor":
    return (boxes[..., 2] - boxes[..., 0]).clamp(min=0) * (boxes[..., 3] - boxes[..., 1]).clamp(min=0)
