"""How long a sweep will take, from warm steps of its own networks: said before the start, and never promised."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from glassnet.choice import Choice
from glassnet.errors import OutOfMemoryError, RecipeError
from glassnet.pipeline.jobs import job_of
from glassnet.recipe import Recipe
from glassnet.sweeps.bench import Bench, Ready

_MEASURED = 6  # different networks, sizes and batches are timed; for more, the mean of these stands in
_LOOKED_AT = 200  # combinations of a large grid are enough for a mean
_BESIDE_S = 1.5  # scores and files of one run
_VALIDATION = 1.1  # what validation adds to the steps


@dataclass(frozen=True)
class Estimate:
    """Seconds of one run on average, and the precision that the first network's steps are fastest in.

    `refused` is a sentence where some of the combinations that were looked at cannot be trained, else empty.
    """

    seconds: float
    precision: Choice
    refused: str = ""


def estimate(bench: Bench, recipe: Recipe, combinations: Sequence[dict[str, Any]]) -> Estimate:
    """Time steps of these combinations, over `recipe` (base with the sweep's machine settings). Nothing is written.

    One that cannot be trained, as a kernel larger than its picture, will be on record as failed. Raises RecipeError when none can.
    """
    from glassnet.training.fitting import pace

    every = max(1, len(combinations) // _LOOKED_AT)
    paces: dict[str, Any] = {}
    seconds: list[float] = []
    refused: list[RecipeError | OutOfMemoryError] = []
    for values in combinations[::every]:
        try:
            ready = bench.ready(recipe, values)
            key = _key(ready)
            if key not in paces and len(paces) < _MEASURED:
                job = job_of(ready.recipe, ready.prepared, Path(), False, time.monotonic(), ready.targets)
                paces[key] = pace(job)
        except (RecipeError, OutOfMemoryError) as error:
            refused.append(error)
        else:
            seconds.append(_run_seconds(ready.recipe, paces.get(key), list(paces.values())))
    if not seconds:
        raise refused[0]
    said = ""
    if refused:
        said = f"{len(refused):,} of {len(refused) + len(seconds):,} combinations that were looked at cannot be trained: {refused[0]}"
    return Estimate(fmean(seconds), next(iter(paces.values())).precision, said)


def _run_seconds(recipe: Recipe, own: Any, all_paces: list[Any]) -> float:
    train = recipe.train
    if train.minutes is not None:
        return train.minutes * 60
    epoch = fmean(p.step_seconds * p.steps_per_epoch for p in ([own] if own else all_paces))
    return (train.epochs or 1) * epoch * _VALIDATION + _BESIDE_S


def _key(ready: Ready) -> str:
    recipe, pixels = ready.recipe, ready.prepared.pixels
    return json.dumps(
        [
            recipe.model_dump(mode="json")["network"],
            pixels.height,
            pixels.width,
            recipe.train.batch,
            recipe.train.optimizer,
        ]
    )
