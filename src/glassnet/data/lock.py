"""The lock: which picture is in which split, with a hash per image and label, so that a run can say exactly what it was trained on.

`data.lock.json` is strict JSON with one line per picture, in catalog order: [key, SHA-256 (first 32 hex digits), label, split]. The label
is the name of the class, or, where boxes or masks were asked for, 16 hex digits of their SHA-256.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassnet.choice import Choice
from glassnet.data.catalog import SPLITS, Catalog
from glassnet.data.labels import label_texts
from glassnet.data.rows import GOOD
from glassnet.data.store import Store
from glassnet.durable import read_json, write_text
from glassnet.errors import DataError, StorageError

_VERSION = 1
_NOWHERE = "out"


@dataclass(frozen=True, eq=False)
class Lock:
    """Who may see which picture. `train`, `validation` and `test` are sorted int64 rows, places in `keys` and in `catalog.examples`.

    `keys`, `hashes` (32 hex digits of the file's SHA-256, empty for what could not be read) and `labels` (class names, or digests of
    boxes and masks) have one entry per example of the catalog; rows in none of the three splits are kept out. `reasons` says how each
    split came about.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    keys: tuple[str, ...]
    hashes: tuple[str, ...]
    labels: tuple[str, ...]
    classes: tuple[str, ...]
    reasons: tuple[Choice, ...] = ()
    seed: int = 0

    def rows(self, split: str) -> np.ndarray:
        """Return the rows of train, validation or test. Raises KeyError for another word."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[split]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over split, image hash and label of every picture, sorted: the data hash, blind to file names and order."""
        lines = [
            f"{split} {self.hashes[row]} {json.dumps(self.labels[row])}"
            for split in SPLITS
            for row in self.rows(split).tolist()
        ]
        text = json.dumps(self.classes) + "\n" + "\n".join(sorted(lines))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def as_dict(self) -> dict:
        """Return plain JSON values; `lock_from_dict` is the inverse."""
        split_of = [_NOWHERE] * len(self.keys)
        for split in SPLITS:
            for row in self.rows(split).tolist():
                split_of[row] = split
        return {
            "lock": _VERSION,
            "digest": self.digest,
            "seed": self.seed,
            "classes": list(self.classes),
            "reasons": [choice.as_dict() for choice in self.reasons],
            "pictures": [list(line) for line in zip(self.keys, self.hashes, self.labels, split_of, strict=True)],
        }

    def check(self, catalog: Catalog, store: Store) -> "Changes":
        """Compare with what is there now: which pictures were added, removed, changed, relabelled, renamed."""
        labels = label_texts(catalog)
        now = {
            example.key: (digest, label)
            for example, digest, label in zip(catalog.examples, image_hashes(store), labels, strict=True)
        }
        before = {key: (h, label) for key, h, label in zip(self.keys, self.hashes, self.labels, strict=True)}
        gone = {key: before[key][0] for key in before if key not in now}
        new = {key: now[key][0] for key in now if key not in before}
        by_hash: dict[str, list[str]] = {}
        for key, digest in gone.items():
            if digest:
                by_hash.setdefault(digest, []).append(key)
        renamed = []
        for key, digest in new.items():
            old = by_hash.get(digest)
            if old and before[old[0]][1] == now[key][1]:
                renamed.append((old.pop(0), key))
        old_names, new_names = {a for a, _ in renamed}, {b for _, b in renamed}
        both = [key for key in before if key in now]
        return Changes(
            added=tuple(key for key in new if key not in new_names),
            removed=tuple(key for key in gone if key not in old_names),
            changed=tuple(key for key in both if before[key][0] != now[key][0]),
            relabelled=tuple((key, before[key][1], now[key][1]) for key in both if before[key][1] != now[key][1]),
            digests=catalog.task != "classify",
            renamed=tuple(renamed),
            classes=(self.classes, catalog.classes) if self.classes != catalog.classes else (),
        )

    def align(self, catalog: Catalog, store: Store) -> "Lock":
        """Return the same lock with rows as in this catalog. Raises DataError, saying exactly what changed, when it no longer fits."""
        changes = self.check(catalog, store)
        if changes:
            raise DataError(
                f"The pictures in {catalog.root} are not those of the lock, so scores could not be compared: {changes.text()}. "
                "Put them back, or start a new run."
            )
        place = {example.key: row for row, example in enumerate(catalog.examples)}
        moved = {
            split: np.sort(np.array([place[self.keys[row]] for row in self.rows(split)], np.int64)) for split in SPLITS
        }
        order = {key: i for i, key in enumerate(self.keys)}
        rows = [order[example.key] for example in catalog.examples]
        return Lock(
            **moved,
            keys=tuple(self.keys[i] for i in rows),
            hashes=tuple(self.hashes[i] for i in rows),
            labels=tuple(self.labels[i] for i in rows),
            classes=self.classes,
            reasons=self.reasons,
            seed=self.seed,
        )


