"""The same picture more than once: exactly (same bytes or same pixels' hash) or nearly (resized, re-encoded, corrected).

Nearly the same is found in two steps. Candidates are all pairs of pictures whose 64-bit perceptual hashes differ in at most 7 bits, by
multi-index hashing (`hashing.pairs_within`: exact, about n²/1,900 comparisons instead of n²/2; 0.2 s at 60,000 photographs). Then the
stored pixels decide: averaged to 16×16, each colour freed of its mean, their correlation must reach 0.9. On CIFAR-10 that leaves 742
of 1.8 billion pairs, and not one of them joins two classes, as nine of ten mistakes would. Drawings and tiny pictures hold less to tell
them apart by, so grey pictures must reach 0.97 and those under 16 pixels 0.99.
Identical hashes are compared with one representative only, so thousands of equal pictures cost thousands of comparisons, not millions.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from glassnet.data.hashing import distance, pairs_within
from glassnet.data.labels import joined
from glassnet.data.rows import content_ids
from glassnet.data.store import Store

RADIUS = 7
SIMILAR, SIMILAR_GREY, SIMILAR_TINY = 0.9, 0.97, 0.99
BLANK_CONTRAST = 2.0
_THUMB, _AT_ONCE, _TABLE = 16, 8192, 20_000
_CANDIDATES_EACH, _CANDIDATES_FREE = 10, 200_000
_FAMILY_SHARE, _FAMILY_LEAST = 0.05, 30


@dataclass(frozen=True)
class Twins:
    """Who shows the same picture. `exact` and `family` are int64 (n,): the smallest row with the same bytes, and of the same family.

    `pairs` is int64 (m, 2) of near pairs, smaller row first, with `similarity` float32 (m,) of each. `lookalikes` are families so large
    that they say more about the subject than about copies; their members are not in `family`. `note` tells if the search was narrowed.
    """

    exact: np.ndarray
    family: np.ndarray
    pairs: np.ndarray
    similarity: np.ndarray
    lookalikes: tuple[tuple[int, ...], ...] = ()
    note: str = ""


def find_twins(store: Store) -> Twins:
    """Find exact and near duplicates among the good pictures of a store."""
    n, good = len(store), np.flatnonzero(store.good)
    exact = np.arange(n)
    if len(good):
        ids = content_ids(store.rows[good])
        first = np.full(ids.max() + 1, n, np.int64)
        np.minimum.at(first, ids, good)
        exact[good] = first[ids]
    candidates = good[(exact[good] == good) & (store.rows["contrast"][good] >= BLANK_CONTRAST)]
    pairs, similarity, note = _near_pairs(store, candidates)
    near = joined(n, pairs[:, 0], pairs[:, 1])
    lookalikes = _too_large(near, candidates)
    for family in lookalikes:
        near[list(family)] = family
    in_family = near[exact]  # copies follow their first
    return Twins(exact, in_family, pairs, similarity, lookalikes, note)


def families(twins: Twins) -> list[np.ndarray]:
    """Return the rows of every family with more than one member, each sorted, in order of their first row."""
    order = np.argsort(twins.family, kind="stable")
    cuts = np.flatnonzero(np.diff(twins.family[order])) + 1
    return [rows for rows in np.split(order, cuts) if len(rows) > 1]


def similarity_of(store: Store, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Return float32 (m,): how alike the stored pixels of rows i[k] and j[k] are, 1 for the same up to brightness and contrast."""
    found = np.empty(len(i), np.float32)
    rows, at = np.unique(np.concatenate([i, j]), return_inverse=True)
    if len(rows) > _TABLE and len(i) > _AT_ONCE:  # a table of all thumbnails would take too much memory
        for start in range(0, len(i), _AT_ONCE):
            found[start : start + _AT_ONCE] = similarity_of(
                store, i[start : start + _AT_ONCE], j[start : start + _AT_ONCE]
            )
        return found
    parts = [_thumbs(store.pixels, rows[start : start + 512]) for start in range(0, len(rows), 512)]
    table = np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)
    a, b = at[: len(i)], at[len(i) :]
    for start in range(0, len(i), 4096):
        part = slice(start, start + 4096)
        found[part] = np.einsum("np,np->n", table[a[part]], table[b[part]])
    return found


