"""The lessons over the reader's own runs: whose numbers the questions are made of, and pictures that a computation is handed.

A page names a picture instead of sending it: {"run": ID, "seed": 0} is one of a run's validation pictures as its network gets it,
{"dropped": ID} one that was dropped on a page, made small. `Desk.filled` puts the pixels there before a lesson sees the values.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from glassnet.errors import RecipeError
from glassnet.studio import pictures
from glassnet.studio.kept import Kept
from glassnet.studio.networks import Opened
from glassnet.studio.records import Gone, run_id
from glassnet.studio.workplace import Workplace

if TYPE_CHECKING:
    import numpy as np

    from glassnet.pipeline.explained import Explained
    from glassnet.runs.rows import Row

_SMALL = 64
"""Pixels along the longer side of a dropped picture in a lesson."""
_LARGEST = 96
"""Pixels along the longer side of a run's picture in a lesson; a larger one is made smaller."""
_KEPT = 2
_SHOWN = 100


class Asked:
    """A run that lessons ask about, with the last pictures of it that were explained, and a note to each."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._pictures: Kept[tuple[Explained | None, str]] = Kept(_KEPT)

    @contextmanager
    def explained(self, seed: int) -> "Iterator[tuple[Explained | None, str]]":
        """Hold one of its pictures, explained, and a note; None where its pictures are gone, as the note says. Raises ModelFileError."""
        from glassnet.lessons.sheet import explained_of

        with self._opened.lock:
            yield self._pictures.of(seed, lambda: explained_of(self._opened.run, None, seed))


class Desk:
    """What the lessons need of the studio."""

    def __init__(self, work: Workplace) -> None:
        self.work = work

    def runs(self) -> list[dict[str, Any]]:
        """Return the finished runs that are here, newest first, those of sweeps after all others: what a reader may choose from."""
        found = [row for row in self.work.records.rows("status=done") if self.work.records.folder(row) is not None]
        found.sort(key=lambda row: row.sweep is not None)
        return [
            {"id": run_id(row), "name": row.name, "task": row.task, "network": row.network}
            | {"data": str(row.settings.get("data.root") or "").rstrip("/\\").replace("\\", "/").rpartition("/")[2]}
            for row in found[:_SHOWN]
        ]

    def asked(self, run: str) -> Asked:
        """Return a run that is done, to be asked about. Raises Gone."""
        row = self.work.records.find(run)
        folder = self.work.records.folder(row)
        if folder is None or row.status != "done":
            raise Gone(f"{_name(row)} cannot be asked about: {'it is not done' if folder else 'its folder is gone'}.")
        return self.work.networks.of(run).part(Asked, Asked)

    def scores(self, run: str) -> Any:
        """Return the scores of a run on validation, None where it has none. Raises Gone."""
        folder = self.work.records.folder(self.work.records.find(run))
        if folder is None:
            raise Gone("The folder of this run is gone.")
        return folder.read_scores().get("validation")

    def filled(self, values: Any) -> Any:
        """Return the values with the pixels of each picture that is only named. Raises Gone, DataError, RecipeError."""
        if not isinstance(values, dict):
            return values
        return {key: self._pixels(value).tolist() if isinstance(value, dict) and _names_picture(value) else value
                for key, value in values.items()}  # fmt: skip

    def _pixels(self, given: dict[str, Any]) -> "np.ndarray":
        if "dropped" in given:
            return _smaller(pictures.read(self.work.tray.get(str(given["dropped"]))), _SMALL)
        seed = given.get("seed", 0)
        if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**31:
            raise RecipeError("The seed of a picture must be a whole number from 0.")
        with self.asked(str(given["run"])).explained(seed) as (found, note):
            if found is None:
                raise Gone(note)
            return _smaller(found.picture.fitted, _LARGEST)


def _names_picture(value: dict[str, Any]) -> bool:
    return set(value) in ({"dropped"}, {"run"}, {"run", "seed"})


def _name(row: "Row") -> str:
    return row.name or "This run"


def _smaller(pixels: "np.ndarray", longest: int) -> "np.ndarray":
    """Return the picture with at most `longest` pixels along a side, fitted as the product fits every picture."""
    from glassnet.data.pixels import PixelSettings, fit

    height, width, channels = pixels.shape
    share = min(1.0, longest / max(height, width))
    size = max(1, round(height * share)), max(1, round(width * share))
    return fit(pixels, PixelSettings(*size, fit="stretch", color="rgb" if channels == 3 else "grey"))
