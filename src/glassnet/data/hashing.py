"""The perceptual hash: 64 bits that stay nearly the same when a picture is resized, re-encoded or slightly corrected.

The bits are the signs of the 64 lowest frequencies of the picture's brightness (a discrete cosine transform, without the mean), so that
two pictures that look alike differ in few bits (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010).
`pairs_within` then finds every pair at a small distance without comparing all n² of them.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from glassnet.randomness import permutation

BITS = 64
_BLOCKS = 4
_BLOCK_BITS = BITS // _BLOCKS
LARGEST_RADIUS = 2 * _BLOCKS - 1
_LUMA = (0.299, 0.587, 0.114)
_ENOUGH = 32  # pixels along a side hold all frequencies that are looked at


def grey(pixels: np.ndarray) -> np.ndarray:
    """Return the brightness, float32 (N, H, W) in 0 to 255, of uint8 pixels (N, H, W, 1 or 3)."""
    if pixels.shape[-1] == 1:
        return pixels[..., 0].astype(np.float32)
    red, green, blue = (np.float32(weight) * pixels[..., c].astype(np.float32) for c, weight in enumerate(_LUMA))
    return red + green + blue


def perceptual_hash(brightness: np.ndarray) -> np.ndarray:
    """Return uint64 (N,) for float32 (N, H, W): bit k is the sign of the k-th lowest frequency."""
    # Averaging to 32 to 63 pixels first also keeps each product so small that BLAS starts no threads, which in forked workers
    # would fight each other (four times slower, measured).
    brightness = _averaged(brightness)
    n, height, width = brightness.shape
    rows, columns = _frequencies()
    side = int(max(rows.max(), columns.max())) + 1
    half = np.matmul(brightness, _cosines(width, side).T)  # (N, H, side)
    spectrum = np.matmul(_cosines(height, side), half)  # (N, side, side)
    positive = spectrum[:, rows, columns] > 0
    packed = np.ascontiguousarray(np.packbits(positive, axis=1, bitorder="little"))
    return packed.view("<u8").reshape(n).astype(np.uint64)


def _averaged(brightness: np.ndarray) -> np.ndarray:
    n, height, width = brightness.shape
    down, across = max(1, height // _ENOUGH), max(1, width // _ENOUGH)
    if down == across == 1:
        return brightness
    height, width = height // down, width // across
    blocks = brightness[:, : height * down, : width * across].reshape(n, height, down, width, across)
    return blocks.mean(axis=4).mean(axis=2)


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return in how many of the 64 bits the hashes differ, as uint8, broadcasting."""
    return np.bitwise_count(np.bitwise_xor(a, b))


def pairs_within(hashes: np.ndarray, radius: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (i, j) int64 arrays with i < j: every pair of the DISTINCT uint64 `hashes` at most `radius` bits apart, each exactly once.

    Pigeonhole (multi-index hashing; Norouzi, Punjani, Fleet, 2012): cut 64 bits into 4 blocks of 16. Two hashes at most r ≤ 7 bits apart
    agree in some block up to ⌊r/4⌋ ≤ 1 bits, so it is enough to look up each hash under its own 16-bit word, and under the 16 words one
    bit away, in four sorted tables. That is O(n log n) for the tables plus the pairs that share a word: 4·17·n²/2¹⁷ for evenly spread
    hashes, or n²/1,900 instead of n²/2; the answer is exact. Pairs are produced table by table, so memory stays O(n) plus one table's
    pairs. Raises ValueError for a radius above 7.
    """
    if not 0 <= radius <= LARGEST_RADIUS:
        raise ValueError(f"radius {radius} must lie between 0 and {LARGEST_RADIUS}")
    hashes = np.asarray(hashes, np.uint64)
    words = [((hashes >> np.uint64(16 * k)) & np.uint64(0xFFFF)).astype(np.int64) for k in range(_BLOCKS)]
    flips = [0] if radius < _BLOCKS else [0, *(1 << bit for bit in range(_BLOCK_BITS))]
    for block, word in enumerate(words):
        order = np.argsort(word, kind="stable")
        starts = np.searchsorted(word[order], np.arange(1 << _BLOCK_BITS))
        ends = np.append(starts[1:], len(order))
        for flip in flips:
            for i, j in _meeting(word, order, starts, ends, flip):
                near = distance(hashes[i], hashes[j]) <= radius
                i, j = i[near], j[near]
                new = _found_here_first(words, block, i, j, 0 if radius < _BLOCKS else 1)
                if new.any():
                    yield np.minimum(i, j)[new], np.maximum(i, j)[new]


def _meeting(
    word: np.ndarray, order: np.ndarray, starts: np.ndarray, ends: np.ndarray, flip: int, at_once: int = 4_000_000
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the pairs whose words differ exactly by `flip`, once per unordered pair, at most about `at_once` together."""
    if flip:
        asking = np.flatnonzero((word & flip) == 0)  # the partner has the bit, so each pair is met once
        first, last = starts[word[asking] ^ flip], ends[word[asking] ^ flip]
    else:
        asking = order
        first, last = np.arange(len(order)) + 1, ends[word[order]]  # partners further down the same bucket
    counts = last - first
    keep = counts > 0
    asking, first, counts = asking[keep], first[keep], counts[keep]
    if not len(asking):
        return
    total = np.cumsum(counts)
    cuts = np.searchsorted(total, np.arange(at_once, total[-1], at_once), side="left") + 1
    for part in np.split(np.arange(len(asking)), np.unique(cuts)):
        if len(part):
            n = counts[part]
            begin = np.repeat(first[part] - np.concatenate(([0], np.cumsum(n)[:-1])), n)
            yield np.repeat(asking[part], n), order[begin + np.arange(n.sum())]


def _found_here_first(words: list[np.ndarray], block: int, i: np.ndarray, j: np.ndarray, slack: int) -> np.ndarray:
    new = np.ones(len(i), bool)
    for earlier in words[:block]:
        new &= np.bitwise_count(earlier[i] ^ earlier[j]) > slack
    return new


@lru_cache(maxsize=1)
def _frequencies() -> tuple[np.ndarray, np.ndarray]:
    """The 64 lowest (row, column) frequencies but the mean, dealt to the bits so that each 16-bit block holds high and low ones."""
    both = [(u * u + v * v, u, v) for u in range(12) for v in range(12) if u + v]
    chosen = sorted(both)[:BITS]
    dealt = [chosen[i] for i in permutation(0, 0, BITS, "perceptual hash")]
    return np.array([u for _, u, _ in dealt]), np.array([v for _, _, v in dealt])


@lru_cache(maxsize=64)
def _cosines(length: int, count: int) -> np.ndarray:
    """float32 (count, length): the cosine basis sampled at pixel centres; frequencies a short side cannot hold stay zero."""
    place = (np.arange(length) + 0.5) * np.pi / length
    basis = np.cos(np.arange(count)[:, None] * place[None, :])
    basis[np.arange(count) >= length] = 0.0
    return basis.astype(np.float32)
