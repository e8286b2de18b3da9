"""The search space: which settings vary, over what, and under which condition.

    glassnet sweep photos --set train.lr=1e-4..1e-1:log --set "momentum=0.8..0.99 when optimizer=sgd" --set optimizer=sgd,adam

A combination is {dotted name: plain JSON value}; a setting that its condition switches off is absent from it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glassnet.errors import RecipeError
from glassnet.sweeps.reading import LAYER, read_form, read_forms, read_text
from glassnet.sweeps.settings import Choices, Condition, Range, shown

__all__ = [
    "Choices",
    "Condition",
    "Range",
    "Space",
    "read_settings",
    "read_space",
    "shown",
    "space_from",
    "split_values",
]


@dataclass(frozen=True)
class Space:
    """The settings that vary, by dotted name. A setting with a condition stands behind the one it depends on, whatever the order given.

    Raises RecipeError for a condition on a setting that is no list of this space, on a value it never has, or on itself in a circle.
    """

    settings: dict[str, Choices | Range]

    def __post_init__(self) -> None:
        ordered: dict[str, Choices | Range] = {}
        for name in self.settings:
            self._place(name, ordered, ())
        object.__setattr__(self, "settings", ordered)

    def _place(self, name: str, ordered: dict[str, Choices | Range], path: tuple[str, ...]) -> None:
        if name in ordered:
            return
        if name in path:
            raise RecipeError(f"The conditions of {' and '.join(path[path.index(name) :])} go round in a circle.")
        setting = self.settings[name]
        if setting.when is not None:
            self._check_condition(name, setting.when)
            self._place(setting.when.name, ordered, (*path, name))
        ordered[name] = setting

    def _check_condition(self, name: str, when: Condition) -> None:
        other = self.settings.get(when.name)
        if other is None:
            raise RecipeError(
                f"{name} counts only when {when}, and {when.name} does not vary in this sweep. "
                f"Add it, as {when.name}={','.join(shown(value) for value in when.values)}, or drop the condition."
            )
        if not isinstance(other, Choices):
            raise RecipeError(f"{name} depends on {when.name}, which is a range. A condition needs a list of values.")
        for value in when.values:
            if value not in other.values:
                raise RecipeError(
                    f"{name} counts only when {when}, and {when.name} is never {shown(value)}: it is {other}."
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The settings in order; each behind the one its condition asks about."""
        return tuple(self.settings)

    @property
    def is_grid(self) -> bool:
        """Whether all settings are lists, so that there is a full grid."""
        return all(isinstance(setting, Choices) for setting in self.settings.values())

    def size(self) -> int | None:
        """Return the number of combinations of the grid, counted without making them; None where a setting is a range."""
        below: dict[str, int] = {}  # combinations of a setting and all that depends on it
        for name, setting in reversed(self.settings.items()):
            if not isinstance(setting, Choices):
                return None
            below[name] = sum(
                math.prod(below[each] for each in self._dependants(name) if value in self._condition(each).values)
                for value in setting.values
            )
        return math.prod(below[name] for name, setting in self.settings.items() if setting.when is None)

    def grid(self) -> Iterator[dict[str, Any]]:
        """Yield every combination once, as nested for-loops do: the last setting changes fastest. Raises RecipeError for a range."""
        ranges = [name for name, setting in self.settings.items() if not isinstance(setting, Choices)]
        if ranges:
            raise RecipeError(
                f"{' and '.join(ranges)} {'are ranges' if ranges[1:] else 'is a range'}, which a grid cannot go through. List "
                "the values, or let them be proposed with method random or tpe."
            )
        yield from self._rest(self.names, {})

    def _rest(self, names: tuple[str, ...], chosen: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if not names:
            yield chosen
            return
        setting = self.settings[names[0]]
        if setting.when is not None and not setting.when.holds(chosen):
            yield from self._rest(names[1:], chosen)
            return
        assert isinstance(setting, Choices)
        for value in setting.values:
            yield from self._rest(names[1:], {**chosen, names[0]: value})

    def active(self, values: Mapping[str, Any]) -> dict[str, bool]:
        """Tell for every setting whether its condition holds. Conditions look back, so `values` may be the beginning of a combination."""
        on: dict[str, Any] = {}
        found: dict[str, bool] = {}
        for name, setting in self.settings.items():
            found[name] = setting.when is None or setting.when.holds(on)
            if found[name] and name in values:
                on[name] = values[name]
        return found

    def check(self, values: Mapping[str, Any]) -> None:
        """Raise RecipeError unless `values` is a combination of this space: all that is on and nothing else, each within its bounds."""
        unknown = [name for name in values if name not in self.settings]
        if unknown:
            raise RecipeError(f"{unknown[0]} does not vary in this sweep. It varies {', '.join(self.names)}.")
        for name, on in self.active(values).items():
            setting = self.settings[name]
            if on and name not in values:
                raise RecipeError(f"The combination has no value of {name}.")
            if not on and name in values:
                raise RecipeError(f"{name} counts only when {setting.when}, so this combination cannot set it.")
            if on and values[name] not in setting:
                raise RecipeError(f"{name} is {shown(values[name])}, which is not in this sweep: {setting}.")

    def text(self) -> list[str]:
        """Return a line per setting, in words."""
        return [
            f"{name}: {setting}" + (f"  (when {setting.when})" if setting.when else "")
            for name, setting in self.settings.items()
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values in the form of the recipe; `space_from` is the inverse."""
        return {name: _plain(setting) for name, setting in self.settings.items()}

    def _dependants(self, name: str) -> list[str]:
        return [
            each for each, setting in self.settings.items() if setting.when is not None and setting.when.name == name
        ]

    def _condition(self, name: str) -> Condition:
        when = self.settings[name].when
        assert when is not None
        return when


def space_from(values: Mapping[str, Any]) -> Space:
    """Rebuild the space that `as_dict` gave."""
    settings: dict[str, Choices | Range] = {}
    for name, form in values.items():
        if isinstance(form, list):
            settings[name] = Choices(tuple(form))
            continue
        when = next((Condition(on, tuple(held)) for on, held in form.get("when", {}).items()), None)
        if "values" in form:
            settings[name] = Choices(tuple(form["values"]), when)
        else:
            bounds = (form["min"], form["max"], form["log"], form["integer"], form.get("step"))
            settings[name] = Range(*bounds, when)
    return Space(settings)


def read_space(mapping: Mapping[str, Any]) -> Space:
    """Read the settings of a recipe's `sweep:`: lists, {min, max, log, integer, step, when}, {values, when}. Raises RecipeError."""
    return _space(read_forms(mapping))


def read_settings(texts: Sequence[str], recipe: Mapping[str, Any] | None = None) -> Space:
    """Read `--set` options; `recipe` are the settings of a recipe's `sweep:`, which they win over. Raises RecipeError."""
    typed: dict[str, Any] = {}
    for text in texts:
        name, form = read_text(text)
        if name in typed:
            raise RecipeError(f"{name} is set twice, the second time by {text!r}. Put all its values into one.")
        typed[name] = form
    return _space({**read_forms(recipe or {}), **typed})


def split_values(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a combination as what `Recipe.changed` takes ({"train.lr": 0.1}) and what `networks.overrides.override` takes."""
    recipe: dict[str, Any] = {}
    layers: dict[str, Any] = {}
    for name, value in values.items():
        found = LAYER.fullmatch(name)
        if found:
            layers[f"{found[1]}.{found[2]}"] = value
        else:
            recipe[name] = value
    # `augment` as a whole comes first, so that augment.rotate beside it has a say.
    return dict(sorted(recipe.items(), key=lambda item: item[0] != "augment")), layers


def _space(forms: Mapping[str, Any]) -> Space:
    if not forms:
        raise RecipeError(
            "A sweep needs a setting to vary: --set train.lr=0.1,0.01, or `sweep: {train.lr: [0.1, 0.01]}`."
        )
    return Space({name: read_form(name, form) for name, form in forms.items()})


def _plain(setting: Choices | Range) -> Any:
    when = {"when": {setting.when.name: list(setting.when.values)}} if setting.when else {}
    if isinstance(setting, Choices):
        return {"values": list(setting.values), **when} if when else list(setting.values)
    step = {} if setting.step is None else {"step": setting.step}
    return {"min": setting.low, "max": setting.high, "log": setting.log, "integer": setting.integer, **step, **when}
