"""Answers become scores with intervals, and scores become a verdict. NumPy only."""

from typing import Any

import numpy as np

from glassnet.evaluation.scores import Figure, Scores, rate, scores_from_dict
from glassnet.tasks.contract import Task


def measure(
    task: Task, outputs: np.ndarray, targets: np.ndarray, classes: tuple[str, ...], split: str, **options: Any
) -> Scores:
    """Return the scores of one split: the task names the figures it needs, the arithmetic of this room takes them.

    `options` go to the task's `scores` (for classify: seed, temperature, threshold, rows, positive, resamples).
    """
    from glassnet.evaluation import arithmetic

    return task.scores(outputs, targets, classes, split, arithmetic, **options)


__all__ = ["Figure", "Scores", "measure", "rate", "scores_from_dict"]
