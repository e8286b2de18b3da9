"""The form of a recipe, made from its fields: what may be chosen, between which bounds, and the help text of each."""

import typing
from types import UnionType
from typing import Any, Literal

from glassnet.errors import RecipeError
from glassnet.recipe import Recipe, fields, parse_value

_PARTS = {
    "network": "Network",
    "data": "Pictures",
    "train": "Training",
    "augment": "Variation of training pictures",
}
_FIRST = ("network", "train.epochs", "train.batch", "train.lr", "data.size", "data.task", "train.dropout", "train.seed")
"""What a beginner may want to set; everything else stands below."""
_LONGEST = 300
_LONGEST_NETWORK = 8000
"""A list of layers may be longer than any other setting."""


def parts() -> list[dict[str, Any]]:
    """Return the parts of the form in order, each with its fields as plain JSON values."""
    found: dict[str, list[dict[str, Any]]] = {part: [] for part in _PARTS}
    for dotted, (field, text) in fields().items():
        if dotted != "data.root":
            found[dotted.partition(".")[0]].append(as_field(dotted, field, text))
    return [{"part": part, "title": title, "fields": found[part]} for part, title in _PARTS.items()]


def names() -> tuple[str, ...]:
    """Return every field of a recipe that may be set from a page."""
    return tuple(name for name in fields() if name != "data.root")


def values(settings: dict[str, str]) -> dict[str, Any]:
    """Return checked settings as `Recipe.changed` takes them."""
    return {name: _value(name, text) for name, text in settings.items()}


def checked(settings: dict[str, str]) -> dict[str, str]:
    """Return the settings that were given, as they would be typed. Raises RecipeError for what no recipe takes."""
    known = fields()
    given = {name: text.strip() for name, text in settings.items() if text.strip()}
    for name, text in given.items():
        if name not in known or name == "data.root":
            raise RecipeError(f"A recipe has no field {name[:60]!r}.")
        most = _LONGEST_NETWORK if name == "network" else _LONGEST
        if len(text) > most or "\0" in text:
            raise RecipeError(f"{name} is longer than {most} characters, or no text.")
    Recipe().changed(values(given))
    return given


def _value(name: str, text: str) -> Any:
    return text if name in ("network", "data.group_by") and not text.startswith("[") else parse_value(text)


def as_field(dotted: str, field: Any, text: str) -> dict[str, Any]:
    """Return one field of a form, from a field of a recipe and its help text."""
    made: dict[str, Any] = {
        "name": dotted,
        "label": dotted.rpartition(".")[2].replace("_", " "),
        "help": text.replace("`", ""),
        "first": dotted in _FIRST,
        "default": "auto" if field.default is None and dotted != "train.early_stopping" else _shown(field.default),
        "choices": [],
        "numeric": False,
    }
    if dotted == "network":
        from glassnet.networks.presets import PRESETS

        return made | {"choices": [{"value": name, "text": says} for name, says in PRESETS.items()]}
    kinds = _kinds(field.annotation)
    words = [word for kind in kinds if typing.get_origin(kind) is Literal for word in typing.get_args(kind)]
    made["choices"] = [{"value": word, "text": ""} for word in words]
    made["numeric"] = (
        not words and any(kind in (int, float) for kind in kinds) and tuple not in map(typing.get_origin, kinds)
    )
    for bound in field.metadata:
        for name, shown in (("ge", "min"), ("gt", "above"), ("le", "max"), ("lt", "below")):
            if getattr(bound, name, None) is not None:
                made[shown] = getattr(bound, name)
    return made


def _kinds(annotation: Any) -> tuple[Any, ...]:
    union = typing.get_origin(annotation) in (UnionType, typing.Union)
    return tuple(kind for kind in typing.get_args(annotation) if kind is not type(None)) if union else (annotation,)


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)
