"""The drawn X-or-O set: crosses and rings, shifted, scaled, rotated and deformed, light on dark or dark on light, with noise.

A first data set that needs no download and no licence. Both signs get strokes of the same range of thickness and
brightness, so that counting bright pixels or looking at the border says little; the shape has to be seen.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from glassnet.data.catalog import Catalog, ClassLabel, Example, class_list
from glassnet.data.sources import ArraySource
from glassnet.randomness import uniform

CLASSES = ("o", "x")
_RING, _BAR = (
    33,
    9,
)  # points per ring and per bar: at 32 pixels the straight pieces between them cannot be told from curves


def catalog(cache: Path | None = None, progress: Callable[[int, int], None] | None = None) -> Catalog:
    """Return 600 drawn pictures of 32 × 32 grey pixels, half of each class, unsplit; the same on every machine."""
    pixels, labels = draw(600)
    source = ArraySource(pixels, prefix="xo")
    examples = tuple(Example(source.key(row), ClassLabel(CLASSES[label])) for row, label in enumerate(labels))
    return Catalog(
        root="xo",
        layout=f"built-in: xo, 2 classes, {len(examples):,} drawn images of 32 × 32 grey pixels",
        task="classify",
        classes=class_list(CLASSES),
        examples=examples,
        source=source,
        extras={
            "recommend": {
                "train.epochs": (12, "drawn strokes are learned within a few passes"),
                "augment.flip": ("horizontal", "an X and an O stay what they are in a mirror"),
                "train.views": ("mirror", "two views of a symmetric sign are better than one"),
            }
        },
    )


def draw(n: int, side: int = 32, color: str = "grey", seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 pictures (n, side, side, 1), or (n, side, side, 3) for color "rgb", and int64 labels (n,): 0 is o, 1 is x.

    Picture i depends on (seed, i) and nothing else; classes alternate.
    """
    rows = np.arange(n)
    labels = rows % 2
    channels = 3 if color == "rgb" else 1
    shape = uniform(seed, 0, rows, "xo shape", 16) * 2 - 1
    tone = uniform(seed, 0, rows, "xo tone", 8)
    noise = uniform(seed, 0, rows, "xo noise", side * side)
    pictures = np.empty((n, side, side, channels), np.uint8)
    grid = (np.arange(side) + 0.5) / side * 2 - 1
    for row in rows:
        distance = _distance(_strokes(int(labels[row]), shape[row]), grid)
        ink = _coverage(distance, 0.06 + 0.05 * tone[row, 0], 2 / side)
        pictures[row] = _paint(ink, tone[row], noise[row].reshape(side, side), grid, channels)
    return pictures, labels


def _strokes(label: int, s: np.ndarray) -> np.ndarray:
    """Return the points (lines, points, 2) of a sign's centre lines in the square from -1 to 1, from 16 numbers in -1..1."""
    t = np.linspace(-1, 1, _RING if label == 0 else _BAR)
    if label == 0:
        angle = np.pi * t
        radius = 0.95 * (1 + 0.10 * s[8] * np.cos(2 * angle + 3 * s[9]) + 0.07 * s[10] * np.cos(3 * angle + 3 * s[11]))
        lines = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)[None]
    else:
        bend = 0.22 * (1 - t**2)
        first = np.stack([t + bend * s[8], t - bend * s[8]], axis=1)
        second = np.stack([t + bend * s[9], -t + bend * s[9]], axis=1)
        reach = 1 + 0.12 * s[10:12]
        lines = np.stack([first * reach[0], second * reach[1]]) * 0.85
    turn, shear = 0.6 * s[0], 0.25 * s[1]
    size = 0.52 * np.exp(0.35 * s[2])
    stretch = np.exp(0.18 * s[3])
    c, d = np.cos(turn), np.sin(turn)
    matrix = np.array([[c, -d], [d, c]]) @ np.array([[1, shear], [0, 1]]) @ np.diag([size * stretch, size / stretch])
    lines = lines @ matrix.T
    room = np.maximum(0, 0.88 - np.abs(lines).max(axis=(0, 1)))
    return lines + s[4:6] * room


def _distance(lines: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return how far the middle of every pixel (side, side) lies from the nearest piece of a line."""
    start, end = lines[:, :-1].reshape(-1, 2), lines[:, 1:].reshape(-1, 2)
    along = end - start
    y, x = np.meshgrid(grid, grid, indexing="ij")
    offset = np.stack([x, y], axis=-1)[:, :, None] - start
    share = np.clip((offset * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-12), 0, 1)
    return np.sqrt(((offset - share[..., None] * along) ** 2).sum(-1).min(-1))


def _coverage(distance: np.ndarray, thickness: float, pixel: float) -> np.ndarray:
    return np.clip((thickness - distance) / pixel + 0.5, 0, 1)


def _paint(ink: np.ndarray, tone: np.ndarray, noise: np.ndarray, grid: np.ndarray, channels: int) -> np.ndarray:
    dark, light = 0.05 + 0.25 * tone[1], 0.70 + 0.25 * tone[2]
    paper, pen = (dark, light) if tone[3] < 0.5 else (light, dark)
    slope = 0.12 * ((tone[4] - 0.5) * grid[:, None] + (tone[5] - 0.5) * grid[None, :])
    grey = paper + (pen - paper) * ink + slope + 0.16 * (noise - 0.5)
    tint = 1 - 0.25 * np.array([tone[6], tone[7], 1 - tone[6]]) if channels == 3 else np.ones(1)
    return np.clip(np.floor(grey[:, :, None] * tint * 255 + 0.5), 0, 255).astype(np.uint8)