def _thumbs(pixels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """float32 (n, p): the pictures averaged to 16 to 31 pixels a side, each colour freed of its mean, of length 1."""
    small = pixels[rows]
    n, height, width, channels = small.shape
    down, across = max(1, height // _THUMB), max(1, width // _THUMB)
    high, wide = height // down, width // across
    means = np.zeros((n, high, wide, channels), np.float32)
    for y in range(down):
        for x in range(across):
            means += small[:, y : high * down : down, x : wide * across : across]
    means -= means.mean(axis=(1, 2), keepdims=True)
    flat = means.reshape(n, -1)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def _near_pairs(store: Store, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    if not len(rows):
        return np.zeros((0, 2), np.int64), np.zeros(0, np.float32), ""
    hashes = store.rows["perceptual"][rows]
    order = np.argsort(hashes, kind="stable")
    distinct, first, counts = np.unique(hashes[order], return_index=True, return_counts=True)
    parts = list(_same_hash(store, rows[order], first, counts))
    leaders = rows[order[first]]
    most, note = _CANDIDATES_FREE + _CANDIDATES_EACH * len(rows), ""
    for radius in (RADIUS, 3, 0):
        found, seen = [], 0
        for a, b in pairs_within(distinct, radius) if radius else ():
            seen += len(a)
            if seen > most:
                break
            found.append(_alike(store, leaders[a], leaders[b]))
        if seen <= most:
            parts += found
            break
        note = (
            f"The pictures resemble each other so much that only those within {3 if radius == RADIUS else 0} bits of each other's "
            "perceptual hash were compared."
        )
    i, j, similarity = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else ([], [], [])
    pairs = np.stack([np.minimum(i, j), np.maximum(i, j)], axis=1).astype(np.int64).reshape(-1, 2)
    sort = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[sort], np.asarray(similarity, np.float32)[sort], note


def _alike(store: Store, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    similarity = similarity_of(store, i, j)
    keep = similarity >= _enough(store, i, j)
    return i[keep], j[keep], similarity[keep]


def _enough(store: Store, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    if min(store.pixels.shape[1:3]) < _THUMB:
        return np.full(len(i), SIMILAR_TINY)
    return np.where(store.rows["grey"][i] & store.rows["grey"][j], SIMILAR_GREY, SIMILAR)


def _same_hash(
    store: Store, rows: np.ndarray, first: np.ndarray, counts: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Compare all pictures of one hash with its first one; those that differ from it form the next round, at most eight times."""
    bucket = np.repeat(np.arange(len(counts)), counts)
    left = np.flatnonzero(counts[bucket] > 1)
    for _ in range(8):
        if not len(left):
            return
        _, leader, back = np.unique(bucket[left], return_index=True, return_inverse=True)
        head = left[leader][back]
        follows = left != head
        i, j = rows[head[follows]], rows[left[follows]]
        similarity = similarity_of(store, i, j)
        keep = similarity >= _enough(store, i, j)
        yield i[keep], j[keep], similarity[keep]
        left = left[follows][~keep]


def _too_large(near: np.ndarray, candidates: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Families of more than 5 % of the pictures (and more than 30): one subject seen by one camera, not copies."""
    limit = max(_FAMILY_LEAST, int(_FAMILY_SHARE * len(candidates)))
    roots, counts = np.unique(near, return_counts=True)
    return tuple(tuple(np.flatnonzero(near == root).tolist()) for root in roots[counts > limit])


def bits_apart(store: Store, i: int, j: int) -> int:
    """Return in how many bits the perceptual hashes of two rows differ."""
    return int(distance(store.rows["perceptual"][i], store.rows["perceptual"][j]))
