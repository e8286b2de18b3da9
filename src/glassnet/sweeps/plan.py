"""How a sweep is carried out, decided once and kept in the ledger: whoever resumes or joins it goes on in the same way."""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from glassnet.choice import Choice
from glassnet.errors import LedgerError, RecipeError
from glassnet.sweeps.space import Space

METHODS = ("grid", "random", "tpe", "gp")
PRUNERS = ("none", "median", "hyperband")
_SAMPLED = 30  # combinations, where neither a number nor minutes were given
MOST = 100_000


@dataclass(frozen=True)
class Plan:
    """`combinations` is how many there will be (None: as many as fit the minutes), `minutes` wall-clock time for the whole sweep.

    `threads`, `device` and `precision` are those of every run: with them the numbers are the same whoever does the work.
    """

    method: str
    combinations: int | None
    repeats: int = 1
    prune: str = "none"
    minutes: float | None = None
    seed: int = 0
    threads: int | None = None
    device: str | None = None
    precision: str | None = None

    @property
    def is_grid(self) -> bool:
        """Whether every combination is known from the start."""
        return self.method == "grid"

    def is_over(self, proposed: int) -> bool:
        """Whether combination number `proposed` was the last one; with minutes alone, time tells."""
        return self.is_grid or (self.combinations is not None and proposed >= self.combinations)

    def machine(self) -> dict[str, Any]:
        """Return the recipe fields that every run shares, so that its bits do not depend on where it runs."""
        return {f"train.{name}": value for name in ("threads", "device", "precision") if (value := getattr(self, name))}

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values; `plan_from` is the inverse."""
        return asdict(self)

    def text(self) -> str:
        """Return the plan in one sentence."""
        if self.is_grid:
            said = f"the full grid of {self.combinations:,} combination{'s' * (self.combinations != 1)}"
        else:
            number = (
                f"{self.combinations:,} combination{'s' * (self.combinations != 1)}"
                if self.combinations
                else "as many combinations as fit"
            )
            said = f"{number}, proposed by {_NAMES[self.method]}"
        said += f", each {self.repeats} times with different seeds" if self.repeats > 1 else ""
        said += f", hopeless ones given up early ({self.prune})" if self.prune != "none" else ""
        return said + (f", within {self.minutes:g} minutes" if self.minutes else "")


_NAMES = {"random": "chance", "tpe": "a tree-structured Parzen estimator", "gp": "a Gaussian process"}


def plan_from(values: dict[str, Any]) -> Plan:
    """Read a plan from the ledger. Raises LedgerError when it is from a newer version or damaged."""
    known = {field.name for field in fields(Plan)}
    if unknown := sorted(set(values) - known):
        raise LedgerError(
            f"This sweep's plan has {', '.join(unknown)}, which this Glassnet does not know. Use the newer one."
        )
    try:
        return Plan(**values)
    except TypeError as error:
        raise LedgerError(f"This sweep's plan in the ledger is damaged: {error}.") from None


def decide(space: Space, asked: dict[str, Any]) -> tuple[Plan, list[Choice]]:
    """Fill what was not asked; return the plan and every choice with its reason. Raises RecipeError for what does not fit together.

    `asked` has any of method, combinations, repeats, prune, minutes, seed; None counts as not asked.
    """
    asked = {name: value for name, value in asked.items() if value is not None}
    choices: list[Choice] = []
    method = asked.get("method")
    if method is None:
        method = "grid" if space.is_grid and "combinations" not in asked else "tpe"
        why = (
            "every setting is a list"
            if method == "grid"
            else "not every combination can be tried, so good ones are sought"
        )
        choices.append(Choice("sweep.method", method, why))
    prune = asked.get("prune")
    if prune is None:
        prune = "none" if method in ("grid", "random") or "train.epochs" in space.names else "median"
        if method not in ("grid", "random") and prune == "none":
            why = "train.epochs varies, and after equal epochs a long run is not as far as a short one"
            choices.append(Choice("sweep.prune", prune, why))
        if prune != "none":
            why = "a run below the median of the others at the same epoch seldom wins; `--prune none` keeps all"
            choices.append(Choice("sweep.prune", prune, why))
    combinations = asked.get("combinations")
    if method == "grid":
        combinations = _grid_size(space, combinations)
    elif combinations is None and "minutes" not in asked:
        combinations = _SAMPLED
        choices.append(Choice("sweep.combinations", combinations, "usual for a first look; more with --combinations"))
    size = space.size()
    if method != "grid" and size is not None and combinations is not None and size < combinations:
        choices.append(Choice("sweep.combinations", size, f"there are no more than {size:,}"))
        combinations = size
    plan = Plan(method, combinations, asked.get("repeats", 1), prune, asked.get("minutes"), asked.get("seed", 0))
    _check(plan)
    return plan, choices


def _grid_size(space: Space, combinations: int | None) -> int:
    size = space.size()
    if size is None:
        ranges = [name for name in space.names if not hasattr(space.settings[name], "values")]
        raise RecipeError(
            f"A grid needs lists, and {', '.join(ranges)} {'is a range' if len(ranges) == 1 else 'are ranges'}. "
            "Write values with commas, or choose --method tpe or random."
        )
    if combinations is not None and combinations != size:
        raise RecipeError(
            f"The full grid has {size:,} combinations, and --combinations says {combinations:,}. "
            "Leave it out for the grid, or sample with --method random or tpe."
        )
    if size > MOST:
        raise RecipeError(
            f"The full grid has {size:,} combinations, more than the {MOST:,} that a sweep may have. Sample it: --method tpe."
        )
    return size


def _check(plan: Plan) -> None:
    for name, known in (("method", METHODS), ("prune", PRUNERS)):
        if getattr(plan, name) not in known:
            raise RecipeError(f"--{name} {getattr(plan, name)} is not known. There are: {', '.join(known)}.")
    for name in ("combinations", "repeats"):
        value = getattr(plan, name)
        if value is not None and not 1 <= value <= MOST:
            raise RecipeError(f"--{name} must lie between 1 and {MOST:,} (got {value}).")
    if plan.minutes is not None and not (math.isfinite(plan.minutes) and plan.minutes > 0):
        raise RecipeError(f"--minutes must be above 0 (got {plan.minutes}).")
