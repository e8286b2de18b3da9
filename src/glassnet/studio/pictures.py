"""Pictures on their way to a page: those of a data set, and those that somebody dropped. What leaves is always drawn anew as PNG."""

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.errors import DataError
from glassnet.studio import ids
from glassnet.studio.kept import Kept

if TYPE_CHECKING:
    import numpy as np

MAX_PIXELS = 50_000_000
"""A picture with more pixels is refused before it is decoded."""
_KEPT, _SETS = 8, 3
_LONGEST = 1024


class Tray:
    """The last few pictures that were dropped on a page, as bytes in memory. Nothing of them is written to disk."""

    def __init__(self) -> None:
        self._held: Kept[bytes] = Kept(_KEPT)

    def put(self, data: bytes) -> dict[str, Any]:
        """Keep a picture and return its id and size. Raises DataError for what is no picture, or has too many pixels."""
        from glassnet.data.headers import header

        found = header(data)
        if found.height * found.width > MAX_PIXELS:
            raise DataError(
                f"This picture has {found.height * found.width:,} pixels; up to {MAX_PIXELS:,} are read here. Make it smaller."
            )
        pixels = read(data)
        made = ids.of("picture", hashlib.sha256(data).hexdigest())
        self._held.put(made, data)
        return {"id": made, "height": pixels.shape[0], "width": pixels.shape[1]}

    def get(self, given: str) -> bytes:
        """Return the bytes of a picture. Raises DataError when it is not kept any more."""
        found = self._held.find(given)
        if found is None:
            raise DataError("This picture is not here any more. Drop it on the page again.")
        return found


class Sets:
    """Reads single pictures of data sets; the catalogs of the last few are kept."""

    def __init__(self) -> None:
        self._held: Kept[Any] = Kept(_SETS)

    def read(self, root: str, task: str | None, key: str) -> bytes:
        """Return the bytes of one picture of a data set. Raises DataError when it is not there."""
        return self.catalog(root, task).source.read(key)

    def catalog(self, root: str, task: str | None) -> Any:
        """Return what is in a folder, an archive or a built-in set. Raises DataError."""
        from glassnet.data.readers import recognise

        return self._held.of((root, task), lambda: recognise(root, task=task))


def read(data: bytes) -> "np.ndarray":
    """Return the pixels of a picture, uint8 (H, W, 1 or 3), upright. Raises DataError."""
    from glassnet.data.pixels import decode

    return decode(data, MAX_PIXELS)


def png(pixels: "np.ndarray", longest: int = _LONGEST) -> bytes:
    """Return uint8 (H, W, 1 or 3) as PNG, shrunk to `longest` pixels on its longer side where it is larger."""
    from PIL import Image

    image = Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[:, :, 0])
    if max(image.size) > longest:
        image.thumbnail((longest, longest), Image.Resampling.BOX)
    held = io.BytesIO()
    image.save(held, "PNG", compress_level=3)
    return held.getvalue()


def short(key: str) -> str:
    """Return the part of a key that a person knows a picture by."""
    return Path(key).name
