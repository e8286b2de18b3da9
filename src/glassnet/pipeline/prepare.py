"""From a folder to pictures that may be trained on: recognise, size, decode once, audit, split. Everything before the network."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from glassnet.choice import Choice
from glassnet.data.audit import Audit
from glassnet.data.audit import audit as audit_catalog
from glassnet.data.catalog import Catalog
from glassnet.data.lock import Lock
from glassnet.data.pixels import PixelSettings
from glassnet.data.readers import recognise
from glassnet.data.sizing import choose_size
from glassnet.data.split import split
from glassnet.data.store import Store, open_store
from glassnet.pipeline.observer import Observer
from glassnet.recipe import Recipe


@dataclass(frozen=True)
class Prepared:
    """What the data room found, and who may see it. Row i everywhere is `catalog.examples[i]`."""

    recipe: Recipe
    catalog: Catalog
    pixels: PixelSettings
    store: Store
    audit: Audit
    lock: Lock
    choices: tuple[Choice, ...]


def prepare(
    recipe: Recipe,
    out: Path,
    observer: Observer,
    catalog: Catalog | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Prepared:
    """Walk the data rooms and tell the observer what was found. Raises DataError when there is nothing sound to train on.

    `catalog` is given when the pictures are arrays in memory; otherwise `recipe.data.root` is read.
    `meanwhile` runs in a thread while other processes decode pictures, or beside the audit when nothing has to be decoded.
    """
    if catalog is None:
        catalog = recognise(recipe.data.root, task=recipe.data.task)
    _tell_catalog(catalog, observer)
    pixels, choices = choose_size(catalog, recipe.data)
    store = open_store(
        catalog,
        pixels,
        Path(out) / ".store",
        workers=None,
        progress=partial(observer.progress, "reading pictures"),
        say=observer.line,
        meanwhile=meanwhile,
    )
    catalog.source.release()
    found = audit_catalog(catalog, store, recipe.data)
    observer.line()
    observer.line(found.text())
    lock = split(catalog, store, found, recipe.data, recipe.train.seed)
    observer.line()
    sealed = f" · {lock.test.size:,} test (sealed)" if lock.test.size else " · no test pictures"
    observer.line(f"split: {lock.train.size:,} train · {lock.validation.size:,} validation{sealed}")
    return Prepared(recipe, catalog, pixels, store, found, lock, (*choices, *lock.reasons))


def _tell_catalog(catalog: Catalog, observer: Observer) -> None:
    observer.line(f"{catalog.root}: {catalog.layout}")
    if catalog.skipped:
        some = ", ".join(catalog.skipped[:3]) + (", …" if len(catalog.skipped) > 3 else "")
        observer.line(f"  skipped {len(catalog.skipped):,} files that are no pictures or are hidden ({some})")
    for note in catalog.notes:
        observer.line(f"  note: {note}")
