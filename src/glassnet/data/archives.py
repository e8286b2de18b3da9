"""Archives read in place, member by member: .tar, .tar.gz, .tgz and .zip. Nothing is ever unpacked to disk.

An archive is hostile until shown otherwise: absolute names, `..`, links, devices, encrypted members, absurd sizes and bombs are listed
in `faults` with the reason, and the rest stays usable. A .tar.gz has no index, so it is walked once; up to `KEEP` unpacked bytes stay in
memory, which makes reading in any order fast. Beyond that it is read forward: in archive order fast, backwards by starting again.
"""

import gzip
import io
import os
import stat
import struct
import threading
import zipfile
import zlib
from pathlib import Path

from glassnet.data.members import CHUNK, MAX_MEMBER, Bytes, exactly, name_fault, plain, tar_members
from glassnet.errors import DataError

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".zip")
KEEP = 256 << 20
"""An archive whose unpacked bytes fit in here is kept in memory after the first read."""
_BOMB_BYTES, _BOMB_RATIO = 1 << 30, 200

Place = tuple[int, int]


def is_archive(name: str) -> bool:
    """Whether a file of this name is read as an archive."""
    return name.lower().endswith(SUFFIXES)


def open_archive(path: str) -> "TarArchive | ZipArchive":
    """Index one archive. Raises DataError when it is missing, damaged from the start, or a bomb."""
    try:
        return ZipArchive(path) if path.lower().endswith(".zip") else TarArchive(path)
    except OSError as error:
        raise DataError(f"The archive {path} could not be read: {error.strerror or error}.") from None


class TarArchive:
    """A .tar, .tar.gz or .tgz. `members` maps a name to (offset, size) in the unpacked bytes; `faults` are (name, reason)."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.members: dict[str, Place] = {}
        self.faults: list[tuple[str, str]] = []
        self.folders: set[str] = set()
        self._blob: bytes | None = None
        self._forward: tuple[int, Bytes] | None = None
        self._large = False
        self._lock = threading.Lock()
        with Path(path).open("rb") as file:
            self.compressed = file.read(2) == b"\x1f\x8b"
        self.packed_size = Path(path).stat().st_size
        with self._open() as file:
            total = len(self._blob) if self._blob is not None else None if self.compressed else self.packed_size
            self._walk(file, total)

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_blob": None, "_forward": None, "_lock": None}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    def read(self, name: str) -> bytes:
        """Return one member's bytes. Raises DataError."""
        offset, size = self.members[name]
        with self._lock:
            if self.compressed and self._blob is None:
                self._fill()
            if self._blob is not None:
                return self._blob[offset : offset + size]
            try:
                return exactly(self._at(offset), size, name)
            except (OSError, EOFError, zlib.error) as error:
                self._forward = None
                raise DataError(f"{self.path}: {name} could not be read ({error}).") from None

    def order(self, name: str) -> int:
        """Return what to sort names by, so that reading them in that order is fastest."""
        return self.members[name][0]

    def sign(self, name: str) -> int | None:
        """Return None: a tar keeps no checksum of its members."""
        return None

    def release(self) -> None:
        """Give back the memory of the unpacked bytes; the next read fills it again."""
        self._blob, self._forward = None, None

    def _at(self, offset: int) -> Bytes:
        # A forked worker shares the file position with its parent, so every process opens its own.
        forward = self._forward
        if forward is None or forward[0] != os.getpid():
            opened = gzip.open(self.path) if self.compressed else Path(self.path).open("rb")  # noqa: SIM115  kept open
            forward = self._forward = (os.getpid(), opened)
        forward[1].seek(offset)
        return forward[1]

    def _open(self) -> Bytes:
        if self.compressed:
            self._fill()
            return io.BytesIO(self._blob) if self._blob is not None else gzip.open(self.path)
        return Path(self.path).open("rb")

    def _fill(self) -> None:
        """Keep the unpacked bytes if they are few enough; a file that breaks off keeps what came before."""
        if self._large:
            return
        parts, size = [], 0
        try:
            with gzip.open(self.path) as file:
                while part := file.read1(CHUNK):  # read would throw away what precedes a fault
                    parts.append(part)
                    size += len(part)
                    if size > KEEP:
                        self._large = True
                        return
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            if not parts:
                raise DataError(f"{self.path} is named like a gzip archive but cannot be unpacked ({error}).") from None
        self._blob = b"".join(parts)

    def _walk(self, file: Bytes, total: int | None) -> None:
        try:
            for name, offset, size, fault in tar_members(file, total, self._check_bomb):
                if name.endswith("/"):
                    self.folders.add(name.rstrip("/"))
                elif fault or name in self.members:
                    self.faults.append((name, fault or f"{name} stands twice in the archive; the first one is used"))
                else:
                    self.members[name] = (offset, size)
        except (EOFError, OSError, zlib.error) as error:
            if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
                raise
            self.faults.append(("", f"the archive breaks off or is damaged ({error}); what stands before is used"))
        if not self.members and self.faults and not self.folders:
            name, fault = self.faults[0]
            raise DataError(f"{self.path} holds nothing that can be read: {name or 'the archive'}: {fault}.")

    def _check_bomb(self, unpacked: int) -> None:
        if self.compressed and unpacked > _BOMB_BYTES and unpacked > _BOMB_RATIO * self.packed_size:
            raise DataError(
                f"{self.path} has {self.packed_size:,} bytes and unpacks to more than {unpacked:,}; "
                "that is how archives are made to exhaust a machine, so it is not read."
            )


