"""Which picture a table, an XML file or a JSON entry means by the name it gives: looked up in the listing, never on the disk."""

from collections.abc import Iterable

from glassnet.data.readers.layout import some, split_of
from glassnet.data.readers.listing import Listing

STRUCTURE = frozenset(
    (
        "annotations",
        "annotation",
        "jpegimages",
        "images",
        "image",
        "imgs",
        "img",
        "xml",
        "xmls",
        "labels",
        "label",
        "data",
    )
)
"""Folders that say what kind of file lies in them, and nothing about which picture belongs to which."""


class Finder:
    """Finds the picture that an annotation file in `folder` means: beside it, below the root, or by its bare name where that is enough."""

    def __init__(self, listing: Listing, folder: str = "", split: str | None = None) -> None:
        """`split` is the split of the annotation file; of several pictures with one name, the one in that split's folder is meant."""
        self._pictures = listing.pictures
        self._foreign = listing.others.keys()
        self._folder = folder
        self._split = split
        self._names: dict[str, list[str]] = {}
        for path in listing.pictures:
            name = path.rpartition("/")[2]
            self._names.setdefault(name, []).append(path)
            self._names.setdefault(stem(name), []).append(path)

    def find(self, cell: str) -> tuple[str | None, str]:
        """Return (the picture's path in the listing, "") or (None, the reason). A name may lack its ending, or its folders."""
        path = cell.strip().replace("\\", "/")
        while path.startswith("./"):
            path = path[2:]
        if not path:
            return None, "no file is named"
        if path.startswith("/") or path[1:2] == ":" or ".." in path.split("/"):
            return None, f"{shown(cell)} leads out of the folder, and is not followed"
        for at in (f"{self._folder}/{path}" if self._folder else path, path):
            if at in self._pictures:
                return at, ""
        same = self._names.get(path.rpartition("/")[2], [])
        if "/" in path:
            same = [found for found in same if found.endswith("/" + path) or stem(found).endswith("/" + path)]
        if len(same) > 1:
            same = self._nearest(same)
        if len(same) == 1:
            return same[0], ""
        if same:
            return None, f"{shown(cell)} may mean {some(same)}; write the path"
        if path in self._foreign:
            return None, f"{shown(cell)} is no picture that is read"
        return None, f"{shown(cell)} was not found"

    def of_file(self, path: str) -> list[str]:
        """Return the pictures with the same stem as an annotation file: the one beside it or in the matching folder, else all of them."""
        same = self._names.get(stem(path.rpartition("/")[2]), [])
        if len(same) < 2:
            return same
        folder = path.rpartition("/")[0]
        beside = [found for found in same if found.rpartition("/")[0] == folder]
        return beside or [found for found in same if core(found) == core(path)] or same

    def _nearest(self, paths: list[str]) -> list[str]:
        if self._split is not None:
            paths = [path for path in paths if split_of(path) == self._split] or paths
        if self._folder:
            paths = [path for path in paths if path.startswith(self._folder + "/")] or paths
        if len(paths) > 1:
            paths = [path for path in paths if STRUCTURE.intersection(path.lower().split("/")[:-1])] or paths
        return paths


def stem(path: str) -> str:
    """Return a path without the ending of its file name."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + (name.rpartition(".")[0] or name)


def core(path: str) -> str:
    """Return the stem without folders such as `images` and `Annotations`, so that a picture and its annotation have the same one."""
    return (
        "/".join(part for part in stem(path).split("/")[:-1] if part.lower() not in STRUCTURE)
        + "/"
        + stem(path.rpartition("/")[2])
    )


def shown(text: object, most: int = 60) -> str:
    """Return foreign text short and printable enough to stand in a sentence."""
    plain = "".join(letter if letter.isprintable() else "\ufffd" for letter in str(text)[: most + 1])
    return plain[:most] + "…" if len(plain) > most else plain


def not_used(listing: Listing, used: Iterable[str], where: str) -> list[str]:
    """Skip aloud the pictures that no annotation names (`used` holds their paths or keys). Returns the note, or nothing."""
    taken = set(used) | {fault.key for fault in listing.quarantined}
    left = [key for path, key in listing.pictures.items() if path not in taken and key not in taken]
    listing.skipped.extend(left)
    if not left:
        return []
    return [f"pictures not used ({len(left):,}), as they {where}: {some(left)}"]
