"""Findings about classes: empty, a single picture, imbalance, missing in a split.

Which picture shows which class comes as pairs: one for each picture that is classified, any number where boxes or masks were asked for.
"""

from typing import NamedTuple

import numpy as np

from glassnet.data.audit.findings import Finding
from glassnet.data.catalog import SPLITS, Catalog
from glassnet.data.labels import Presence

_UNEVEN, _VERY_UNEVEN = 3.0, 10.0
_FEW = 10


class Members(NamedTuple):
    """int64 (p,) each: picture `rows[k]` shows class `labels[k]`. `whole` says that a picture has one class and no other."""

    rows: np.ndarray
    labels: np.ndarray
    whole: bool

    def counts(self, classes: int, which: np.ndarray) -> np.ndarray:
        """Return int64 (classes,): how many of the pictures in bool (n,) `which` show each class."""
        return np.bincount(self.labels[which[self.rows]], minlength=classes)


def members_of_labels(labels: np.ndarray) -> Members:
    """Return the members of classes by int64 (n,) labels, -1 for none."""
    rows = np.flatnonzero(labels >= 0)
    return Members(rows, labels[rows], True)


def members(present: Presence) -> Members:
    """Return the members of classes where a picture may show several."""
    rows = np.repeat(np.arange(len(present)), [len(shown) for shown in present])
    return Members(rows, np.array([label for shown in present for label in shown], np.int64), False)


def class_findings(catalog: Catalog, shows: Members, splits: np.ndarray, good: np.ndarray) -> list[Finding]:
    """Return the findings about class sizes; only pictures that can be used are counted."""
    counts = shows.counts(len(catalog.classes), good)
    names = np.array(catalog.classes, dtype=object)
    keys = [example.key for example in catalog.examples]
    found = []
    if len(empty := names[counts == 0]):
        found.append(
            Finding(
                "empty_class",
                "error",
                f"{_classes(len(empty))} no picture that can be read",
                (),
                "The network can never answer it, and every average over classes counts it as failed.",
                "Add pictures, or delete the class.",
                {"shown": list(empty), "classes": list(empty)},
            )
        )
    if len(single := np.flatnonzero(counts == 1)):
        of_one = np.isin(shows.labels, single) & good[shows.rows]
        rows = shows.rows[of_one]
        found.append(
            Finding(
                "one_picture_class",
                "error",
                f"{_classes(len(single))} a single picture",
                tuple(dict.fromkeys(keys[i] for i in rows)),
                "It cannot be both learnt from and tested on.",
                "Add pictures, or delete the class.",
                {
                    "shown": [f"{names[c]} ({keys[i]})" for i, c in zip(rows, shows.labels[of_one], strict=True)],
                    "classes": list(names[single]),
                },
            )
        )
    few = np.flatnonzero((counts > 1) & (counts < _FEW))
    if len(few):
        found.append(
            Finding(
                "small_class",
                "warning",
                f"{_classes(len(few))} fewer than {_FEW} pictures",
                (),
                "What is said about it rests on one or two test pictures.",
                "Add pictures; read its figures with their intervals.",
                {"shown": [f"{names[c]} ({counts[c]})" for c in few], "classes": list(names[few])},
            )
        )
    if shows.whole:  # where a picture shows several classes, things and pixels are counted instead
        found += _imbalance(names, counts)
    found += _missing(catalog, shows, splits, good)
    return found


def _imbalance(names: np.ndarray, counts: np.ndarray) -> list[Finding]:
    present = counts > 0
    if present.sum() < 2:
        return []
    large, small = int(counts.argmax()), int(np.where(present, counts, counts.max() + 1).argmin())
    ratio = counts[large] / counts[small]
    if ratio < _UNEVEN:
        return []
    share = counts[large] / counts.sum()
    return [
        Finding(
            "imbalance",
            "warning" if ratio >= _VERY_UNEVEN else "note",
            f"The largest class has {ratio:.1f} times the pictures of the smallest",
            (),
            f"Always answering {names[large]!r} is already right for {share:.0%}; rare classes are learnt last.",
            "Read balanced accuracy and the table per class; try train.sampling: balanced or train.class_weights: balanced, or add "
            "pictures to the small classes.",
            {
                "shown": [f"{names[large]} {counts[large]:,}", f"{names[small]} {counts[small]:,}"],
                "ratio": round(float(ratio), 3),
                "counts": {str(name): int(count) for name, count in zip(names, counts, strict=True)},
            },
        )
    ]


def _missing(catalog: Catalog, shows: Members, splits: np.ndarray, good: np.ndarray) -> list[Finding]:
    lacking: dict[str, list[str]] = {}
    classes = len(catalog.classes)
    present = shows.counts(classes, good) > 0
    for number, split in enumerate(SPLITS):
        here = good & (splits == number)
        if here.any():
            absent = present & (shows.counts(classes, here) == 0)
            if absent.any():
                lacking[split] = [catalog.classes[i] for i in np.flatnonzero(absent)]
    if not lacking:
        return []
    return [
        Finding(
            "class_missing_in_split",
            "error" if "train" in lacking else "warning",
            "A given split lacks classes",
            (),
            "A class that is not in train cannot be learnt; one that is not in test or validation cannot be judged.",
            "Move pictures of the class there, or let Glassnet cut the splits (remove the split folders).",
            {
                "shown": [f"{split} has no {', '.join(names[:5])}" for split, names in lacking.items()],
                "missing": lacking,
            },
        )
    ]


def _classes(n: int) -> str:
    return f"{n:,} class has" if n == 1 else f"{n:,} classes have"
