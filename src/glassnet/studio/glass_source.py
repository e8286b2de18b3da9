"""Which picture is meant: the words of an address made into a picture as a run's network sees it.

`picture=3f…` (16 hex digits) is one that was dropped on a page, `picture=17` the picture of that number in the run's data set,
`picture=drawn-…` one that was drawn, its pixels in the word itself. The test set stays sealed.
"""

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Any

from glassnet.errors import DataError, GlassnetError
from glassnet.studio import ids
from glassnet.studio.pictures import MAX_PIXELS, short
from glassnet.studio.records import Gone
from glassnet.studio.workplace import Workplace

if TYPE_CHECKING:
    import numpy as np

    from glassnet.pipeline.explaining import Picture
    from glassnet.pipeline.run import Run

DRAWN = "drawn-"
LONGEST = 40_000
"""Of a word, in letters: a drawing of the largest size, scribbled over."""
SIDE = 96
"""Pixels that a drawing has at most along each side."""
_LARGEST = 2048
"""Pixels of the longer side of a picture as it is kept and drawn on. The network still gets what it gets of the whole file: a heat map or a
mask of every thing in the pixels of a large camera would take gigabytes."""
_NUMBER = re.compile(r"[0-9]{1,9}")


def picture_of(work: Workplace, run: "Run", words: str) -> "Picture":
    """Return the picture that `words` mean, fitted as the run's network takes it. Raises DataError, Gone."""
    if words.startswith(DRAWN):
        from glassnet.pipeline.explaining import Picture

        pixels = drawn(words)
        fitted, size = run.predictor.fitted(pixels)
        return Picture("your drawing", pixels, fitted, size, "drawing")
    if ids.is_id(words):
        return _read(run, work.tray.get(words), "your picture", "")
    if _NUMBER.fullmatch(words):
        number = int(words)
        data = bytes_of(work, run, number)
        return _read(run, data, short(run.lock.keys[number]), run.lock.keys[number])
    raise DataError("This address names no picture. Choose one, drop one, or draw one.")


def bytes_of(work: Workplace, run: "Run", number: int) -> bytes:
    """Return the bytes of a picture of the run's data set by its number in the lock. Raises DataError, Gone."""
    lock = run.lock
    if not 0 <= number < len(lock.keys):
        raise Gone(f"The data set of {run.name} has no picture {number}.")
    if number in lock.test:
        raise DataError("This picture belongs to the test set, which stays sealed: `glassnet eval` alone opens it.")
    data = run.recipe.data
    if data.root == "arrays":
        raise DataError(f"{run.name} was trained on arrays in memory, which are not kept. Drop a picture or draw one.")
    try:
        found: bytes = work.sets.read(data.root, data.task, lock.keys[number])
    except GlassnetError:
        found = b""
    if hashlib.sha256(found).hexdigest()[: len(lock.hashes[number])] != lock.hashes[number]:
        raise Gone(f"This picture is not where it was when the run was trained: {data.root} has changed or is gone.")
    return found


def drawn(words: str) -> "np.ndarray":
    """Return the pixels uint8 (H, W, 1) of a drawing: height, width, then a grey and how often it comes, a byte each. Raises DataError."""
    import numpy as np

    wrong = DataError("This drawing cannot be read. Draw it again.")
    try:
        text = words.removeprefix(DRAWN)
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise wrong from None
    if len(data) < 4 or len(data) % 2 or not (0 < data[0] <= SIDE and 0 < data[1] <= SIDE):
        raise wrong
    runs = np.frombuffer(data[2:], np.uint8).reshape(-1, 2)
    if int(runs[:, 1].sum(dtype=np.int64)) != data[0] * data[1]:
        raise wrong
    return np.repeat(runs[:, 0], runs[:, 1]).reshape(data[0], data[1], 1)


def _read(run: "Run", data: bytes, name: str, key: str) -> "Picture":
    from glassnet.data.pixels import decode
    from glassnet.pipeline.explaining import Picture
    from glassnet.report.annotated import shrunk

    fitted, full = run.predictor.fitted(data)
    original = shrunk(decode(data, MAX_PIXELS), _LARGEST)
    return Picture(name, original, fitted, original.shape[:2], "picture", key, full)


def manner(root: str, height: int, width: int) -> dict[str, Any]:
    """Return how to draw as the pictures of a data set are drawn: greys of ink and paper, width of the stroke as a share of the shorter
    side, tool, ready-made figures, and the size of the pad for a network that takes `height` × `width` pixels.
    """
    known = _MANNERS.get(root, _MANNERS[""])
    longer = max(height, width)
    scale = -(-_LEAST // longer) if longer < _LEAST else min(1.0, SIDE / longer)
    return {**known, "height": max(1, round(height * scale)), "width": max(1, round(width * scale))}


_LEAST = 28  # pixels along the longer side: a pad with fewer is no pleasure to draw on
_MANNERS: dict[str, dict[str, Any]] = {
    "xo": {"ink": 210, "paper": 45, "brush": 0.085, "tool": "pen", "figures": ["x", "o"]},
    "digits": {"ink": 255, "paper": 0, "brush": 0.13, "tool": "pen", "figures": [str(digit) for digit in range(10)]},
    "shapes": {"ink": 205, "paper": 46, "brush": 0.1, "tool": "fill", "figures": ["circle", "square", "triangle"]},
    "": {"ink": 255, "paper": 0, "brush": 0.09, "tool": "pen", "figures": ["x", "o", "circle", "square", "triangle"]},
}
"""From how the built-in sets are drawn: their greys in the mean, their strokes in the mean."""
