"""The five questions. A task is one file and one line here; see `contract.py` for what it must answer."""

import difflib

from glassnet.errors import RecipeError
from glassnet.tasks.classify import Classify
from glassnet.tasks.contract import Answer, Task
from glassnet.tasks.detect import Detect
from glassnet.tasks.instances import Instances
from glassnet.tasks.localize import Localize
from glassnet.tasks.segment import Segment

_TASKS: dict[str, Task] = {each.name: each for each in (Classify(), Localize(), Detect(), Segment(), Instances())}


def task(name: str) -> Task:
    """Return the task of this name. Raises RecipeError with the known names and the nearest of them."""
    if name in _TASKS:
        return _TASKS[name]
    near = difflib.get_close_matches(name, _TASKS, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else "Set data.task to one of them, or leave it on auto."
    raise RecipeError(f"There is no task {name!r} in this version. Known tasks: {', '.join(names())}. {hint}")


def names() -> tuple[str, ...]:
    """Return the names of the tasks that this version has."""
    return tuple(_TASKS)


__all__ = ["Answer", "Task", "names", "task"]
