"""The split: who may train, who may validate, who is sealed for the test.

Copies, near copies and groups stay on one side; every class is spread alike, where pictures show several by the rarest in each; splits
that the layout gives are respected and only what is missing is cut from train. The cut is a function of (seed, picture contents): file
names and their order do not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glassnet.choice import Choice
from glassnet.data.audit import Audit
from glassnet.data.catalog import BACKGROUND, SPLITS, Catalog
from glassnet.data.labels import Presence, joined, label_numbers, label_texts, presence, split_numbers, strata
from glassnet.data.lock import Lock, image_hashes, lock_from_dict, read_lock, write_lock
from glassnet.data.rows import short_hashes
from glassnet.data.store import Store
from glassnet.errors import DataError
from glassnet.randomness import words
from glassnet.recipe import DataRecipe

__all__ = ["Lock", "lock_from_dict", "read_lock", "split", "write_lock"]

_TRAIN, _VALIDATION, _TEST = range(3)


def split(catalog: Catalog, store: Store, audit: Audit, recipe: DataRecipe, seed: int) -> Lock:
    """Return the lock. Raises DataError when nothing is left to train on: no picture, only one class, or no thing at all."""
    labels, side = label_numbers(catalog), split_numbers(catalog)
    dense = catalog.task != "classify"
    present = (
        (audit.present or presence(catalog))
        if dense
        else tuple((label,) if label >= 0 else () for label in labels.tolist())
    )
    strata_of = strata(present, len(catalog.classes)) if dense else labels
    usable = np.array([row not in audit.quarantined for row in range(len(catalog))], bool)
    if not usable.any():
        raise DataError(
            f"None of the {len(catalog):,} pictures in {catalog.root} can be used, so there is nothing to train on."
            f"{_first(catalog, audit)}"
        )
    given = tuple(name for number, name in enumerate(SPLITS) if (usable & (side == number)).any())
    reasons: list[Choice] = []
    if given and "train" not in given:
        raise DataError(
            f"{catalog.root} gives {' and '.join(given)} but no usable train split, so there is nothing to train on. "
            "Add a train folder, or remove the split folders and let Glassnet cut."
        )
    loose = usable & (side < 0)
    if given and loose.any():
        reasons.append(
            Choice("data.split", "train", f"{loose.sum():,} pictures outside the given splits were added to train")
        )
    side[side < 0] = _TRAIN
    units = _units(len(catalog), audit)
    wanted = _wanted(given, recipe)
    pool = np.flatnonzero(usable & (side == _TRAIN))
    if wanted:
        tied = np.isin(units[pool], units[usable & (side != _TRAIN)])
        cut = _cut(units[pool], strata_of[pool], short_hashes(store.rows)[pool], wanted, seed, tied)
        side[pool] = cut
    reasons += _reasons(given, wanted, recipe, audit, present, side, usable, catalog, dense)
    side[~usable] = -1
    if labels.max() >= 0 and len(np.unique(labels[side == _TRAIN])) < min(2, len(catalog.classes)):
        raise DataError(
            f"Only one class of {catalog.root} is left in train; a network needs at least two to tell apart."
        )
    if dense and not {catalog.classes[i] for i in _shown(present, side == _TRAIN)} - {BACKGROUND}:
        raise DataError(
            f"No picture that is left in train of {catalog.root} shows any thing, so there is nothing to learn."
        )
    return Lock(
        *(np.flatnonzero(side == number).astype(np.int64) for number in range(3)),
        keys=tuple(example.key for example in catalog.examples),
        hashes=tuple(image_hashes(store)),
        labels=tuple(label_texts(catalog)),
        classes=catalog.classes,
        reasons=tuple(reasons),
        seed=seed,
    )


def _units(n: int, audit: Audit) -> np.ndarray:
    """int64 (n,): equal numbers for what must stay together: families of twins and groups, joined where they overlap."""
    first, other = [], []
    for family in audit.twins:
        first += [family[0]] * (len(family) - 1)
        other += family[1:]
    of = audit.groups.numbers
    if len(of):
        rows = np.flatnonzero(of >= 0)
        _, lead, back = np.unique(of[rows], return_index=True, return_inverse=True)
        first += rows[lead][back].tolist()
        other += rows.tolist()
    return joined(n, np.array(first, np.int64), np.array(other, np.int64))


def _wanted(given: Sequence[str], recipe: DataRecipe) -> dict[int, float]:
    """Return the share of the pool that each split to be cut shall have."""
    shares = {_VALIDATION: recipe.validation, _TEST: recipe.test}
    return {split: share for split, share in shares.items() if share > 0 and SPLITS[split] not in given}


@dataclass(frozen=True)
class _Unit:
    rows: np.ndarray
    counts: np.ndarray  # per class
    word: int


def _cut(
    units: np.ndarray, labels: np.ndarray, content: np.ndarray, wanted: dict[int, float], seed: int, tied: np.ndarray
) -> np.ndarray:
    """Return int64 (m,): 0, 1 or 2 for each row of the pool. `tied` rows have family in a given split and stay in train."""
    classes = int(labels.max(initial=0)) + 1
    _, unit = np.unique(units, return_inverse=True)
    # A unit is drawn by its smallest content, so that it is the same unit whatever its files are called.
    least = np.full(unit.max() + 1, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(least, unit, content)
    drawn = words(seed, 0, least, "split")[:, 0]
    fixed = np.zeros(len(least), bool)
    fixed[unit[tied]] = True
    counts = np.zeros((len(least), classes), np.int64)
    np.add.at(counts, (unit, np.maximum(labels, 0)), 1)
    targets = _targets(counts, fixed, wanted)
    sizes = counts.sum(axis=1)
    side = np.zeros(len(least), np.int64)
    left = targets.copy()
    order = np.lexsort((least, drawn, -sizes))
    _place_many([u for u in order if sizes[u] > 1 and not fixed[u]], counts, left, side)
    singles = order[(sizes[order] == 1) & ~fixed[order]]
    single_class = counts[singles].argmax(axis=1)
    for label in range(classes):
        queue = singles[single_class == label]
        for number in sorted(
            wanted, reverse=True
        ):  # the test is served first: it must exist before anything can be tuned
            take = max(0, int(left[number, label]))
            side[queue[:take]] = number
            queue = queue[take:]
    return side[unit]


def _targets(counts: np.ndarray, fixed: np.ndarray, wanted: dict[int, float]) -> np.ndarray:
    """int64 (3, classes): how many pictures of each class the splits shall get, at least one where the class has units enough."""
    total = counts.sum(axis=0)
    units = (counts[~fixed] > 0).sum(axis=0)
    targets = np.zeros((3, counts.shape[1]), np.int64)
    for number, share in wanted.items():
        targets[number] = _shared_out(total * share)
    for rank, number in enumerate(sorted(wanted, reverse=True)):
        # Train keeps one unit, then the test, then validation.
        enough = units + (counts[fixed] > 0).any(axis=0) >= rank + 2
        targets[number] = np.where(enough, np.maximum(targets[number], 1), 0)
    targets[_TRAIN] = total - targets[1:].sum(axis=0)
    while (short := np.flatnonzero((targets[_TRAIN] < 1) & (total > 0))).size:  # large shares of small classes
        targets[1 + targets[1:, short].argmax(axis=0), short] -= 1
        targets[_TRAIN, short] += 1
    return targets


def _shared_out(ideal: np.ndarray) -> np.ndarray:
    """Round to whole pictures so that their sum is right too: the largest remainders are rounded up (Hamilton's method)."""
    whole = np.floor(ideal + 1e-9).astype(np.int64)
    extra = int(np.floor(ideal.sum() + 0.5)) - int(whole.sum())
    largest = np.argsort(-(ideal - whole), kind="stable")
    whole[largest[: max(0, extra)]] += 1
    return whole


def _place_many(units: list[int], counts: np.ndarray, left: np.ndarray, side: np.ndarray) -> None:
    """Give each unit of several pictures, largest first, to the split where it misses the targets least; take it off `left`."""
    need = np.maximum(left, 1).astype(np.float64)
    open_sides = np.array([n for n in range(3) if n == _TRAIN or left[n].any()])
    for u in units:
        here = np.flatnonzero(counts[u])
        # Change of the summed squared shortfall, relative to each class's target, so that rare classes count as much as frequent ones.
        before = left[open_sides][:, here] / need[open_sides][:, here]
        after = (left[open_sides][:, here] - counts[u, here]) / need[open_sides][:, here]
        cost = (np.abs(after) - np.abs(before)).sum(axis=1)
        # Overshooting a small split costs more than any gain: train takes what does not fit.
        over = (np.maximum(-after, 0) * need[open_sides][:, here]).sum(axis=1) - 0.5 * counts[u].sum()
        cost = np.where((open_sides != _TRAIN) & (over > 0), np.inf, cost)
        best = int(open_sides[int(np.argmin(cost))])
        side[u] = best
        left[best] -= counts[u]


def _reasons(
    given: Sequence[str],
    wanted: dict[int, float],
    recipe: DataRecipe,
    audit: Audit,
    present: Presence,
    side: np.ndarray,
    usable: np.ndarray,
    catalog: Catalog,
    dense: bool,
) -> list[Choice]:
    sizes = [int((usable & (side == number)).sum()) for number in range(3)]
    found = []
    by = "the rarest class in each picture" if dense else "class"
    together = "copies, near copies and groups" if audit.groups.source != "none" else "copies and near copies"
    for number in (_VALIDATION, _TEST):
        name = SPLITS[number]
        if name in given:
            found.append(Choice(f"data.{name}", sizes[number], "given by the data set"))
        elif number in wanted:
            source = "train, because the data set gives none" if given else "all pictures"
            why = f"{wanted[number]:.0%} cut from {source}; stratified by {by}, {together} on one side"
            sealed = ", sealed until eval" if number == _TEST else ""
            found.append(Choice(f"data.{name}", sizes[number], why + sealed))
        else:
            found.append(Choice(f"data.{name}", 0, f"asked for with data.{name}: 0"))
    if audit.groups.source != "none":
        found.append(Choice("data.group_by", audit.groups.pattern, audit.groups.reason))
    whole = _shown(present, usable)
    for number, name in enumerate(SPLITS):
        if number in wanted or (number == _TRAIN and name not in given):
            lacking = [catalog.classes[i] for i in sorted(whole - _shown(present, usable & (side == number)))]
            if lacking:
                some = ", ".join(lacking[:5]) + ("…" if len(lacking) > 5 else "")
                why = f"{name} has no picture of {some}: too few pictures, or too few that may be separated"
                found.append(Choice(f"data.{name}.missing", len(lacking), why))
    return found


def _shown(present: Presence, rows: np.ndarray) -> set[int]:
    """The classes that the pictures of these bool (n,) rows show."""
    return {label for row in np.flatnonzero(rows).tolist() for label in present[row]}


def _first(catalog: Catalog, audit: Audit) -> str:
    row = min(audit.quarantined, default=-1)
    return f" The first: {catalog.examples[row].key}: {audit.quarantined[row]}" if row >= 0 else ""
