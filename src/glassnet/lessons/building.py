"""Build your own network: layer by layer, with shapes, parameters and receptive field, or the sentence that says why it does not fit."""

from typing import Any

import numpy as np

from glassnet.errors import RecipeError
from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given
from glassnet.lessons.learner import Examples, Learner
from glassnet.lessons.picking import Pick
from glassnet.lessons.reading import few

_LAYERS: list[Any] = [
    {"conv": 8, "kernel": 3, "activation": "relu"},
    {"maxpool": 2},
    {"conv": 16, "kernel": 3, "activation": "relu"},
    {"maxpool": 2},
    "flatten",
    {"dense": "classes"},
]
_PRESETS = ("tutorial", "flowers", "mini")
_MOST_WORK = 1.5e10
"""Multiply-adds of one call, forward and back: about two seconds."""
_MOST_WEIGHTS = 50_000
"""Weights that travel to the page and back with each call."""
_TRAIN, _HELD = 200, 100


def check(values: dict[str, Any]) -> dict[str, Any]:
    """Return shapes, parameters and receptive field of every layer; or, where the layers do not fit, the sentence that says why.

    `fits` says which. Where they do not, `rows` holds the layers before the first that does not fit, and `at` is its place in the list;
    None where every layer fits and the end of the list is missing.
    """
    from glassnet.networks.summary import summarise

    given = Given(values, "layers", "height", "width", "channels", "classes")
    shape = given.whole("channels", 1, 4, 3), given.whole("height", 1, 1024, 32), given.whole("width", 1, 1024, 32)
    classes = given.whole("classes", 1, 1000, 10)
    try:
        found = summarise(given.layers(), shape, classes)
    except RecipeError as error:
        return {"fits": False, "error": str(error), **_as_far_as_it_fits(given.layers(), shape, classes)}
    return {"fits": True, "error": "", "at": None, **found.as_dict(), "text": found.text()}


def _as_far_as_it_fits(layers: list[Any], shape: tuple[int, int, int], classes: int) -> dict[str, Any]:
    from glassnet.networks.summary import so_far

    found: dict[str, Any] = {"rows": [], "parameters": 0}
    for at in range(len(layers)):
        try:
            table = so_far(layers[: at + 1], shape, classes).as_dict()
        except RecipeError:
            return {**found, "at": at}
        found = {"rows": table["rows"], "parameters": table["parameters"]}
    return {**found, "at": None}


def preset(values: dict[str, Any]) -> dict[str, Any]:
    """Return the layers of a known network for a size of picture, with the table of `check`."""
    from glassnet.networks.presets import layers_of

    given = Given(values, "name", "height", "width", "channels", "classes")
    name = given.choice("name", _PRESETS, "tutorial")
    size = {side: given.whole(side, 8, 1024, 32) for side in ("height", "width")}
    channels, classes = given.whole("channels", 1, 4, 3), given.whole("classes", 2, 1000, 10)
    layers = layers_of(name, (channels, size["height"], size["width"]), classes)
    return {"layers": layers, **check({"layers": layers, **size, "channels": channels, "classes": classes})}


def train(values: dict[str, Any]) -> dict[str, Any]:
    """Go some times over 200 drawn signs, X or O, of `side` × `side` grey pixels, and return loss and accuracy, on 100 new ones too.

    `state` goes on from the call before; with `keep` false none is handed back, and the network may be of any size that an answer in
    seconds allows. Raises RecipeError where the layers do not fit, or are too many for that.
    """
    from glassnet.networks.summary import summarise

    given = Given(values, "layers", "side", "rate", "optimizer", "passes", "seed", "state", "keep")
    side, passes = given.whole("side", 8, 32, 16), given.whole("passes", 1, 20, 2)
    layers = given.layers()
    summary = summarise(layers, (1, side, side), 2)
    keep = given.flag("keep", True)
    _check_size(summary, passes, keep)
    drawn, held = _signs(side)
    learner = Learner(
        layers,
        drawn,
        ("o", "x"),
        rate=given.number("rate", 1e-5, 1, 0.003),
        optimizer=given.choice("optimizer", ("adam", "sgd"), "adam"),
        seed=given.whole("seed", 0, 10**6, 0),
    )
    if given.has("state"):
        learner.load(given.values["state"])
    learner.passes(passes)
    loss, accuracy = learner.measured(drawn)
    new_loss, new_accuracy = learner.measured(held)
    return {
        "passes": learner.epoch,
        "loss": loss,
        "accuracy": accuracy,
        "new_loss": new_loss,
        "new_accuracy": new_accuracy,
        "parameters": summary.parameters,
        "state": learner.state() if keep else None,
    }


