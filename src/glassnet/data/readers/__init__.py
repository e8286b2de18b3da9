"""From a name to a catalog: which layout a folder or archive has is found out, not asked.

A new layout is one new file here and one line in `LAYOUTS`.
"""

import inspect
from collections.abc import Callable
from pathlib import Path

from glassnet.data.builtin import BUILTIN
from glassnet.data.catalog import Catalog
from glassnet.data.readers import (
    boxes_table,
    cifar,
    coco,
    folders,
    indexed,
    instance_folders,
    masks,
    table,
    voc,
    yolo,
)
from glassnet.data.readers.arrays import from_arrays, to_bytes
from glassnet.data.readers.choosing import TASKS, choose, refusal
from glassnet.data.readers.layout import Layout, some
from glassnet.data.readers.listing import Listing, list_files
from glassnet.errors import DataError

__all__ = ["BUILTIN", "LAYOUTS", "Layout", "from_arrays", "recognise", "to_bytes"]

LAYOUTS: tuple[Layout, ...] = (
    cifar.LAYOUT,
    coco.LAYOUT,
    voc.LAYOUT,
    yolo.LAYOUT,
    boxes_table.LAYOUT,
    instance_folders.LAYOUT,
    indexed.BOTH,
    masks.LAYOUT,
    indexed.LAYOUT,  # after masks of classes, which leave it what looks like numbers of things
    table.LAYOUT,  # a table of labels is the user's own word, so it comes before anything guessed from folders
    folders.LAYOUT,
)
"""The most natural first: whoever drew boxes or masks means them, even where a table has a class for each picture too."""


def recognise(
    root: str | Path,
    task: str | None = None,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Catalog:
    """Return the catalog of a folder, an archive, a folder of archives, or a built-in name (xo, digits, shapes, cifar10).

    `task` is the question to be answered; None takes the most natural one for the annotations that are there. `cache` is where a
    download asked for by name is kept (default: the platform's cache folder), `progress(done, total)` counts its bytes. A path that
    exists wins over a built-in name. Raises DataError when nothing usable is there or it cannot answer the task, NetworkError when a
    download fails.
    """
    if task is not None and task not in TASKS:
        raise DataError(f"The task {task!r} is not known; it is one of {', '.join(TASKS)}.")
    name = str(root)
    if not name.strip():
        raise DataError(
            "No pictures were named: give a folder, an archive, or a built-in name (xo, digits, shapes, cifar10)."
        )
    builtin = BUILTIN.get(name)
    if builtin is not None and not Path(name).exists():
        return _built_in(builtin, task, cache, progress)
    listing = list_files(root)
    if builtin is not None:
        listing.notes.append(
            f"the folder {name} was read; to get the built-in set of that name, start from another folder"
        )
    catalog = choose(listing, LAYOUTS, task)
    if catalog is None:
        raise DataError(_nothing(listing))
    return catalog


def _built_in(
    builtin: Callable[..., Catalog],
    task: str | None,
    cache: Path | None,
    progress: Callable[[int, int], None] | None,
) -> Catalog:
    if "task" in inspect.signature(builtin).parameters:
        return builtin(cache, progress, task=task)
    catalog = builtin(cache, progress)
    if task is not None and task not in catalog.answers:
        raise DataError(refusal(catalog, task))
    return catalog


def _nothing(listing: Listing) -> str:
    if listing.pictures:
        return (
            f"{listing.root} holds {len(listing.pictures):,} pictures ({some(sorted(listing.pictures))}) but neither class folders, a "
            "labels.csv nor boxes or masks, so nobody knows what they show. Put each kind into a folder of its own, or write a labels.csv "
            "with the columns file,label."
        )
    if listing.quarantined:
        shown = some([f"{fault.key}: {fault.reason}" for fault in listing.quarantined], 2)
        return f"{listing.root} holds no picture that can be read. {len(listing.quarantined):,} were kept out: {shown}."
    if listing.others:
        return (
            f"{listing.root} holds {len(listing.others):,} files ({some(sorted(listing.others))}) but no pictures. "
            "JPEG, PNG, WebP, BMP, GIF and TIFF are read."
        )
    return f"{listing.root} is empty: no pictures were found in it or in its {len(listing.folders)} folders."
