"""Options that verbs share: every recipe field as `--part.field`, short forms for the common ones, and errors in plain sentences."""

import argparse
import difflib
from typing import Any, NoReturn

from glassnet.errors import RecipeError
from glassnet.recipe import Recipe, fields, parse_value, read_recipe

SHORT = {
    "epochs": "train.epochs",
    "minutes": "train.minutes",
    "batch": "train.batch",
    "lr": "train.lr",
    "optimizer": "train.optimizer",
    "schedule": "train.schedule",
    "dropout": "train.dropout",
    "seed": "train.seed",
    "device": "train.device",
    "threads": "train.threads",
    "precision": "train.precision",
    "size": "data.size",
    "fit": "data.fit",
    "task": "data.task",
    "group-by": "data.group_by",
    "test": "data.test",
    "validation": "data.validation",
}


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are RecipeErrors with the nearest known option."""

    def error(self, message: str) -> NoReturn:
        """Raise RecipeError instead of printing the usage and leaving the process."""
        if message.startswith("unrecognized arguments: "):
            wrong = message.removeprefix("unrecognized arguments: ").split()[0]
            known = [o for action in self._actions for o in action.option_strings]
            near = difflib.get_close_matches(wrong.split("=")[0], known, n=1, cutoff=0.5)
            if not wrong.startswith("-"):
                raise RecipeError(f"{wrong!r} is one word too many. See `{self.prog} --help`.")
            hint = f"Did you mean {near[0]}?" if near else f"See `{self.prog} --help`."
            raise RecipeError(f"{self.prog} has no option {wrong}. {hint}")
        raise RecipeError(f"{message[0].upper()}{message[1:]}. See `{self.prog} --help`.")


def parser_for(verb: str, text: str, runs: str = "--out") -> Parser:
    """Return the parser of one verb, with the options that every verb takes. `runs` is the option that names the folder of runs."""
    parser = Parser(
        prog=f"glassnet {verb}",
        description=text,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common = parser.add_argument_group("every verb")
    common.add_argument(runs, metavar="DIR", dest="out", default="runs", help="the folder of runs (default: runs)")
    common.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    common.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def add_recipe(
    parser: argparse.ArgumentParser,
    parts: tuple[str, ...] = ("data", "network", "augment", "train"),
    without: tuple[str, ...] = (),
) -> None:
    """Add `--recipe FILE` and an option for every recipe field of the named parts; no short forms `without`, which mean something else."""
    parser.add_argument("--recipe", metavar="FILE", help="a YAML recipe; options on the command line win over it")
    groups: dict[str, Any] = {}
    aliases = {dotted: f"--{short}" for short, dotted in SHORT.items() if f"--{short}" not in without}
    for dotted, (field, text) in fields().items():
        part = dotted.partition(".")[0]
        if part not in parts or dotted == "data.root":
            continue
        group = groups.setdefault(part, parser.add_argument_group(f"recipe: {part}"))
        names = [f"--{dotted}", *([aliases[dotted]] if dotted in aliases else [])]
        default = "auto" if field.default is None else field.default
        shown = "" if dotted == "train.early_stopping" else f" (default: {default})"
        group.add_argument(
            *names,
            dest=dotted,
            metavar=dotted.rpartition(".")[2].upper(),
            default=argparse.SUPPRESS,
            help=(text + shown).replace("%", "%%"),
        )
    if "augment" in groups:
        groups["augment"].add_argument(
            "--augment",
            choices=["none", "auto"],
            default=argparse.SUPPRESS,
            help="none switches every change off, auto leaves all to us",
        )


def recipe_of(options: argparse.Namespace, root: str | None) -> Recipe:
    """Return the recipe of a command: the file, then the options, then the folder named on the command line."""
    recipe = read_recipe(options.recipe) if getattr(options, "recipe", None) else Recipe()
    overrides: dict[str, Any] = {}
    given = vars(options)
    if "augment" in given:
        overrides["augment"] = given["augment"]
    overrides |= {dotted: _value(dotted, given[dotted]) for dotted in fields() if dotted in given}
    if root is not None:
        overrides["data.root"] = root
    recipe = recipe.changed(overrides) if overrides else recipe
    if not recipe.data.root:
        raise RecipeError(
            "No pictures were named. Say where they are: `glassnet train photos`, or `data: {root: photos}` in the recipe."
        )
    return recipe


def _value(dotted: str, text: str) -> Any:
    return text if dotted in ("network", "data.group_by") and not text.startswith("[") else parse_value(text)
