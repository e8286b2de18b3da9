"""Pictures, networks and curves to look at from Python: `gn.show`, `gn.summary`, `run.curves`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import randomness
from glassnet.data.catalog import Catalog
from glassnet.data.labels import label_numbers
from glassnet.data.pixels import load
from glassnet.data.readers import recognise
from glassnet.data.readers.arrays import from_arrays
from glassnet.data.sizing import choose_size
from glassnet.errors import DataError
from glassnet.networks.summary import Summary, summarise
from glassnet.recipe import DataRecipe
from glassnet.report.inline import Shown
from glassnet.report.pictures import figure, grid


def show(pictures: Any, count: int = 12, labels: Sequence[Any] | None = None) -> Shown:
    """Return some pictures with their classes, every class in turn: of a folder, archive or built-in name, or of arrays with `labels`.

    Raises DataError when they cannot be read.
    """
    if isinstance(pictures, str | Path):
        catalog = recognise(pictures)
    elif labels is None:
        raise DataError("Arrays are shown with their labels: gn.show(X, 12, labels=y).")
    else:
        catalog = from_arrays(np.asarray(pictures), list(labels))
    settings, _ = choose_size(catalog, DataRecipe(root=catalog.root))
    figures = []
    for row in _in_turn(catalog, count):
        example = catalog.examples[row]
        name = catalog.classes[int(label_numbers(catalog)[row])]
        figures.append(figure(load(catalog.source.read(example.key), settings), name, name))
    catalog.source.release()
    return Shown(f"{len(figures)} pictures of {catalog.root}", grid(figures))


def summary(network: Any = "fast", size: int | Sequence[int] = 32, channels: int = 3, classes: int = 10) -> Summary:
    """Return the table of layers of a preset or a list of layers. Raises RecipeError where the shapes do not fit."""
    from glassnet.networks.presets import layers_of

    height, width = (size, size) if isinstance(size, int) else size
    shape = (channels, int(height), int(width))
    return summarise(layers_of(network, shape, classes), shape, classes)


def _in_turn(catalog: Catalog, count: int) -> list[int]:
    """Return rows, one class after the other, each class in an order that does not depend on file names."""
    labels = label_numbers(catalog)
    order = randomness.permutation(0, 0, len(labels), "show")
    queues = [order[labels[order] == number].tolist() for number in range(len(catalog.classes))]
    rows: list[int] = []
    while len(rows) < min(count, len(labels)) and any(queues):
        rows += [queue.pop(0) for queue in queues if queue]
    return rows[:count]
