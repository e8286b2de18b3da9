"""Colours for numbers that have a sign: blue below zero, white at zero, orange above it.

Blue and orange stay apart for eyes that tell fewer colours apart; lightness in OKLab falls evenly with the size of the number, equally on
both sides, so that the same size looks equally strong whatever its sign.
"""

import numpy as np

from glassnet.tasks.palette import from_oklab

_LIGHTEST, _DARKEST = 0.97, 0.47
_CHROMA = 0.13  # about the most that sRGB has at both hues when they are darkest
_BLUE, _ORANGE = 4.45, 0.90  # hues in OKLab, radians


def signed_colours(values: np.ndarray, most: float | None = None) -> np.ndarray:
    """Return uint8 (…, 3) for values of any shape. `most` is the size that gets the full colour; None: the greatest among them."""
    values = np.asarray(values, np.float64)
    most = float(np.abs(values).max(initial=0.0)) if most is None else most
    part = np.clip(values / most, -1.0, 1.0) if most > 0 else np.zeros_like(values)
    size = np.abs(part)
    hue = np.where(part < 0, _BLUE, _ORANGE)
    lightness = _LIGHTEST - (_LIGHTEST - _DARKEST) * size
    chroma = _CHROMA * size
    return from_oklab(np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], -1))
