"""Training pictures as the network gets them: the draws, the resampling and the mixup of training itself, for a page to show."""

from typing import Any

import numpy as np

from glassnet import randomness
from glassnet.pipeline.prepare import Prepared
from glassnet.recipe import Recipe
from glassnet.report.material import Varied

_DRAWS = 7  # epochs shown of each picture
_UNITS = {"rotate": "degrees"}


def varied_pictures(prepared: Prepared, recipe: Recipe, shown: int) -> tuple[tuple[Varied, ...], str]:
    """Return `shown` training pictures as the first epochs show them, every class in turn, and the settings in words.

    `recipe` is resolved. The pictures are empty where nothing is varied or there is nothing to train on.
    """
    on = settings_on(recipe)
    if not on:
        return (), "Nothing is varied: every epoch shows the pictures as they are stored."
    rows = _chosen(prepared, recipe.train.seed, shown)
    if not len(rows):
        return (), ""
    originals = np.ascontiguousarray(prepared.store.pixels[rows])
    epochs = [_seen(prepared, recipe, rows, epoch) for epoch in range(_DRAWS)]
    found = tuple(Varied(int(row), originals[i], tuple(seen[i] for seen in epochs)) for i, row in enumerate(rows))
    return found, "Varied by " + ", ".join(_said(name, value) for name, value in on.items()) + "."


def settings_on(recipe: Recipe) -> dict[str, Any]:
    """Return every setting that makes an epoch show other pictures than the stored ones."""
    settings = recipe.augment.model_dump() | {"mixup": recipe.train.mixup}
    return {name: value for name, value in settings.items() if value not in (None, 0, 0.0, "none")}


def _seen(prepared: Prepared, recipe: Recipe, rows: np.ndarray, epoch: int) -> np.ndarray:
    """Return the rows as this epoch shows them, uint8 (N, H, W, C): what the engine does with a batch before its network."""
    import torch

    from glassnet.training import augment, mixup

    pixels, train = prepared.store.pixels, recipe.train
    drawn = augment.draw(recipe.augment, train.seed, epoch, rows, *pixels.shape[1:3])

    def shown(which: np.ndarray) -> torch.Tensor:
        return augment.apply(torch.from_numpy(np.ascontiguousarray(pixels[which])), drawn)

    seen = shown(rows)
    if train.mixup:
        mix = mixup.draw(train.mixup, train.seed, epoch, rows, prepared.lock.train)
        seen = mixup.pixels(seen, shown(mix.partners), mix)
    return (seen.permute(0, 2, 3, 1).clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def _chosen(prepared: Prepared, seed: int, shown: int) -> np.ndarray:
    """Return training rows, int64: every class in turn, at random within a class."""
    rows = prepared.lock.train
    rows = rows[np.argsort(randomness.uniform(seed, 0, rows, "report.varied")[:, 0], kind="stable")]
    names = np.array([prepared.lock.labels[row] for row in rows.tolist()], dtype=object)
    turn = np.zeros(len(rows), np.int64)
    for name in set(names.tolist()):
        mine = names == name
        turn[mine] = np.arange(mine.sum())
    return rows[np.argsort(turn, kind="stable")[:shown]]


def _said(name: str, value: Any) -> str:
    number = f"{value:g}" if isinstance(value, float) else str(value)
    return " ".join((name, number, _UNITS[name])) if name in _UNITS else f"{name} {number}"
