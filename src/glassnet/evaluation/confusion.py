"""The confusion matrix: counting it, the figures that follow from it, and their resampling by cells instead of by pictures.

Drawing n pictures with replacement changes the matrix as a multinomial draw over its cells does, so a resample costs as much as there are
cells in use, however many pictures there are.
"""

from dataclasses import dataclass

import numpy as np

from glassnet.randomness import generator

# Pictures of pretence mixed into every resample, half of them wrong: z²/2 ≈ 2 of each, as Agresti and Coull (1998, Am. Stat. 52:119) add
# them to a rate. Without them a matrix without a mistake would never make one, and its interval would have no width.
PRETENDED = 4.0
_CHUNK = 2_000_000


@dataclass(frozen=True)
class Margins:
    """What every figure needs of a matrix, or of B resampled ones: `hits`, `truths`, `answers`, each float64 (..., K)."""

    hits: np.ndarray
    truths: np.ndarray
    answers: np.ndarray

    @property
    def n(self) -> np.ndarray:
        """Number of pictures, (...)."""
        return self.truths.sum(-1)


def confusion(targets: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """Return int64 (K, K): row is the truth, column the answer."""
    codes = np.asarray(targets, np.int64) * classes + np.asarray(answers, np.int64)
    return np.bincount(codes, minlength=classes * classes).reshape(classes, classes)


def margins(matrix: np.ndarray) -> Margins:
    """Return the margins of one matrix (K, K)."""
    matrix = np.asarray(matrix, np.float64)
    return Margins(np.diagonal(matrix).copy(), matrix.sum(1), matrix.sum(0))


def resampled_margins(matrix: np.ndarray, count: int, seed: int) -> Margins:
    """Return the margins of `count` resampled matrices, arrays (count, K); each holds as many pictures as the matrix."""
    classes = len(matrix)
    total = int(matrix.sum())
    truth, answer = np.nonzero(matrix)
    shares = matrix[truth, answer] / total
    source = generator(seed, 0, "bootstrap confusion")
    pretended = (
        source.binomial(total, PRETENDED / (total + PRETENDED), size=count) if classes > 1 else np.zeros(count, int)
    )
    found = Margins(*(np.zeros((count, classes)) for _ in range(3)))
    right = np.flatnonzero(truth == answer)
    by_truth, by_answer = _indicator(truth, classes), _indicator(answer, classes)
    block = max(1, _CHUNK // len(shares))
    for start in range(0, count, block):
        rows = slice(start, min(start + block, count))
        cells = source.multinomial(total - pretended[rows], shares).astype(np.float64)
        found.hits[rows, truth[right]] = cells[:, right]
        found.truths[rows] = cells @ by_truth
        found.answers[rows] = cells @ by_answer
    _pretend(found, pretended, matrix.sum(1) / total, source)
    return found


def _indicator(codes: np.ndarray, classes: int) -> np.ndarray:
    return (codes[:, None] == np.arange(classes)[None, :]).astype(np.float64)


def _pretend(found: Margins, counts: np.ndarray, shares: np.ndarray, source: np.random.Generator) -> None:
    """Add the pretended pictures: their truth is drawn like the real ones, every second one is given to some other class."""
    row = np.repeat(np.arange(len(counts)), counts)
    classes = len(shares)
    truth = source.choice(classes, size=len(row), p=shares)
    wrong = source.random(len(row)) < 0.5
    answer = np.where(wrong, (truth + 1 + source.integers(0, max(classes - 1, 1), len(row))) % classes, truth)
    np.add.at(found.truths, (row, truth), 1)
    np.add.at(found.answers, (row, answer), 1)
    np.add.at(found.hits, (row[~wrong], truth[~wrong]), 1)


def figures_of(m: Margins) -> dict[str, np.ndarray]:
    """Return the figures that average over classes, each (...) like the margins without their last axis.

    Averages run over the classes that have pictures. A class that was never given as an answer has precision 0, as scikit-learn counts it.
    `mcc` is Gorodkin's many-class correlation (2004, Comput. Biol. Chem. 28:367); 0 where all answers or all truths are one class.
    """
    present = m.truths > 0
    recall = _ratio(m.hits, m.truths)
    precision = _ratio(m.hits, m.answers)
    f1 = _ratio(2 * m.hits, m.truths + m.answers)
    kinds = np.maximum(present.sum(-1), 1)
    shares = m.truths / np.maximum(m.n, 1)[..., None]
    found = {}
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        found[f"{name}_macro"] = np.where(present, values, 0).sum(-1) / kinds
        found[f"{name}_weighted"] = (values * shares).sum(-1)
    n = m.n
    shared = m.hits.sum(-1) * n - (m.truths * m.answers).sum(-1)
    spread = (n**2 - (m.answers**2).sum(-1)) * (n**2 - (m.truths**2).sum(-1))
    found["mcc"] = np.clip(_ratio(shared, np.sqrt(np.maximum(spread, 0))), -1, 1)
    return found


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    above, below = np.asarray(above, np.float64), np.asarray(below, np.float64)
    return np.divide(above, below, out=np.zeros(np.broadcast_shapes(above.shape, below.shape)), where=below > 0)
