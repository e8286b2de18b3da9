"""Which epoch was best, and whether to go on. Pure functions of the history, so that a resumed run decides as it would have."""

import math
from dataclasses import dataclass

from glassnet.recipe import EarlyStopping
from glassnet.training.history import History


@dataclass(frozen=True)
class Standing:
    """`best_epoch` counts from 1 (0: none yet); `stop` with the `reason` in words."""

    best_epoch: int
    stop: bool
    reason: str


def standing(history: History, settings: EarlyStopping | None) -> Standing:
    """Say where training stands after the epochs in `history`.

    The best epoch has the highest validation score; equal scores are told apart by the lower validation loss. Patience counts epochs since
    the score last rose by more than `min_delta`. Without any score (no validation pictures, or answers that are no numbers) the last epoch
    is the best and nothing stops early.
    """
    scored = [row for row in history if not math.isnan(row.validation_score)]
    if not scored:
        return Standing(len(history), False, "no epoch has a validation score, so the last epoch's weights are kept")
    best = max(scored, key=lambda row: (row.validation_score, -_or_inf(row.validation_loss), row.epoch))
    reason = f"epoch {best.epoch} had the highest validation score ({best.validation_score:.4g})"
    if settings is None:
        return Standing(best.epoch, False, reason)
    risen, top = 0, -math.inf
    for row in scored:
        if row.validation_score > top + settings.min_delta:
            risen, top = row.epoch, row.validation_score
    stale = len(history) - risen
    if stale >= settings.patience:
        reason = f"stopped early: {stale} epochs without improvement; {reason}"
    return Standing(best.epoch, stale >= settings.patience, reason)


def _or_inf(loss: float) -> float:
    return math.inf if math.isnan(loss) else loss