@dataclass(frozen=True)
class Changes:
    """What is different from a lock: keys, (key, old, new) for labels, (old, new) for names, (old, new) class lists. False for nothing.

    With `digests` the labels are digests of boxes and masks, which say nothing to a reader.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    relabelled: tuple[tuple[str, str, str], ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    classes: tuple[tuple[str, ...], ...] = ()
    digests: bool = False

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.relabelled or self.renamed or self.classes)

    def text(self) -> str:
        """Return one sentence part per kind of change, with up to three examples each."""
        parts = []
        for word, keys in (("added", self.added), ("removed", self.removed), ("changed", self.changed)):
            if keys:
                parts.append(f"{len(keys):,} {word} ({_some(keys)})")
        if self.relabelled and self.digests:
            keys = _some([key for key, _, _ in self.relabelled])
            parts.append(f"{len(self.relabelled):,} with other boxes or masks ({keys})")
        elif self.relabelled:
            parts.append(
                f"{len(self.relabelled):,} relabelled ({_some([f'{k}: {a} → {b}' for k, a, b in self.relabelled])})"
            )
        if self.renamed:
            parts.append(f"{len(self.renamed):,} renamed ({_some([f'{a} → {b}' for a, b in self.renamed])})")
        if self.classes:
            parts.append(f"the classes were {', '.join(self.classes[0])} and are {', '.join(self.classes[1])}")
        return "; ".join(parts) or "nothing changed"


def image_hashes(store: Store) -> list[str]:
    """Return 32 hex digits of every picture's SHA-256, "" for what could not be read."""
    digits = store.rows["sha256"][:, :16].tobytes().hex()
    good = (store.rows["status"] == GOOD).tolist()
    return [digits[32 * i : 32 * i + 32] if good[i] else "" for i in range(len(store))]


def write_lock(path: str | Path, lock: Lock) -> None:
    """Write the lock, whole or not at all, one line per picture. Raises StorageError."""
    values = lock.as_dict()
    pictures = values.pop("pictures")
    head = json.dumps(values, ensure_ascii=True)
    # One line per picture makes a lock readable and comparable; ASCII escapes keep odd file names exact.
    lines = ",\n".join(map(json.JSONEncoder(separators=(",", ":")).encode, pictures))
    write_text(path, f'{head[:-1]},\n"pictures": [\n{lines}\n]}}\n')


def read_lock(path: str | Path) -> Lock:
    """Read a lock. Raises StorageError for a missing or damaged file, or one that was edited by hand."""
    try:
        return lock_from_dict(read_json(path))
    except StorageError as error:
        raise StorageError(f"{error}" if str(path) in str(error) else f"{path}: {error}") from None


def lock_from_dict(values: dict) -> Lock:
    """Rebuild a lock from what `as_dict` gave. Raises StorageError when it is damaged, altered, or from a newer version."""
    try:
        if values["lock"] != _VERSION:
            raise StorageError(
                f"the lock has version {values['lock']}, this Glassnet reads {_VERSION}; use the newer one."
            )
        pictures = values["pictures"]
        keys, hashes, labels, splits = (
            (tuple(column) for column in zip(*pictures, strict=True)) if pictures else ((),) * 4
        )
        if not all(isinstance(value, str) for column in (keys, hashes, labels, splits) for value in column):
            raise ValueError("a picture's line must hold four texts")
        if unknown := set(splits) - {*SPLITS, _NOWHERE}:
            raise ValueError(f"unknown split {sorted(unknown)[0]!r}")
        where = np.array(splits, dtype=object)
        rows = {split: np.flatnonzero(where == split).astype(np.int64) for split in SPLITS}
        lock = Lock(
            **rows,
            keys=keys,
            hashes=hashes,
            labels=labels,
            classes=tuple(values["classes"]),
            reasons=tuple(Choice(**choice) for choice in values["reasons"]),
            seed=values["seed"],
        )
        expected = values["digest"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(f"this is not a whole lock ({type(error).__name__}: {error}).") from None
    if lock.digest != expected:
        raise StorageError("the lock was altered after it was written: its pictures do not match its digest.")
    return lock


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f", …and {len(names) - 3:,} more" if len(names) > 3 else "")
