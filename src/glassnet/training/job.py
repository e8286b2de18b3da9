"""What training is asked to do, and what it gives back."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.choice import Choice
from glassnet.recipe import Recipe
from glassnet.training.history import History


@dataclass(frozen=True)
class Job:
    """One training run.

    `recipe` has every field of train and augment resolved, except those the machine decides (device, precision, threads) and epochs where
    `minutes` is set. `network` is a torch module as `networks.build` gives it, `task` what the tasks room gives. `pixels` uint8
    (n, H, W, C) and `targets` (n, …) hold every example; `train_rows` and `validation_rows` int64 say who is in which split.
    `folder` is the run folder: `history.csv` and `checkpoint/` are written there. `resume` goes on from its checkpoint.
    """

    recipe: Recipe
    network: Any
    task: Any
    pixels: np.ndarray
    targets: np.ndarray
    train_rows: np.ndarray
    validation_rows: np.ndarray
    folder: Path
    resume: bool = False
    classes: int | None = None
    """Number of classes, for class weights and mixup; None: as many as the network names."""
    checkpoint_every_seconds: float = 30.0
    """How much work a crash may cost; 0 saves after every step."""
    spent_seconds: float = 0.0
    """What is gone of `train.minutes` already: imports, the picture store, the audit."""
    plans: tuple[tuple[int, int, int], ...] = ()
    """Plans of another run to follow, as `Progress.plans`: what a clock decided there is done here without one."""


@dataclass(frozen=True)
class Fitted:
    """What came out. The job's network holds the weights of `best_epoch` (counted from 1) and is in evaluation mode.

    `reason` says in words why training ended and which epoch was kept, `choices` what the machine and the clock decided, `steps` how many
    steps were taken.
    """

    history: History
    best_epoch: int
    reason: str
    choices: list[Choice] = field(default_factory=list)
    steps: int = 0
