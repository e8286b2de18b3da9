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
from collections.abc import Callable, Iterator
from pathlib import Path

from glassnet.errors import DataError

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".zip")
MAX_MEMBER = 512 << 20
"""Members that declare more bytes than this are refused: no picture file is as large."""
KEEP = 256 << 20
"""An archive whose unpacked bytes fit in here is kept in memory after the first read."""
_BOMB_BYTES, _BOMB_RATIO = 1 << 30, 200
_CHUNK = 1 << 20

Place = tuple[int, int]
_Bytes = io.BytesIO | gzip.GzipFile | io.BufferedReader


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
        self._forward: tuple[int, _Bytes] | None = None
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
                return _exactly(self._at(offset), size, name)
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

    def _at(self, offset: int) -> _Bytes:
        # A forked worker shares the file position with its parent, so every process opens its own.
        forward = self._forward
        if forward is None or forward[0] != os.getpid():
            opened = gzip.open(self.path) if self.compressed else Path(self.path).open("rb")  # noqa: SIM115  kept open
            forward = self._forward = (os.getpid(), opened)
        forward[1].seek(offset)
        return forward[1]

    def _open(self) -> _Bytes:
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
                while part := file.read1(_CHUNK):  # read would throw away what precedes a fault
                    parts.append(part)
                    size += len(part)
                    if size > KEEP:
                        self._large = True
                        return
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            if not parts:
                raise DataError(f"{self.path} is named like a gzip archive but cannot be unpacked ({error}).") from None
        self._blob = b"".join(parts)

    def _walk(self, file: _Bytes, total: int | None) -> None:
        try:
            for name, offset, size, fault in _tar_members(file, total, self._check_bomb):
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
            name = _plain(entry.filename)
            if entry.is_dir():
                self.folders.add(name.rstrip("/"))
                continue
            fault = _name_fault(name) or _zip_fault(entry)
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
        except (OSError, zlib.error) as error:
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


def _plain(name: str) -> str:
    name = name.replace("\\", "/")
    while name.startswith("./"):
        name = name[2:]
    return name


def _name_fault(name: str) -> str | None:
    if not name or "\0" in name:
        return "its name is empty or holds a zero byte"
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        return "its name is an absolute path, which would lead out of the data set"
    if ".." in name and ".." in name.split("/"):
        return "its name goes through `..`, which would lead out of the data set"
    return None


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
    if entry.file_size > MAX_MEMBER:
        return f"it declares {entry.file_size:,} bytes, more than the {MAX_MEMBER:,} a picture may have"
    if entry.file_size > 64 << 20 and entry.file_size > _BOMB_RATIO * max(1, entry.compress_size):
        return f"it unpacks from {entry.compress_size:,} to {entry.file_size:,} bytes, as bombs do"
    return None


_TAR_KINDS = {b"1": "a link", b"2": "a link", b"3": "a device", b"4": "a device", b"6": "a pipe", b"S": "a sparse file"}


def _tar_members(
    file: _Bytes, total: int | None, check: Callable[[int], None]
) -> Iterator[tuple[str, int, int, str | None]]:
    """Yield (name, offset, size, fault) of every member; a folder's name ends with a slash.

    The standard library's tarfile takes about 100 µs per member; this walk takes a few. Formats: v7, ustar, GNU long names, pax path
    and size (POSIX.1-2001, "pax interchange format").
    """
    at, long_name, pax = 0, None, {}
    while True:
        block = file.read(512)
        if len(block) < 512 or not block.strip(b"\0"):
            if 0 < len(block) < 512 or (not block and total is not None and at > total):
                raise EOFError("it ends within a member")
            return
        at += 512
        try:
            size = _number(block[124:136])
            sound = sum(block) - sum(block[148:156]) + 256 == _number(block[148:156])
        except ValueError:
            sound, size = False, 0
        if not sound or size < 0:
            raise EOFError(f"no member header at byte {at - 512:,}")
        kind = block[156:157]
        if kind in b"LKxg" and kind != b"":
            if size > _CHUNK:
                raise EOFError(f"a name of {size:,} bytes at byte {at:,}")
            text = _exactly(file, -(-size // 512) * 512, "a long name")[:size]
            at += -(-size // 512) * 512
            if kind == b"L":
                long_name = text.split(b"\0", 1)[0]
            elif kind == b"x":
                pax = _pax(text)
            continue
        raw = pax.get(b"path") or long_name or _ustar_name(block)
        size = int(pax[b"size"]) if pax.get(b"size", b"").isdigit() else size
        name = _plain(_text(raw))
        fault = _name_fault(name)
        folder = kind == b"5" or (kind in b"\0" and name.endswith("/"))
        if kind in _TAR_KINDS:
            fault, size = fault or f"it is {_TAR_KINDS[kind]}, not a file of its own", size if kind == b"S" else 0
        elif folder:
            size = 0
        elif kind not in b"07\0":
            fault = fault or f"it is of the unknown kind {kind!r}"
        elif size > MAX_MEMBER:
            fault = fault or f"it declares {size:,} bytes, more than the {MAX_MEMBER:,} a picture may have"
        if total is not None and at + size > total:
            fault = fault or f"the archive ends within it ({total - at:,} of {size:,} bytes are there)"
        if not (folder and fault):
            yield (name.rstrip("/") + "/" if folder else name or "(no name)"), at, size, fault
        skip = -(-size // 512) * 512
        _skip(file, at, skip, total, check)
        at += skip
        long_name, pax = None, {}


def _skip(file: _Bytes, at: int, count: int, total: int | None, check: Callable[[int], None]) -> None:
    if total is not None:
        file.seek(min(at + count, total))
        return
    while count > 0:
        part = file.read(min(count, _CHUNK))
        if not part:
            raise EOFError("it ends within a member")
        at, count = at + len(part), count - len(part)
        check(at)


def _exactly(file: _Bytes, size: int, name: str) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise EOFError(f"it ends within {name}")
    return data


def _number(field: bytes) -> int:
    if field[0] & 0x80:  # base-256, for sizes beyond eight octal gigabytes
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    return int(field.strip(b"\0 ") or b"0", 8)


def _ustar_name(block: bytes) -> bytes:
    name = block[:100].split(b"\0", 1)[0]
    if block[257:263] == b"ustar\0" and block[345]:
        return block[345:500].split(b"\0", 1)[0] + b"/" + name
    return name


def _pax(text: bytes) -> dict[bytes, bytes]:
    found, at = {}, 0
    while at < len(text):
        length = text[at : at + 20].split(b" ", 1)[0]
        if not length.isdigit() or not int(length):
            return found
        record = text[at + len(length) + 1 : at + int(length) - 1]
        keyword, _, value = record.partition(b"=")
        found[keyword] = value
        at += int(length)
    return found


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
