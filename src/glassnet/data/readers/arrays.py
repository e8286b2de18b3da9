# ruff: noqa: N803, N806  X is scikit-learn's name for the pictures
"""Plain arrays from Python: `from_arrays(X, y)`. What the numbers mean is decided from their type and range, and said."""

from collections.abc import Sequence

import numpy as np

from glassnet.data.catalog import Catalog, ClassLabel, Example, class_list
from glassnet.data.readers.layout import sentence
from glassnet.data.sources import ArraySource
from glassnet.errors import DataError

SCALES = {
    "bytes": "values are taken as bytes 0..255",
    "unit": "values from 0 to 1 are multiplied by 255",
    "wide": "16-bit values are scaled by 255/65535",
    "bool": "False is black and True is white",
}


def from_arrays(X: np.ndarray, y: Sequence, groups: Sequence | None = None) -> Catalog:
    """Build a catalog of pictures in memory, unsplit. Class names are `str` of the labels in `y`, sorted by name.

    `X` is (n, h, w), (n, h, w, 1), (n, h, w, 3) or (n, h, w, 4), whole numbers or floats; `extras["scale"]` holds how the values were
    understood, so that later arrays can be read the same way. Raises DataError with a sentence for anything else.
    """
    pixels, scale, said = to_bytes(X)
    labels = [label_name(value) for value in np.asarray(y, dtype=object).ravel()] if np.ndim(y) == 1 else None
    if labels is None:
        raise DataError(f"y must be one label per picture, a list of {len(pixels):,}; it has the shape {np.shape(y)}.")
    if len(labels) != len(pixels):
        raise DataError(f"X holds {len(pixels):,} pictures and y {len(labels):,} labels; every picture needs one.")
    if groups is not None and len(groups) != len(pixels):
        raise DataError(
            f"X holds {len(pixels):,} pictures and groups {len(groups):,} entries; every picture needs one."
        )
    classes = class_list(labels)
    if len(classes) < 2:
        raise DataError(f"All {len(labels):,} labels are {labels[0]!r}. Telling classes apart needs at least two.")
    source = ArraySource(pixels)
    named = [None] * len(labels) if groups is None else [str(group) for group in groups]
    examples = tuple(
        Example(source.key(row), ClassLabel(label), None, group)
        for row, (label, group) in enumerate(zip(labels, named, strict=True))
    )
    height, width = pixels.shape[1:3]
    return Catalog(
        root="arrays",
        layout=sentence(f"arrays of {height} × {width} pixels ({said})", classes, examples),
        task="classify",
        classes=classes,
        examples=examples,
        source=source,
        extras={"scale": scale},
    )


def to_bytes(X: np.ndarray, scale: str | None = None) -> tuple[np.ndarray, str, str]:
    """Return (uint8 pixels (n, h, w, 1|3), scale, the sentence that says how values were understood).

    `scale` (a key of SCALES) repeats an earlier decision instead of looking at the values. A fourth channel is transparency, laid over
    white. Raises DataError.
    """
    X = np.asarray(X)
    if X.ndim == 2:
        raise DataError(
            f"X has the shape {X.shape}: rows of numbers, not pictures. Reshape it to (n, height, width) or (n, height, width, channels)."
        )
    if X.ndim == 3:
        X = X[:, :, :, None]
    if X.ndim != 4 or not X.size:
        raise DataError(f"X has the shape {X.shape}; pictures are (n, height, width) or (n, height, width, 1, 3 or 4).")
    if X.shape[3] not in (1, 3, 4):
        hint = " The channels seem to come first; use X.transpose(0, 2, 3, 1)." if X.shape[1] in (1, 3, 4) else ""
        raise DataError(f"X has the shape {X.shape}; the last axis must be 1, 3 or 4 channels.{hint}")
    if X.dtype.kind not in "uifb":
        raise DataError(f"X holds {X.dtype}; pictures are whole numbers or floats.")
    scale = scale or _scale(X)
    if scale not in SCALES:
        raise DataError(f"The scale {scale!r} is none of {', '.join(SCALES)}.")
    pixels = _scaled(X, scale)
    if pixels.shape[3] == 4:
        alpha = pixels[:, :, :, 3:].astype(np.uint16)
        pixels = ((pixels[:, :, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return pixels, scale, SCALES[scale]


def _scale(X: np.ndarray) -> str:
    if X.dtype.kind == "b":
        return "bool"
    if X.dtype == np.uint8:
        return "bytes"
    low, high = float(X.min()), float(X.max())
    if not np.isfinite((low, high)).all():
        raise DataError("X holds values that are not numbers (NaN or infinity).")
    if low < 0:
        raise DataError(
            f"X reaches from {low:g} to {high:g}. Negative values look standardised; give the pictures themselves (0..1 or 0..255), "
            "standardising happens inside the network."
        )
    if X.dtype.kind == "f" and high <= 1:
        return "unit"
    if high <= 255:
        return "bytes"
    if X.dtype.kind in "ui" and high <= 65535:
        return "wide"
    raise DataError(f"X reaches from {low:g} to {high:g}; pictures are 0..1, 0..255, or 16-bit whole numbers.")


def _scaled(X: np.ndarray, scale: str) -> np.ndarray:
    if X.dtype == np.uint8 and scale == "bytes":
        return X
    factor = {"bytes": 1.0, "unit": 255.0, "wide": 255 / 65535, "bool": 255.0}[scale]
    values = X.astype(np.float64) * factor
    if not np.isfinite(values).all() or values.min() < 0 or values.max() >= 255.5:
        raise DataError(f"X leaves the range that was agreed on ({SCALES[scale]}).")
    return np.floor(values + 0.5).astype(np.uint8)


def label_name(value: object) -> str:
    """Return the class name of one label of `y`. Raises DataError for what is no name (None, NaN, blank)."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # labels that went through a float array are still the classes 0, 1, 2
    if value is None or (isinstance(value, float) and value != value) or not str(value).strip():
        raise DataError(f"y holds {value!r}, which is no class name.")
    return str(value)
