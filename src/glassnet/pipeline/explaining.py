"""`explain`: one picture, read as the run's network reads every picture, ready to be looked through layer by layer."""

import difflib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.pixels import decode
from glassnet.errors import DataError
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.taught import Taught

if TYPE_CHECKING:
    from glassnet.pipeline.explained import Explained
    from glassnet.pipeline.run import Run

_COMPARED = 20_000  # keys that a wrong name is compared with


@dataclass(frozen=True, eq=False)
class Picture:
    """What is explained: `name` as it was given, `original` uint8 (h, w, 1 or 3), upright, and `fitted` uint8 (H, W, C), as the network
    sees it. `size` is the original's (height, width), `stem` the name as a part of a file's name, `key` its name in the run's data set,
    "" where it came from elsewhere. `full` is the (height, width) of the picture as it came where `original` was made smaller.
    """

    name: str
    original: np.ndarray = field(repr=False)
    fitted: np.ndarray = field(repr=False)
    size: tuple[int, int]
    stem: str
    key: str = ""
    full: tuple[int, int] | None = None


def explain(
    run: "Run | str", picture: Any, out: str | os.PathLike[str] = "runs", observer: Observer | None = None
) -> "Explained":
    """Return what a run's network saw in a picture and why it answered so; everything is computed when it is first asked for.

    `run` is a Run or the name of one in `out`. `picture` is a path, an array uint8 (H, W[, C]), or the name of a picture in the run's data
    set; a file of that name wins. `observer` hears of slow steps. Raises RecipeError for no such run, DataError for no such picture or one
    that cannot be read, ModelFileError.
    """
    from glassnet.pipeline.explained import Explained
    from glassnet.pipeline.run import load

    found = load(run, Path(out)) if isinstance(run, str) else run
    taught = found.taught if observer is None else Taught(found, observer)
    return Explained(found, read_picture(taught, picture), taught, observer or Observer())


def explain_own(run: "Run", key: str) -> "Explained":
    """Return the same of a picture of the run's data set by its name there: a file of that name elsewhere is not looked at.

    Raises DataError where the picture is gone or cannot be read.
    """
    from glassnet.pipeline.explained import Explained

    return Explained(run, _fitted(run.taught, run.taught.read(key), key, key), run.taught, Observer())


def read_picture(taught: Taught, given: Any) -> Picture:
    """Return the picture that is meant. Raises DataError."""
    if isinstance(given, np.ndarray):
        fitted, size = taught.run.predictor.fitted(given)
        return Picture("array", given[:, :, None] if given.ndim == 2 else given, fitted, size, "array")
    if not isinstance(given, str | os.PathLike):
        raise DataError(
            "A picture is a path, the name of one in the run's data set, or an array uint8 (height, width, channels), not "
            f"{type(given).__name__}."
        )
    name, key = os.fspath(given), ""
    path = Path(name)
    if path.is_dir():
        raise DataError(f"{name} is a folder. Name one picture: what a network sees is shown for one at a time.")
    if path.exists():
        try:
            data = path.read_bytes()
        except OSError as error:
            raise DataError(f"{name} could not be read: {error.strerror or error}.") from None
    elif name in taught.run.lock.keys:
        data, key = taught.read(name), name
    else:
        raise DataError(_missing(name, taught.run))
    return _fitted(taught, data, name, key)


def _fitted(taught: Taught, data: bytes, name: str, key: str) -> Picture:
    predictor = taught.run.predictor
    try:
        fitted, size = predictor.fitted(data)
        original = decode(data, predictor.pixels.max_pixels)
    except DataError as error:
        raise DataError(f"{name} cannot be shown. {error}") from None
    return Picture(name, original, fitted, size, _stem(name, key), key)


def _stem(name: str, key: str) -> str:
    """Return `3` for /photos/cats/3.jpg, and `cats-3` for the key cats/3.jpg."""
    path = Path(name.replace("\\", "/"))
    words = "-".join((*path.parts[:-1], path.stem)) if key else path.stem
    return re.sub(r"[^\w.-]+", "-", words).strip("-.")[:80] or "picture"


def _missing(name: str, run: "Run") -> str:
    keys = run.lock.keys[:_COMPARED]
    near = difflib.get_close_matches(name, keys, n=1, cutoff=0.6)
    if not near:  # people leave out the folder
        last = {key.rpartition("/")[2]: key for key in keys}
        near = [last[each] for each in difflib.get_close_matches(name.rpartition("/")[2], last, n=1, cutoff=0.6)]
    beside = sorted(path.name for path in Path(name).parent.glob("*") if path.is_file())[:_COMPARED]
    near = near or difflib.get_close_matches(Path(name).name, beside, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]!r}?" if near else f"The set has names such as {keys[0]!r}." if keys else ""
    return f"There is no file {name}, and no picture of that name in the data set of {run.name}. {hint}".strip()
