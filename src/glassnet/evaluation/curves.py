"""ROC and precision-recall curves of a binary question, the areas under them, and the operating threshold.

Pictures with the same probability share one threshold, so ties are neither won nor lost. Areas are taken from the whole curve; what is
stored for drawing is thinned to its visible points.
"""

import numpy as np

from glassnet.evaluation.intervals import Z, percentile, resampled_weights, wilson
from glassnet.evaluation.scores import Figure

POINTS = 200


class Ranking:
    """Pictures of a binary question in falling order of the probability of its positive class.

    `scores` float (n,), `positive` bool (n,). Raises ValueError when one of the two classes has no picture: no curve exists then.
    """

    def __init__(self, scores: np.ndarray, positive: np.ndarray):
        self.order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
        self.scores = np.asarray(scores, np.float64)[self.order]
        self.positive = np.asarray(positive, bool)[self.order]
        if self.positive.all() or not self.positive.any():
            raise ValueError("a curve needs pictures of both classes")
        # Last picture of every run of equal probabilities: the only places where a threshold can stand.
        self.ends = np.flatnonzero(np.append(np.diff(self.scores) != 0, True))

    def counts(self, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return hits and false alarms (..., T) at every threshold, from weights (..., n) in the pictures' own order."""
        w = np.ones(len(self.scores)) if weights is None else weights[..., self.order]
        hits = np.cumsum(w * self.positive, -1)[..., self.ends]
        alarms = np.cumsum(w, -1)[..., self.ends] - hits
        return hits, alarms

    def areas(self, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return (area under ROC by trapezoids, average precision), each (...); NaN where a class has no weight.

        Average precision is the sum of precision times the step in recall, without interpolation, as scikit-learn defines it.
        """
        hits, alarms = self.counts(weights)
        zero = np.zeros((*hits.shape[:-1], 1))
        step_hits = np.diff(hits, axis=-1, prepend=zero)
        step_alarms = np.diff(alarms, axis=-1, prepend=zero)
        positives, negatives = hits[..., -1], alarms[..., -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            auc = (step_alarms * (hits - step_hits / 2)).sum(-1) / (positives * negatives)
            precision = hits / (hits + alarms)
            ap = np.where(step_hits > 0, precision * step_hits, 0).sum(-1) / positives
        return auc, ap

    def tables(self) -> dict[str, dict[str, list[float]]]:
        """Return `roc` and `pr` as lists for drawing, thresholds falling, at most about POINTS points each, corners kept."""
        hits, alarms = self.counts()
        positives, negatives = hits[-1], alarms[-1]
        recall, false = np.append(0, hits / positives), np.append(0, alarms / negatives)
        thresholds = np.append(1.0, self.scores[self.ends])
        kept = thinned(false, recall)
        roc = {
            "threshold": thresholds[kept].tolist(),
            "false_positive_rate": false[kept].tolist(),
            "true_positive_rate": recall[kept].tolist(),
        }
        precision = hits / (hits + alarms)
        kept = thinned(recall[1:], precision)
        pr = {
            "threshold": thresholds[1:][kept].tolist(),
            "recall": recall[1:][kept].tolist(),
            "precision": precision[kept].tolist(),
        }
        return {"roc": roc, "pr": pr}


def area_figures(ranking: Ranking, split: str, seed: int, resamples: int) -> dict[str, Figure]:
    """Return `roc_auc` and `average_precision`, with bootstrap intervals over pictures.

    A perfect ranking gives the bootstrap nothing to vary; then the interval is Newcombe's score interval for the area, and for average
    precision Wilson's for the share of positives found.
    """
    auc, ap = (float(area) for area in ranking.areas())
    positives = int(ranking.positive.sum())
    negatives = len(ranking.positive) - positives
    areas: dict[str, Figure] = {}
    if auc in (0.0, 1.0):
        low, high = auc_score_interval(auc, positives, negatives)
        areas = {"roc_auc": Figure(auc, low, high, positives + negatives, split, "score (Newcombe)")}
        if auc == 1.0:
            low, high = wilson(positives, positives)
            areas["average_precision"] = Figure(ap, min(low, ap), max(high, ap), positives, split, "wilson")
            return areas
    samples = [ranking.areas(w) for w in resampled_weights(positives + negatives, resamples, seed, "curves")]
    found = {}
    for name, value, column in (("roc_auc", auc, 0), ("average_precision", ap, 1)):
        try:
            low, high = percentile(np.concatenate([block[column] for block in samples]), value)
        except ValueError:
            continue  # two pictures or three: most resamples hold one class alone, and a figure without interval is none
        found[name] = Figure(value, low, high, positives + negatives, split, "bootstrap")
    return found | areas


def auc_score_interval(auc: float, positives: int, negatives: int) -> tuple[float, float]:
    """Return the score interval of an area under ROC (Newcombe 2006, Stat. Med. 25:559, method 5).

    The limits are the areas whose own standard error, by Hanley and McNeil's formula with both group sizes set to their mean, puts the
    observed area Z of them away.
    """
    extra = (positives + negatives) / 2 - 1

    def too_far(theta: float) -> bool:
        variance = (
            theta
            * (1 - theta)
            * (1 + extra * (1 - theta) / (2 - theta) + extra * theta / (1 + theta))
            / (positives * negatives)
        )
        return (auc - theta) ** 2 > Z**2 * variance

    return _border(too_far, 0.0, auc), _border(too_far, 1.0, auc)


def best_threshold(scores: np.ndarray, positive: np.ndarray, goal: str) -> tuple[float, float]:
    """Return (threshold, figure reached) where `goal` (balanced_accuracy, f1 or accuracy) is highest; answers are `score >= threshold`.

    The threshold lies in the middle between two neighbouring probabilities, so that rounding cannot move a picture over it; of equals, the
    one nearest 0.5 is taken.
    """
    ranking = Ranking(scores, positive)
    hits, alarms = ranking.counts()
    positives, negatives = hits[-1], alarms[-1]
    reached = {
        "balanced_accuracy": (hits / positives + 1 - alarms / negatives) / 2,
        "f1": 2 * hits / (hits + alarms + positives),
        "accuracy": (hits + negatives - alarms) / (positives + negatives),
    }[goal]
    steps = ranking.scores[ranking.ends]
    middles = (steps + np.append(steps[1:], 0.0)) / 2
    best = np.flatnonzero(reached >= reached.max() - 1e-12)
    chosen = best[np.argmin(np.abs(middles[best] - 0.5))]
    return float(middles[chosen]), float(reached[chosen])


def _border(too_far, outside: float, inside: float) -> float:
    for _ in range(80):
        middle = (outside + inside) / 2
        if too_far(middle):
            outside = middle
        else:
            inside = middle
    return inside


def thinned(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Indices of at most about POINTS points, evenly spaced along the drawn curve, both ends kept."""
    if len(x) <= POINTS:
        return np.arange(len(x))
    length = np.append(0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    places = np.linspace(0, length[-1], POINTS)
    return np.unique(np.append(np.searchsorted(length, places).clip(0, len(x) - 1), [0, len(x) - 1]))
