"""How values and settings are written: short where a chart has little room, whole where somebody asks."""

import json
import re
from collections.abc import Iterable
from typing import Any

import yaml

from glassnet.report.markup import Markup, tag
from glassnet.report.sweep.material import SweepMaterial

_LETTERS = 30  # of a value's short form
_FEW = 24  # different numbers up to which none may look like another; more than that are a range
OFF = "off"  # what stands where a condition switches a setting off


def is_number(value: object) -> bool:
    """Return whether a value has a place on an axis of numbers; true and false have none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(value: Any) -> str:
    """Return a text that is equal for equal values: 1 and 1.0 are equal, 1 and true are not."""
    plain = float(value) if is_number(value) and abs(value) < 2**53 else value
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, default=str)


def full(value: Any) -> str:
    """Return a value as it would stand in a recipe."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return repr(value)
    if isinstance(value, str):
        return value
    return yaml.safe_dump(
        _plain(value), default_flow_style=True, width=10**6, sort_keys=False, allow_unicode=True
    ).strip()


def cut(text: str, letters: int = _LETTERS) -> str:
    """Return the text, or its start with an ellipsis where it has more than so many letters; the number that tells it apart stays."""
    if len(text) <= letters:
        return text
    number = re.search(r" #\d+$", text)
    end = "…" + (number[0] if number else "")
    return text[: letters - len(end)].rstrip(" ,…") + end


class Labels:
    """The short form of every value and of every setting of one sweep; different values never look equal."""

    def __init__(self, material: SweepMaterial) -> None:
        self._names = _short_names(material.named)
        self._values: dict[str, dict[str, str]] = {}
        self.shortened: list[
            tuple[str, str, str]
        ] = []  # (setting, short form, full text), for the list of what was cut
        for setting in material.named:
            found = {
                same(line.values[setting]): line.values[setting] for line in material.lines if setting in line.values
            }
            self._values[setting] = _distinct(found)
            for key, value in found.items():
                if not is_number(value) and self._values[setting][key] != full(value):
                    self.shortened.append((setting, self._values[setting][key], full(value)))

    def name(self, setting: str) -> str:
        """Return the last words of a setting's name that tell it from the others: `lr` for train.lr."""
        return self._names.get(setting, setting)

    def short(self, setting: str, value: Any) -> str:
        """Return a value of a setting in at most about thirty letters."""
        return self._values.get(setting, {}).get(same(value)) or _short(value)

    def marked(self, setting: str, value: Any) -> Markup:
        """Return the short form, with the full text on hover where something was cut."""
        short, whole = self.short(setting, value), full(value)
        return tag("span", short, title=whole if short != whole else None)

    def said(self, values: dict[str, Any] | Any) -> str:
        """Return all values of a combination in one line."""
        return ", ".join(f"{self.name(setting)} {self.short(setting, value)}" for setting, value in values.items())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple) and value:
        return _layers(value)
    return cut(full(value))


def _layers(value: Any) -> str:
    """Return a list of layers as `conv 32, maxpool 2, … (7 layers)`."""
    words = [_layer(layer) for layer in value]
    if len(", ".join(words)) <= _LETTERS:
        return ", ".join(words)
    count = f", … ({len(words)})"
    shown = words[:1]
    for word in words[1:]:
        if len(", ".join([*shown, word])) > _LETTERS - len(count):
            break
        shown.append(word)
    return cut(", ".join(shown), _LETTERS - len(count)) + count


def _layer(layer: Any) -> str:
    if isinstance(layer, dict) and layer:
        word, size = next(iter(layer.items()))
        return f"{word} {full(size)}"
    return full(layer)


def _distinct(values: dict[str, Any]) -> dict[str, str]:
    """Return a short form for each key; those that would look alike get a number, and numbers as many digits as they need."""
    found = {key: _short(value) for key, value in values.items()}
    alike: dict[str, list[str]] = {}
    for key, text in found.items():
        alike.setdefault(text, []).append(key)
    for text, keys in alike.items():
        if len(keys) > 1 and not all(is_number(values[key]) for key in keys):
            found.update({key: f"{text} #{place}" for place, key in enumerate(keys, 1)})
    if all(is_number(value) for value in values.values()) and len(values) <= _FEW:
        digits = next(
            (n for n in range(4, 12) if len({f"{value:.{n}g}" for value in values.values()}) == len(values)), 12
        )
        found = {key: found[key] if isinstance(value, int) else f"{value:.{digits}g}" for key, value in values.items()}
    return found


def _short_names(settings: Iterable[str]) -> dict[str, str]:
    known = list(settings)
    found = {}
    for setting in known:
        parts = setting.split(".")
        ends = (".".join(parts[-length:]) for length in range(1, len(parts)))
        found[setting] = next(
            (end for end in ends if end and sum(other == end or other.endswith(f".{end}") for other in known) == 1),
            setting,
        )
    return found