class ZipArchive:
    """A .zip. `members` maps a name to (offset of its local header, unpacked size)."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.members: dict[str, Place] = {}
        self.faults: list[tuple[str, str]] = []
        self.folders: set[str] = set()
        self._packed: dict[str, tuple[int, int, int]] = {}
        try:
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error) as error:
            raise DataError(f"{path} is not a readable zip archive ({error}); copy or download it again.") from None
        for entry in entries:
            name = plain(entry.filename)
            if name.endswith("/"):  # ZipInfo.is_dir fails on an empty name before Python 3.12
                self.folders.add(name.rstrip("/"))
                continue
            fault = name_fault(name) or _zip_fault(entry)
            if fault or name in self.members:
                self.faults.append((name, fault or f"{name} stands twice in the archive; the first one is used"))
                continue
            self.members[name] = (entry.header_offset, entry.file_size)
            self._packed[name] = (entry.compress_size, entry.compress_type, entry.CRC)

    def read(self, name: str) -> bytes:
        """Return one member's bytes, checked against their CRC. Raises DataError."""
        offset, size = self.members[name]
        packed, method, crc = self._packed[name]
        try:
            with Path(self.path).open("rb") as file:
                file.seek(offset)
                local = file.read(30)
                if len(local) < 30 or local[:4] != b"PK\3\4":
                    raise DataError(
                        f"{self.path}: {name} is not where the archive's list says; the archive is damaged."
                    )
                file.seek(sum(struct.unpack_from("<HH", local, 26)), os.SEEK_CUR)
                data = file.read(packed)
            if method == zipfile.ZIP_DEFLATED:
                data = zlib.decompressobj(-15).decompress(data, size + 1)
        except (OSError, ValueError, OverflowError, zlib.error) as error:  # places beyond any file, too
            raise DataError(f"{self.path}: {name} could not be unpacked ({error}).") from None
        if len(data) != size or zlib.crc32(data) != crc:
            raise DataError(f"{self.path}: {name} is damaged: its bytes do not match the archive's checksum.")
        return data

    def order(self, name: str) -> int:
        """Return what to sort names by, so that reading them in that order is fastest."""
        return self.members[name][0]

    def sign(self, name: str) -> int | None:
        """Return the CRC-32 of the member's bytes: a better sign of change than any time."""
        return self._packed[name][2]

    def release(self) -> None:
        """Nothing is kept in memory."""


def _zip_fault(entry: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "it is a link" if kind == stat.S_IFLNK else "it is a device or another special file"
    if entry.flag_bits & 0x1:
        return "it is encrypted; unpack it with its password first"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return (
            f"it is packed with method {entry.compress_type}, only stored and deflated members are read; pack it again"
        )
    declared = max(entry.file_size, entry.compress_size)
    if declared > MAX_MEMBER:
        return f"it declares {declared:,} bytes, more than the {MAX_MEMBER:,} a picture may have"
    if entry.file_size > 64 << 20 and entry.file_size > _BOMB_RATIO * max(1, entry.compress_size):
        return f"it unpacks from {entry.compress_size:,} to {entry.file_size:,} bytes, as bombs do"
    return None
