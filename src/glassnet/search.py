"""The part of a recipe that asks for a sweep: the settings to try, and the words that say how. `sweep.space` reads the settings."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SweepRecipe(BaseModel):
    """What `sweep:` holds: reserved words without a dot, and beside them the settings to vary, kept as they were written."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    method: Literal["grid", "random", "tpe", "gp"] | None = None
    """How combinations are chosen. auto: the full grid where every setting is a list, else tpe."""
    combinations: int | None = Field(None, ge=1)
    """Most combinations to try. auto: all of a grid; else as many as fit `minutes`, or 30."""
    repeats: int = Field(1, ge=1)
    """Runs of every combination, each with another seed, on the same split."""
    prune: Literal["none", "median", "hyperband"] | None = None
    """Stop combinations that fall behind. auto: median for tpe and gp, none for a grid,
    which is to be complete, for random, and where epochs vary."""
    minutes: float | None = Field(None, gt=0)
    """Wall-clock budget of the whole sweep."""
    seed: int = Field(0, ge=0)
    """Seed of what is proposed. The seed of training is `train.seed`."""
    space: dict[str, Any] = Field(default_factory=dict)
    """The settings to vary by name, each a list, {min, max}, or {values, when}."""

    @model_validator(mode="before")
    @classmethod
    def _settings_apart(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        said = {k: v for k, v in values.items() if k in RESERVED and not (isinstance(v, str) and v == "auto")}
        return {**said, "space": {k: v for k, v in values.items() if k not in RESERVED}}

    def written(self) -> dict[str, Any]:
        """Return the mapping that this was read from: the reserved words that were set, and the settings."""
        return {**self.model_dump(mode="json", exclude_unset=True, exclude={"space"}), **self.space}


RESERVED = ("method", "combinations", "repeats", "prune", "minutes", "seed")
"""The words of `sweep:` that name no setting."""
