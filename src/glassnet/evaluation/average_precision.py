"""Average precision and recall of weighted pictures: COCO's accumulation, many resamples at a time, for the intervals.

With every weight 1 the figures equal those of faster-coco-eval and pycocotools. Only the places of hits are walked through, because the
best precision at or beyond a recall always stands at a hit. Memory is bounded: weights come in blocks, and blocks are cut further where a
class has many answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glassnet.evaluation.intervals import RESAMPLES, resampled_weights
from glassnet.evaluation.matching import HIT, IGNORED, OVERLAPS, SIZES, Matched
from glassnet.tasks.matching import RECALLS

LIMITS = (1, 10, 100)
"""Answers of a class in a picture that count for AR_1, AR_10 and AR_100."""
AT_50, AT_75 = 0, 5
# Hits times resamples that the intervals of one split may cost: about three seconds on one core of a laptop.
_BUDGET = 100_000_000
_FEWEST = 100
# Numbers held at a time by one step of the accumulation: 8 MB of float64.
_BLOCK = 1_000_000


@dataclass(frozen=True)
class Ranking:
    """All answers of one class in all pictures, surest first.

    `scores` float64 (D,), `pictures` int64 (D,), `rank` int64 (D,): how many surer answers of the class the picture has; `states` int8
    (4, 10, D) as in `Matched`; `things` int64 (4, n): things that count in each picture, by range of area.
    """

    scores: np.ndarray
    pictures: np.ndarray
    rank: np.ndarray
    states: np.ndarray
    things: np.ndarray

    def ap(self, weights: np.ndarray, area: int = 0) -> np.ndarray:
        """Return float64 (b, 10): AP at each overlap from weights (b, n); NaN where no thing has weight."""
        total = weights @ self.things[area]
        found = np.zeros((len(weights), len(OVERLAPS)))
        step = max(1, _BLOCK // max(1, len(self.scores)))
        for start in range(0, len(weights), step):
            part = slice(start, start + step)
            self._fill(found[part], weights[part], total[part], area)
        found[total == 0] = np.nan
        return found

    def recall(self, weights: np.ndarray, limit: int) -> np.ndarray:
        """Return float64 (b,): share of the things found by `limit` answers a picture, mean of the overlaps; NaN without things."""
        hits = (self.states[0] == HIT) & (self.rank < limit)
        found = np.bincount(self.pictures, hits.mean(0), minlength=self.things.shape[1])
        total = weights @ self.things[0]
        return np.divide(weights @ found, total, out=np.full(len(weights), np.nan), where=total > 0)

    def work(self) -> int:
        """Return roughly how many numbers one resample walks through."""
        return int(np.count_nonzero(self.states == HIT)) + int(np.count_nonzero(self.states != IGNORED)) // 5

    def curve(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return recall, precision and threshold at overlap 0.5 after each answer that counts, equal scores together."""
        kept = self.states[0, AT_50] != IGNORED
        hits, scores = np.cumsum(self.states[0, AT_50][kept] == HIT), self.scores[kept]
        ends = np.flatnonzero(np.append(np.diff(scores) != 0, True)) if len(scores) else np.zeros(0, np.int64)
        return hits[ends] / max(1, self.things[0].sum()), hits[ends] / (ends + 1), scores[ends]

    def _fill(self, found: np.ndarray, weights: np.ndarray, total: np.ndarray, area: int) -> None:
        before: np.ndarray | None = None
        passed = np.zeros((0, 0))
        for at, states in enumerate(self.states[area]):
            kept = np.flatnonzero(states != IGNORED)
            places = np.flatnonzero(states[kept] == HIT)
            if not len(places):
                continue
            if before is None or not np.array_equal(before, kept):
                passed, before = np.cumsum(weights[:, self.pictures[kept]], 1), kept
            hits = np.cumsum(weights[:, self.pictures[kept[places]]], 1)
            precision = hits / np.maximum(passed[:, places], np.finfo(np.float64).tiny)
            best = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
            share = hits / np.maximum(total, 1)[:, None]
            reached = np.searchsorted(RECALLS, share.ravel(), side="right").reshape(share.shape)
            found[:, at] = (best * np.diff(reached, axis=1, prepend=0)).sum(1) / len(RECALLS)


