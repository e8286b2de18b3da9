"""From what a person wrote to settings of a sweep: the forms of a recipe's `sweep:`, and the texts of `--set`.

Every value is checked against the recipe here, so that a typing error ends the sweep before its first run.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from glassnet.errors import RecipeError
from glassnet.networks.overrides import check_override
from glassnet.recipe import Recipe, fields, parse_value, read_yaml
from glassnet.search import RESERVED
from glassnet.sweeps.settings import Choices, Condition, Range, shown

_ONE_SPLIT = "all combinations are judged by the same pictures, so it stays as it is for the whole sweep"
_SAME_RUN = "it is no setting of the network's, and one run of a sweep must equal the other wherever it is made"
REFUSED = {
    "data.root": "a sweep tries settings on one set of pictures. Start another sweep for another set",
    "data.task": "scores of different questions cannot be compared. Start a sweep for each",
    "data.test": _ONE_SPLIT,
    "data.validation": _ONE_SPLIT,
    "data.group_by": _ONE_SPLIT,
    "data.max_pixels": _ONE_SPLIT,
    "train.seed": "a seed is no better than another. Ask for repeats, which run every combination with several seeds",
    "train.threads": _SAME_RUN,
    "train.device": _SAME_RUN,
}
"""Settings that a sweep does not vary, and why."""

LAYER = re.compile(r"network\.([A-Za-z][A-Za-z0-9_]*)\.([a-z_]+)")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*\.\.\s*({_NUMBER})((?:\s*:\s*[a-z]+(?:\s*=\s*[^:]+)?)*)\s*")
_RANGE_KEYS = ("min", "max", "log", "integer", "step", "when")
_MOST = 1e15  # whole numbers up to here are exact as floats too
_EXAMPLE = "Write NAME=VALUES, as train.lr=0.1,0.01, or a range, as train.lr=1e-4..1e-1:log."


def setting_name(typed: str) -> str:
    """Return the full name of a setting: itself, or the one field that ends in it (lr). Raises RecipeError, also for what must not vary."""
    known = dict.fromkeys(fields(), True) | {"augment": True}
    name = typed.strip()
    if name not in known and not LAYER.fullmatch(name):
        ends = [full for full in known if full.rpartition(".")[2] == name.replace("-", "_")]
        if len(ends) > 1:
            raise RecipeError(f"{name!r} can be {' or '.join(ends)}. Write it out.")
        if not ends:
            raise RecipeError(f"There is no setting {name!r} to vary. {_hint(name, list(known))}")
        name = ends[0]
    if name in REFUSED:
        raise RecipeError(f"A sweep does not vary {name}: {REFUSED[name]}.")
    return name


def clean(name: str, value: Any) -> Any:
    """Return a value of a setting as plain JSON, the same for all ways to write it. Raises RecipeError where it does not fit."""
    layer = LAYER.fullmatch(name)
    if layer:
        check_override(layer[1], layer[2], value)
        return value
    if name == "network":
        return _network(value)
    recipe = Recipe().changed({name: value})
    if name == "augment":
        return value if isinstance(value, str) else recipe.model_dump(mode="json", exclude_unset=True)["augment"]
    part, _, last = name.partition(".")
    plain = recipe.model_dump(mode="json", exclude_unset=True)[part][last]
    return plain if plain is not None else "none" if name == "train.early_stopping" else "auto"


def _network(value: Any) -> Any:
    from glassnet.networks.layers import parse
    from glassnet.networks.presets import preset

    if isinstance(value, str):
        if not value.startswith("timm/"):
            preset(value)
    elif isinstance(value, list):
        try:
            parse(value)
        except RecipeError as error:
            raise RecipeError(f"network {shown(value)}: {error}") from None
    else:
        raise RecipeError(
            f"network: {shown(value)} is no network. Each choice is a name or a list of layers in brackets of its own, as "
            "[tutorial, [{conv: 32}, flatten, {dense: classes}]]."
        )
    return value


def _hint(name: str, known: list[str]) -> str:
    if name.count(".") == 1 and (near := difflib.get_close_matches(name.split(".")[1], _LAYER_WORDS, n=1, cutoff=0.8)):
        return f"Did you mean 'network.{name.split('.')[0]}.{near[0]}'?"
    short = {full.rpartition(".")[2]: full for full in known}
    near = difflib.get_close_matches(name, [*known, *short, *RESERVED], n=1, cutoff=0.55)
    if near:
        return f"Did you mean {short.get(near[0], near[0])!r}?"
    return "It can be every field of the recipe, as train.lr, and values of layers, as network.conv1.filters."


_LAYER_WORDS = ("filters", "units", "kernel", "stride", "activation", "rate", "padding", "size")


def read_forms(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's `sweep:` settings under their full names, as they were written. Raises RecipeError."""
    found: dict[str, Any] = {}
    for typed, form in mapping.items():
        name = setting_name(str(typed))
        if name in found:
            raise RecipeError(f"sweep: {name} stands twice, the second time as {typed!r}. Put all its values into one.")
        found[name] = form
    return found


