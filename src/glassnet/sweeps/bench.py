"""What the runs of a sweep share in one process: pictures decoded, audited and split once, and their targets encoded once.

Only settings of `data` change the pictures, so everything is kept by those. The split is always that of the sweep, whatever seed or size a
run has: otherwise combinations would be judged on different pictures.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.choice import Choice
from glassnet.data.lock import Lock, read_lock, write_lock
from glassnet.errors import DataError
from glassnet.networks.overrides import override
from glassnet.networks.presets import layers_of
from glassnet.pipeline.choices import resolve_for
from glassnet.pipeline.jobs import import_rooms, taught_targets
from glassnet.pipeline.measuring import Simple
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import Prepared, prepare
from glassnet.recipe import Recipe
from glassnet.sweeps.space import split_values
from glassnet.tasks import task as task_of

LOCK = "data.lock.json"


@dataclass(frozen=True)
class Ready:
    """One combination, ready to train: the resolved recipe, the choices made for it, its pictures and their targets.

    `simple` holds what other combinations over these pictures found of answers without a network.
    """

    recipe: Recipe
    choices: list[Choice]
    prepared: Prepared
    targets: np.ndarray
    simple: Simple


class Bench:
    """Prepares combinations over the base recipe of a sweep, as few times as their settings allow."""

    def __init__(self, base: Recipe, out: Path, folder: Path, observer: Observer | None = None) -> None:
        """`out` is the folder of runs, `folder` that of the sweep, where its split is written. Only the first preparation is told."""
        self.base, self.out, self.folder = base, out, folder
        self._observer = observer or Observer()
        self._prepared: dict[str, Prepared] = {}
        self._targets: dict[str, np.ndarray] = {}
        self._simple: dict[str, Simple] = {}

    def prepare(self, recipe: Recipe | None = None, digest: str | None = None) -> Prepared:
        """Return the pictures as `recipe` (default: the base) wants them, on the sides of the sweep's split.

        `digest` is the data hash that the ledger has of the sweep. Raises DataError when the pictures are not those of the sweep.
        """
        recipe = recipe or self.base
        key = _key(recipe)
        if key not in self._prepared:
            seeded = recipe.changed({"train.seed": self.base.train.seed})
            found = prepare(seeded, self.out, self._observer, meanwhile=import_rooms)
            self._observer = Observer()
            self._prepared[key] = replace(found, lock=self._split(found, digest))
        return self._prepared[key]

    def ready(self, recipe: Recipe, values: dict[str, Any]) -> Ready:
        """Resolve a combination: `recipe` is the base with seed and machine settings, `values` what the sweep chose."""
        plain, layers = split_values(values)
        asked = recipe.changed(plain) if plain else recipe
        prepared = self.prepare(asked)
        resolved, choices = resolve_for(replace(prepared, recipe=asked))
        if layers:
            resolved = resolved.changed({"network": self._changed_layers(resolved, prepared, layers)})
        key = _key(asked)
        if key not in self._targets:
            self._targets[key] = taught_targets(prepared)
            self._simple[key] = Simple()
        return Ready(resolved, choices, prepared, self._targets[key], self._simple[key])

    def _changed_layers(self, resolved: Recipe, prepared: Prepared, layers: dict[str, Any]) -> list[Any]:
        """Write a preset out for these pictures, and change the layers that the sweep names."""
        pixels, classes = prepared.pixels, len(prepared.catalog.classes)
        shape = (pixels.channels, pixels.height, pixels.width)
        head = task_of(prepared.catalog.task).head(classes)
        return override(layers_of(resolved.network, shape, classes, resolved.train.dropout, head), layers)

    def _split(self, found: Prepared, digest: str | None) -> Lock:
        path = self.folder / LOCK
        if not path.exists():
            if digest is not None and found.lock.digest != digest:
                raise DataError(
                    f"The pictures in {found.catalog.root} are not those of the sweep: their data hash is {found.lock.digest[:12]}…, "
                    f"the sweep's is {digest[:12]}…. Every machine of a sweep needs the same pictures and labels."
                )
            write_lock(path, found.lock)
            return found.lock
        return read_lock(path).align(found.catalog, found.store)


def _key(recipe: Recipe) -> str:
    return json.dumps(recipe.data.model_dump(mode="json"), sort_keys=True)
