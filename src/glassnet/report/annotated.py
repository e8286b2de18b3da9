"""Pictures with their annotation drawn: what is there to be learnt, as far as it can be read."""

from collections.abc import Sequence

import numpy as np

from glassnet.errors import GlassnetError
from glassnet.report.markup import Markup, tag
from glassnet.report.material import Data
from glassnet.tasks.drawing import draw_truth
from glassnet.tasks.palette import colour_of

_SIDE = 260  # pixels of the longer side of a picture in a grid


def annotated(data: Data, row: int, side: int = _SIDE) -> np.ndarray | None:
    """Return uint8 (h, w, 3): the picture with what its annotation says, also where the annotation is why it is kept out.

    None where there are no pixels to show; the picture alone where its annotation cannot be drawn.
    """
    assert data.truth is not None, "asked only where annotations are places in pictures"
    try:
        picture = shrunk(data.original(row) if data.original else data.picture(row), side)
    except GlassnetError:
        return None
    try:
        truth = data.truth(row)
        if truth is None:
            return picture
        return draw_truth(picture, truth, data.classes, pixels=truth.map is not None or data.task == "segment")
    except GlassnetError:  # a mask that is not there, or of another size
        return picture


def legend(classes: Sequence[str]) -> Markup:
    """Return the classes with their colours, the same in every picture."""
    entries = []
    for place, name in enumerate(classes):
        if name != "background":
            patch = tag("rect", width=14, height=14, rx=3, fill="#{:02x}{:02x}{:02x}".format(*colour_of(place)))
            drawn = tag("svg", patch, viewBox="0 0 14 14", width=14, height=14, aria_hidden="true", cls="patch")
            entries.append(tag("li", drawn, " ", name))
    return tag("ul", entries, cls="legend", aria_label="Colours of the classes")


def shrunk(picture: np.ndarray, side: int) -> np.ndarray:
    """Return the picture uint8 (h, w, C) with at most `side` pixels on its longer side."""
    if max(picture.shape[:2]) <= side:
        return picture
    from PIL import Image

    whole = Image.fromarray(np.ascontiguousarray(picture if picture.shape[2] == 3 else picture[:, :, 0]))
    whole.thumbnail((side, side), Image.Resampling.LANCZOS)
    small = np.asarray(whole, np.uint8)
    return small if small.ndim == 3 else small[:, :, None]
