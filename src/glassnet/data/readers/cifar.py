"""Layout: the official binary release of CIFAR-10 (`data_batch_1.bin` … `test_batch.bin`, `batches.meta.txt`), in a folder or archive.

Each record is one byte of class number and 3,072 bytes of pixels: 1,024 red, then green, then blue, row by row
(A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; https://www.cs.toronto.edu/~kriz/cifar.html).
"""

import re

import numpy as np

from glassnet.data.catalog import Catalog, ClassLabel, Example
from glassnet.data.readers.layout import Layout, finish
from glassnet.data.readers.listing import Listing
from glassnet.data.sources import ArraySource
from glassnet.errors import DataError

_RECORD = 1 + 3 * 32 * 32
_BATCH = re.compile(r"(?:^|/)(?:data_batch_\d+|test_batch)\.bin$")


def claims(listing: Listing) -> bool:
    """Batches and the list of class names are there, and no pictures."""
    return not listing.pictures and _meta(listing) is not None and any(map(_BATCH.search, listing.others))


def read(listing: Listing) -> Catalog:
    """Build the catalog; pixels are held in memory. Raises DataError for batches that are cut off or hold unknown class numbers."""
    meta = _meta(listing)
    assert meta is not None, "read is only called after claims"
    names = [line.strip() for line in listing.text(meta).splitlines() if line.strip()]
    if len(names) < 2 or len(set(names)) != len(names):
        raise DataError(
            f"{listing.root}: {meta} must name at least two different classes, one per line; it holds {names[:12]}."
        )
    batches = sorted(path for path in listing.others if _BATCH.search(path))
    pixels, labels, splits = [], [], []
    for path in batches:
        records = _records(listing, path, len(names))
        labels.append(records[:, 0])
        pixels.append(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        splits += ["test" if path.endswith("test_batch.bin") else "train"] * len(records)
    listing.source.release()
    source = ArraySource(np.concatenate(pixels), prefix="cifar10")
    examples = [
        Example(source.key(row), ClassLabel(names[number]), split)
        for row, (number, split) in enumerate(zip(np.concatenate(labels).tolist(), splits, strict=True))
    ]
    listing.skipped.extend(key for path, key in listing.others.items() if path not in batches and path != meta)
    catalog = finish(listing, "CIFAR-10 binary batches", examples)
    return Catalog(**{name: getattr(catalog, name) for name in Catalog.__dataclass_fields__} | {"source": source})


LAYOUT = Layout("CIFAR-10 binary batches", claims, read)


def _meta(listing: Listing) -> str | None:
    return next((path for path in listing.others if path.rpartition("/")[2] == "batches.meta.txt"), None)


def _records(listing: Listing, path: str, classes: int) -> np.ndarray:
    data = listing.source.read(listing.others[path])
    if not data or len(data) % _RECORD:
        raise DataError(
            f"{listing.root}: {path} has {len(data):,} bytes, which is not a whole number of records of {_RECORD:,}; it is cut off or "
            "something else. Download it again."
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, _RECORD)
    if records[:, 0].max() >= classes:
        row = int(np.argmax(records[:, 0] >= classes))
        raise DataError(
            f"{listing.root}: {path}, record {row}: class number {records[row, 0]}, but only {classes} classes are named."
        )
    return records
