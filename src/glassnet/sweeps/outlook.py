"""What a sweep will be, before anything of it is on record: its plan, who carries it out, and how long it may take."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from glassnet.choice import Choice
from glassnet.errors import DataError, RecipeError
from glassnet.pipeline.observer import Observer
from glassnet.recipe import Recipe
from glassnet.sweeps.bench import Bench
from glassnet.sweeps.estimate import Estimate, estimate
from glassnet.sweeps.hands import Hands
from glassnet.sweeps.plan import Plan, decide
from glassnet.sweeps.space import Space, read_space
from glassnet.sweeps.telling import said_time, whole_seconds
from glassnet.sweeps.worker import own_settings


@dataclass(frozen=True)
class Outlook:
    """`combinations` are all of a grid, else the first proposal; `choices` what was not asked, with reasons."""

    space: Space
    plan: Plan
    hands: Hands
    choices: list[Choice]
    combinations: list[dict[str, Any]]
    expected: Estimate

    def times(self) -> str:
        """Return how long the sweep may take, and which combinations cannot be trained, in words."""
        said = said_time(self.plan, self.hands.workers, self.expected.seconds)
        return "\n".join(filter(None, [said, self.expected.refused]))

    def as_dict(self) -> dict[str, Any]:
        """Return what `--plan --json` prints. `seconds` are those of the whole sweep, None where minutes end it."""
        return {
            "plan": self.plan.as_dict(),
            "text": self.plan.text(),
            "space": self.space.text(),
            "on": self.hands.name,
            "workers": self.hands.workers,
            "run_seconds": self.expected.seconds,
            "seconds": whole_seconds(self.plan, self.hands.workers, self.expected.seconds),
            "times": self.times(),
            "choices": [choice.as_dict() for choice in self.choices],
        }

    def __str__(self) -> str:
        said = self.plan.text()
        chosen = [f"  {choice}" for choice in self.choices]
        lines = [f"{said[0].upper()}{said[1:]}.", *(f"  {line}" for line in self.space.text())]
        return "\n".join(
            [*lines, "", *(["chosen for you (each can be set):", *chosen, ""] if chosen else []), self.times()]
        )


def asked_of(recipe: Recipe, space: Space | None, asked: dict[str, Any] | None) -> tuple[Space, dict[str, Any]]:
    """Put together what the recipe's `sweep` says and what was asked beside it, which wins. Raises RecipeError for nothing to try."""
    own = recipe.sweep
    given = {name: value for name, value in (asked or {}).items() if value is not None}
    if own is not None:
        given = {name: getattr(own, name) for name in own.model_fields_set - {"space"}} | given
        if space is None or not space.settings:
            space = read_space(own.space)
    if space is None or not space.settings:
        raise RecipeError(
            "Nothing to try was named. Say which settings take which values: `glassnet sweep photos --set train.lr=0.1,0.01`, "
            "or `sweep: {train.lr: [0.1, 0.01]}` in the recipe."
        )
    return space, given


def look_ahead(
    bench: Bench, space: Space, plan: Plan, choices: list[Choice], on: str | None, workers: int | None
) -> Outlook:
    """Read the pictures, choose who works, and time steps. The plan that comes back has the machine settings of every run.

    Raises RecipeError and DataError for what cannot be swept.
    """
    base = bench.base
    prepared = bench.prepare()
    if not len(prepared.lock.validation):
        raise DataError(
            "There are no validation pictures, so combinations could not be compared. Set some aside: --validation 0.15."
        )
    hands = Hands.choose(on, workers, plan, base)
    plan = replace(plan, threads=base.train.threads or hands.threads, device=hands.device)
    combinations = list(space.grid()) if plan.is_grid else [_first(space, plan)]
    expected = estimate(bench, base.changed(own_settings(plan, base, 1)), combinations)
    choices = [*choices]
    if base.train.precision is None and "train.precision" not in space.names:
        plan = replace(plan, precision=str(expected.precision.value))
        choices.append(replace(expected.precision, reason=f"{expected.precision.reason}; the same for every run"))
    return Outlook(space, plan, hands, [*choices, *hands.choices], combinations, expected)


def outlook(
    recipe: Recipe,
    space: Space | None,
    asked: dict[str, Any] | None,
    out: Path,
    observer: Observer,
    on: str | None = None,
    workers: int | None = None,
) -> Outlook:
    """Return what `sweep` would do with the same arguments. Pictures are decoded into the store in `out`; nothing else is kept."""
    space, said = asked_of(recipe, space, asked)
    with tempfile.TemporaryDirectory(prefix="glassnet-plan-") as folder:
        bench = Bench(recipe.changed({"sweep": None}), out, Path(folder), observer)
        return look_ahead(bench, space, *decide(space, said), on, workers)


def _first(space: Space, plan: Plan) -> dict[str, Any]:
    """Return the first proposal. Raises RecipeError before anything runs when the method cannot work here."""
    from glassnet.sweeps.proposing import propose

    return propose(space, plan.method, plan.seed, (), 1)
