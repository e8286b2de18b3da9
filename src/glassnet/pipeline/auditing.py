"""`audit`: what is wrong with these pictures, without training anything."""

from pathlib import Path

from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import Prepared, prepare
from glassnet.recipe import Recipe


def audit(recipe: Recipe, out: str | Path = "runs", observer: Observer | None = None) -> Prepared:
    """Recognise, decode once, audit and split, and tell what was found."""
    return prepare(recipe, Path(out), observer or Observer())
