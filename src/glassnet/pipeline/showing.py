"""Pictures, networks and curves to look at from Python: `gn.show`, `gn.summary`, `run.curves`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import randomness
from glassnet.data.catalog import Catalog
from glassnet.data.labels import label_numbers, presence, strata
from glassnet.data.pixels import decode, load
from glassnet.data.readers import recognise
from glassnet.data.readers.arrays import from_arrays
from glassnet.data.sizing import choose_size
from glassnet.data.truths import truth_of
from glassnet.errors import DataError
from glassnet.networks.summary import Summary, summarise
from glassnet.recipe import DataRecipe
from glassnet.report.inline import Shown
from glassnet.report.markup import Markup
from glassnet.report.pictures import figure, grid
from glassnet.tasks import task as task_of
from glassnet.tasks.drawing import draw_truth


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
    figures = _annotated(catalog, count) if catalog.task != "classify" else _labelled(catalog, count)
    catalog.source.release()
    return Shown(f"{len(figures)} pictures of {catalog.root}", grid(figures))


def _labelled(catalog: Catalog, count: int) -> list[Markup]:
    settings, _ = choose_size(catalog, DataRecipe(root=catalog.root))
    figures, numbers = [], label_numbers(catalog)
    for row in _in_turn(numbers, len(catalog.classes), count):
        name = catalog.classes[int(numbers[row])]
        figures.append(figure(load(catalog.source.read(catalog.examples[row].key), settings), name, name))
    return figures


def _annotated(catalog: Catalog, count: int) -> list[Markup]:
    """Return pictures with their boxes or masks drawn on them; those whose annotation has a fault are left out."""
    figures: list[Markup] = []
    kinds = strata(presence(catalog), len(catalog.classes))
    for row in _in_turn(kinds, len(catalog.classes) + 1, len(catalog)):
        example = catalog.examples[row]
        if len(figures) == count:
            break
        if getattr(example.annotation, "faults", ()):
            continue
        pixels = decode(catalog.source.read(example.key))
        truth = truth_of(catalog, row, *pixels.shape[:2])
        drawn = draw_truth(pixels, truth, catalog.classes, pixels=catalog.task == "segment", legend=True)
        figures.append(figure(drawn, example.key, example.key))
    return figures


def summary(
    network: Any = "fast", size: int | Sequence[int] = 32, channels: int = 3, classes: int = 10, task: str = "classify"
) -> Summary:
    """Return the table of layers of a preset or a list of layers, ended as `task` needs. Raises RecipeError where the shapes do not fit."""
    from glassnet.networks.presets import layers_of

    height, width = (size, size) if isinstance(size, int) else size
    shape = (channels, int(height), int(width))
    return summarise(layers_of(network, shape, classes, head=task_of(task).head(classes)), shape, classes)


def _in_turn(labels: np.ndarray, kinds: int, count: int) -> list[int]:
    """Return rows, one kind after the other, each kind in an order that does not depend on file names."""
    order = randomness.permutation(0, 0, len(labels), "show")
    queues = [order[labels[order] == number].tolist() for number in range(kinds)]
    rows: list[int] = []
    while len(rows) < min(count, len(labels)) and any(queues):
        rows += [queue.pop(0) for queue in queues if queue]
    return rows[:count]
