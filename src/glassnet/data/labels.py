"""Labels, strata and splits of a catalog as arrays, numbered by the one class list and the one list of splits."""

from collections.abc import Sequence

import numpy as np

from glassnet.data.catalog import BACKGROUND, SPLITS, Catalog, Things
from glassnet.data.truths import annotation_digest

Presence = tuple[tuple[int, ...], ...]
"""The class numbers that occur in each picture, sorted, each once: one tuple per row of the catalog."""


def label_numbers(catalog: Catalog) -> np.ndarray:
    """Return int64 (n,): the place of each picture's class in `catalog.classes`, -1 where the annotation is no class."""
    number = {name: i for i, name in enumerate(catalog.classes)}
    return np.array([number.get(getattr(e.annotation, "name", ""), -1) for e in catalog.examples], np.int64)


def split_numbers(catalog: Catalog) -> np.ndarray:
    """Return int64 (n,): 0 train, 1 validation, 2 test, -1 where the layout gives no split."""
    number = {name: i for i, name in enumerate(SPLITS)}
    return np.array([number.get(e.split or "", -1) for e in catalog.examples], np.int64)


def label_texts(catalog: Catalog) -> list[str]:
    """Return what the lock calls the label of every picture: its class, or the digest of its boxes or masks, "" where it has neither."""
    if catalog.task == "classify":
        return [catalog.classes[i] if i >= 0 else "" for i in label_numbers(catalog)]
    return [annotation_digest(catalog, row) for row in range(len(catalog))]


def presence(catalog: Catalog, in_masks: Sequence[Sequence[int]] = ()) -> Presence:
    """Return which classes each picture shows. `in_masks` has, per row, what was found in masks of classes, which are not read here.

    Crowds count as things here: a picture with one does show the class.
    """
    number = {name: i for i, name in enumerate(catalog.classes)}
    found = []
    for row, example in enumerate(catalog.examples):
        annotation = example.annotation
        if isinstance(annotation, Things):
            here = {number[thing.label] for thing in annotation.things if thing.label in number}
            if BACKGROUND in number:
                here.add(number[BACKGROUND])
        else:
            label = number.get(getattr(annotation, "name", ""), -1)
            here = {label} - {-1} | set(in_masks[row] if len(in_masks) else ())
        found.append(tuple(sorted(here)))
    return tuple(found)


def strata(present: Presence, classes: int) -> np.ndarray:
    """Return int64 (n,): the rarest class that each picture shows, `classes` where it shows none.

    A cut that spreads the pictures of every stratum alike gives each side its share of the rare classes; the frequent ones follow.
    """
    counts = np.bincount([label for labels in present for label in labels], minlength=classes)
    return np.array(
        [min(labels, key=lambda label: (counts[label], label), default=classes) for labels in present], np.int64
    )


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
