"""What one swept setting can be: a list of choices or a range of numbers, and the condition under which it counts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

from glassnet.errors import RecipeError


@dataclass(frozen=True)
class Condition:
    """Holds in a combination where the setting `name` varies and has one of `values`."""

    name: str
    values: tuple[Any, ...]

    def holds(self, chosen: Mapping[str, Any]) -> bool:
        """Tell whether it holds, given the values of the settings that are on."""
        return self.name in chosen and chosen[self.name] in self.values

    def __str__(self) -> str:
        return f"{self.name} is {' or '.join(shown(value) for value in self.values)}"


@dataclass(frozen=True)
class Choices:
    """A list of values, each different, as JSON has them: numbers, text, and for layer lists lists and maps."""

    values: tuple[Any, ...]
    when: Condition | None = None

    def __post_init__(self) -> None:
        if not self.values:
            raise RecipeError("the list of values is empty.")
        for at, value in enumerate(self.values):
            if value in self.values[:at]:
                raise RecipeError(
                    f"{shown(value)} stands twice. Every combination is run once; ask for repeats to run it again."
                )

    def __contains__(self, value: Any) -> bool:
        return value in self.values

    def __str__(self) -> str:
        return ", ".join(shown(value) for value in self.values)


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; uniform, or uniform in the logarithm.

    `integer`: whole numbers only. `step`: only low, low + step, …; `high` is then brought down to the last of them.
    """

    low: float
    high: float
    log: bool = False
    integer: bool = False
    step: float | None = None
    when: Condition | None = None

    def __post_init__(self) -> None:
        asked = [self.low, self.high, *([] if self.step is None else [self.step])]
        if not all(math.isfinite(each) for each in asked):
            raise RecipeError(f"a range needs finite numbers, got {self.low} to {self.high}.")
        if self.integer and not all(float(each).is_integer() for each in asked):
            raise RecipeError(
                f"whole numbers were asked for, and one of {', '.join(shown(each) for each in asked)} is none."
            )
        if not self.low < self.high:
            raise RecipeError(f"a range needs min below max, got {shown(self.low)} to {shown(self.high)}.")
        if self.log and self.low <= 0:
            raise RecipeError(f"a logarithmic range begins above 0, got {shown(self.low)}.")
        kind = int if self.integer else float
        low, high, step = kind(self.low), kind(self.high), None if self.step is None else kind(self.step)
        if step is not None:
            if self.log:
                raise RecipeError("a logarithmic range has no steps. Leave out log or step, or list the values.")
            if not 0 < step <= high - low:
                raise RecipeError(
                    f"the step {shown(step)} must lie above 0 and fit into {shown(low)} to {shown(high)}."
                )
            high = _last(low, high, step)
        for name, value in (("low", low), ("high", high), ("step", step)):
            object.__setattr__(self, name, value)

    def __contains__(self, value: Any) -> bool:
        if not isinstance(value, int | float) or isinstance(value, bool) or not self.low <= value <= self.high:
            return False
        if self.integer and not float(value).is_integer():
            return False
        if self.step is None:
            return True
        steps = (value - self.low) / self.step
        return abs(steps - round(steps)) < 1e-6

    def __str__(self) -> str:
        words = ["whole numbers " if self.integer else "", f"from {shown(self.low)} to {shown(self.high)}"]
        words += [f" in steps of {shown(self.step)}"] if self.step is not None else []
        return "".join([*words, ", evenly in the logarithm" if self.log else ""])


def shown(value: Any) -> str:
    """Return a value as it would be written: 0.001, sgd, [{conv: 32}, flatten, {dense: classes}]."""
    if isinstance(value, list | tuple | dict):
        plain = list(value) if isinstance(value, tuple) else value
        return yaml.safe_dump(plain, default_flow_style=True, width=10**6, sort_keys=False, allow_unicode=True).strip()
    return (
        {None: "auto", True: "true", False: "false"}.get(value, str(value))
        if value is None or isinstance(value, bool)
        else str(value)
    )


def _last(low: float, high: float, step: float) -> Any:
    """The last of low, low + step, … up to `high`, in decimals as people write them (0.1 + 0.2 is 0.3)."""
    if isinstance(low, int):
        return low + (high - low) // step * step
    first, size = Decimal(str(low)), Decimal(str(step))
    return float(first + (Decimal(str(high)) - first) // size * size)
