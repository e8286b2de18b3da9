"""`audit`: what is wrong with these pictures, without training anything."""

from pathlib import Path

from glassnet.data.catalog import Catalog
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import Prepared, prepare
from glassnet.recipe import Recipe


def audit(
    recipe: Recipe, out: str | Path = "runs", observer: Observer | None = None, catalog: Catalog | None = None
) -> Prepared:
    """Recognise, decode once, audit and split, and tell what was found. `catalog` is given where the pictures are recognised already."""
    return prepare(recipe, Path(out), observer or Observer(), catalog)


def write_audit_page(prepared: Prepared, path: str | Path, varied: int = 0, observer: Observer | None = None) -> Path:
    """Write the findings with their pictures as one HTML file; `varied` pictures are shown as training would vary them.

    The observer is told which settings vary them. Raises StorageError when the page cannot be written.
    """
    from glassnet.pipeline.choices import resolve_for
    from glassnet.pipeline.reporting import data_of
    from glassnet.report.write import write_audit

    resolved, _ = resolve_for(prepared)
    data = data_of(prepared, resolved, varied)
    if varied and data.varies:
        (observer or Observer()).line(f"\n{data.varies}")
    return write_audit(data, path)
