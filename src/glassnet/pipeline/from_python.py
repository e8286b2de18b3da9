"""`gn.train(...)`: the recipe's fields as keyword arguments, as they are options on the command line."""

from pathlib import Path
from typing import Any

from glassnet.data.audit import Audit
from glassnet.errors import RecipeError
from glassnet.pipeline.auditing import audit as audit_recipe
from glassnet.pipeline.finding import find_rate as find_recipe
from glassnet.pipeline.notebook import observer_here
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.run import Run
from glassnet.pipeline.training import train as train_recipe
from glassnet.recipe import Recipe, fields
from glassnet.report.finder import plotted
from glassnet.training.finder import Sweep


def train(
    root: str | Path | Recipe,
    *,
    out: str | Path = "runs",
    name: str | None = None,
    quiet: bool = False,
    observer: Observer | None = None,
    **settings: Any,
) -> Run | None:
    """Train on a folder, archive or built-in name, or by a whole recipe. Returns the finished run.

    `settings` are recipe fields by their last word (`epochs=20, lr=0.01, size=64`) or whole parts (`augment={"flip": "horizontal"}`).
    Progress is shown where the code runs, in a notebook below the cell; `quiet` shows none. Raises RecipeError for what is no field,
    and what the pipeline raises.
    """
    return train_recipe(recipe_with(root, settings).once(), out, name, observer or observer_here(quiet))


def audit(root: str | Path | Recipe, *, out: str | Path = "runs", quiet: bool = False, **settings: Any) -> Audit:
    """Say what is wrong with a folder of pictures, without training anything. `settings` as for `train`."""
    prepared = audit_recipe(recipe_with(root, settings), out, observer_here(quiet))
    return prepared.audit


def find_lr(root: str | Path | Recipe, *, out: str | Path = "runs", quiet: bool = False, **settings: Any) -> Sweep:
    """Sweep the learning rate with these pictures and settings; nothing is trained. The result suggests a rate and shows its curve.

    The plot is also written below `out`, as `find-lr-….html`. Raises what `train` raises, and NumericError when the loss says nothing.
    """
    given = "".join(f"{key}={value!r}, " for key, value in settings.items() if key != "lr")
    said = repr(str(root)) if not isinstance(root, Recipe) else "recipe"

    def again(rate: str) -> str:
        return f"gn.train({said}, {given}lr={rate})"

    return plotted(find_recipe(recipe_with(root, settings).once(), out, observer_here(quiet), again).sweep)


def recipe_with(root: str | Path | Recipe, settings: dict[str, Any]) -> Recipe:
    """Return the recipe that a folder, or a whole recipe, and keyword arguments ask for. Raises RecipeError for what is no field."""
    recipe = root if isinstance(root, Recipe) else Recipe().changed({"data.root": str(root)})
    overrides = {dotted: value for key, given in settings.items() for dotted, value in _fields_of(key, given)}
    return recipe.changed(overrides) if overrides else recipe


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
