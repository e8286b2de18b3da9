"""Randomness as a function of (seed, epoch, example, purpose), never a stream.

Worker counts, batch boundaries, resumes and plug-ins therefore cannot change what an example receives. The mixing function is
SplitMix64's finaliser (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014), applied to a keyed counter.
"""

import hashlib

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def key(seed: int, epoch: int, purpose: str) -> int:
    """Return the 64-bit key of one (seed, epoch, purpose). Stable across versions, machines and processes."""
    text = f"{seed}\0{epoch}\0{purpose}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def _mix(words: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        words = (words ^ (words >> np.uint64(30))) * _MIX_1
        words = (words ^ (words >> np.uint64(27))) * _MIX_2
    return words ^ (words >> np.uint64(31))


def words(seed: int, epoch: int, examples: np.ndarray, purpose: str, count: int = 1) -> np.ndarray:
    """Return uint64 words of shape (len(examples), count): `count` independent draws for every example id."""
    start = np.uint64(key(seed, epoch, purpose))
    with np.errstate(over="ignore"):
        rows = _mix(start + (np.asarray(examples, np.uint64) + np.uint64(1)) * _GOLDEN)[:, None]
        columns = (np.arange(count, dtype=np.uint64) + np.uint64(1)) * _MIX_1
        return _mix(rows + columns[None, :] * _GOLDEN)


def uniform(seed: int, epoch: int, examples: np.ndarray, purpose: str, count: int = 1) -> np.ndarray:
    """Return float64 in [0, 1) of shape (len(examples), count); 53 random bits each."""
    return (words(seed, epoch, examples, purpose, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def permutation(seed: int, epoch: int, n: int, purpose: str) -> np.ndarray:
    """Return an int64 permutation of range(n): the order in which examples are visited, equal for any number of workers."""
    return np.argsort(words(seed, epoch, np.arange(n), purpose)[:, 0], kind="stable")


def generator(seed: int, epoch: int, purpose: str) -> np.random.Generator:
    """Return a NumPy generator (Philox) of its own for one purpose, where draws by example make no sense (a bootstrap)."""
    return np.random.Generator(np.random.Philox(key=key(seed, epoch, purpose)))
