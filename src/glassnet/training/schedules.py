"""Learning-rate schedules as pure functions of (settings, step, steps): nothing to save, nothing to resume.

`plateau` alone looks at the past. Its factor is a pure function of the validation scores so far, which the history keeps anyway.
"""

import math
from collections.abc import Sequence
from typing import Protocol

from glassnet.errors import RecipeError


class RateSettings(Protocol):
    """The fields of `TrainRecipe` that a schedule reads, every one resolved (no None)."""

    @property
    def lr(self) -> float | None:
        """Highest rate of the schedule."""
        ...

    @property
    def schedule(self) -> str | None:
        """Name of the schedule."""
        ...

    @property
    def warmup(self) -> float:
        """Share of all steps over which the rate rises from zero."""
        ...


# One cycle after Smith and Topin (arXiv:1708.07120) and Smith (arXiv:1803.09820): straight up from a tenth of the rate and straight down
# again in two halves of equal length, then a short last stretch far below the start. Their momentum cycle is not taken over: it is a
# remedy for plain SGD at rates near divergence.
ONE_CYCLE_HALF = 0.45
ONE_CYCLE_START = 1 / 10
ONE_CYCLE_END = 1 / 1000


def rate(settings: RateSettings, step: int, steps: int, plateau: float = 1.0) -> float:
    """Return the learning rate of step `step` (0 ≤ step < steps). `plateau` is what `plateau_factor` says, used by that schedule only.

    The last step of `linear` and `cosine` still has a rate above zero, since a step with rate zero would be wasted: they reach zero at
    `step == steps`. Raises RecipeError for an unknown schedule or an unresolved rate.
    """
    if settings.lr is None or settings.schedule is None:
        raise RecipeError(
            "train.lr and train.schedule must be resolved before training; the pipeline does this from the preset."
        )
    if settings.schedule not in _SHAPES:
        raise RecipeError(f"train.schedule {settings.schedule!r} is not known. Known: {', '.join(_SHAPES)}.")
    steps = max(steps, 1)
    if settings.schedule == "one_cycle":
        return settings.lr * _one_cycle(step / max(steps - 1, 1))
    rising = round(settings.warmup * steps)
    if step < rising:
        return settings.lr * (step + 1) / (rising + 1)
    progress = min((step - rising) / max(steps - rising, 1), 1.0)
    return settings.lr * _SHAPES[settings.schedule](progress, plateau)


def plateau_factor(
    scores: Sequence[float], patience: int = 3, min_delta: float = 0.0, floor: float = 1 / 1024
) -> float:
    """Return by how much the rate has been reduced after these validation scores (higher is better): halved after every `patience`
    epochs in a row that did not beat the best score by more than `min_delta`. A score that is NaN never improves. Not below `floor`.
    """
    factor, best, stale = 1.0, -math.inf, 0
    for score in scores:
        if score > best + min_delta:
            best, stale = score, 0
        else:
            stale += 1
            if stale == patience:
                factor, stale = max(factor / 2, floor), 0
    return factor


def _one_cycle(progress: float) -> float:
    if progress < ONE_CYCLE_HALF:
        return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * progress / ONE_CYCLE_HALF
    if progress < 2 * ONE_CYCLE_HALF:
        return 1 - (1 - ONE_CYCLE_START) * (progress - ONE_CYCLE_HALF) / ONE_CYCLE_HALF
    last = (progress - 2 * ONE_CYCLE_HALF) / (1 - 2 * ONE_CYCLE_HALF)
    return ONE_CYCLE_START + (ONE_CYCLE_END - ONE_CYCLE_START) * last


def _step(progress: float) -> float:
    return 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01


_SHAPES = {
    "constant": lambda progress, plateau: 1.0,
    "linear": lambda progress, plateau: 1.0 - progress,
    "cosine": lambda progress, plateau: 0.5 * (1.0 + math.cos(math.pi * progress)),
    "one_cycle": lambda progress, plateau: _one_cycle(progress),
    "step": lambda progress, plateau: _step(progress),
    "plateau": lambda progress, plateau: plateau,
}
