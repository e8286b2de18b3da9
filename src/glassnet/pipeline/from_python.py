"""`gn.train(...)`: the recipe's fields as keyword arguments, as they are options on the command line."""

from pathlib import Path
from typing import Any

from glassnet.errors import RecipeError
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.run import Run
from glassnet.pipeline.training import train as train_recipe
from glassnet.recipe import Recipe, fields


def train(
    root: str | Path | Recipe,
    *,
    out: str | Path = "runs",
    name: str | None = None,
    observer: Observer | None = None,
    **settings: Any,
) -> Run | None:
    """Train on a folder, archive or built-in name, or by a whole recipe. Returns the finished run.

    `settings` are recipe fields by their last word (`epochs=20, lr=0.01, size=64`) or whole parts (`augment={"flip": "horizontal"}`).
    Raises RecipeError for what is no field, and what the pipeline raises.
    """
    recipe = root if isinstance(root, Recipe) else Recipe().changed({"data.root": str(root)})
    overrides = {dotted: value for key, given in settings.items() for dotted, value in _fields_of(key, given)}
    return train_recipe(recipe.changed(overrides) if overrides else recipe, out, name, observer)


def _fields_of(key: str, given: Any) -> list[tuple[str, Any]]:
    if key == "network":
        return [("network", given)]
    if isinstance(given, dict) and key in ("data", "augment", "train"):
        return [(f"{key}.{name}", value) for name, value in given.items()]
    fitting = [dotted for dotted in fields() if dotted.rpartition(".")[2] == key]
    if len(fitting) != 1:
        known = ", ".join(sorted({dotted.rpartition(".")[2] for dotted in fields()}))
        raise RecipeError(f"{key!r} is no setting. There are: {known}.")
    return [(fitting[0], given)]
