"""Which examples an epoch visits, and in what order: shuffled, balanced by class, or without the easy ones.

Every order is a function of (seed, epoch) and of what is in it; workers, processes and resumes all compute the same one.
"""

import numpy as np

from glassnet import randomness
from glassnet.errors import DataError

# The first and last tenth of training see everything: losses mean little at first, and the end should see the data as it is.
SKIP_FROM, SKIP_UNTIL = 0.1, 0.9


def order(rows: np.ndarray, targets: np.ndarray | None, seed: int, epoch: int, balanced: bool = False) -> np.ndarray:
    """Return the rows of one epoch, int64 (len(rows),), in the order of visit.

    `rows` int64 (N,) are the training rows; `targets` int64 (N,) their classes in the same order, needed when balanced. Shuffled: each
    row once. Balanced: every class that occurs gets N // K or N // K + 1 places (the odd places wander from class to class with the
    epoch); within a class, rows take turns, so that none is seen twice more often than another, across epochs too.
    """
    rows = np.asarray(rows, np.int64)
    if balanced:
        if targets is None or len(targets) != len(rows):
            raise DataError(
                "Balanced sampling needs one class for every training picture; this task has none to offer."
            )
        rows = _balanced(rows, np.asarray(targets), seed, epoch)
    return rows[randomness.permutation(seed, epoch, len(rows), "sampling.order")]


def _balanced(rows: np.ndarray, targets: np.ndarray, seed: int, epoch: int) -> np.ndarray:
    present = np.unique(targets)
    share, odd = divmod(len(rows), len(present))
    chosen = []
    for k, name in enumerate(present):
        members = rows[targets == name]
        # Places taken before this epoch, counting the odd ones class k was given: the class is read on from there, lap by lap.
        before = epoch * share + _odd_places(k, epoch, odd, len(present))
        count = share + _odd_places(k, epoch + 1, odd, len(present)) - _odd_places(k, epoch, odd, len(present))
        places = np.arange(before, before + count)
        for lap in np.unique(places // len(members)):
            turn = randomness.permutation(seed, int(lap), len(members), f"sampling.class.{int(name)}")
            chosen.append(members[turn[places[places // len(members) == lap] % len(members)]])
    return np.concatenate(chosen) if chosen else rows


def _odd_places(k: int, epochs: int, odd: int, classes: int) -> int:
    """How many odd places class k got in `epochs` epochs when they are dealt around the classes one after the other."""
    dealt = epochs * odd
    return dealt // classes + (1 if dealt % classes > k else 0)


def without_easy(visit: np.ndarray, losses: np.ndarray, share: float, progress: float) -> np.ndarray:
    """Leave out the `share` of an epoch's rows whose last loss was smallest, in the middle of training.

    `visit` int64 (N,) is the epoch's order, `losses` float (every row of the data) the last loss of each row, NaN where none is known
    (such rows stay), `progress` in [0, 1) how much of training is done. The order of the rest is kept.
    """
    if not share or not SKIP_FROM <= progress < SKIP_UNTIL:
        return visit
    last = losses[visit]
    known = np.flatnonzero(~np.isnan(last))
    leave = min(int(share * len(visit)), len(known))
    easiest = known[np.argsort(last[known], kind="stable")[:leave]]
    return np.delete(visit, easiest)


def class_weights(counts: np.ndarray) -> np.ndarray:
    """Return float32 (K,): n / (K · count) over the K classes that occur, 0 for absent ones; the mean over all n counted is 1.

    `counts` float64 (K,) says how often each class occurs among n pictures, things or pixels.
    """
    counts = np.asarray(counts, np.float64)
    present = counts > 0
    weights = np.zeros(len(counts))
    weights[present] = counts.sum() / (present.sum() * counts[present])
    return weights.astype(np.float32)
