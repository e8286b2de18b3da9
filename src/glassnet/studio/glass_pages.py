"""What the page Glass gets: a network once, a picture's values again and again, one value opened, pages of pictures."""

import base64
import json
from typing import TYPE_CHECKING, Any

from glassnet.studio import pictures as drawing
from glassnet.studio.glass import Glass
from glassnet.studio.glass_source import bytes_of, manner
from glassnet.studio.workplace import Workplace

if TYPE_CHECKING:
    import numpy as np

    from glassnet.pipeline.explained import Explained

LONGEST = 640
"""Pixels of the longer side of a picture that is looked at; a thumbnail has fewer."""
_LEAST = 16
_A_PAGE = 16
_TERMS = 5000  # of a value that is opened here; of one with more terms the largest are told


def scale() -> str:
    """Return the module that holds the colours of the signed scale, red, green and blue for every step from −1 to 1, as base64."""
    import numpy as np

    from glassnet.explain.colours import signed_colours
    from glassnet.report.glass.packing import STEPS, base64_of

    colours = base64_of(signed_colours(np.linspace(-1, 1, STEPS), 1.0))
    return f'// The colour scale of numbers that have a sign.\nexport const colours = "{colours}";\n'


def network(opened: Glass, about: dict[str, Any]) -> bytes:
    """Return as JSON: what is known of the run, its network with every weight that the page has room for, and how to draw for it."""
    from glassnet.report.glass.packing import pack_still

    run, anatomy, plan = opened.run, opened.anatomy, opened.plan
    predictor, lock = run.predictor, run.lock
    pixels = predictor.pixels
    order = [*lock.validation.tolist(), *lock.train.tolist()] if run.recipe.data.root != "arrays" else []
    found = {
        "run": about,
        "task": predictor.task.name,
        "first": order[0] if order else None,
        "drawing": manner(run.recipe.data.root, pixels.height, pixels.width),
        "input": {"height": pixels.height, "width": pixels.width, "color": pixels.color, "fit": pixels.fit},
        "parameters": anatomy.parameters,
        "glass": {
            "layers": [pack_still(layer, plan) for layer in anatomy.layers],
            "picture": anatomy.layers[0].name,
            "classes": list(anatomy.classes),
            "vote": anatomy.vote,
            "temperature": anatomy.temperature,
            "stored": [],
        },
    }
    return json.dumps(found, separators=(",", ":"), allow_nan=False).encode()


def values(opened: Glass, words: str) -> bytes:
    """Return what the network makes of a picture: the length of a JSON text (4 bytes), the text, filled up to a multiple of 4, numbers.

    The text says of each layer where its values lie behind it: `f32` or `u8` with [first byte, count], or `from`, how they follow.
    """
    import numpy as np

    from glassnet.report.glass.packing import pack_seen

    with opened.lock:
        found = opened.explained(words)
        parts: list[bytes] = []
        layers = []
        at = 0
        for layer in (found.seen.picture, *found.seen.layers):
            told, numbers = pack_seen(layer.name, layer.values, opened.plan)
            if numbers is not None:
                data = numbers.tobytes()
                (kind,) = told["values"]
                told["values"] = {kind: [at, numbers.size]}
                data += b"\0" * (-len(data) % 4)
                at += len(data)
                parts.append(data)
            layers.append(told)
        head = {"layers": layers, **_answer(found)}
    text = json.dumps(head, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([np.uint32(len(text)).astype("<u4").tobytes(), text, *parts])


def _answer(found: "Explained") -> dict[str, Any]:
    from glassnet.data.frames import frame as lies
    from glassnet.pipeline.glass import lines_of
    from glassnet.report.annotated import shrunk

    task, picture = found.predictor.task, found.picture
    frame = lies(
        *(picture.full or picture.size), found.predictor.pixels
    )  # what a value sees is told in the picture as it came
    shown = shrunk(
        found.picture.original, LONGEST
    )  # drawn at the size that is shown: lines stay clear, a large picture is quick
    drawn = None if task.one_class else _png(task.draw(shown, found.answer.answer))
    return {
        "name": found.picture.name,
        "said": found.answer.text() if found.answer.probabilities is None else found.answer.label,
        "lines": [
            {"name": line.name, "score": line.score, "opens": None if line.opens is None else list(line.opens)}
            for line in lines_of(found)
        ],
        "drawn": drawn,
        "notes": list(found.notes),
        "frame": {
            "height": frame.height,
            "width": frame.width,
            "scale_x": frame.scale_x,
            "scale_y": frame.scale_y,
            "shift_x": frame.shift_x,
            "shift_y": frame.shift_y,
        },
    }


def _png(pixels: "np.ndarray") -> str:
    return base64.b64encode(drawing.png(pixels, LONGEST)).decode()


def arithmetic(opened: Glass, words: str, layer: str, channel: int, y: int | None, x: int | None) -> dict[str, Any]:
    """Return one value opened. Raises RecipeError for a layer or place that is not there."""
    from dataclasses import replace

    with opened.lock:
        found = opened.explained(words).arithmetic(layer, channel, y, x)
    if len(found.terms) > _TERMS:
        found = replace(found, terms=tuple(sorted(found.terms, key=lambda term: -abs(term.product))))
    return found.as_dict(_TERMS)


def pictures(opened: Glass, of: str, page: int) -> dict[str, Any]:
    """Return a page of pictures of the run's data set, validation first; of one class where they have one. The test set stays sealed."""
    run = opened.run
    lock, one_class = run.lock, run.predictor.task.one_class
    if run.recipe.data.root == "arrays":
        note = f"{run.name} was trained on arrays in memory, which are not kept. Drop a picture or draw one."
        return {"total": 0, "pages": 0, "page": 1, "classes": [], "pictures": [], "note": note}
    split = dict.fromkeys(lock.validation.tolist(), "validation")
    split |= dict.fromkeys(lock.train.tolist(), "training")
    numbers = [number for number in split if not of or not one_class or lock.labels[number] == of]
    pages = max(1, -(-len(numbers) // _A_PAGE))
    page = min(max(1, page), pages)
    return {
        "total": len(numbers),
        "pages": pages,
        "page": page,
        "classes": list(lock.classes) if one_class else [],
        "pictures": [
            {
                "number": number,
                "name": drawing.short(lock.keys[number]),
                "label": lock.labels[number] if one_class else "",
                "split": split[number],
            }
            for number in numbers[(page - 1) * _A_PAGE : page * _A_PAGE]
        ],
        "note": "",
    }


def picture(work: Workplace, opened: Glass, number: int, side: int) -> bytes:
    """Return a picture of the run's data set as PNG, at most `side` pixels long. Raises DataError, Gone."""
    longest = min(max(side, _LEAST), LONGEST)
    return drawing.png(drawing.read(bytes_of(work, opened.run, number)), longest)
