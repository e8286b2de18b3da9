"""Data sets with a name: xo and shapes (drawn here), digits (from scikit-learn), cifar10 (downloaded when asked for).

One file and one line each.
"""

from collections.abc import Callable
from pathlib import Path

from glassnet.data.builtin import cifar10, digits, shapes, xo
from glassnet.data.catalog import Catalog

Progress = Callable[[int, int], None]

BUILTIN: dict[str, Callable[[Path | None, Progress | None], Catalog]] = {
    "xo": xo.catalog,
    "digits": digits.catalog,
    "shapes": shapes.catalog,
    "cifar10": cifar10.catalog,
}
