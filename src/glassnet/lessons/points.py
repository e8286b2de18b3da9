"""Points in a square, of two classes: what the playground and the lessons on fitting learn.

A point is a picture of one pixel with two numbers, its place across and its place up, both in [0, 1].
"""

from typing import Any

import numpy as np

from glassnet.lessons.learner import Examples, Learner
from glassnet.randomness import uniform

SETS = ("clouds", "circle", "xor", "spiral")
CLASSES = ("blue", "orange")


def draw(name: str, n: int, noise: float = 0.1, seed: int = 0, purpose: str = "train") -> Examples:
    """Return n points of a set; classes alternate. `noise` in [0, 1] spreads them; the same seed and purpose give the same points."""
    rows = np.arange(n)
    labels = rows % 2
    u = uniform(seed, 0, rows, f"lessons.points.{name}.{purpose}", 4)
    spread = (
        noise
        * 0.25
        * np.sqrt(-2 * np.log(1 - u[:, 2]))
        * np.array([np.cos(2 * np.pi * u[:, 3]), np.sin(2 * np.pi * u[:, 3])])
    )
    side = 2 * labels - 1
    if name == "clouds":
        radius, angle = 0.16 * np.sqrt(u[:, 0]), 2 * np.pi * u[:, 1]
        x, y = 0.5 + 0.2 * side + radius * np.cos(angle), 0.5 + 0.2 * side + radius * np.sin(angle)
    elif name == "circle":
        radius = np.where(labels == 1, 0.17 * np.sqrt(u[:, 0]), 0.28 + 0.14 * u[:, 0])
        x, y = 0.5 + radius * np.cos(2 * np.pi * u[:, 1]), 0.5 + radius * np.sin(2 * np.pi * u[:, 1])
    elif name == "xor":
        right = np.where(rows // 2 % 2 == 0, 1, -1)
        x = 0.5 + right * (0.05 + 0.38 * u[:, 0])
        y = 0.5 + right * side * (0.05 + 0.38 * u[:, 1])
    else:
        turn = 0.25 + 2.75 * np.sqrt(u[:, 0])
        angle, radius = np.pi * turn + np.pi * labels, 0.14 * turn
        x, y = 0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle)
    places = np.clip(np.stack([x, y], 1) + spread.T, 0.0, 1.0)
    return Examples(places.astype(np.float32)[:, :, None, None], labels.astype(np.int64))


def square(side: int) -> np.ndarray:
    """Return the middles of side × side fields of the square as float32 (side², 2, 1, 1), row by row, the upper row first."""
    at = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(at, at[::-1])
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)[:, :, None, None]


def shown(drawn: Examples) -> dict[str, Any]:
    """Return points as plain values: their places from 0 to 1 and their class."""
    places = drawn.inputs[:, :, 0, 0]
    return {
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "class": drawn.targets.tolist(),
        "classes": list(CLASSES),
    }


def boundary(learner: Learner, side: int = 40) -> list[list[float]]:
    """Return the probability of the second class (orange) in side × side fields of the square, the upper row first."""
    answers = learner.task.decode(learner.logits(square(side)), CLASSES)
    sure = [round(answer.probabilities[CLASSES[1]], 4) for answer in answers]
    return [sure[at : at + side] for at in range(0, len(sure), side)]
