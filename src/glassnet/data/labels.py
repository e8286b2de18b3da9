"""Labels and splits of a catalog as arrays, numbered by the one class list and the one list of splits."""

import numpy as np

from glassnet.data.catalog import SPLITS, Catalog


def label_numbers(catalog: Catalog) -> np.ndarray:
    """Return int64 (n,): the place of each picture's class in `catalog.classes`, -1 where the annotation is no class."""
    number = {name: i for i, name in enumerate(catalog.classes)}
    return np.array([number.get(getattr(e.annotation, "name", ""), -1) for e in catalog.examples], np.int64)


def split_numbers(catalog: Catalog) -> np.ndarray:
    """Return int64 (n,): 0 train, 1 validation, 2 test, -1 where the layout gives no split."""
    number = {name: i for i, name in enumerate(SPLITS)}
    return np.array([number.get(e.split or "", -1) for e in catalog.examples], np.int64)


def joined(n: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return int64 (n,): the smallest row that each row is connected to through the pairs (a[k], b[k]); its own number without any.

    Every round lets each row point to the smallest root among its neighbours and then halves all paths until they are flat; rounds
    needed grow with the logarithm of the longest chain.
    """
    root = np.arange(n)
    a, b = np.asarray(a, np.int64), np.asarray(b, np.int64)
    while True:
        low = np.minimum(root[a], root[b])
        high = np.maximum(root[a], root[b])
        if (low == high).all():
            return root
        np.minimum.at(root, high, low)
        while (root[root] != root).any():
            root = root[root]
