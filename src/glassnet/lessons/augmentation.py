"""Augmentation: the same picture turned, moved, zoomed, mirrored, brighter; what training really shows the network."""

from typing import Any

import numpy as np

from glassnet.errors import RecipeError
from glassnet.lessons.contract import Lesson, Question
from glassnet.lessons.inputs import Given, builtin
from glassnet.lessons.picking import Pick

FIELDS = ("flip", "rotate", "zoom", "shift", "crop", "brightness", "contrast", "saturation", "invert", "cutout")
_MOST = 12


def vary(values: dict[str, Any]) -> dict[str, Any]:
    """Return a picture as training would show it in some epochs, each with the matrix that moved it.

    `augment` has the recipe's fields: flip, rotate (degrees), zoom, shift, crop, brightness, contrast, saturation, invert, cutout.
    """
    import torch

    from glassnet.training import augment

    given = Given(values, "picture", "augment", "count", "seed")
    pixels = given.picture()
    settings = _settings(given.values.get("augment"))
    height, width, _ = pixels.shape
    shown = []
    for epoch in range(given.whole("count", 1, _MOST, 6)):
        draws = augment.draw(settings, given.whole("seed", 0, 10**6, 0), epoch, np.arange(1), height, width)
        made = augment.apply(torch.from_numpy(pixels[None].copy()), draws)[0]
        found = (made * 255).round().clamp(0, 255).to(torch.uint8).numpy()
        gain, offset = (round(float(each), 6) for each in draws.colours[0])
        shown.append(
            {
                "bytes": found.tolist(),
                "matrix": np.round(draws.matrices[0], 6).tolist(),
                "gain": gain,
                "offset": offset,
                "cut": draws.boxes[0].tolist() if draws.boxes[0, 2] > draws.boxes[0, 0] else None,
            }
        )
    return {"original": pixels.transpose(2, 0, 1).tolist(), "shown": shown, "fields": _meanings(), "knobs": _knobs()}


def _settings(given: Any) -> Any:
    from pydantic import ValidationError

    from glassnet.recipe import AugmentRecipe

    chosen = Given({} if given is None else given, *FIELDS).values
    try:
        return AugmentRecipe.model_validate({name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        raise RecipeError(f"augment.{first['loc'][0]}: {first['msg']}.") from None


def _meanings() -> dict[str, str]:
    from glassnet.recipe import fields

    return {name: fields()[f"augment.{name}"][1] for name in FIELDS}


def _knobs() -> dict[str, dict[str, Any]]:
    """What each field may be, as a recipe has it: its words, or the largest number and whether that number itself is meant."""
    from typing import Literal, get_args, get_origin

    from glassnet.recipe import fields

    found: dict[str, dict[str, Any]] = {}
    for name in FIELDS:
        field = fields()[f"augment.{name}"][0]
        words = [word for kind in get_args(field.annotation) if get_origin(kind) is Literal for word in get_args(kind)]
        most = next((bound.le for bound in field.metadata if getattr(bound, "le", None) is not None), None)
        below = next((bound.lt for bound in field.metadata if getattr(bound, "lt", None) is not None), None)
        found[name] = {"words": words} if words else {"most": most, "below": below}
    return found


def _asks(explained: Any, pick: Pick) -> list[Question]:
    pixels = builtin("xo") if explained is None else explained.picture.fitted
    whose = "The built-in picture" if explained is None else f"{explained.picture.name}, as your network gets it,"
    height, width, _ = pixels.shape
    _, column = pick.place((height, width))
    mirrored = _flipped(width, column)
    add, byte = pick.one((0.1, 0.2, 0.3)), pick.whole(60, 160)
    brighter = min(1.0, byte / 255 + add)
    pictures, epochs = pick.one((200, 600, 1000)), pick.one((10, 20))
    return [
        Question(
            f"{whose} is {width} pixels wide. It is mirrored left to right. In which column, counted from 0, is the pixel that "
            f"was in column {column}?",
            mirrored,
            how=f"{width} − 1 − {column} = {mirrored}: the first column becomes the last.",
            slips=((width - column, "The columns count from 0, so the last one is one less than the width."),),
        ),
        Question(
            f"A pixel has the byte {byte}, that is {byte / 255:.3f} for the network. The picture is brightened by {add}. Which "
            "number does the network get? (3 decimals)",
            brighter,
            0.0011,
            how=f"{byte / 255:.3f} + {add} = {brighter:.3f}; nothing may pass 1.",
        ),
        Question(
            f"{pictures:,} training pictures are varied anew in each of {epochs} epochs. How many different pictures can the "
            "network have seen at most?",
            pictures * epochs,
            how=f"{pictures:,} × {epochs} = {pictures * epochs:,}: each picture once in every epoch, never the same twice.",
            slips=((pictures, "Every epoch shows each of them in another way."),),
        ),
        Question(
            "May a picture of the validation split be varied at random too when it is scored: yes or no?",
            "no",
            how="Chance must not move a score. Augmentation belongs to training alone; a fixed second view, such as the mirror "
            "image that is averaged in, is part of the answer itself.",
            choices=("yes", "no"),
        ),
    ]


def _flipped(width: int, column: int) -> int:
    """Where the product's mirror puts a column: the matrix of an epoch that mirrors, read backwards."""
    from glassnet.training import augment

    for epoch in range(2):
        matrix = augment.draw(_settings({"flip": "horizontal"}), 0, epoch, np.arange(1), 1, width).matrices[0]
        if matrix[0, 0] < 0:
            return round(float(np.linalg.inv(matrix)[0] @ np.array([column, 0, 1])))
    raise AssertionError("one of two epochs mirrors")


LESSON = Lesson(
    "augmentation",
    "Augmentation",
    "Training shows each picture in another way in every epoch: turned, cropped, mirrored, zoomed, shifted, brighter or with "
    "other contrast. The network so learns what does not matter, and from few pictures it makes many; only changes that leave "
    "the answer true may be used.",
    {"vary": vary},
    {
        "vary": {
            "picture": "xo",
            "augment": {"flip": "horizontal", "rotate": 15, "zoom": 0.2, "brightness": 0.2, "contrast": 0.3},
            "count": 6,
            "seed": 0,
        }
    },
    _asks,
)
