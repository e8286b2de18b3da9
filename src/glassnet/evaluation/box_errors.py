"""What went wrong with each answer and each thing at the operating threshold, in the spirit of TIDE (Bolya et al. 2020, ECCV).

Found and missed together are all things of the truth. Found, background, wrong class, badly placed and double together are all answers
given, but for those excused because they lie in a crowd. TIDE itself weighs each kind by the AP it costs; here they are counted, because a
count can be looked at picture by picture.
"""

from dataclasses import dataclass

import numpy as np

from glassnet.evaluation.average_precision import AT_50
from glassnet.evaluation.matching import HIT, IGNORED, Matched
from glassnet.tasks.matching import HALF

KINDS = ("found", "missed", "background", "wrong_class", "badly_placed", "double")
EXCUSED = "excused"
# An answer that overlaps every thing by less than this is about nothing (TIDE's background threshold).
TOUCHES = 0.1


@dataclass(frozen=True)
class Judged:
    """One picture at the operating threshold: `kinds` of the answers given, surest first, `places` of those in the answer's own order,
    and the things that were `missed`, by their place in truth.
    """

    kinds: tuple[str, ...]
    places: tuple[int, ...]
    missed: tuple[int, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind of KINDS."""
        return {kind: len(self.missed) if kind == "missed" else self.kinds.count(kind) for kind in KINDS}

    @property
    def score(self) -> float:
        """F1 of the picture in [0, 1]; 1 where nothing is there and nothing was found."""
        right = self.kinds.count("found")
        wrong = len(self.kinds) - self.kinds.count(EXCUSED) - right
        total = 2 * right + wrong + len(self.missed)
        return 2 * right / total if total else 1.0


def judged(picture: Matched, threshold: float) -> Judged:
    """Return what each answer with a score >= `threshold` is, and which things none of them found, at overlap 0.5."""
    given = np.flatnonzero(picture.answers.scores >= threshold)
    states, taken = picture.states[0, AT_50], picture.taken[0, AT_50]
    found = taken[given][states[given] == HIT]
    kinds = tuple(
        "found" if states[d] == HIT else EXCUSED if states[d] == IGNORED else _kind(picture, int(d)) for d in given
    )
    missed = np.setdiff1d(np.flatnonzero(~picture.crowd), found)
    return Judged(kinds, tuple(picture.answers.order[given].tolist()), tuple(missed.tolist()))


def counts_by_class(picture: Matched, threshold: float, classes: int) -> np.ndarray:
    """Return int64 (3, K): hits, false alarms and misses of each class at overlap 0.5 and this threshold."""
    given = picture.answers.scores >= threshold
    states, names = picture.states[0, AT_50], picture.answers.classes
    hits = np.bincount(names[given & (states == HIT)], minlength=classes)
    false = np.bincount(names[given & (states != HIT) & (states != IGNORED)], minlength=classes)
    things = np.bincount(picture.things[~picture.crowd], minlength=classes)
    return np.stack([hits, false, things - hits])


def _kind(picture: Matched, d: int) -> str:
    """Name what a false answer is. The first that holds: double, wrong class, badly placed (with a thing of any class), background."""
    overlap = np.where(picture.crowd, 0.0, picture.ious[d])
    own = picture.things == picture.answers.classes[d]
    if (overlap[own] >= HALF).any():
        return "double"
    if (overlap >= HALF).any():
        return "wrong_class"
    return "badly_placed" if (overlap >= TOUCHES).any() else "background"
