"""What the panels under "Why" show, as plain JSON values: heat, features, crops, neighbours, and the answer to a changed picture."""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from glassnet.errors import RecipeError
from glassnet.studio import pictures as drawing
from glassnet.studio.why import Desk

if TYPE_CHECKING:
    import numpy as np

    from glassnet.pipeline.explained import Explained
    from glassnet.pipeline.taught import Crop

METHODS = {"gradcam": "Grad-CAM", "integrated": "integrated gradients", "occlusion": "occlusion"}
_SIDE = 48  # of a small map among the features; larger ones are shown as means of squares
_CHANNELS = 8  # strongest channels that are offered of a layer
_CROPS, _NEAREST = 12, 12
_LINES = 12  # of an answer
_DRAWN = 640


def about(found: "Explained") -> dict[str, Any]:
    """Return what can be asked about a picture: targets, layers with maps, where it lies in the network's input."""
    from glassnet.explain.gradcam import last_map
    from glassnet.pipeline.strongest import strongest_channels

    network = found.predictor.model.network
    maps = [step.name for step in network.plan if len(step.after) == 3]
    try:
        last, chosen, none = last_map(network), found.target().name if found.targets else "", ""
    except RecipeError as error:
        last, chosen, none = "", found.target().name if found.targets else "", str(error)
    frame, nodes = found.frame, found.seen.graph.nodes
    return {
        "task": found.predictor.task.name,
        "picture": found.picture.name,
        "views": found.predictor.views,
        "targets": [target.as_dict() for target in found.targets],
        "target": chosen,
        "maps": maps,
        "last_map": last,
        "no_maps": none,
        "size": list(network.shape[1:]),
        "frame": {
            "height": frame.height,
            "width": frame.width,
            "scale": [frame.scale_x, frame.scale_y],
            "shift": [frame.shift_x, frame.shift_y],
        },
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "shape": list(layer.shape),
                "strongest": strongest_channels(layer, _CHANNELS),
            }
            for layer in found.seen
            if nodes[layer.name].step is not None
        ],
        "excites": found.levels[-1].layer if found.levels else "",
    }


def heat(found: "Explained", method: str, target: str, layer: str) -> dict[str, Any]:
    """Return how much each pixel did for a target, by one of METHODS. Raises RecipeError for what there is not."""
    if method not in METHODS:
        raise RecipeError(f"There is no method {method!r}. There are: {', '.join(METHODS)}.")
    wanted = found.target(target or None)
    if method == "gradcam":
        made = found.gradcam(wanted, layer or None)
    elif method == "integrated":
        made = found.integrated_gradients(wanted)
    else:
        made = found.occlusion(wanted)
    return {
        **made.as_dict(),
        "words": wanted.words,
        "values": floats(made.values),
        "map": None if made.map is None else {"shape": list(made.map.shape), "values": floats(made.map)},
        "strongest": [[value, row, column] for value, row, column in made.strongest()],
        "picture": pixels(found.picture.fitted),
    }


def features(found: "Explained") -> dict[str, Any]:
    """Return the layers that stand for low-, middle- and high-level features, each with its strongest maps."""
    shown = []
    for level in found.levels:
        values = found.seen[level.layer].values
        step = max(1, -(-max(values.shape[1:]) // _SIDE))
        maps = [_smaller(values[channel], step) for channel in level.channels]
        shown.append(
            {
                **level.as_dict(),
                "sentence": level.sentence,
                "count": len(values),
                "most": max(abs(each) for each in found.seen[level.layer].range),
                "step": step,
                "shape": list(maps[0].shape),
                "maps": [floats(each) for each in maps],
            }
        )
    return {"levels": shown}


def exciting(desk: Desk, found: "Explained", layer: str, channel: int) -> dict[str, Any]:
    """Return the crops of training pictures that excite one channel most. Raises DataError where they are gone, RecipeError."""
    crops = desk.crops(("crops", layer, channel), lambda: found.exciting(layer, [channel], _CROPS)[channel])
    return {"crops": [_crop(desk, crop) for crop in crops], **_looked_through(desk)}


def nearest(desk: Desk, found: "Explained") -> dict[str, Any]:
    """Return the training pictures nearest to this one in the last features. Raises DataError where they are gone."""
    from glassnet.explain.nearest import last_features

    near = found.nearest(_NEAREST)
    shown = [
        {
            "number": desk.numbers[each.key],
            "name": drawing.short(each.key),
            "label": each.label,
            "similarity": each.similarity,
        }
        for each in near
    ]
    return {"pictures": shown, "layer": last_features(found.predictor.model.network), **_looked_through(desk)}


def what_if(found: "Explained", kind: str, amount: Sequence[float], box: Sequence[float]) -> dict[str, Any]:
    """Return the answer to the picture changed beside the answer now. Raises RecipeError for a change that is not known."""
    from glassnet.pipeline.what_if import what_if as changed

    given: Any = None if not amount else amount[0] if len(amount) == 1 else tuple(amount)
    made = changed(found, kind, given, {"box": tuple(box)} if box else {})
    return {
        "what": made.what,
        "picture": pixels(made.pixels),
        "before": _answered(found),
        "after": _answered(made.after),
    }


def _answered(found: "Explained") -> dict[str, Any]:
    """Return an answer as lines of a name and a share, likeliest first, and drawn into the picture where it is places in it."""
    answer = found.answer.answer
    if found.answer.probabilities is not None:
        lines = list(found.answer.probabilities.items())
    elif hasattr(answer, "shares"):
        lines = list(answer.shares.items())
    else:
        lines = [(thing.label, thing.confidence) for thing in answer.found]
    return {
        "said": found.answer.text(),
        "lines": [[name, float(share)] for name, share in lines[:_LINES]],
        "more": max(0, len(lines) - _LINES),
        "drawn": _drawn(found),
    }


def _drawn(found: "Explained") -> str:
    """Return the answer drawn into the picture as the network sees it, as a PNG in an address; "" where it is a class."""
    predictor, fitted = found.predictor, found.picture.fitted
    if predictor.task.one_class:
        return ""
    answer = predictor.answer([found.picture.name], fitted[None])[0].answer
    return "data:image/png;base64," + _text(drawing.png(predictor.task.draw(fitted, answer), _DRAWN))


def _crop(desk: Desk, crop: "Crop") -> dict[str, Any]:
    return {**crop.as_dict(), "picture": drawing.short(crop.key), "number": desk.numbers[crop.key]}


def _looked_through(desk: Desk) -> dict[str, int]:
    return {"looked": len(desk.taught.rows()), "of": len(desk.run.lock.train)}


def _smaller(values: "np.ndarray", step: int) -> "np.ndarray":
    """Return a map (h, w) as means over squares of `step` places, the last ones cut off at the border."""
    import numpy as np

    if step == 1:
        return values
    rows, columns = (np.arange(0, side, step) for side in values.shape)
    sums = np.add.reduceat(np.add.reduceat(values.astype(np.float64), rows, 0), columns, 1)
    counts = np.outer(
        np.diff(np.r_[rows, values.shape[0]]),
        np.diff(np.r_[columns, values.shape[1]]),
    )
    return (sums / counts).astype(np.float32)


def floats(values: "np.ndarray") -> str:
    """Return values as float32, little-endian, in base64."""
    return _text(values.astype("<f4").tobytes())


def pixels(picture: "np.ndarray") -> dict[str, Any]:
    """Return a picture uint8 (H, W, C) as bytes in base64 with its shape."""
    return {"shape": list(picture.shape), "values": _text(picture.tobytes())}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
