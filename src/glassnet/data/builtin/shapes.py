"""The drawn set for all five questions: circles, squares and triangles on textured ground, each with an exact mask.

Six hundred pictures of 96 × 96 pixels with one to six things, which may hide a part of one another; what is hidden is not in the mask.
Neither colour, brightness nor size says what a thing is, but its lines do: squares and triangles are turned by a few degrees only (turned
at will, a small network took too long to tell them apart pixel by pixel). The arithmetic has no sine, no root of a sum of many numbers
and no matrix product, so that the pictures are the same to the bit on every machine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassnet.data.catalog import Catalog, ClassLabel, Example, Rle, Thing, Things, class_list
from glassnet.data.sources import ArraySource
from glassnet.errors import DataError
from glassnet.randomness import uniform

CLASSES = ("circle", "square", "triangle")
TASKS = ("detect", "instances", "segment", "localize", "classify")
_EPOCHS = {"detect": 16, "instances": 16, "segment": 16, "localize": 24, "classify": 16}
_PICTURES, _SIDE, _MOST = 600, 96, 6
_TRIES = 8  # places that are tried for a thing before the picture goes without it
_APART = 0.78  # of the sum of two radii: how near two things may come
_PARTLY = 0.25  # of its radius: how far a thing may reach over the border
_NUMBERS = 7 + 2 * _TRIES  # random numbers for each thing
# The radius around a thing, for one size: with these, the three kinds cover about the same number of pixels.
_REACH = {"circle": 0.88, "square": 1.1, "triangle": 1.32}


@dataclass(frozen=True, slots=True)
class _Placed:
    kind: str
    x: float
    y: float
    reach: float
    turn: tuple[float, float]  # cosine and sine
    colour: np.ndarray  # float64 (3,), 0..1
    shade: float


def catalog(
    cache: Path | None = None, progress: Callable[[int, int], None] | None = None, task: str | None = None
) -> Catalog:
    """Return 600 drawn pictures, unsplit, annotated for one task (detect where none is named); the same on every machine.

    For localize and classify every picture has exactly one thing. Raises DataError for a task that does not exist.
    """
    task = task or "detect"
    if task not in TASKS:
        raise DataError(f"The data set `shapes` is drawn for {', '.join(TASKS)}; {task!r} was asked for.")
    single = task in ("localize", "classify")
    pixels, pictures = draw(_PICTURES, single)
    source = ArraySource(pixels, prefix="shapes-single" if single else "shapes")
    examples = tuple(
        Example(source.key(row), ClassLabel(things[0].label) if task == "classify" else Things(things, (_SIDE, _SIDE)))
        for row, things in enumerate(pictures)
    )
    classes = class_list((*CLASSES, "background") if task == "segment" else CLASSES)
    many = sum(map(len, pictures))
    what = "one thing each" if single else f"1 to {max(map(len, pictures))} things each, {many:,} in all"
    return Catalog(
        root="shapes",
        layout=f"built-in: shapes, {len(CLASSES)} classes, {len(examples):,} drawn images of {_SIDE} × {_SIDE} pixels, {what}",
        task=task,
        classes=classes,
        examples=examples,
        source=source,
        extras={"recommend": _recommended(task)},
        answers=TASKS,
    )


def _recommended(task: str) -> dict:
    return {
        "train.epochs": (_EPOCHS[task], "drawn shapes are learned within a few passes"),
        "augment.flip": ("horizontal", "a circle, a square and a triangle stay what they are in a mirror"),
        "augment.rotate": (0.0, "the things are drawn turned already"),
    }


def draw(n: int, single: bool = False, seed: int = 0) -> tuple[np.ndarray, list[tuple[Thing, ...]]]:
    """Return uint8 pictures (n, 96, 96, 3) and the things in each, with the mask and the box of the pixels that are visible.

    Picture i depends on (seed, single, i) and nothing else. With `single` every picture has one thing, and the kinds take turns.
    """
    rows = np.arange(n)
    purpose = "shapes single" if single else "shapes"
    counts = uniform(seed, 0, rows, f"{purpose} count")[:, 0]
    numbers = uniform(seed, 0, rows, f"{purpose} things", _MOST * _NUMBERS).reshape(n, _MOST, _NUMBERS)
    grounds = uniform(seed, 0, rows, f"{purpose} ground", 16)
    noise = uniform(seed, 0, rows, f"{purpose} noise", _SIDE * _SIDE).reshape(n, _SIDE, _SIDE)
    pictures = np.empty((n, _SIDE, _SIDE, 3), np.uint8)
    annotated = []
    for row in rows:
        wanted = 1 if single else 1 + int(counts[row] * _MOST)
        dark = bool(grounds[row, 0] < 0.5)
        placed = _place(numbers[row, :wanted], dark, CLASSES[row % 3] if single else None)
        canvas = _ground(grounds[row], dark)
        owner = np.full((_SIDE, _SIDE), -1)
        for number, thing in enumerate(placed):
            _paint(canvas, owner, number, thing)
        canvas += 0.10 * (noise[row, :, :, None] - 0.5)
        pictures[row] = np.clip(np.floor(canvas * 255 + 0.5), 0, 255).astype(np.uint8)
        annotated.append(tuple(_thing(thing.kind, owner == number) for number, thing in enumerate(placed)))
    return pictures, annotated


def _place(numbers: np.ndarray, dark: bool, kind: str | None) -> list[_Placed]:
    """Return the things of one picture, later ones on top, from float64 (things, _NUMBERS) in 0..1."""
    placed: list[_Placed] = []
    for u in numbers:
        name = kind or CLASSES[int(u[0] * 3)]
        reach = (10 + 11 * u[1]) * _REACH[name]
        for x, y in u[7:].reshape(-1, 2):
            room = _SIDE - 2 * reach * (1 - _PARTLY)
            x, y = (float(reach * (1 - _PARTLY) + at * room) for at in (x, y))
            if all((x - p.x) ** 2 + (y - p.y) ** 2 >= (_APART * (reach + p.reach)) ** 2 for p in placed):
                placed.append(_Placed(name, x, y, float(reach), _turn(u[2]), _colour(u[3:6], dark), float(u[6])))
                break
    return placed


def _turn(u: float) -> tuple[float, float]:
    """Return cosine and sine of an angle up to 17 degrees either way, from the tangent of its half: no sine is needed."""
    half = 0.15 * (2 * u - 1)
    return (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)


def _colour(u: np.ndarray, dark: bool) -> np.ndarray:
    """Return a colour of any hue, float64 (3,), that is light on dark ground and deep on light ground."""
    hue = np.clip(np.abs((u[0] + np.array([0, 2 / 3, 1 / 3])) % 1 * 6 - 3) - 1, 0, 1)
    if dark:
        return 0.62 + 0.33 * u[1] - (0.25 + 0.35 * u[2]) * (1 - hue)
    return (0.10 + 0.12 * u[1]) + (0.25 + 0.35 * u[2]) * hue


def _ground(u: np.ndarray, dark: bool) -> np.ndarray:
    """Return the ground of one picture, float64 (96, 96, 3): a tint, a slope and two waves across it, from 16 numbers in 0..1."""
    level = (0.10 + 0.16 * u[1]) if dark else (0.72 + 0.18 * u[1])
    y, x = np.meshgrid(np.arange(_SIDE) / _SIDE, np.arange(_SIDE) / _SIDE, indexing="ij")
    grey = level + 0.12 * ((u[2] - 0.5) * x + (u[3] - 0.5) * y)
    for first in (4, 8):
        phase = (u[first] * 2 - 1) * 14 * x + (u[first + 1] * 2 - 1) * 14 * y + u[first + 2]
        wave = np.abs(phase % 1 * 2 - 1)  # a wave of straight lines
        grey = grey + 0.10 * u[first + 3] * (wave - 0.5)
    return grey[:, :, None] * (1 + 0.16 * (u[12:15] - 0.5))


def _paint(canvas: np.ndarray, owner: np.ndarray, number: int, thing: _Placed) -> None:
    """Lay one thing over the canvas with soft edges; `owner` gets its number where it covers at least half of a pixel."""
    left, top = (max(0, int(at - thing.reach) - 2) for at in (thing.x, thing.y))
    window = (slice(top, int(thing.y + thing.reach) + 3), slice(left, int(thing.x + thing.reach) + 3))
    rows, columns = owner[window].shape
    x = np.arange(left, left + columns)[None, :] + 0.5 - thing.x
    y = np.arange(top, top + rows)[:, None] + 0.5 - thing.y
    cosine, sine = thing.turn
    inside = _depth(thing.kind, thing.reach, x * cosine + y * sine, y * cosine - x * sine)
    cover = np.clip(inside + 0.5, 0, 1)[:, :, None]
    shade = 1 + 0.25 * (thing.shade - 0.5) * (x + y)[:, :, None] / thing.reach
    canvas[window] += cover * (thing.colour * shade - canvas[window])
    owner[window][inside >= 0] = number


def _depth(kind: str, reach: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how far inside the outline each point lies, in pixels; negative outside. Corners lie on the circle of radius `reach`."""
    if kind == "circle":
        return reach - np.sqrt(x * x + y * y)
    if kind == "square":
        return reach * 0.70710678 - np.maximum(np.abs(x), np.abs(y))
    return reach * 0.5 - np.maximum(y, 0.8660254 * np.abs(x) - 0.5 * y)


def _thing(label: str, mask: np.ndarray) -> Thing:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    flat = mask.T.ravel()
    ends = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    counts = np.diff(np.append(ends, flat.size)).tolist()
    return Thing(label, box, Rle(tuple([0, *counts] if flat[0] else counts), *mask.shape))
