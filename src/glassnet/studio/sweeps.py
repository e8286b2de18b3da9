"""The form of a sweep: what may vary, how it may be searched, and the words of `glassnet sweep` that a filled form stands for."""

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from glassnet.errors import GlassnetError, RecipeError
from glassnet.search import SweepRecipe
from glassnet.studio import forms
from glassnet.studio.errands import Told

_HOW = ("method", "combinations", "repeats", "prune", "minutes", "seed")
_LONGEST = 2000  # a list of networks may be longer than any other setting
_MOST_WORKERS = 256
_PREFIX = re.compile(r"^--set '.*?': ", re.DOTALL)
_LOOK_S = 0.1
_WORKERS = {
    "name": "workers",
    "label": "workers",
    "help": "Runs at one time. auto: one per core, so that small networks are trained side by side.",
    "first": True,
    "default": "auto",
    "choices": [],
    "numeric": True,
    "min": 1,
}


def form() -> dict[str, Any]:
    """Return the settings that may vary, by part, why others may not, and the fields that say how to search."""
    from glassnet.sweeps.reading import REFUSED

    parts = [
        {**part, "fields": [field for field in part["fields"] if field["name"] not in REFUSED]}
        for part in forms.parts()
    ]
    how = []
    for name in _HOW:
        field = SweepRecipe.model_fields[name]
        how.append(forms.as_field(name, field, " ".join((field.description or "").split())))
    return {"parts": parts, "how": [*how, _WORKERS]}


def words(tries: dict[str, str], settings: dict[str, str], how: dict[str, str]) -> list[str]:
    """Return the options of `glassnet sweep` for a form, all checked. Raises RecipeError that names the field."""
    _space_and_how(tries, how)
    fixed = forms.checked({name: text for name, text in settings.items() if name not in tries})
    asked = _asked(how)
    options = [f"--set={name}={text.strip()}" for name, text in tries.items()]
    options += [f"--{name}={text}" for name, text in fixed.items()]
    return options + [f"--{'sweep-seed' if name == 'seed' else name}={value}" for name, value in asked.items()]


def plan(tries: dict[str, str], how: dict[str, str]) -> dict[str, Any]:
    """Return what would be tried: the plan in words, how many combinations and runs, and what was chosen. No picture is opened."""
    space, asked = _space_and_how(tries, how)
    from glassnet.sweeps.plan import decide

    found, choices = decide(space, asked)
    combinations = found.combinations
    return {
        "text": found.text(),
        "method": found.method,
        "combinations": combinations,
        "runs": None if combinations is None else combinations * found.repeats,
        "space": space.text(),
        "choices": [choice.as_dict() for choice in choices],
    }


def estimate(root: str, options: list[str], out: Path, tell: Told) -> dict[str, Any]:
    """Return what `glassnet sweep --plan` says, asked of a process of its own, which may be stopped.

    Timing sets threads for a whole process, and this one has pages to serve. Raises GlassnetError with the sentence of a refusal.
    """
    command = [sys.executable, "-m", "glassnet", "sweep", root, *options, "--plan", "--json", f"--out={out}"]
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL)
        try:
            while child.poll() is None:
                tell("", 0, 0)
                time.sleep(_LOOK_S)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        said.seek(0)
        text = said.read().decode("utf-8", "replace").strip()
    try:
        found = json.loads(text.rpartition("\n")[2])
    except ValueError:
        raise GlassnetError(f"The estimate ended with exit code {child.returncode} and said nothing.") from None
    if "error" in found:
        raise RecipeError(found["error"])
    return found


def _space_and_how(tries: dict[str, str], how: dict[str, str]) -> tuple[Any, dict[str, Any]]:
    from glassnet.sweeps.space import read_settings

    if not tries:
        raise RecipeError("Add a setting to try, and give it several values.")
    for name, text in tries.items():
        if len(text) > _LONGEST or "\0" in text or "\0" in name:
            raise RecipeError(f"{name[:60]} is longer than {_LONGEST} characters, or no text.")
        if not text.replace("..", "").replace(":log", "").strip():
            raise RecipeError(f"{name} has no values yet.")
    try:
        space = read_settings([f"{name}={text}" for name, text in tries.items()])
    except RecipeError as error:
        raise RecipeError(_PREFIX.sub("", str(error))) from None
    asked = _asked(how)
    asked.pop("workers", None)
    return space, asked


def _asked(how: dict[str, str]) -> dict[str, Any]:
    """Return what was filled in of the search, as values that `plan.decide` takes, and the workers."""
    from glassnet.recipe import parse_value, recipe_from

    given = {name: text.strip() for name, text in how.items() if text.strip() and text.strip() != "auto"}
    if unknown := set(given) - {*_HOW, "workers"}:
        raise RecipeError(f"A sweep has no field {min(unknown)[:60]!r}.")
    values = {name: parse_value(text) for name, text in given.items()}
    workers = values.pop("workers", None)
    if workers is not None and not (type(workers) is int and 1 <= workers <= _MOST_WORKERS):
        raise RecipeError(f"workers must be a whole number from 1 to {_MOST_WORKERS} (got {given['workers'][:20]}).")
    own = recipe_from({"sweep": values}).sweep
    assert own is not None
    checked = {name: getattr(own, name) for name in values}
    return checked | ({} if workers is None else {"workers": workers})
