"""Augmentation: one 3×3 matrix, one colour matrix and one grey square per picture, applied per batch on the device.

A matrix maps **output pixel centres to input pixel centres, in pixel units**: with columns x to the right and rows y downwards, the
pixel in row r and column c has its centre at (x, y) = (c, r), so that `matrix @ (x_out, y_out, 1) = (x_in, y_in, 1)`. All of rotation,
crop, mirror, zoom and shift are in that one product, so a picture is resampled once, and a target follows by the same matrix (a point
of the picture moves to `inverse(matrix) @ point`; coordinates that count from pixel corners are half a pixel larger).

Where the output looks beyond the picture's border, it sees the picture reflected at that border (`edge="reflect"`): no black corners,
and texture stays texture. Tasks that would be misled by half an object seen twice take `edge="border"` (the border colour goes on).

Mirroring alternates, after Keller Jordan's airbench ("94 % on CIFAR-10 in 3.29 seconds", arXiv:2404.00498): a coin per picture says how
the first epoch sees it, and every next epoch sees the other side, so that two epochs always hold both.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from glassnet import randomness
from glassnet.recipe import AugmentRecipe

if TYPE_CHECKING:
    import torch

Edge = Literal["reflect", "border"]
_LUMA = (0.299, 0.587, 0.114)
_WHOLE = 1e-9  # matrices are products of few float64 factors, so a whole number misses by far less than this


@dataclass(frozen=True)
class Draws:
    """What augmentation does to N pictures of `height` × `width` pixels.

        `matrices` float64 (N, 3, 3), output pixel centre to input pixel centre. `colours` float32 (N, 2): gain and offset, the diagonal and
    the last column of the colour matrix; a pixel p in [0, 1] becomes clip(gain · p + offset, 0, 1). `saturations` float32 (N,), before
    that: p becomes grey + saturation · (p - grey), grey being its luma (ITU-R BT.601); None changes nothing. `boxes` int64 (N, 4): the
    cut-out square as first row, first column, row after the last, column after the last, in output pixels; empty where it is off.
    """

    height: int
    width: int
    matrices: np.ndarray
    colours: np.ndarray
    boxes: np.ndarray
    saturations: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.matrices)

    def part(self, places: Any) -> "Draws":
        """Return the draws of some of the pictures, by slice or places."""
        saturations = None if self.saturations is None else self.saturations[places]
        return Draws(
            self.height, self.width, self.matrices[places], self.colours[places], self.boxes[places], saturations
        )

    @property
    def moves(self) -> bool:
        """Whether any picture is moved at all."""
        return bool((np.abs(self.matrices - np.eye(3)) > _WHOLE).any())

    @property
    def whole(self) -> bool:
        """Whether every picture is only mirrored and shifted by whole pixels, which needs no interpolation."""
        across, shift = self.matrices[:, :2, :2], self.matrices[:, :2, 2]
        straight = np.abs(np.abs(across) - np.eye(2)).max(initial=0.0) < _WHOLE
        return bool(straight and np.abs(shift - np.rint(shift)).max(initial=0.0) < _WHOLE)


def draw(augment: AugmentRecipe, seed: int, epoch: int, rows: np.ndarray, height: int, width: int) -> Draws:
    """Draw what happens to the examples `rows` (int64 (N,)) in this epoch.

    Every number is a function of (seed, epoch, row, purpose): the same row gets the same draw in any batch and any process. A field of
    the recipe that is None or 0 changes nothing, and fields do not disturb each other's draws.
    """
    rows = np.asarray(rows, np.int64)
    return Draws(
        height,
        width,
        _matrices(augment, seed, epoch, rows, height, width),
        _colours(augment, seed, epoch, rows),
        _boxes(augment, seed, epoch, rows, height, width),
        _saturations(augment, seed, epoch, rows),
    )


def _matrices(augment: AugmentRecipe, seed: int, epoch: int, rows: np.ndarray, height: int, width: int) -> np.ndarray:
    def uniform(purpose: str, count: int = 1) -> np.ndarray:
        return randomness.uniform(seed, epoch, rows, f"augment.{purpose}", count)

    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    sides = np.array([width, height], np.float64)
    across = np.broadcast_to(np.eye(2), (len(rows), 2, 2))
    moved = np.zeros((len(rows), 2))  # where the output's middle comes from, seen from the input's middle
    if augment.crop:
        cut = augment.crop * uniform("crop.size")
        across = across * (1 - cut)[:, :, None]
        moved = moved + (uniform("crop.place", 2) - 0.5) * cut * sides
    if augment.zoom:
        across = across * (1 + augment.zoom) ** (1 - 2 * uniform("zoom"))[:, :, None]
    if augment.rotate:
        angle = np.deg2rad(augment.rotate) * (2 * uniform("rotate")[:, 0] - 1)
        cos, sin = np.cos(angle), np.sin(angle)
        across = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], 1) @ across
    if augment.flip and augment.flip != "none":
        across = across * _mirrors(augment.flip, seed, epoch, rows)[:, None, :]
    if augment.shift:
        # Whole pixels: a fraction of a pixel would only blur a small picture, and whole ones need no interpolation.
        reach = np.floor(augment.shift * sides + 0.5)
        moved = moved + np.floor(uniform("shift", 2) * (2 * reach + 1)) - reach
    matrices = np.zeros((len(rows), 3, 3))
    matrices[:, :2, :2] = across
    matrices[:, :2, 2] = middle + moved - across @ middle
    matrices[:, 2, 2] = 1
    return matrices


def _mirrors(flip: str, seed: int, epoch: int, rows: np.ndarray) -> np.ndarray:
    """Return ±1 of shape (N, 2) for x and y. The coin has no epoch; the epoch turns it, through all four states for `both`."""
    coin = (randomness.words(seed, 0, rows, "augment.flip")[:, 0] >> np.uint64(62)).astype(np.int64)
    state = (coin + epoch) % 4
    first, second = (state ^ (state >> 1)) & 1, state >> 1
    still = np.zeros_like(state)
    bits = {"horizontal": (state & 1, still), "vertical": (still, state & 1), "both": (first, second)}[flip]
    return 1 - 2 * np.stack(bits, axis=1).astype(np.float64)


def _colours(augment: AugmentRecipe, seed: int, epoch: int, rows: np.ndarray) -> np.ndarray:
    """Contrast turns around mid-grey, not around a picture's own mean, so that the matrix is known without the picture."""
    gain, offset = np.ones(len(rows)), np.zeros(len(rows))
    if augment.contrast:
        turn = 2 * randomness.uniform(seed, epoch, rows, "augment.contrast")[:, 0] - 1
        gain = (1 + augment.contrast) ** turn
        offset = 0.5 * (1 - gain)
    if augment.brightness:
        offset = offset + augment.brightness * (
            2 * randomness.uniform(seed, epoch, rows, "augment.brightness")[:, 0] - 1
        )
    if augment.invert:
        turned = randomness.uniform(seed, epoch, rows, "augment.invert")[:, 0] < augment.invert
        gain, offset = np.where(turned, -gain, gain), np.where(turned, 1 - offset, offset)
    return np.stack([gain, offset], 1).astype(np.float32)


