"""Fills what the user left to us: every automatic value comes with its reason, and nothing the user set is touched."""

from typing import Any

from glassnet.choice import Choice
from glassnet.networks.presets import recommendations
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.prepare import Prepared
from glassnet.recipe import Recipe, fields
from glassnet.tasks import task as task_of

# Where neither the user nor the preset says anything: off, or the field's plainest value.
_PLAIN = {
    "augment.flip": "none",
    "augment.rotate": 0.0,
    "augment.zoom": 0.0,
    "augment.shift": 0.0,
    "augment.crop": 0.0,
    "augment.brightness": 0.0,
    "augment.contrast": 0.0,
    "augment.saturation": 0.0,
    "augment.invert": 0.0,
    "augment.cutout": 0.0,
    "train.weight_decay": 0.0,
    "train.dropout": 0.0,
    "train.label_smoothing": 0.0,
    "train.initial": "he",
    "train.views": "one",
}
# Rates at which each optimizer usually learns, for networks that bring no recommendation of their own.
_RATES = {"sgd": 0.05, "adam": 1e-3, "adamw": 1e-3, "muon": 0.02}

# Mean brightness of dark and light pictures, 0 to 255, and the share of either that counts.
_DARK, _LIGHT, _FEW = 90, 140, 0.05
# Small grey pictures are mostly letters, digits and symbols.
_WRITING = {
    "augment.flip": ("none", "small grey pictures are often writing, which a mirror makes into something else"),
    "train.views": ("one", "the mirror image would be another sign"),
}


def resolve_for(prepared: Prepared) -> tuple[Recipe, list[Choice]]:
    """Fill what the recipe leaves open for these pictures; return it with every choice made, those of the data room first."""
    pixels, recipe = prepared.pixels, prepared.recipe
    n_train, classes = len(prepared.lock.train), len(prepared.catalog.classes)
    writing = pixels.channels == 1 and pixels.height <= 32 and prepared.catalog.task == "classify"
    known = (
        task_of(prepared.catalog.task).advice(n_train, classes)
        | (_WRITING if writing else {})
        | _both_grounds(prepared)
        | prepared.catalog.extras.get("recommend", {})
    )
    resolved, choices = resolve(recipe, n_train, pixels.height, pixels.width, classes, known)
    seen = {"data.size": [pixels.height, pixels.width], "data.color": pixels.color, "data.fit": pixels.fit}
    resolved = resolved.changed(seen | {"data.task": prepared.catalog.task})
    return resolved, [*prepared.choices, *choices]


def _both_grounds(prepared: Prepared) -> dict[str, tuple[Any, str]]:
    """Return what pictures with dark grounds beside pictures with light ones ask for: to be shown as negatives too.

    Only where things or pixels are asked for, in pictures that are half without colour (microscopes, scans): there a negative shows what
    the other kind of picture shows. The negative of a street shows nothing that a camera ever sees.
    """
    if prepared.catalog.task == "classify" or not len(prepared.lock.train):
        return {}
    rows = prepared.store.rows[prepared.lock.train]
    brightness = rows["mean"][:, : prepared.pixels.channels].mean(axis=1)
    dark, light = int((brightness < _DARK).sum()), int((brightness > _LIGHT).sum())
    if min(dark, light) < max(1, _FEW * len(rows)) or rows["grey"].mean() < 0.5:
        return {}
    reason = f"{dark:,} training pictures are dark and {light:,} light; as negatives they teach each other"
    return {
        "augment.invert": (0.5, reason),
        "augment.saturation": (1.0, "colour tells the kinds of picture apart, not the things"),
    }


def resolve(
    recipe: Recipe, n_train: int, height: int, width: int, classes: int, known: dict[str, tuple[Any, str]]
) -> tuple[Recipe, list[Choice]]:
    """Return the recipe with every `auto` of network, augment and train that is no machine setting filled, and the choices made.

    `known` is what the task and the data set ask for (a mirrored digit is no digit); it wins over the preset. Machine settings (device,
    precision, threads) stay open: the training room measures them.
    """
    overrides: dict[str, Any] = {}
    choices: list[Choice] = []
    network, known = recipe.network, dict(known)
    default = (network, "the default; others: tutorial, flowers, resnet18, mini, a list of layers")
    wanted, reason = known.pop("network", default)
    if not recipe.is_set("network"):
        network = overrides["network"] = wanted
        choices.append(Choice("network", network, reason))
    asked = recommendations(network, n_train, height, width, classes) | known
    changed_optimizer = (
        recipe.is_set("train.optimizer") and recipe.train.optimizer != asked.get("train.optimizer", (None, ""))[0]
    )
    for dotted, (value, reason) in asked.items():
        if recipe.is_set(dotted) or (dotted == "train.epochs" and recipe.train.minutes is not None):
            continue
        if changed_optimizer and dotted in ("train.lr", "train.weight_decay", "train.momentum"):
            continue  # a rate is only right for the optimizer it was found with
        overrides[dotted] = value
        choices.append(Choice(dotted, value, reason))
    optimizer = overrides.get("train.optimizer", recipe.train.optimizer or "adamw")
    plain = _PLAIN | {
        "train.optimizer": optimizer,
        "train.lr": _RATES[optimizer],
        "train.schedule": "one_cycle",
        "train.batch": max(8, min(128, n_train // 8)),
        "train.epochs": max(10, min(200, 20_000 // max(n_train, 1))),
    }
    for dotted, value in plain.items():
        if dotted not in fields() or recipe.is_set(dotted) or dotted in overrides:
            continue
        if dotted == "train.epochs" and recipe.train.minutes is not None:
            continue
        overrides[dotted] = value
        if dotted in ("train.optimizer", "train.lr", "train.schedule", "train.batch", "train.epochs"):
            choices.append(Choice(dotted, value, f"usual for {optimizer} and {n_train:,} training pictures"))
    return recipe.changed(overrides), choices


def tell_choices(choices: list[Choice], observer: Observer) -> None:
    """Say what was chosen and why."""
    observer.line("\nchosen for you (each can be set):")
    for choice in choices:
        observer.line(f"  {choice}")
