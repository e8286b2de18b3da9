"""The sizes of pictures, from their headers: formats that count in fractions of a picture need them to say where a thing is."""

from collections.abc import Iterable

from glassnet.data.headers import BadImage, header
from glassnet.data.readers.listing import Listing
from glassnet.data.sources import FolderSource
from glassnet.errors import DataError

_HEAD = 64 << 10
"""Bytes that are enough for the header of nearly every picture."""


def upright_sizes(listing: Listing, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return {key: (height, width)} as displayed, after the EXIF orientation; pictures whose header cannot be read are left out."""
    source = listing.source
    sizes: dict[str, tuple[int, int]] = {}
    if isinstance(source, FolderSource):
        for key in keys:
            size = _of_bytes(_first_bytes(source, key)) or _of_file(source, key)
            if size is not None:
                sizes[key] = size
        return sizes
    for key, data in source.iterate(keys):
        size = None if isinstance(data, DataError) else _of_bytes(data)
        if size is not None:
            sizes[key] = size
    return sizes


def _first_bytes(source: FolderSource, key: str) -> bytes:
    try:
        with open(f"{source.root}/{key}", "rb", buffering=0) as file:  # noqa: PTH123  a Path per file costs more than the read
            return file.read(_HEAD)
    except OSError:
        return b""


def _of_file(source: FolderSource, key: str) -> tuple[int, int] | None:
    try:
        return _of_bytes(source.read(key))
    except DataError:
        return None


def _of_bytes(data: bytes) -> tuple[int, int] | None:
    try:
        found = header(data)
    except BadImage:
        return None
    return (found.height, found.width) if found.height > 0 and found.width > 0 else None