def _saturations(augment: AugmentRecipe, seed: int, epoch: int, rows: np.ndarray) -> np.ndarray | None:
    if not augment.saturation:
        return None
    turn = 2 * randomness.uniform(seed, epoch, rows, "augment.saturation")[:, 0] - 1
    return (1 + augment.saturation * turn).astype(np.float32)


def _boxes(augment: AugmentRecipe, seed: int, epoch: int, rows: np.ndarray, height: int, width: int) -> np.ndarray:
    boxes = np.zeros((len(rows), 4), np.int64)
    if augment.cutout:
        sides = np.array([height, width])
        square = np.clip(np.rint(augment.cutout * sides.min()), 1, sides.min()).astype(np.int64)
        # The square's middle lies anywhere in the picture (DeVries and Taylor, arXiv:1708.04552), so some of it may fall outside.
        places = randomness.uniform(seed, epoch, rows, "augment.cutout", 2)
        start = np.floor(places * sides).astype(np.int64) - square // 2
        boxes[:, :2], boxes[:, 2:] = np.maximum(start, 0), np.minimum(start + square, sides)
    return boxes


def apply(pixels: "torch.Tensor", draws: Draws | None, edge: Edge = "reflect") -> "torch.Tensor":
    """Return augmented pictures as float32 (N, C, H, W) in [0, 1], channels_last, on the device of `pixels`.

    `pixels` is uint8 (N, H, W, C) or float32 (N, C, H, W) in [0, 1]. Without draws this is the plain conversion that evaluation uses.
    Moves of whole pixels are a gather; all others one bilinear resampling; both give the same picture to rounding.
    """
    import torch

    stored = pixels.dtype == torch.uint8
    if draws is not None and draws.moves:
        pixels = _shifted(pixels, draws, edge) if draws.whole else _resampled(pixels, draws, edge)
    if pixels.dtype == torch.uint8:
        pixels = pixels.permute(0, 3, 1, 2).to(torch.float32)  # the permuted view of NHWC is channels_last already
    if draws is None:
        return pixels.mul(1 / 255) if stored else pixels.contiguous(memory_format=torch.channels_last)
    return _coloured(pixels, draws, 1 / 255 if stored else 1.0).contiguous(memory_format=torch.channels_last)