def read_form(name: str, form: Any) -> Choices | Range:
    """Return one setting from its form in a recipe, every value checked. Raises RecipeError that names the setting."""
    try:
        if isinstance(form, list):
            return Choices(tuple(clean(name, value) for value in form))
        if not isinstance(form, dict):
            return Choices((clean(name, form),))
        if "values" in form:
            _only(form, ("values", "when"))
            values = form["values"] if isinstance(form["values"], list) else [form["values"]]
            return Choices(tuple(clean(name, value) for value in values), _condition(form.get("when")))
        _only(form, _RANGE_KEYS)
        return _range(name, form)
    except RecipeError as error:
        said = str(error)
        raise RecipeError(said if name in said else f"{name}: {said}") from None


def _range(name: str, form: Mapping[str, Any]) -> Range:
    for key in ("min", "max", "step"):
        value = form.get(key)
        if (key != "step" or value is not None) and (not isinstance(value, int | float) or isinstance(value, bool)):
            raise RecipeError(
                f"a range is {{min: NUMBER, max: NUMBER}}; {key} is {shown(value) if key in form else 'missing'}."
            )
    for key in ("log", "integer"):
        if not isinstance(form.get(key, False), bool):
            raise RecipeError(f"{key} must be true or false, got {shown(form[key])}.")
    low, high = form["min"], form["max"]
    if not all(abs(bound) < _MOST for bound in (low, high, form.get("step") or 0)):
        raise RecipeError(f"a range lies between -{_MOST:g} and {_MOST:g}.")
    for bound in (low, high):
        clean(name, bound)
    # A whole number between the bounds is no proof that only whole ones fit; one that is never whole is.
    whole_only = not _takes(name, min(low, high) + abs(high - low) * 0.381966)
    if whole_only and form.get("integer") is False:
        raise RecipeError("it takes whole numbers only; leave out `integer: false`.")
    integer = whole_only or form.get("integer", False)
    return Range(low, high, form.get("log", False), integer, form.get("step"), _condition(form.get("when")))


def _takes(name: str, value: Any) -> bool:
    try:
        clean(name, value)
    except RecipeError:
        return False
    return True


def _condition(form: Any) -> Condition | None:
    if form is None:
        return None
    if not isinstance(form, dict) or len(form) != 1:
        raise RecipeError("when needs one setting and its values, as {train.optimizer: [sgd, muon]}.")
    ((typed, values),) = form.items()
    name = setting_name(str(typed))
    return Condition(name, tuple(clean(name, value) for value in (values if isinstance(values, list) else [values])))


def _only(form: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in form:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}?" if near else f"It takes {', '.join(known)}; choices stand in a list."
            raise RecipeError(f"unknown key {key!r}. {hint}")


def read_text(text: str) -> tuple[str, Any]:
    """Read one `--set` text as the full name of its setting and the form that a recipe would give it."""
    assigned, *conditions = re.split(r"\s+when\s+", text.strip(), maxsplit=1)
    typed, equals, rest = assigned.partition("=")
    if not equals or not typed.strip() or not rest.strip():
        raise RecipeError(f"--set {text!r} names no values. {_EXAMPLE}")
    name = setting_name(typed)
    try:
        when = _when(conditions[0]) if conditions else {}
        found = _RANGE.fullmatch(rest.strip())
        if found:
            return name, {"min": parse_value(found[1]), "max": parse_value(found[2]), **_options(found[3]), **when}
        values = [_value(each) for each in _split(rest)]
        if len(values) == 1 and isinstance(values[0], list) and not _takes(name, values[0]) and name != "network":
            values = values[0]  # train.lr=[0.1, 0.01], as a recipe has it
    except RecipeError as error:
        raise RecipeError(f"--set {text!r}: {error}") from None
    return name, {"values": values, **when}


def _options(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in filter(None, (part.strip() for part in text.split(":"))):
        word, _, value = (part.strip() for part in each.partition("="))
        if word not in ("log", "integer", "step") or (word == "step") != bool(value):
            raise RecipeError(f"a range takes :log, :integer and :step=NUMBER behind it, got :{each}.")
        found[word] = parse_value(value) if value else True
    return found


def _when(text: str) -> dict[str, Any]:
    typed, equals, values = text.partition("=")
    if not equals or not values.strip():
        raise RecipeError(f"when {text!r} is no condition. Write `when train.optimizer=sgd,muon`.")
    return {"when": {typed.strip(): [_value(each) for each in _split(values)]}}


def _value(text: str) -> Any:
    return read_yaml(text, f"the value {text!r}") if text[0] in "[{\"'" else parse_value(text)


def _split(text: str) -> list[str]:
    """Split at the commas that stand in no brackets and no quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    if depth or quote:
        raise RecipeError(f"{'a quote' if quote else 'a bracket'} of {text.strip()!r} has no partner.")
    parts = [part.strip() for part in parts]
    if not all(parts):
        raise RecipeError(f"{text.strip()!r} has a comma without a value beside it.")
    return parts