def _check_size(summary: Any, passes: int, keep: bool) -> None:
    if any(row.kind == "backbone" for row in summary.rows):
        raise RecipeError("A pretrained backbone is too large to be trained on this page. Use `glassnet train` for it.")
    if keep and summary.parameters > _MOST_WEIGHTS:
        raise RecipeError(
            f"This network has {summary.parameters:,} parameters; up to {_MOST_WEIGHTS:,} are trained on this page. Pool more, "
            "or take fewer filters or neurons; `glassnet train` takes any size."
        )
    if 3 * summary.multiply_adds * _TRAIN * passes > _MOST_WORK:
        raise RecipeError(
            f"This network needs {summary.multiply_adds:,} multiplications for each picture, too many for an answer in "
            "seconds. Pool earlier, take fewer filters, or fewer passes at once."
        )


def _signs(side: int) -> tuple[Examples, Examples]:
    from glassnet.data.builtin import xo

    pixels, labels = xo.draw(_TRAIN + _HELD, side)
    inputs = (pixels.transpose(0, 3, 1, 2) / 255).astype(np.float32)
    return Examples(inputs[:_TRAIN], labels[:_TRAIN]), Examples(inputs[_TRAIN:], labels[_TRAIN:])


def _asks(explained: Any, pick: Pick) -> list[Question]:
    rows = (
        []
        if explained is None
        else [row for row in explained.run.summary().rows if row.kind == "conv" and row.depth == 0]
    )
    table = preset({"name": "tutorial"})
    if rows:
        row = pick.one(rows)
        name, parameters, sees = row.name, row.parameters, row.receptive_field[0]
        filters = explained.filters(name)
        count, depth, high, wide = filters.weights.shape
        whose, biased = "In your network", filters.biases is not None
    else:
        row = pick.one([each for each in table["rows"] if each["kind"] == "conv"])
        name, parameters, sees = row["name"], row["parameters"], row["receptive_field"][0]
        count, high, wide = row["shape"][0], 3, 3
        depth, whose, biased = (parameters - count) // count // 9, "In the tutorial network", True
    bias = f" and {count} biases" if biased else " and no biases"
    weights = f"{count} × {high} × {wide} × {depth}"
    return [
        Question(
            f"{whose} {name} has {count} filters of {high} × {wide} over {depth} channel{'s' * (depth != 1)}{bias}. How many "
            f"parameters are that?",
            parameters,
            how=f"{weights}{f' + {count}' if biased else ''} = {parameters:,}.",
            slips=((parameters - count, f"The {count} biases are missing."),) if biased else (),
        ),
        Question(
            f"{whose} a value of {name} in the middle of the map sees {sees} rows of the picture. A pooling of 2 × 2 with stride 2 "
            "directly after it: does one of its values see more rows, fewer, or as many?",
            "more",
            how="It sees all that the two rows of values in its window see together.",
            choices=("more", "fewer", "as many"),
        ),
        Question(
            "The tutorial network takes 32 × 32 pixels in 3 colours and tells 10 classes apart. How many parameters has it? The "
            "layers have " + ", ".join(few(each["parameters"]) for each in table["rows"] if each["parameters"]) + ".",
            table["parameters"],
            how=f"All together: {table['parameters']:,}.",
        ),
    ]


LESSON = Lesson(
    "building",
    "Build your own network",
    "A network is a list of layers: each takes a shape and gives a shape, has parameters, and sees a part of the picture. Put "
    "one together, see what every layer makes of it and why something does not fit, and train it on drawn signs.",
    {"check": check, "preset": preset, "train": train},
    {
        "check": {"layers": _LAYERS, "height": 32, "width": 32, "channels": 3, "classes": 10},
        "preset": {"name": "tutorial", "height": 32, "width": 32, "channels": 3, "classes": 10},
        "train": {"layers": _LAYERS, "side": 16, "rate": 0.01, "passes": 2, "seed": 0},
    },
    _asks,
)
