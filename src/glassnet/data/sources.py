"""Where the bytes of the pictures are: a folder, archives read in place, or arrays in memory. Every source can be pickled for workers.

`read` takes keys in any order; `iterate` takes many and yields them in the order in which this source is fastest.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from glassnet.data.archives import TarArchive, ZipArchive, open_archive
from glassnet.data.catalog import Source
from glassnet.data.members import MAX_MEMBER
from glassnet.data.pixels import pack
from glassnet.errors import DataError

Read = bytes | DataError
"""What `iterate` yields for a key: its bytes, or the reason why they cannot be had (one bad file must not end the walk)."""


def read_each(source: Source, keys: Iterable[str]) -> Iterator[tuple[str, Read]]:
    """Yield (key, bytes or the reason) of every key, in the source's own order where it has one (`iterate`)."""
    iterate = getattr(source, "iterate", None)
    if iterate is not None:
        yield from iterate(list(keys))
        return
    for key in keys:
        try:
            yield key, source.read(key)
        except DataError as error:
            yield key, error


class _Iterates:
    """`iterate` on top of `read`, in the order of `_order`."""

    def read(self, key: str) -> bytes:
        raise NotImplementedError

    def _order(self, keys: list[str]) -> list[str]:
        return keys

    def iterate(self, keys: Iterable[str]) -> Iterator[tuple[str, Read]]:
        """Yield (key, bytes) for every key in this source's fastest order; for a file that cannot be read, (key, the DataError)."""
        for key in self._order(list(keys)):
            try:
                yield key, self.read(key)
            except DataError as error:
                yield key, error

    def release(self) -> None:
        """Give back memory held to make reading fast; reading still works afterwards."""


class FolderSource(_Iterates):
    """Files below `root`; a key is the path below it with forward slashes."""

    def __init__(self, root: str | Path) -> None:
        self.root = os.fspath(root)

    def read(self, key: str) -> bytes:
        """Return the bytes of one file. Raises DataError when it is missing, no regular file, or over 512 MiB."""
        try:
            with open(f"{self.root}/{key}", "rb", buffering=0) as file:  # noqa: PTH123  a Path per file costs more than the read
                size = os.fstat(file.fileno()).st_size
                if size > MAX_MEMBER:
                    raise DataError(f"{key} has {size:,} bytes, more than the {MAX_MEMBER:,} a picture may have.")
                return file.readall()
        except OSError as error:
            raise DataError(f"{key} could not be read: {error.strerror or error}.") from None

    def stamp(self, key: str) -> tuple[int, int]:
        """Return (size in bytes, modification time in ns). Raises DataError."""
        try:
            found = os.stat(f"{self.root}/{key}")  # noqa: PTH116  as above
        except OSError as error:
            raise DataError(f"{key} could not be read: {error.strerror or error}.") from None
        return found.st_size, found.st_mtime_ns


class ArchiveSource(_Iterates):
    """Members of one or more archives; a key is `<archive's file name>/<member's name>`."""

    def __init__(self, *paths: str | Path) -> None:
        self.archives: dict[str, TarArchive | ZipArchive] = {}
        self._changed: dict[str, int] = {}
        for path in map(Path, paths):
            self.archives[path.name] = open_archive(os.fspath(path))
            self._changed[path.name] = path.stat().st_mtime_ns

    def every_key(self) -> Iterator[str]:
        """Yield every readable member's key, archive by archive in their own order."""
        for name, archive in self.archives.items():
            yield from (f"{name}/{member}" for member in archive.members)

    def read(self, key: str) -> bytes:
        """Return the bytes of one member. Raises DataError when it is not there or damaged."""
        archive, member = self._find(key)
        return archive.read(member)

    def stamp(self, key: str) -> tuple[int, int]:
        """Return (size, CRC-32) for a zip; (size, modification time of the whole archive in ns) for a tar, which keeps no checksum."""
        archive, member = self._find(key)
        sign = archive.sign(member)
        return archive.members[member][1], self._changed[key.partition("/")[0]] if sign is None else sign

    def release(self) -> None:
        """Drop the unpacked bytes of .tar.gz archives from memory; the next read unpacks them again."""
        for archive in self.archives.values():
            archive.release()

    def _order(self, keys: list[str]) -> list[str]:
        places = {name: number for number, name in enumerate(self.archives)}

        def place(key: str) -> tuple[int, int]:
            archive, member = self._find(key)
            return places[key.partition("/")[0]], archive.order(member)

        return sorted(keys, key=place)

    def _find(self, key: str) -> tuple[TarArchive | ZipArchive, str]:
        name, _, member = key.partition("/")
        archive = self.archives.get(name)
        if archive is None or member not in archive.members:
            raise DataError(f"{key} is not in {', '.join(self.archives) or 'any archive'}.")
        return archive, member


class ArraySource(_Iterates):
    """Pictures in memory, uint8 (n, height, width, 1|3); row i has the key `<prefix>/<i, six digits>`."""

    def __init__(self, pixels: np.ndarray, prefix: str = "array") -> None:
        if pixels.ndim != 4 or pixels.dtype != np.uint8 or pixels.shape[3] not in (1, 3):
            raise DataError(f"Expected uint8 pictures (n, height, width, 1 or 3), got {pixels.dtype} {pixels.shape}.")
        self.pixels = pixels
        self.prefix = prefix

    def key(self, row: int) -> str:
        """Return the key of one row."""
        return f"{self.prefix}/{row:06d}"

    def read(self, key: str) -> bytes:
        """Return the packed pixels of one row, which `pixels.decode` reads back bit for bit. Raises DataError."""
        return pack(self.pixels[self._row(key)])

    def stamp(self, key: str) -> tuple[int, int]:
        """Return (bytes, a 63-bit hash of the pixels): arrays have no modification time."""
        data = self.pixels[self._row(key)].tobytes()
        return len(data), int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little") >> 1

    def _row(self, key: str) -> int:
        prefix, _, row = key.rpartition("/")
        if prefix != self.prefix or not row.isdigit() or int(row) >= len(self.pixels):
            raise DataError(
                f"{key} is not in the array of {len(self.pixels):,} pictures named {self.prefix}/000000 and on."
            )
        return int(row)
