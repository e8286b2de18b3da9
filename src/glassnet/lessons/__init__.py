"""The lessons, in the order in which they are read. Each computes with the product's own code and ends with questions.

for lesson in lessons(): print(lesson.title)
find("softmax").compute("softmax", {"logits": [2, 1, 0]})
"""

from glassnet.errors import RecipeError
from glassnet.lessons.contract import Lesson, Question, Verdict, check
from glassnet.networks.words import nearest

NAMES = (
    "pixels",
    "tensors",
    "dense",
    "perceptron",
    "playground",
    "convolution",
    "filters",
    "stride",
    "relu",
    "pooling",
    "vote",
    "softmax",
    "loss",
    "fitting",
    "stopping",
    "augmentation",
    "precision",
    "tasks",
    "building",
)
"""The lessons' names; each is the file of that name."""


def find(name: str) -> Lesson:
    """Return a lesson. Raises RecipeError with the nearest name."""
    if name not in NAMES:
        raise RecipeError(f"There is no lesson {name!r}. {nearest(name, NAMES)}")
    from importlib import import_module

    return import_module(f"{__name__}.{name}").LESSON


def lessons() -> tuple[Lesson, ...]:
    """Return every lesson in order."""
    return tuple(find(name) for name in NAMES)


__all__ = ["NAMES", "Lesson", "Question", "Verdict", "check", "find", "lessons"]
