"""The recipe: what the user asked for, as small frozen typed objects. A recipe is a value; the command line only overrides fields.

`None` (written `auto` in YAML and on the command line) means: chosen from the data, and recorded with its reason. Every field's
docstring is its help text on the command line and in the studio.
"""

import difflib
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from glassnet.errors import RecipeError
from glassnet.plain_yaml import parse_value as parse_value
from glassnet.plain_yaml import read_yaml
from glassnet.search import SweepRecipe

Auto = Literal["auto"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _auto_is_none(cls, values: Any) -> Any:
        if isinstance(values, dict):
            return {
                k: None if isinstance(v, str) and v == "auto" and _takes_none(cls, k) else v for k, v in values.items()
            }
        return values


def _takes_none(part: type[BaseModel], name: str) -> bool:
    known = part.model_fields.get(name)
    return known is not None and known.default is None


class DataRecipe(_Part):
    """Which pictures, at what size, and who may see them."""

    root: str = ""
    """Folder, archive or built-in name (xo, digits, shapes, cifar10)."""
    task: Literal["classify", "localize", "detect", "segment", "instances"] | None = None
    """The question asked. auto: what the annotations can answer."""
    size: int | tuple[int, int] | None = Field(None)
    """Side of the square the network sees, in pixels, or [height, width]. auto: from the sizes of the pictures."""
    fit: Literal["crop", "pad", "stretch"] | None = None
    """How a picture is brought to size: crop the middle, pad with its border colour, or stretch. auto: crop to
    classify, pad where things are to be found."""
    color: Literal["rgb", "grey"] | None = None
    """Colour channels. auto: grey when all pictures are grey."""
    test: float = Field(0.15, ge=0.0, lt=1.0)
    """Share of the pictures sealed for the test, where the folder gives no test split."""
    validation: float = Field(0.15, ge=0.0, lt=1.0)
    """Share of the pictures for validation, where the folder gives no validation split."""
    group_by: str = "auto"
    """What must stay on one side of a split: auto (guessed from names and shown), none, or a regular expression
    whose first group names it."""
    max_pixels: int = Field(100_000_000, gt=0)
    """Pictures with more pixels than this are quarantined before they are decoded."""

    @model_validator(mode="after")
    def _shares_leave_training(self) -> "DataRecipe":
        if self.test + self.validation >= 1.0:
            raise ValueError(
                f"test {self.test} + validation {self.validation} leave nothing to train on; keep their sum below 1"
            )
        if self.size is not None:
            sides = (self.size, self.size) if isinstance(self.size, int) else self.size
            if min(sides) < 4 or max(sides) > 2048:
                raise ValueError(f"size {self.size} must lie between 4 and 2048 pixels")
        return self


_WORDS = ("none", "auto")


class AugmentRecipe(_Part):
    """How training pictures are varied, per batch, in one resampling and one colour matrix.

    Zero switches a change off; auto follows the preset and the data. `augment: none` and `augment: auto` say it of all.
    """

    flip: Literal["none", "horizontal", "vertical", "both"] | None = None
    """Mirror at random, each direction with probability one half."""
    rotate: float | None = Field(None, ge=0, le=180)
    """Largest rotation in degrees, either way."""
    zoom: float | None = Field(None, ge=0, lt=1)
    """Largest zoom, in and out: 0.2 draws a scale from 1/1.2 to 1.2 (log-uniform)."""
    shift: float | None = Field(None, ge=0, lt=1)
    """Largest shift as a share of the side, either way, along both axes."""
    crop: float | None = Field(None, ge=0, lt=1)
    """Random crop: up to this share of each side is cut away and the rest is enlarged."""
    brightness: float | None = Field(None, ge=0, lt=1)
    """Largest change of brightness as a share of full white, either way."""
    contrast: float | None = Field(None, ge=0, lt=1)
    """Largest change of contrast: 0.2 draws a factor from 1/1.2 to 1.2 (log-uniform)."""
    saturation: float | None = Field(None, ge=0, le=1)
    """Largest change of saturation: 0.5 draws a factor from 0.5 to 1.5, 1 from 0 (grey) to 2."""
    invert: float | None = Field(None, ge=0, le=1)
    """Probability that a picture is shown as its negative, for sets with dark grounds and light ones."""
    cutout: float | None = Field(None, ge=0, lt=1)
    """Side of one grey square put at a random place, as a share of the picture's side."""

    @model_validator(mode="before")
    @classmethod
    def _words(cls, values: Any) -> Any:
        if values == "none":
            return {name: "none" if name == "flip" else 0 for name in cls.model_fields}
        return {} if values == "auto" else values


class EarlyStopping(_Part):
    """Stop when the validation score no longer improves; the best weights are kept."""

    patience: int = Field(5, ge=1)
    """Epochs without improvement before training stops."""
    min_delta: float = Field(0.0, ge=0)
    """What counts as improvement."""

    @model_validator(mode="before")
    @classmethod
    def _a_number_is_the_patience(cls, values: Any) -> Any:
        return {"patience": values} if isinstance(values, int) and not isinstance(values, bool) else values


class TrainRecipe(_Part):
    """How the network learns."""

    epochs: int | None = Field(None, ge=1)
    """Passes over the training pictures. auto: from their number, or from `minutes`."""
    minutes: float | None = Field(None, gt=0)
    """Wall-clock budget: picks the epochs and finishes the schedule in time."""
    batch: int | None = Field(None, ge=1)
    """Pictures per step (the global batch when several processes train)."""
    optimizer: Literal["sgd", "adam", "adamw", "muon"] | None = None
    """sgd has Nesterov momentum; muon is for convolutions and dense matrices, with SGD for the rest."""
    lr: float | None = Field(None, gt=0)
    """Highest learning rate of the schedule."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Momentum of sgd and muon."""
    weight_decay: float | None = Field(None, ge=0)
    """Decoupled for adamw, muon and sgd; added to the gradient for adam, as Adam defines it."""
    schedule: Literal["constant", "cosine", "one_cycle", "step", "plateau", "linear"] | None = None
    """How the learning rate moves: linear and cosine fall to zero, step divides by ten at 1/2 and 3/4,
    plateau divides by two when validation stalls."""
    warmup: float = Field(0.0, ge=0, lt=1)
    """Share of all steps over which the learning rate rises from zero (not with one_cycle, which has its own)."""
    dropout: float | None = Field(None, ge=0, lt=1)
    """Rate for every dropout layer of a preset, placed before its dense layers."""
    label_smoothing: float | None = Field(None, ge=0, lt=1)
    """Share of the target that is spread over all classes."""
    class_weights: Literal["none", "balanced"] = "none"
    """balanced weighs the loss of a class by n / (classes × its count), counted in pictures, things or pixels."""
    box_loss: Literal["giou", "l1"] = "giou"
    """For boxes: generalised IoU, or the mean absolute error of the sides' logarithms."""
    box_weight: float = Field(5.0, ge=0)
    """For boxes: weight of their loss beside that of the heat map."""
    dice: float = Field(1.0, ge=0)
    """For masks: weight of the Dice loss beside the cross-entropy; 0 is off."""
    sampling: Literal["none", "balanced"] = "none"
    """balanced draws every class equally often."""
    mixup: float = Field(0.0, ge=0)
    """Alpha of the Beta distribution that mixes pairs of pictures and their targets; 0 is off."""
    skip_easy: float = Field(0.0, ge=0, lt=1)
    """Share of the examples with the smallest last loss that the middle of training leaves out."""
    validate_every: int | None = Field(None, ge=1)
    """Epochs from one validation to the next; the last epoch is always validated. auto: so many that validation takes
    a tenth of the time at most."""
    early_stopping: EarlyStopping | None = None
    """{patience, min_delta}, the patience alone, or none."""
    ema: float = Field(0.0, ge=0, lt=1)
    """Decay of an exponential moving average of the weights, used for validation and kept as the model; 0 is off."""
    clip: float = Field(0.0, ge=0)
    """Largest norm of the gradient; 0 is off."""
    initial: Literal["glorot", "he"] | None = None
    """How weights start. auto: as the preset asks, he for layer lists of your own."""
    frozen_epochs: int = Field(1, ge=0)
    """For pretrained networks: epochs in which only the head learns."""
    views: Literal["one", "mirror"] | None = None
    """Answers from one view, or averaged over the picture and its mirror image."""
    seed: int = Field(0, ge=0)
    """Seed of everything that is random."""
    device: Literal["cpu", "cuda", "mps"] | None = None
    """Where to train. auto: a GPU when there is one."""
    precision: Literal["fp32", "bf16"] | None = None
    """Arithmetic. auto: bf16 where the processor has it and half a second of measurement says it is faster."""
    threads: int | None = Field(None, ge=1)
    """Processor threads. auto: measured."""
    bad_steps: int = Field(10, ge=1)
    """Rejected steps (a NaN or infinity) after which the run stops with exit code 7."""

    @model_validator(mode="before")
    @classmethod
    def _never_early(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("early_stopping") in ("none", "off"):
            return {**values, "early_stopping": None}
        return values


class Recipe(_Part):
    """Everything the user asked for."""

    data: DataRecipe = DataRecipe()
    network: str | tuple[Any, ...] = "fast"
    """A preset (fast, tutorial, flowers, resnet18, mini), a list of layers, or timm/<name>."""
    augment: AugmentRecipe = AugmentRecipe()
    train: TrainRecipe = TrainRecipe()
    sweep: SweepRecipe | None = Field(None, exclude=True)
    """Settings to try in many combinations, with `glassnet sweep`. Never part of what a single run records."""

    def changed(self, overrides: dict[str, Any]) -> "Recipe":
        """Return a copy with dotted fields replaced, as `{"train.lr": 0.01}`. Raises RecipeError for what does not fit."""
        values = self.model_dump(exclude_unset=True)
        if self.sweep is not None:
            values["sweep"] = self.sweep.written()
        for dotted, value in overrides.items():
            part, *names = dotted.split(".")
            holder = values
            for name in names:
                inner = holder.get(part)
                holder[part] = dict(inner) if isinstance(inner, dict) else {}
                holder, part = holder[part], name
            if part == "augment" and value in _WORDS:  # a map, so that a later override can change one of it
                value = AugmentRecipe.model_validate(value).model_dump(exclude_unset=True)
            holder[part] = value
        return recipe_from(values)

    def is_set(self, dotted: str) -> bool:
        """Tell whether the user set this dotted field himself (a default or `auto` does not count)."""
        part, _, name = dotted.partition(".")
        if not name:
            return part in self.model_fields_set
        inner = getattr(self, part)
        return name in inner.model_fields_set and getattr(inner, name) is not None

    def once(self) -> "Recipe":
        """Return this recipe where it asks for one run. Raises RecipeError where it asks for a sweep."""
        if self.sweep is None:
            return self
        settings = ", ".join(list(self.sweep.space)[:3]) or "no setting yet"
        raise RecipeError(
            f"This recipe asks for a sweep ({settings}{', …' if len(self.sweep.space) > 3 else ''}), and this command trains "
            "once. Try all its combinations with `glassnet sweep`, or take `sweep:` out of the recipe."
        )

    def as_yaml(self) -> str:
        """Return the recipe of one run as YAML that `read_recipe` reads back to an equal recipe; a sweep is left out."""
        return yaml.safe_dump(
            self.model_dump(mode="json", exclude_unset=True), sort_keys=False, allow_unicode=True, width=120
        )


def fields() -> dict[str, tuple[Any, str]]:
    """Return every dotted field as {name: (its pydantic field, its help text)}, in the order of the classes above."""
    found: dict[str, tuple[Any, str]] = {}
    for part, field in Recipe.model_fields.items():
        inner = field.annotation
        if part == "sweep":
            continue  # it varies fields and is none
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found.update(
                {
                    f"{part}.{name}": (f, " ".join((f.description or "").split()))
                    for name, f in inner.model_fields.items()
                }
            )
        else:
            found[part] = (field, " ".join((field.description or "").split()))
    return found


def recipe_from(values: dict[str, Any]) -> Recipe:
    """Build a recipe from plain nested values. Raises RecipeError that names the value, the allowed set and the nearest known key."""
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        raise RecipeError("\n".join(_sentence(line) for line in error.errors()[:4])) from None


def read_recipe(path: str | Path) -> Recipe:
    """Read a recipe from a YAML file. Raises RecipeError for a missing file, bad YAML, tags, aliases, duplicate or unknown keys."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"No recipe could be read from {path}: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path} is not UTF-8 text, so it cannot be a recipe.") from None
    values = read_yaml(text, str(path))
    if not isinstance(values, dict):
        raise RecipeError(
            f"{path} holds {type(values).__name__}, not a recipe. A recipe has keys: {', '.join(Recipe.model_fields)}."
        )
    return recipe_from(values)


def _sentence(line: Any) -> str:
    where = [str(p) for p in line["loc"] if not str(p).startswith(("function-", "tuple[", "int", "constrained"))]
    dotted = ".".join(where) or "recipe"
    if line["type"] == "extra_forbidden":
        *outer, wrong = where
        known = _known_keys(outer)
        near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.5) or _elsewhere(wrong)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(known)}."
        return f"Unknown key {dotted!r}. {hint}"
    message = line["msg"].removeprefix("Value error, ").partition(", unable to parse")[0]
    message = message[0].lower() + message[1:] if line["type"] != "value_error" else message
    given = line.get("input")
    shown = f" (got {given!r})" if not isinstance(given, dict | list) and line["type"] != "value_error" else ""
    return f"{dotted}: {message}{shown}."


def _known_keys(outer: list[str]) -> list[str]:
    part: Any = Recipe
    for name in outer:
        annotation = part.model_fields[name].annotation
        options = [annotation, *getattr(annotation, "__args__", ())]
        part = next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), part)
    return list(part.model_fields)


def _elsewhere(wrong: str) -> list[str]:
    """A known key with this name in another part of the recipe, as `train.epochs` for a bare `epochs`."""
    return [dotted for dotted in fields() if dotted.rpartition(".")[2] == wrong]
