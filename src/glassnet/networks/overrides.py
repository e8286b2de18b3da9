"""Single values of a layer list by name, as a sweep varies them: `conv1.filters`, `dropout1.rate`, `dense2.activation`.

Layers have the names that `glassnet summary` shows, options the words of the layer list; a layer's own number has its word too (`filters`
after `conv:`, `units` after `dense:`, `rate` after `dropout:`, `size` after `maxpool:`). Imports no torch.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields, replace
from typing import Any

from glassnet.errors import RecipeError
from glassnet.networks import words
from glassnet.networks.layers import ACTIVATIONS, KINDS, Activation, Decoder, Layer, Residual, parse, specs, walk

# What a layer is made of or called is no value of it.
_NO_VALUES = ("name", "number", "layers", "shortcut")
_OUTPUTS = ("filters", "units")


def named_layers(layers: Sequence[Any]) -> dict[str, Layer]:
    """Return every layer of a list by the name that the summary shows, those inside residuals too. Raises RecipeError as `parse` does."""
    return {layer.name: layer for layer in walk(parse(layers))}


def override(layers: Sequence[Any], changes: Mapping[str, Any]) -> list[Any]:
    """Return the list with single values replaced, as `{"conv1.filters": 32}`; every layer named, as `specs` gives it.

    Raises RecipeError for an unknown layer or word (with the nearest), a value that does not fit, and the outputs of the last layer.
    """
    parsed = parse(layers)
    known = {layer.name: layer for layer in walk(parsed)}
    last = next((layer for layer in reversed(parsed) if _outputs(layer)), None)
    changed: dict[str, Layer] = {}
    for dotted, value in changes.items():
        name, _, word = dotted.rpartition(".")
        if name not in known:
            raise RecipeError(f"The network has no layer {name!r} to vary. {words.nearest(name, known)}")
        layer = changed.get(name, known[name])
        label = f"Layer {layer.number} ({name})"
        gives_answer = last is not None and name == last.name and word in _OUTPUTS
        if gives_answer or (isinstance(layer, Decoder) and word == "stride"):
            raise RecipeError(f"{label}: the question that is asked sets its {word}, so a sweep cannot vary it.")
        part = _part(type(layer), word, label)
        changed[name] = replace(layer, **{part.name: _read(part, value, f"{label}: {word}")})
    for dotted in changes:
        layer = changed[dotted.rpartition(".")[0]]
        if dotted.endswith(".slope") and isinstance(layer, Activation) and layer.kind != "leaky_relu":
            raise RecipeError(
                f"Layer {layer.number} ({layer.name}) is {layer.kind}, which has no slope; leaky_relu has one."
            )
    # Read back as a list, so that nothing can be made here that could not have been written.
    return specs(parse(specs([_with(layer, changed) for layer in parsed])))


def check_override(name: str, word: str, value: Any) -> None:
    """Check what can be checked before the network is known. Raises RecipeError.

    A name such as conv3 tells the kind of its layer; under a name of the user's own, some layer must have the word and take the value.
    """
    told = re.fullmatch(r"([a-z_]+?)\d+", name)
    if told and told[1] in KINDS:
        _read(_part(KINDS[told[1]], word, f"network.{name}"), value, f"network.{name}.{word}")
        return
    parts = [_words_of(kind)[word] for kind in dict.fromkeys(KINDS.values()) if word in _words_of(kind)]
    if not parts:
        every = dict.fromkeys(each for kind in KINDS.values() for each in _words_of(kind))
        raise RecipeError(f"network.{name}.{word}: no layer has {word!r}. {words.nearest(word, every)}")
    wrong: list[RecipeError] = []
    for part in parts:
        try:
            _read(part, value, f"network.{name}.{word}")
        except RecipeError as error:
            wrong.append(error)
    if len(wrong) == len(parts):
        raise wrong[0]


def _words_of(kind: type[Layer]) -> dict[str, Field]:
    """Every word that a layer of this kind can be told, and its field. A relu that stands by itself is varied by `activation` too."""
    found = {part.name: part for part in fields(kind) if part.name not in _NO_VALUES}
    if kind is Activation:
        found["activation"] = found.pop("kind")
    return found


def _part(kind: type[Layer], word: str, label: str) -> Field:
    known = _words_of(kind)
    if word not in known:
        hint = words.nearest(word, known) if known else "Nothing of it can be varied."
        raise RecipeError(f"{label} has no {word!r}. {hint}")
    return known[word]


def _read(part: Field, value: Any, label: str) -> Any:
    read = part.metadata.get("read") or words.one_of(*ACTIVATIONS)
    try:
        return read(value)
    except ValueError as error:
        raise RecipeError(f"{label} {error}, got {value!r}.") from None


def _outputs(layer: Layer) -> bool:
    return any(hasattr(layer, word) for word in _OUTPUTS)


def _with(layer: Layer, changed: Mapping[str, Layer]) -> Layer:
    layer = changed.get(layer.name, layer)
    if not isinstance(layer, Residual):
        return layer
    shortcut = layer.shortcut
    return replace(
        layer,
        layers=tuple(_with(each, changed) for each in layer.layers),
        shortcut=shortcut if isinstance(shortcut, str) else tuple(_with(each, changed) for each in shortcut),
    )