@dataclass(frozen=True)
class Samples:
    """Resampled figures: `figures` by name and `per_class` by class number and name, float64 (count,), NaN where a resample has none."""

    figures: dict[str, np.ndarray]
    per_class: dict[int, dict[str, np.ndarray]]
    count: int


def rankings(pictures: Sequence[Matched], classes: int) -> list[Ranking]:
    """Return the ranking of every class over all pictures."""
    return [_ranking(pictures, number) for number in range(classes)]


def affordable(ranked: Sequence[Ranking]) -> int:
    """Return how many resamples the intervals get: 1000, or fewer for large sets, at least 100."""
    work = max(1, sum(ranking.work() for ranking in ranked))
    return next((count for count in (RESAMPLES, 500, 200) if count * work <= _BUDGET), _FEWEST)


def resampled(ranked: Sequence[Ranking], n: int, seed: int, count: int) -> Samples:
    """Return AP, AP50, AP75, AP by size and AR of `count` resamples of n pictures, and AP and AP50 of every class."""
    blocks = [accumulated(ranked, weights) for weights in resampled_weights(n, count, seed, "average precision")]
    figures = {name: np.concatenate([block.figures[name] for block in blocks]) for name in blocks[0].figures}
    per_class = {
        number: {name: np.concatenate([block.per_class[number][name] for block in blocks]) for name in columns}
        for number, columns in blocks[0].per_class.items()
    }
    return Samples(figures, per_class, count)


def accumulated(ranked: Sequence[Ranking], weights: np.ndarray) -> Samples:
    """Return the figures for weights (b, n) of the pictures. A mean is over the classes that have a thing of that size with weight."""
    means = {name: _Mean(len(weights)) for name in ("AP", "AP50", "AP75", *(f"AP_{size}" for size in SIZES))}
    means |= {f"AR_{limit}": _Mean(len(weights)) for limit in LIMITS}
    per_class = {}
    for number, ranking in enumerate(ranked):
        for area, size in enumerate(SIZES, 1):
            if ranking.things[area].any():
                means[f"AP_{size}"].add(ranking.ap(weights, area).mean(1))
        if not ranking.things[0].any():
            continue
        for limit in LIMITS:
            means[f"AR_{limit}"].add(ranking.recall(weights, limit))
        each = ranking.ap(weights)
        columns = {"AP": each.mean(1), "AP50": each[:, AT_50]}
        per_class[number] = columns
        for name, values in (columns | {"AP75": each[:, AT_75]}).items():
            means[name].add(values)
    return Samples({name: mean.values() for name, mean in means.items()}, per_class, len(weights))


class _Mean:
    """The mean over the classes that exist in a resample."""

    def __init__(self, size: int):
        self.sums, self.counts = np.zeros(size), np.zeros(size)

    def add(self, values: np.ndarray) -> None:
        exists = ~np.isnan(values)
        self.sums[exists] += values[exists]
        self.counts += exists

    def values(self) -> np.ndarray:
        return np.divide(self.sums, self.counts, out=np.full(len(self.sums), np.nan), where=self.counts > 0)


def _ranking(pictures: Sequence[Matched], number: int) -> Ranking:
    own = [np.flatnonzero(picture.answers.classes == number) for picture in pictures]
    scores = np.concatenate([picture.answers.scores[rows] for picture, rows in zip(pictures, own, strict=True)])
    places = np.repeat(np.arange(len(pictures)), [len(rows) for rows in own])
    rank = np.concatenate([np.arange(len(rows)) for rows in own])
    states = np.concatenate([picture.states[..., rows] for picture, rows in zip(pictures, own, strict=True)], -1)
    things = np.stack([picture.counted[:, picture.things == number].sum(1) for picture in pictures], 1)
    order = np.argsort(-scores, kind="stable")
    return Ranking(scores[order], places[order], rank[order], states[..., order], things)
