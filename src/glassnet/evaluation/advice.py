"""What to try next, cheapest first, as commands that can be pasted. One table per cause.

What the recipe already does is left out, and so is what the task has no use for.
"""

import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass

from glassnet.recipe import Recipe


@dataclass(frozen=True)
class Option:
    """One thing to try: `what` it does in words, the `command` (empty where no command can do it), and its `cost`."""

    what: str
    command: str
    cost: str

    def sentence(self) -> str:
        """Return the option as one sentence for a person."""
        return f"{self.what} ({self.cost})" + (f": {self.command}" if self.command else ".")

    def as_dict(self) -> dict:
        """Return plain JSON values; `Option(**values)` is the inverse."""
        return asdict(self)


@dataclass(frozen=True)
class _Idea:
    """`flags` may hold what `options_for` works out; `useful` says for which recipes the idea is new, `tasks` where it does anything."""

    what: str
    flags: str
    cost: str
    useful: Callable[[Recipe], bool] = lambda recipe: True
    tasks: tuple[str, ...] = ()


_CLASSIFY = ("classify",)
_PLACES = ("localize", "detect", "segment", "instances")
# Sides up to which more pixels are proposed: a small thing needs more of them than a picture with one class.
_LARGEST = {"classify": 128}
_LARGEST_PLACES = 512
_SAME, _LONGER, _HANDS = "same training time", "more training time", "work by hand"


def _small(value: float | None, limit: float) -> bool:
    return value is None or value < limit


_MORE = _Idea("Collect more pictures of the classes that are confused most", "", _HANDS, tasks=_CLASSIFY)
_MARK = _Idea("Annotate more pictures, like those that come out worst", "", _HANDS, tasks=_PLACES)
_FLIP = _Idea(
    "Mirror the training pictures",
    "--augment.flip horizontal",
    _SAME,
    lambda r: r.augment.flip in (None, "none"),
    _PLACES,
)
_AUGMENT = _Idea(
    "Vary the training pictures",
    "--augment.rotate 10 --augment.zoom 0.15 --augment.shift 0.1",
    _SAME,
    lambda r: _small(r.augment.rotate, 5) and _small(r.augment.zoom, 0.1) and _small(r.augment.shift, 0.05),
)
_LIGHT = _Idea(
    "Vary brightness and contrast",
    "--augment.brightness 0.2 --augment.contrast 0.2",
    _SAME,
    lambda r: _small(r.augment.brightness, 0.1) and _small(r.augment.contrast, 0.1),
)
_DROPOUT = _Idea("Add dropout", "--train.dropout 0.3", _SAME, lambda r: _small(r.train.dropout, 0.2) and _is_preset(r))
_DECAY = _Idea(
    "Let weights decay",
    "--train.optimizer adamw --train.weight_decay 0.05",
    _SAME,
    lambda r: r.train.optimizer in (None, "adam", "adamw") and _small(r.train.weight_decay, 0.01),
)
_SMOOTH = _Idea(
    "Soften the labels",
    "--train.label_smoothing 0.1",
    _SAME,
    lambda r: _small(r.train.label_smoothing, 0.05),
    ("classify", "segment"),
)
_LONG = _Idea("Train longer", "--epochs {epochs}", _LONGER)
_RATE = _Idea("Try a rate three times as high", "--train.lr {higher}", _SAME, lambda r: r.train.lr is not None)
_LOWER = _Idea("Try a rate a third as high", "--train.lr {lower}", _SAME, lambda r: r.train.lr is not None)
_CALM = _Idea("Take dropout away", "--train.dropout 0", _SAME, lambda r: (r.train.dropout or 0) > 0)
_LARGER = _Idea("Use a larger network", "--network resnet18", _LONGER, lambda r: r.network != "resnet18")
_OTHER = _Idea("Use the default network", "--network fast", _SAME, lambda r: r.network != "fast", _CLASSIFY)
_PYRAMID = _Idea("Use the default network", "--network pyramid", _SAME, lambda r: r.network != "pyramid", _PLACES)
_BALANCE = _Idea(
    "Draw every class equally often",
    "--train.sampling balanced",
    _SAME,
    lambda r: r.train.sampling == "none",
    _CLASSIFY,
)
_WEIGH = _Idea(
    "Let rare classes weigh more",
    "--train.class_weights balanced",
    _SAME,
    lambda r: r.train.class_weights == "none",
    ("detect", "segment", "instances"),
)
_SIZE = _Idea("Show the network more pixels", "--size {size}", _LONGER, lambda r: r.data.size is not None)
_VALIDATE = _Idea(
    "Set more pictures aside for validation",
    "--data.validation 0.3",
    "no extra time",
    lambda r: r.data.validation < 0.3,
)
_SEEDS = _Idea(
    "Train once more with another seed and see how far the scores differ", "--seed {seed}", "twice the training time"
)
_TEST = _Idea("Open the sealed test set, once", "glassnet eval{out}", "seconds")