def to_float(pixels: "torch.Tensor") -> "torch.Tensor":
    """Return uint8 (N, H, W, C) as float32 (N, C, H, W) in [0, 1], channels_last: all that evaluation does before the network."""
    return apply(pixels, None)


def mirror_views(pictures: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """Return (pictures, their mirror images left to right) for float (N, C, H, W); answers are averaged over both."""
    return pictures, pictures.flip(3)


def _source(index: "torch.Tensor", side: int, edge: Edge) -> "torch.Tensor":
    """Bring pixel indices that leave the picture back into it: ... 1 0 | 0 1 2 ... for reflect, ... 0 0 | 0 1 2 ... for border."""
    import torch

    if edge == "border":
        return index.clamp(0, side - 1)
    index = index % (2 * side)
    return torch.where(index >= side, 2 * side - 1 - index, index)


def _shifted(pixels: "torch.Tensor", draws: Draws, edge: Edge) -> "torch.Tensor":
    import torch

    matrices = torch.from_numpy(np.rint(draws.matrices).astype(np.int64)).to(pixels.device)
    height, width = draws.height, draws.width
    rows = torch.arange(height, device=pixels.device)[None] * matrices[:, 1, 1, None] + matrices[:, 1, 2, None]
    columns = torch.arange(width, device=pixels.device)[None] * matrices[:, 0, 0, None] + matrices[:, 0, 2, None]
    rows, columns = _source(rows, height, edge), _source(columns, width, edge)
    if pixels.dtype == torch.uint8:
        first = torch.arange(len(pixels), device=pixels.device)[:, None] * height
        place = ((first + rows)[:, :, None] * width + columns[:, None, :]).reshape(-1)
        # index_select copies one pixel's bytes per index: 3.7 times the speed of pixels[n, rows, columns] at 32×32.
        return pixels.reshape(-1, pixels.shape[3]).index_select(0, place).view(pixels.shape)
    n = torch.arange(len(pixels), device=pixels.device)[:, None, None]
    return pixels.permute(0, 2, 3, 1)[n, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _resampled(pixels: "torch.Tensor", draws: Draws, edge: Edge) -> "torch.Tensor":
    import torch
    from torch.nn import functional

    # grid_sample counts from -1 at the picture's left edge to 1 at its right one: u = (2 x + 1) / width - 1.
    width, height = draws.width, draws.height
    outer = np.array([[2 / width, 0, 1 / width - 1], [0, 2 / height, 1 / height - 1], [0, 0, 1]])
    theta = torch.from_numpy((outer @ draws.matrices @ np.linalg.inv(outer))[:, :2].astype(np.float32)).to(
        pixels.device
    )
    if pixels.dtype == torch.uint8:
        pixels = pixels.permute(0, 3, 1, 2)
    # channels_last: 3 times the speed of NCHW on CPU, since the channels of a pixel share their weights.
    pixels = pixels.to(torch.float32, memory_format=torch.channels_last)
    grid = functional.affine_grid(theta, [len(pixels), pixels.shape[1], height, width], align_corners=False)
    padding = "reflection" if edge == "reflect" else "border"
    return functional.grid_sample(pixels, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def _coloured(pictures: "torch.Tensor", draws: Draws, scale: float) -> "torch.Tensor":
    import torch

    if draws.saturations is not None and pictures.shape[1] == 3:
        factor = torch.from_numpy(draws.saturations).to(pictures.device)[:, None, None, None]
        weights = torch.tensor(_LUMA, dtype=pictures.dtype, device=pictures.device)
        grey = torch.einsum("nchw,c->nhw", pictures, weights)[:, None]
        pictures = grey + factor * (pictures - grey)
        if np.array_equal(draws.colours, np.broadcast_to(np.array([1, 0], np.float32), draws.colours.shape)):
            pictures = pictures.clamp_(0, 1 / scale)
    if np.array_equal(draws.colours, np.broadcast_to(np.array([1, 0], np.float32), draws.colours.shape)):
        pictures = pictures.mul(scale) if scale != 1.0 else pictures
    else:
        colours = torch.from_numpy(draws.colours).to(pictures.device)
        gain, offset = (colours[:, 0] * scale)[:, None, None, None], colours[:, 1, None, None, None]
        pictures = torch.addcmul(offset, pictures, gain).clamp_(0, 1)
    if (draws.boxes[:, 2] > draws.boxes[:, 0]).any():
        boxes = torch.from_numpy(draws.boxes).to(pictures.device)
        rows, columns = (torch.arange(side, device=pictures.device)[None] for side in pictures.shape[2:])
        inside = ((rows >= boxes[:, :1]) & (rows < boxes[:, 2:3]))[:, :, None]
        inside = inside & ((columns >= boxes[:, 1:2]) & (columns < boxes[:, 3:]))[:, None, :]
        pictures = pictures.masked_fill(inside[:, None], 0.5)
    return pictures
