"""Training pictures as the network gets them: the draws, the resampling and the mixup of training itself, for a page to show.

Where annotations are places in pictures, they are drawn into each as training is taught them: so that everybody sees that they follow.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from glassnet import randomness
from glassnet.data.frames import frames
from glassnet.pipeline.prepare import Prepared
from glassnet.recipe import Recipe
from glassnet.report.material import Varied

_DRAWS = 7  # epochs shown of each picture
_UNITS = {"rotate": "degrees"}
_SIDE = 220  # pixels of a picture in which something is drawn


def varied_pictures(prepared: Prepared, recipe: Recipe, shown: int) -> tuple[tuple[Varied, ...], str]:
    """Return `shown` training pictures as the first epochs show them, every class in turn, and the settings in words.

    `recipe` is resolved. The pictures are empty where nothing is varied or there is nothing to train on.
    """
    if not settings_on(recipe):
        return (), said_of(recipe)
    rows = chosen(prepared, recipe.train.seed, shown)
    if not len(rows):
        return (), ""
    return at_epochs(prepared, recipe, rows, range(_DRAWS)), said_of(recipe)


def at_epochs(prepared: Prepared, recipe: Recipe, rows: np.ndarray, epochs: Iterable[int]) -> tuple[Varied, ...]:
    """Return training rows, int64 (n,), as they are stored and as each of `epochs`, counted from 0, shows them to the network."""
    taught = _Taught(prepared, rows)
    originals = taught.drawn(np.ascontiguousarray(prepared.store.pixels[rows]))
    seen = [_seen(prepared, recipe, rows, epoch, taught) for epoch in epochs]
    return tuple(Varied(int(row), originals[i], tuple(each[i] for each in seen)) for i, row in enumerate(rows))


def said_of(recipe: Recipe) -> str:
    """Return in words what a resolved recipe varies."""
    on = settings_on(recipe)
    if not on:
        return "Nothing is varied: every epoch shows the pictures as they are stored."
    return "Varied by " + ", ".join(_said(name, value) for name, value in on.items()) + "."


def settings_on(recipe: Recipe) -> dict[str, Any]:
    """Return every setting that makes an epoch show other pictures than the stored ones."""
    settings = recipe.augment.model_dump() | {"mixup": recipe.train.mixup}
    return {name: value for name, value in settings.items() if value not in (None, 0, 0.0, "none")}


class _Taught:
    """The targets of some rows, drawn into their pictures as far as they are places in them."""

    def __init__(self, prepared: Prepared, rows: np.ndarray) -> None:
        from glassnet.tasks import task

        catalog = prepared.catalog
        self.task, self.classes = task(catalog.task), catalog.classes
        self.size = prepared.store.pixels.shape[1:3]
        self.targets = None
        if not self.task.one_class:
            self.targets = self.task.encode(catalog, rows, frames(prepared.store, rows))

    def drawn(self, pictures: np.ndarray, matrices: np.ndarray | None = None) -> list[np.ndarray]:
        """Return the pictures uint8 (N, H, W, C), moved by `matrices` already, with their targets moved likewise."""
        if self.targets is None:
            return list(pictures)
        from glassnet.report.annotated import shrunk
        from glassnet.tasks.taught import draw_taught

        targets = self.targets if matrices is None else self.task.move(self.targets, matrices, self.size)
        small = [shrunk(picture, _SIDE) for picture in pictures]
        found = [draw_taught(*pair, self.size, self.classes) for pair in zip(small, targets, strict=True)]
        return [picture if with_it is None else with_it for picture, with_it in zip(small, found, strict=True)]


def _seen(prepared: Prepared, recipe: Recipe, rows: np.ndarray, epoch: int, taught: _Taught) -> list[np.ndarray]:
    """Return the rows as this epoch shows them, uint8 (h, w, C) each: what the engine does with a batch before its network."""
    import torch

    from glassnet.training import augment, mixup

    pixels, train = prepared.store.pixels, recipe.train
    drawn = augment.draw(recipe.augment, train.seed, epoch, rows, *pixels.shape[1:3])

    def shown(which: np.ndarray) -> torch.Tensor:
        return augment.apply(torch.from_numpy(np.ascontiguousarray(pixels[which])), drawn, taught.task.edge)

    seen = shown(rows)
    if train.mixup:
        mix = mixup.draw(train.mixup, train.seed, epoch, rows, prepared.lock.train)
        seen = mixup.pixels(seen, shown(mix.partners), mix)
    pictures = (seen.permute(0, 2, 3, 1).clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return taught.drawn(pictures, drawn.matrices)


def chosen(prepared: Prepared, seed: int, shown: int) -> np.ndarray:
    """Return training rows, int64: every class in turn, at random within a class. Of several classes a picture counts for its rarest."""
    rows = prepared.lock.train
    rows = rows[np.argsort(randomness.uniform(seed, 0, rows, "report.varied")[:, 0], kind="stable")]
    names = _classes(prepared, rows)
    turn = np.zeros(len(rows), np.int64)
    for name in set(names.tolist()):
        mine = names == name
        turn[mine] = np.arange(mine.sum())
    return rows[np.argsort(turn, kind="stable")[:shown]]


def _classes(prepared: Prepared, rows: np.ndarray) -> np.ndarray:
    """Return one class for each row, object (n,); pictures without any thing have None."""
    present = prepared.audit.present
    if not present:
        return np.array([prepared.lock.labels[row] for row in rows.tolist()], dtype=object)
    often = np.bincount([label for row in rows.tolist() for label in present[row]], minlength=1)
    return np.array([min(present[row], key=lambda label: often[label], default=None) for row in rows.tolist()], object)


def _said(name: str, value: Any) -> str:
    number = f"{value:g}" if isinstance(value, float) else str(value)
    return " ".join((name, number, _UNITS[name])) if name in _UNITS else f"{name} {number}"
