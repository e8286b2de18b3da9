"""Data sets that may be trained on: built-in names, and what lies below the allowed roots. Folders are looked at, pictures are not."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet.errors import DataError
from glassnet.studio import ids

BUILT_IN = {
    "xo": "Crosses and circles, drawn here. Small enough to learn in a minute.",
    "shapes": "Coloured shapes, drawn here, with boxes and masks.",
    "digits": "Handwritten digits, 8×8 pixels. Comes with scikit-learn.",
    "cifar10": "60,000 small photographs of ten kinds of things. Is downloaded the first time (170 MB).",
}
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_LOOKED_AT = 3000  # files per folder: enough to tell that there are pictures, and how many of a small set
_FOLDERS = 4000  # a whole tree is never walked further than this


@dataclass(frozen=True)
class Place:
    """A folder or archive below an allowed root. `root` is the root's own path."""

    path: Path
    root: Path

    @property
    def id(self) -> str:
        """What stands for it in addresses."""
        return ids.of("place", str(self.path))

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.path.name or str(self.path)

    def is_archive(self) -> bool:
        """Whether it is an archive that is read in place."""
        return self.path.name.lower().endswith(_ARCHIVES) and self.path.is_file()

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values: how many pictures it has, and whether there are folders to look into."""
        if self.is_archive():
            return {"id": self.id, "name": self.name, "kind": "archive", "bytes": self.path.stat().st_size}
        pictures, more = _pictures(self.path)
        return {
            "id": self.id,
            "name": self.name,
            "kind": "folder",
            "pictures": pictures,
            "more": more,
            "inside": any(True for _ in _children(self)),
        }


class Folders:
    """What lies below the allowed roots. `hidden` is the folder of runs, which holds no data sets."""

    def __init__(self, roots: tuple[Path, ...], hidden: Path) -> None:
        self.roots = tuple(dict.fromkeys(Path(os.path.realpath(root)) for root in roots))
        self._hidden = Path(os.path.realpath(hidden))

    def sets(self) -> list[Place]:
        """Return the roots themselves that hold pictures, and the folders and archives directly in them that do, by name."""
        found = []
        for root in self.roots:
            top = Place(root, root)
            inside = [place for place in self.inside(top) if place.is_archive() or _pictures(place.path)[0]]
            if not inside and _pictures(root)[0]:
                inside = [top]
            found += inside
        return found

    def inside(self, place: Place) -> list[Place]:
        """Return the folders and archives in a folder, by name, without hidden ones and without links that lead out of the root."""
        return sorted(
            (child for child in _children(place) if child.path != self._hidden), key=lambda child: child.name.casefold()
        )

    def find(self, given: str) -> Place:
        """Return what an id stands for. Raises DataError when nothing below the roots has it (any more)."""
        if ids.is_id(given):
            for place in self._every():
                if place.id == given:
                    return place
        raise DataError("This folder is not there, or not below a folder that the studio may read.")

    def root_of(self, data: str) -> str:
        """Return what `glassnet train` is given for a built-in name or an id."""
        return data if data in BUILT_IN else str(self.find(data).path)

    def _every(self) -> Iterator[Place]:
        waiting = [Place(root, root) for root in self.roots]
        seen = 0
        while waiting and seen < _FOLDERS:
            place = waiting.pop(0)
            seen += 1
            yield place
            if not place.is_archive():
                waiting += self.inside(place)


def _children(place: Place) -> Iterator[Place]:
    try:
        with os.scandir(place.path) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                path = Path(entry.path)
                if not entry.is_dir() and not (entry.name.lower().endswith(_ARCHIVES) and entry.is_file()):
                    continue
                real = Path(os.path.realpath(path))
                if real.is_relative_to(place.root) and not (entry.is_symlink() and place.path.is_relative_to(real)):
                    yield Place(path, place.root)
    except OSError:  # not ours to read, or gone: nothing to choose there
        return


def _pictures(folder: Path) -> tuple[int, bool]:
    """Return how many pictures lie in a folder and below, and whether counting stopped before the end."""
    found = looked = 0
    for base, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith("."))
        if len(Path(base).relative_to(folder).parts) >= 4:
            names.clear()
        for name in files:
            looked += 1
            found += name.lower().endswith(_PICTURES) and not name.startswith(".")
        if looked >= _LOOKED_AT:
            return found, True
    return found, False
