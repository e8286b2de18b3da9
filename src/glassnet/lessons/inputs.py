"""What a page hands to a lesson, read strictly: every refusal is one or two plain sentences with what would fit."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.errors import RecipeError
from glassnet.networks.words import nearest

MOST_SIDE = 96
"""Pixels along a side of a picture that a lesson works on: enough to see, few enough to answer at once."""
BUILTIN = ("xo", "shapes", "x")
"""Pictures with a name: of the drawn sets, and the nine by nine X of the worked example."""


class Given:
    """The values of one call. Every method reads one of them, and raises RecipeError where it does not fit."""

    def __init__(self, values: Any, *known: str) -> None:
        if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
            raise RecipeError(f"A computation takes named values ({', '.join(known)}), not {_brief(values)}.")
        for key in values:
            if key not in known:
                raise RecipeError(f"There is no value {key[:40]!r} here. {nearest(key[:40], known)}")
        self.values = values

    def has(self, name: str) -> bool:
        """Whether the value was given and is not null."""
        return self.values.get(name) is not None

    def number(self, name: str, least: float, most: float, default: float | None = None) -> float:
        """Return a number from `least` to `most`."""
        value = self._value(name, default)
        if not _is_number(value) or not least <= value <= most:
            raise RecipeError(f"{name} must be a number from {least:g} to {most:g}, not {_brief(value)}.")
        return float(value)

    def whole(self, name: str, least: int, most: int, default: int | None = None) -> int:
        """Return a whole number from `least` to `most`."""
        value = self._value(name, default)
        if not _is_number(value) or value != int(value) or not least <= value <= most:
            raise RecipeError(f"{name} must be a whole number from {least:,} to {most:,}, not {_brief(value)}.")
        return int(value)

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self._value(name, default)
        if not isinstance(value, bool):
            raise RecipeError(f"{name} must be true or false, not {_brief(value)}.")
        return value

    def choice(self, name: str, known: Sequence[str], default: str | None = None) -> str:
        """Return one of the `known` words."""
        value = self._value(name, default)
        if not isinstance(value, str) or value not in known:
            near = nearest(value[:40], known) if isinstance(value, str) else f"Known: {', '.join(known)}."
            raise RecipeError(f"{name} cannot be {_brief(value)}. {near}")
        return value

    def numbers(self, name: str, least: int, most: int, low: float = -1e6, high: float = 1e6) -> list[float]:
        """Return a list of `least` to `most` numbers, each from `low` to `high`."""
        return _row(self._value(name, None), name, least, most, low, high)

    def wholes(self, name: str, least: int, most: int, low: int, high: int, default: Any = None) -> list[int]:
        """Return a list of `least` to `most` whole numbers, each from `low` to `high`."""
        found = _row(self._value(name, default), name, least, most, low, high)
        if any(value != int(value) for value in found):
            raise RecipeError(f"{name} must hold whole numbers.")
        return [int(value) for value in found]

    def names(self, name: str, least: int, most: int) -> list[str]:
        """Return a list of `least` to `most` different short names."""
        value = self._value(name, None)
        fits = isinstance(value, list) and least <= len(value) <= most
        if not fits or not all(isinstance(each, str) and 0 < len(each) <= 80 for each in value):
            raise RecipeError(f"{name} must be a list of {least} to {most} names.")
        if len(set(value)) != len(value):
            raise RecipeError(f"{name} has a name twice.")
        return value

    def grid(self, name: str, most: int = MOST_SIDE, low: float = -1e6, high: float = 1e6) -> np.ndarray:
        """Return float64 (H, W) from rows of equal length, at most `most` each way."""
        return _grid(self._value(name, None), name, most, low, high)

    def maps(self, name: str, channels: int = 8, most: int = MOST_SIDE) -> np.ndarray:
        """Return float64 (C, H, W) from one grid, or a list of up to `channels` grids of one size."""
        value = self._value(name, None)
        if (
            isinstance(value, list)
            and value
            and isinstance(value[0], list)
            and value[0]
            and isinstance(value[0][0], list)
        ):
            if len(value) > channels:
                raise RecipeError(f"{name} has {len(value)} channels; at most {channels} are worked with here.")
            grids = [_grid(each, f"Channel {i} of {name}", most, -1e6, 1e6) for i, each in enumerate(value)]
            if len({grid.shape for grid in grids}) != 1:
                raise RecipeError(f"The channels of {name} must all be of one size.")
            return np.stack(grids)
        return _grid(value, name, most, -1e6, 1e6)[None]

    def picture(self, name: str = "picture", default: str = "xo") -> np.ndarray:
        """Return uint8 (H, W, 1 or 3): a built-in picture by name, or rows of bytes, or of [red, green, blue]."""
        value = self._value(name, default)
        if isinstance(value, str):
            return builtin(self.choice(name, BUILTIN, default))
        try:
            pixels = np.array(value, np.float64)
        except (TypeError, ValueError, OverflowError):
            raise RecipeError(_PICTURE.format(name=name)) from None
        pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
        if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or not pixels.size:
            raise RecipeError(_PICTURE.format(name=name))
        if max(pixels.shape[:2]) > MOST_SIDE:
            raise RecipeError(f"{name} may have {MOST_SIDE} pixels along a side here, not {max(pixels.shape[:2]):,}.")
        if (
            not np.isfinite(pixels).all()
            or (pixels != np.floor(pixels)).any()
            or pixels.min() < 0
            or pixels.max() > 255
        ):
            raise RecipeError(f"{name} must hold bytes: whole numbers from 0 (black) to 255 (white).")
        return pixels.astype(np.uint8)

    def layers(self, name: str = "layers", most: int = 40) -> list[Any]:
        """Return a list of layers as a recipe has it. What the words mean is checked where the network is built."""
        value = self._value(name, None)
        if not isinstance(value, list) or not value or len(value) > most:
            raise RecipeError(f"{name} must be a list of 1 to {most} layers, as [{{'conv': 8}}, 'flatten'].")
        return value

    def _value(self, name: str, default: Any) -> Any:
        value = self.values.get(name)
        value = default if value is None else value
        if value is None:
            raise RecipeError(f"{name} is missing.")
        return value


_PICTURE = (
    "{name} must be rows of equal length, each pixel a byte or [red, green, blue], or one of the names "
    + ", ".join(BUILTIN)
    + "."
)


def builtin(name: str, number: int = 1) -> np.ndarray:
    """Return a built-in picture uint8 (H, W, C): an X of the drawn signs, drawn shapes, or the worked example's nine by nine X."""
    if name == "x":
        from glassnet.lessons.examples import X_IMAGE

        return np.where(np.array(X_IMAGE) > 0, 255, 0).astype(np.uint8)[:, :, None]
    if name == "xo":
        from glassnet.data.builtin import xo

        return xo.draw(number + 1)[0][number]
    from glassnet.data.builtin import shapes

    return shapes.draw(number + 1)[0][number]


def _row(value: Any, name: str, least: int, most: int, low: float, high: float) -> list[float]:
    if not isinstance(value, list | tuple) or not least <= len(value) <= most:
        count = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        raise RecipeError(f"{name} must be a list of {count} numbers.")
    for each in value:
        if not _is_number(each) or not low <= each <= high:
            raise RecipeError(f"{name} must hold numbers from {low:g} to {high:g}, and holds {_brief(each)}.")
    return [float(each) for each in value]


def _grid(value: Any, name: str, most: int, low: float, high: float) -> np.ndarray:
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise RecipeError(f"{name} must be a list of 1 to {most} rows of numbers.")
    rows = [_row(row, f"Row {i} of {name}", 1, most, low, high) for i, row in enumerate(value)]
    if len({len(row) for row in rows}) != 1:
        raise RecipeError(f"The rows of {name} must all be of one length.")
    return np.array(rows, np.float64)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300 if isinstance(value, int) else math.isfinite(value)


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