IDEAS: dict[str, tuple[_Idea, ...]] = {
    "few pictures": (_VALIDATE, _SEEDS, _MORE, _MARK),
    "wide gap interval": (_VALIDATE, _SEEDS, _MORE, _MARK),
    "gap": (_FLIP, _AUGMENT, _DROPOUT, _DECAY, _SMOOTH, _LIGHT, _MORE, _MARK),
    "nothing learned": (_RATE, _LOWER, _BALANCE, _OTHER, _PYRAMID, _LONG, _WEIGH),
    "ended early": (_LONG, _RATE),
    "too weak": (_CALM, _RATE, _OTHER, _PYRAMID, _LARGER, _SIZE, _LONG, _WEIGH),
    "balanced": (_TEST, _LARGER, _SIZE, _MORE, _MARK),
}


def _out(command: str) -> str:
    """Return the folder of runs that the user named, as it is typed after another verb."""
    words = shlex.split(command)
    for place, word in enumerate(words):
        if word == "--out" and place + 1 < len(words):
            return f" --out {shlex.quote(words[place + 1])}"
        if word.startswith("--out="):
            return f" --out {shlex.quote(word.removeprefix('--out='))}"
    return ""


def options_for(
    cause: str, recipe: Recipe | None, epochs: int = 0, command: str = "", task: str | None = None
) -> tuple[Option, ...]:
    """Return what to try for a cause of `verdict.RULES`, cheapest first; never empty.

    `command` is what the user typed; later options win on the command line, so the flags are simply added to it. `task` is the question
    asked; without it the recipe's, else classify.
    """
    recipe = recipe or Recipe()
    task = task or recipe.data.task or "classify"
    told = {
        "epochs": max(2 * (recipe.train.epochs or epochs), 2),
        "higher": f"{3 * (recipe.train.lr or 0):.2g}",
        "lower": f"{(recipe.train.lr or 0) / 3:.2g}",
        "size": _doubled(recipe.data.size, task),
        "seed": recipe.train.seed + 1,
        "out": _out(command),
    }
    found = []
    for idea in IDEAS[cause]:
        if (idea.tasks and task not in idea.tasks) or not idea.useful(recipe):
            continue
        if "{size}" in idea.flags and not told["size"]:
            continue
        flags = idea.flags.format(**told)
        typed = flags if not flags.startswith("--") else f"{command or _again(recipe, flags, task)} {flags}"
        found.append(Option(idea.what, typed, idea.cost))
    return tuple(found)


def _doubled(size: int | tuple[int, int] | None, task: str) -> str:
    """Twice the size as it is typed, empty where that is more than helps or not known."""
    sides = (size, size) if isinstance(size, int) else size
    if sides is None or max(sides) >= _LARGEST.get(task, _LARGEST_PLACES):
        return ""
    height, width = (2 * side for side in sides)
    return str(height) if height == width else shlex.quote(f"[{height}, {width}]")


def _again(recipe: Recipe, flags: str, task: str) -> str:
    words = ["glassnet", "train", shlex.quote(recipe.data.root) if recipe.data.root else "PICTURES"]
    if recipe.data.task is not None:
        words += ["--task", recipe.data.task]
    usual = "fast" if task == "classify" else "pyramid"
    known = recipe.is_set("network") and isinstance(recipe.network, str)
    if known and recipe.network != usual and "--network" not in flags:
        words += ["--network", shlex.quote(str(recipe.network))]
    return " ".join(words)


def _is_preset(recipe: Recipe) -> bool:
    return isinstance(recipe.network, str) and not recipe.network.startswith("timm/")
