"""From matched pictures to scores: what boxes and masks have in common.

Values of AP and AR come from faster-coco-eval, counts at the operating threshold from the same matching. Intervals are resampled over
pictures, those of AP also reflected (`intervals.reflected_share` says why). Where resampling has nothing to vary (every resample gives the
same, as with perfect answers), the interval is Wilson's for a rate over the pictures, so that few pictures leave their doubt.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from glassnet.errors import DataError
from glassnet.evaluation.average_precision import (
    AT_50,
    AT_75,
    LIMITS,
    Ranking,
    affordable,
    rankings,
    resampled,
)
from glassnet.evaluation.box_errors import KINDS, Judged, counts_by_class, judged
from glassnet.evaluation.coco import coco_ap
from glassnet.evaluation.curves import thinned
from glassnet.evaluation.intervals import RESAMPLES, percentile, reflected_share, resampled_weights, wilson
from glassnet.evaluation.matching import MOST, OVERLAPS, SIZES, Matched, Region
from glassnet.evaluation.scores import Figure, Scores

# Intervals from fewer pictures are mostly too narrow; said aloud below this many.
_FEW = 10
_SIDES = {"small": "smaller than 32 × 32", "medium": "of 32 × 32 to 96 × 96", "large": "larger than 96 × 96"}
_NAMED = 6


@dataclass(frozen=True)
class Split:
    """What every figure of a split shares: its name, the operating threshold, the seed and number of resamples, the number of pictures."""

    name: str
    threshold: float
    seed: int
    resamples: int
    n: int

    def figure(
        self, value: float, samples: np.ndarray, n: int, threshold: float | None = None, pushed: bool = False
    ) -> Figure:
        """Return a figure that rests on n pictures, with the interval of its samples (count,), NaN where a resample has none.

        `pushed` is for figures that resampling itself makes larger (`intervals.reflected_share`).
        """
        exist = samples[np.isfinite(samples)]
        value = float(value)
        if 2 * exist.size >= samples.size and exist.size and np.ptp(exist) > 1e-12:
            low, high = reflected_share(samples, value, self.n) if pushed else percentile(samples, value)
            method = "bootstrap" if self.resamples == RESAMPLES else f"bootstrap ({self.resamples})"
        else:
            low, high = wilson(min(value, 1.0) * n, n)
            low, high, method = min(low, value), max(high, value), "wilson"
        return Figure(value, low, high, int(n), self.name, method, threshold)

    def sums(self, values: np.ndarray, purpose: str) -> np.ndarray:
        """Return the sums over pictures of values (n, …) in every resample, float64 (count, …)."""
        flat = values.reshape(self.n, -1).astype(np.float64)
        blocks = [w @ flat for w in resampled_weights(self.n, self.resamples, self.seed, purpose)]
        return np.concatenate(blocks).reshape(-1, *values.shape[1:])


def thing_scores(
    pictures: Iterable[Matched],
    classes: Sequence[str],
    split: str,
    task: str,
    region: Region,
    *,
    threshold: float,
    seed: int = 0,
    rows: np.ndarray | None = None,
    resamples: int | None = None,
) -> tuple[Scores, list[Matched], Split]:
    """Return the scores of matched pictures, the pictures, and what its figures share, for a task that has more to say.

    Raises DataError for no pictures or pictures without a thing, ValueError for rows that do not fit.
    """
    pictures = list(pictures)
    _check(pictures, split, rows)
    ranked = rankings(pictures, len(classes))
    about = Split(split, float(threshold), seed, resamples or affordable(ranked), len(pictures))
    ap, recall = coco_ap(pictures, len(classes), region)
    counts = np.stack([counts_by_class(picture, threshold, len(classes)) for picture in pictures])
    figures, per_class = _ap_figures(ap, recall, ranked, about, classes)
    counts = np.concatenate([counts, counts.sum(2, keepdims=True)], 2)
    sums = about.sums(counts, "counts of things")
    figures |= _count_figures(counts[:, :, -1], sums[:, :, -1], about)
    for number, name in enumerate(classes):
        own = _count_figures(counts[:, :, number], sums[:, :, number], about)
        per_class[name] = per_class.get(name, {}) | own
    answers = [judged(picture, threshold) for picture in pictures]
    tables = {
        **_picture_tables(answers, np.arange(len(pictures)) if rows is None else np.asarray(rows)),
        "precision_recall": {
            name: _curve(ranking) for name, ranking in zip(classes, ranked, strict=True) if _any(ranking)
        },
        "ap_by_overlap": {
            "overlap": OVERLAPS.round(2).tolist(),
            "ap": np.nanmean(ap[:, 0], 0).tolist(),
        },
        "things": {name: int(ranking.things[0].sum()) for name, ranking in zip(classes, ranked, strict=True)},
        "threshold": about.threshold,
        "overlap": float(OVERLAPS[AT_50]),
        "resamples": about.resamples,
    }
    warnings = _warnings(pictures, ranked, classes, figures, answers, about)
    per_class = {name: row for name, row in per_class.items() if row}
    return Scores(task, split, "AP50", figures, per_class, tables=tables, warnings=warnings), pictures, about


def _check(pictures: list[Matched], split: str, rows: np.ndarray | None) -> None:
    if not pictures:
        raise DataError(f"There are no pictures in {split}, so nothing can be scored.")
    if rows is not None and len(rows) != len(pictures):
        raise ValueError(f"{len(rows)} rows for {len(pictures)} pictures")
    if not any((~picture.crowd).any() for picture in pictures):
        raise DataError(
            f"None of the {len(pictures):,} pictures in {split} shows a thing that counts, so there is no average precision. "
            "Put pictures with things into that split, or let the split be drawn anew."
        )


def _any(ranking: Ranking) -> bool:
    return bool(ranking.things[0].any())


def _ap_figures(
    ap: np.ndarray, recall: np.ndarray, ranked: list[Ranking], about: Split, classes: Sequence[str]
) -> tuple[dict[str, Figure], dict[str, dict[str, Figure]]]:
    """Return the figures over all classes and those of each class; a figure without things to take it from is left out."""
    samples = resampled(ranked, about.n, about.seed, about.resamples)
    values = {"AP": ap[:, 0], "AP50": ap[:, 0, AT_50], "AP75": ap[:, 0, AT_75]}
    values |= {f"AP_{size}": ap[:, area] for area, size in enumerate(SIZES, 1)}
    values |= {f"AR_{limit}": recall[:, place] for place, limit in enumerate(LIMITS)}
    shown = {f"AP_{size}": _with_things(ranked, area) for area, size in enumerate(SIZES, 1)}
    figures = {
        name: about.figure(
            float(np.nanmean(each)), samples.figures[name], shown.get(name, about.n), pushed=name.startswith("AP")
        )
        for name, each in values.items()
        if np.isfinite(each).any()
    }
    per_class = {}
    for number, columns in samples.per_class.items():
        n = int(np.count_nonzero(ranked[number].things[0]))
        own = {"AP": ap[number, 0].mean(), "AP50": ap[number, 0, AT_50]}
        per_class[classes[number]] = {
            name: about.figure(value, columns[name], n, pushed=True) for name, value in own.items()
        }
    return figures, per_class


def _with_things(ranked: list[Ranking], area: int) -> int:
    return int(np.count_nonzero(sum(ranking.things[area] for ranking in ranked)))


def _count_figures(counts: np.ndarray, sums: np.ndarray, about: Split) -> dict[str, Figure]:
    """Return precision, recall and F1 at the threshold from hits, false alarms and misses: `counts` (n, 3) by picture, `sums` (count, 3)
    by resample. Without answers there is no precision, without things no recall.
    """
    found = {}
    for name, parts, whole in (
        ("precision", (1, 0, 0), (1, 1, 0)),
        ("recall", (1, 0, 0), (1, 0, 1)),
        ("f1", (2, 0, 0), (2, 1, 1)),
    ):
        below = counts @ np.array(whole)
        if not below.any():
            continue
        drawn = sums @ np.array(whole)
        samples = np.divide(sums @ np.array(parts), drawn, out=np.full(len(sums), np.nan), where=drawn > 0)
        value = (counts @ np.array(parts)).sum() / below.sum()
        found[name] = about.figure(value, samples, int(np.count_nonzero(below)), about.threshold)
    return found


def _picture_tables(answers: list[Judged], rows: np.ndarray) -> dict:
    """Return `errors` (counts over all pictures), `pictures` (each with its counts and kinds) and `worst` (all, the worst first)."""
    counts = [answer.counts for answer in answers]
    pictures = [
        {
            "row": int(row),
            "score": answer.score,
            **each,
            "kinds": list(answer.kinds),
            "places": list(answer.places),
            "missed_things": list(answer.missed),
        }
        for row, answer, each in zip(rows, answers, counts, strict=True)
    ]
    order = sorted(range(len(answers)), key=lambda i: (answers[i].score, -sum(counts[i][kind] for kind in KINDS[1:])))
    worst = [{key: pictures[i][key] for key in ("row", "score", *KINDS)} for i in order]
    errors = {kind: sum(each[kind] for each in counts) for kind in KINDS}
    return {"errors": errors, "pictures": pictures, "worst": worst}


def _curve(ranking: Ranking) -> dict[str, list[float]]:
    recall, precision, threshold = ranking.curve()
    if not len(recall):
        return {"recall": [], "precision": [], "threshold": []}
    kept = thinned(recall, precision)
    return {
        "recall": recall[kept].tolist(),
        "precision": precision[kept].tolist(),
        "threshold": threshold[kept].tolist(),
    }


def _warnings(
    pictures: list[Matched],
    ranked: list[Ranking],
    classes: Sequence[str],
    figures: dict[str, Figure],
    answers: list[Judged],
    about: Split,
) -> tuple[str, ...]:
    found = []
    absent = [name for name, ranking in zip(classes, ranked, strict=True) if not _any(ranking)]
    if absent:
        found.append(
            f"{about.name} shows no {_listed(absent)}: no AP for it, and the means are over the other classes."
        )
    missing = [size for size in SIZES if f"AP_{size}" not in figures]
    if missing:
        sizes = " or ".join(f"{_SIDES[size]} pixels" for size in missing)
        found.append(f"No thing in {about.name} is {sizes}, so there is no {' or '.join(f'AP_{s}' for s in missing)}.")
    if not any(answer.kinds for answer in answers):
        found.append(
            f"No answer reaches the threshold {about.threshold:.2f}: nothing would be drawn, and there is no precision."
        )
    few = [name for name, r in zip(classes, ranked, strict=True) if 0 < np.count_nonzero(r.things[0]) < _FEW]
    if about.n < _FEW:
        many = "1 picture" if about.n == 1 else f"{about.n} pictures"
        found.append(f"{about.name} has {many}. Intervals from so few are too narrow; add pictures.")
    elif few:
        found.append(
            f"Fewer than {_FEW} pictures in {about.name} show {_listed(few)}: intervals from so few are too narrow."
        )
    rare = [size for size in SIZES if f"AP_{size}" in figures and figures[f"AP_{size}"].n < _FEW]
    if rare and about.n >= _FEW:
        found.append(
            f"Fewer than {_FEW} pictures in {about.name} hold {' or '.join(rare)} things: do not build on their AP."
        )
    crowded = sum(bool((np.bincount(p.things[~p.crowd], minlength=1) > MOST).any()) for p in pictures)
    if crowded:
        found.append(
            f"{crowded:,} {'picture holds' if crowded == 1 else 'pictures hold'} more than {MOST} things of one class, "
            f"and only the {MOST} surest answers in a picture count (COCO's rule)."
        )
    return tuple(found)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
