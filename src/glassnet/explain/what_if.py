"""What if the picture were otherwise: covered, blurred, shifted, rotated, brighter, of more contrast; and see the answer move.

    changed(picture, "rotate", 30)                      # clockwise, degrees
    changed(picture, "cover", box=(10, 10, 20, 20))     # x1, y1, x2, y2 in edges of pixels

The same arithmetic as augmentation in training (`training.augment`), so that "what if" shows what training shows.
"""

import math
from typing import Any, Literal

import numpy as np

from glassnet.errors import RecipeError
from glassnet.networks.words import nearest

Amount = float | tuple[float, float]
Box = tuple[float, float, float, float]

KINDS = {
    "cover": "a grey square over the middle, `amount` its side as a share of the shorter side; or grey over `box`",
    "blur": "softened, `amount` the standard deviation in pixels",
    "shift": "moved by `amount` = (to the right, down) in pixels; one number moves to the right",
    "rotate": "turned clockwise about the middle by `amount` degrees",
    "brighten": "`amount` in −1 … 1 added to every pixel, black being 0 and white 1",
    "contrast": "distance from middle grey times `amount`, 1 being no change",
}
"""Ways to change a picture, and what the amount of each means."""


def changed(
    picture: np.ndarray,
    kind: str,
    amount: Amount | None = None,
    box: Box | None = None,
    edge: Literal["reflect", "border"] = "reflect",
) -> np.ndarray:
    """Return the picture uint8 (H, W, C) changed in one of KINDS, uint8 of the same shape.

    `box` (x1, y1, x2, y2) in edges of pixels says where to cover, blur, brighten or change the contrast; None means everywhere, and for
    cover the middle. `edge` is what a shifted or rotated picture shows beyond its border, as its task says for training: mirrored, or its
    border colour. Raises RecipeError for another kind, or an amount or box that does not suit it.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or not picture.size:
        raise ValueError(f"A picture is uint8 (height, width, channels), not {picture.dtype} {picture.shape}.")
    if kind not in KINDS:
        raise RecipeError(f"There is no {kind!r} to do to a picture. {nearest(kind, KINDS)}")
    height, width = picture.shape[:2]
    where = None if box is None else _whole(box, height, width)
    if kind in ("shift", "rotate"):
        if where is not None:
            raise RecipeError(f"{kind} moves the whole picture and takes no box.")
        across, down = _pair(kind, amount) if kind == "shift" else (0.0, 0.0)
        matrix = _moved(height, width, across, down, 0.0 if kind == "shift" else _number(kind, amount))
        return _applied(picture, edge, matrix=matrix)
    if kind == "cover":
        return _applied(picture, edge, square=_covered(height, width, amount, where))
    value = _number(kind, amount)
    if kind == "blur":
        whole = _blurred(picture, value)
    elif kind == "brighten":
        if not -1 <= value <= 1:
            raise RecipeError(f"brighten takes −1 … 1, and got {value:g}: 1 makes everything white.")
        whole = _applied(picture, edge, colour=(1.0, value))
    else:
        if value < 0:
            raise RecipeError(
                f"contrast takes 0 or more, and got {value:g}: 0 makes everything grey, 1 changes nothing."
            )
        whole = _applied(picture, edge, colour=(value, 0.5 * (1 - value)))
    if where is None:
        return whole
    top, left, bottom, right = where
    found = picture.copy()
    found[top:bottom, left:right] = whole[top:bottom, left:right]
    return found


def _applied(
    picture: np.ndarray,
    edge: Literal["reflect", "border"],
    matrix: np.ndarray | None = None,
    colour: tuple[float, float] = (1.0, 0.0),
    square: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> np.ndarray:
    """Return what training would show with these draws, as bytes: output pixel → input pixel, gain and offset, the grey square."""
    import torch

    from glassnet.training.augment import Draws, apply

    height, width = picture.shape[:2]
    matrices = (np.eye(3) if matrix is None else matrix)[None]
    draws = Draws(height, width, matrices, np.array([colour], np.float32), np.array([square], np.int64))
    floats = apply(torch.from_numpy(np.ascontiguousarray(picture)[None]), draws, edge)[0]
    return floats.mul(255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def _moved(height: int, width: int, across: float, down: float, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.eye(3)
    matrix[:2, :2] = turn
    matrix[:2, 2] = middle - turn @ middle - (across, down)
    return matrix


def _covered(
    height: int, width: int, amount: Any, where: tuple[int, int, int, int] | None
) -> tuple[int, int, int, int]:
    if (amount is None) == (where is None):
        raise RecipeError("cover takes either an amount, the side of the square as a share of the picture's, or a box.")
    if where is not None:
        return where
    share = _number("cover", amount)
    if not 0 <= share <= 1:
        raise RecipeError(f"cover takes 0 … 1, and got {share:g}: 1 covers the whole shorter side.")
    side = round(share * min(height, width))
    top, left = (height - side) // 2, (width - side) // 2
    return top, left, top + side, left + side


def _blurred(picture: np.ndarray, deviation: float) -> np.ndarray:
    """Return the picture under a Gaussian, its border colour going on beyond it."""
    if deviation < 0:
        raise RecipeError(f"blur takes 0 or more pixels, and got {deviation:g}.")
    if deviation == 0:
        return picture.copy()
    reach = max(1, math.ceil(4 * deviation))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    weights /= weights.sum()
    soft = picture.astype(np.float32)
    for axis in (0, 1):
        beyond = [(reach, reach) if each == axis else (0, 0) for each in range(3)]
        padded, size = np.pad(soft, beyond, mode="edge"), picture.shape[axis]
        rows = (padded.take(range(start, start + size), axis) for start in range(2 * reach + 1))
        soft = sum(weight * row for weight, row in zip(weights.astype(np.float32), rows, strict=True))
    return np.rint(soft).clip(0, 255).astype(np.uint8)


def _whole(box: Box, height: int, width: int) -> tuple[int, int, int, int]:
    """Return a box as top, left, bottom, right in whole pixels within the picture."""
    x1, y1, x2, y2 = (round(float(each)) for each in box)
    left, top, right, bottom = max(0, x1), max(0, y1), min(width, x2), min(height, y2)
    if left >= right or top >= bottom:
        raise RecipeError(f"The box {tuple(box)} (x1, y1, x2, y2) holds no pixel of a picture of {width} × {height}.")
    return top, left, bottom, right


def _number(kind: str, amount: Any) -> float:
    if isinstance(amount, bool) or not isinstance(amount, int | float | np.number) or not np.isfinite(amount):
        raise RecipeError(f"{kind} needs one number, and got {amount!r}: {KINDS[kind]}.")
    return float(amount)


def _pair(kind: str, amount: Any) -> tuple[float, float]:
    if isinstance(amount, tuple | list) and len(amount) == 2:
        return _number(kind, amount[0]), _number(kind, amount[1])
    return _number(kind, amount), 0.0
