"""From what the network says to scores, temperature, threshold, trivial models and verdict: what `train` does for validation and `eval` for
the sealed test set.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.data.frames import frames
from glassnet.data.truths import Truth, truths
from glassnet.evaluation import measure
from glassnet.evaluation.baselines import near
from glassnet.evaluation.scores import Scores
from glassnet.evaluation.verdict import Verdict, verdict
from glassnet.pipeline.prepare import Prepared
from glassnet.recipe import Recipe

_TRAIN_SAMPLE = 2000  # enough to see a gap of a few points; a second look at every training picture would cost an epoch
_DENSE_SAMPLE = 300  # boxes and masks take longer to score than classes


@dataclass(frozen=True)
class Measured:
    """What validation says: `scores` (None without pictures), and what was chosen on it: a temperature, and an operating threshold.

    `marks` float32 (n,) say how right each picture of the split is, in [0, 1] and in the order of the split's rows.
    """

    scores: Scores | None = None
    temperature: float = 1.0
    threshold: float | None = None
    verdict: Verdict | None = None
    marks: np.ndarray | None = None


class Simple:
    """What answers without a network reach, kept for further runs over the same pictures, targets and split: it depends on those alone."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], Any] = {}

    def of(self, split: str, seed: int, make: Callable[[], Any]) -> Any:
        """Return what `make` gives for a split and a seed, which draws what is compared with; made once."""
        if (split, seed) not in self._kept:
            self._kept[split, seed] = make()
        return self._kept[split, seed]


def measure_split(
    prepared: Prepared,
    recipe: Recipe,
    network: Any,
    task: Any,
    targets: np.ndarray,
    split: str,
    history: Any,
    command: str = "",
    simple: Simple | None = None,
) -> Measured:
    """Return what one split says of a network, and choose temperature and threshold on it. `simple` as for `scored`."""
    from glassnet.evaluation.calibration import fit_temperature
    from glassnet.training.answers import answers

    rows = prepared.lock.rows(split)
    if not len(rows):
        return Measured()
    classes, views, pixels = prepared.catalog.classes, recipe.train.views or "one", prepared.store.pixels
    read = answers(network, task, pixels, rows, views)
    temperature = fit_temperature(read, targets[rows]) if task.one_class else 1.0
    threshold = task.threshold(read, targets[rows])
    known = None if task.one_class else truths(prepared.catalog, prepared.store, prepared.lock.train)
    scores = scored(prepared, recipe, task, targets, split, read, temperature, threshold, known, simple)
    sample, most = prepared.lock.train, _TRAIN_SAMPLE if task.one_class else _DENSE_SAMPLE
    if len(sample) > most:
        places = np.linspace(0, len(sample) - 1, most).astype(np.int64)
        sample, known = sample[places], known and [known[place] for place in places]
    told = answers(network, task, pixels, sample, views)
    options = {} if known is None else {"truths": known, "frames": frames(prepared.store, sample)}
    seen = measure(task, told, targets[sample], classes, "train", threshold=threshold, **options)
    found = verdict(history, seen, scores, scores.trivial, recipe, command)
    marks = task.per_picture(read, targets[rows]).astype(np.float32)
    return Measured(scores, temperature, threshold, found, marks)


def scored(
    prepared: Prepared,
    recipe: Recipe,
    task: Any,
    targets: np.ndarray,
    split: str,
    read: np.ndarray,
    temperature: float,
    threshold: float | None = None,
    train_truths: list[Truth] | None = None,
    simple: Simple | None = None,
) -> Scores:
    """Return the scores of one split beside what answers without a network reach on it.

    A dense task is scored against truths in original pixels. `train_truths` are those of the training rows, where they are at hand, and
    `simple` what other runs over the same pictures found already.
    """
    from glassnet.evaluation import arithmetic

    rows, classes, train = prepared.lock.rows(split), prepared.catalog.classes, prepared.lock.train
    options: dict[str, Any] = {}
    known: dict[str, Any] = {}
    if not task.one_class:
        catalog, store = prepared.catalog, prepared.store
        options = {"truths": truths(catalog, store, rows), "frames": frames(store, rows)}
        known = {"train_truths": train_truths or truths(catalog, store, train), "train_frames": frames(store, train)}
    seed = recipe.train.seed
    scores = measure(
        task, read, targets[rows], classes, split,
        seed=seed, temperature=temperature, threshold=threshold, rows=rows, **options,
    )  # fmt: skip

    def make() -> Any:
        return task.trivial(
            arithmetic, split,
            pixels=prepared.store.pixels, targets=targets, train_rows=train, rows=rows, classes=classes, seed=seed, **options, **known,
        )  # fmt: skip

    found = (simple or Simple()).of(split, seed, make)
    return scores.with_trivial(found, (*near(scores.main, found), *getattr(found, "notes", ())))
