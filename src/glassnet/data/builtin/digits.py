"""The 1,797 handwritten digits of 8 × 8 grey pixels that come with scikit-learn (E. Alpaydin, C. Kaynak, UCI repository, 1998)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from glassnet.data.catalog import Catalog, ClassLabel, Example, class_list
from glassnet.data.sources import ArraySource
from glassnet.errors import DataError


def catalog(cache: Path | None = None, progress: Callable[[int, int], None] | None = None) -> Catalog:
    """Return the catalog, unsplit, values 0..16 scaled to 0..255. Raises DataError where scikit-learn is not installed."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DataError(
            "The data set `digits` comes with scikit-learn, which is not installed. Run `pip install scikit-learn`, or use `xo`, "
            "which is drawn here."
        ) from None
    values, digits = load_digits(return_X_y=True)
    pixels = ((values.reshape(-1, 8, 8) * 255 + 8) // 16).astype(np.uint8)[:, :, :, None]
    source = ArraySource(np.ascontiguousarray(pixels), prefix="digits")
    examples = tuple(Example(source.key(row), ClassLabel(str(digit))) for row, digit in enumerate(digits))
    return Catalog(
        root="digits",
        layout=f"built-in: digits, 10 classes, {len(examples):,} images of 8 × 8 grey pixels",
        task="classify",
        classes=class_list([str(digit) for digit in range(10)]),
        examples=examples,
        source=source,
        extras={"recommend": {"augment.flip": ("none", "a mirrored digit is not that digit any more")}},
    )
