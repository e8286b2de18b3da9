"""The store's files: one index that is replaced whole, one file of pixels per generation, and a lock.

`index` describes the finished generation, `index.next` one that is being built. An index holds a header (JSON), the keys, the table of
rows and the problems, under one SHA-256. A pixel file is never changed once its generation is finished, because a training may have it
mapped; changes make a new generation.
"""

import contextlib
import errno
import hashlib
import json
import os
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassnet.data.rows import BAD, PENDING, ROW
from glassnet.data.scan import Problem
from glassnet.durable import replacing, why
from glassnet.errors import StorageError

_MAGIC = b"GLASSNET-STORE-1\n"
CHECKED_BYTES = 256 << 20
"""On opening, this many bytes of pixels are compared with their checksums: all of a small store, an even sample of a large one."""


@dataclass
class Generation:
    """One pixel file and what is known of each of its rows. `pixels` is uint8 (n, H, W, C), mapped read-only."""

    file: str
    keys: list[str]
    rows: np.ndarray
    problems: dict[int, Problem]
    pixels: np.ndarray

    def damaged(self) -> np.ndarray:
        """Return the rows, int64, whose pixels do not match their checksum (an even sample where the store is large)."""
        row_bytes = self.pixels[0].nbytes if len(self.pixels) else 1
        step = max(1, -(-len(self.pixels) * row_bytes // CHECKED_BYTES))
        flat = self.pixels.reshape(len(self.pixels), -1)
        held, checks = np.flatnonzero(self.rows["status"] != PENDING)[::step], self.rows["check"].tolist()
        bad = self.rows["status"] == BAD
        return np.array([i for i in held.tolist() if not bad[i] and zlib.crc32(flat[i]) != checks[i]], np.int64)


def new_file(folder: Path, size: int) -> str:
    """Make an empty pixel file of `size` bytes, claimed from the disk at once. Raises StorageError when it does not fit."""
    name = f"pixels-{uuid.uuid4().hex[:12]}.u8"
    path = folder / name
    try:
        with path.open("xb") as file:
            if size and hasattr(os, "posix_fallocate"):
                try:
                    os.posix_fallocate(file.fileno(), 0, size)
                except OSError as error:
                    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                        raise
                    file.truncate(size)  # a file system without the call
            else:
                file.truncate(size)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise StorageError(f"{why(path, error)} The store of pixels needs {size / 1e6:,.0f} MB.") from error
    return name


def map_pixels(path: Path, shape: tuple[int, int, int, int]) -> np.ndarray:
    """Map a pixel file read-only as uint8 (n, H, W, C)."""
    return np.memmap(path, np.uint8, "r", shape=shape) if shape[0] else np.zeros(shape, np.uint8)


def write_index(path: Path, generation: Generation) -> None:
    """Replace an index, whole or not at all. Raises StorageError."""
    keys = "\0".join(generation.keys).encode("utf-8", "surrogateescape")
    rows = np.ascontiguousarray(generation.rows).tobytes()
    problems = json.dumps({str(i): list(p) for i, p in generation.problems.items()}).encode()
    head = {
        "file": generation.file,
        "shape": list(generation.pixels.shape),
        "parts": [len(keys), len(rows), len(problems)],
        "sha256": hashlib.sha256(keys + rows + problems).hexdigest(),
        "row": hashlib.sha256(repr(ROW.descr).encode()).hexdigest(),
    }
    with replacing(path) as file:
        file.write(_MAGIC + json.dumps(head).encode() + b"\n")
        file.write(keys)
        file.write(rows)
        file.write(problems)


def read_index(path: Path, picture: tuple[int, int, int]) -> Generation | None:
    """Return the generation an index describes, or None where there is none. Raises StorageError, with the reason, when it is damaged."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(why(path, error, "read")) from error
    try:
        magic, head_line, body = data.split(b"\n", 2)
        head = json.loads(head_line)
        n, *rest = head["shape"]
        name, parts = str(head["file"]), head["parts"]
        if magic + b"\n" != _MAGIC or sum(parts) != len(body) or hashlib.sha256(body).hexdigest() != head["sha256"]:
            raise StorageError("its checksum does not match")
        if head["row"] != hashlib.sha256(repr(ROW.descr).encode()).hexdigest() or tuple(rest) != picture:
            raise StorageError("it was written by another version")
        pixel_file = path.parent / name
        if Path(name).name != name or not pixel_file.is_file():
            raise StorageError("its file of pixels is missing")
        expected = n * int(np.prod(picture))
        if pixel_file.stat().st_size != expected:
            raise StorageError(f"its file of pixels has {pixel_file.stat().st_size:,} bytes instead of {expected:,}")
        keys = body[: parts[0]].decode("utf-8", "surrogateescape").split("\0") if n else []
        rows = np.frombuffer(body[parts[0] : parts[0] + parts[1]], ROW).copy()
        problems = {int(i): Problem(*p) for i, p in json.loads(body[parts[0] + parts[1] :]).items()}
        if len(keys) != n or len(rows) != n:
            raise StorageError("its parts have different lengths")
    except StorageError as error:
        raise StorageError(f"The store in {path.parent} cannot be used: {error}.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"The store in {path.parent} cannot be used: {path.name} is damaged ({error}).") from None
    return Generation(name, keys, rows, problems, map_pixels(pixel_file, (n, *picture)))


@contextlib.contextmanager
def locked(folder: Path, patience: float, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the store's lock, so that one process at a time builds it; the system lets go of it when a process dies.

    Waits up to `patience` seconds for another process, saying so once. Raises StorageError after that.
    """
    path = folder / "lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise StorageError(why(path, error)) from error
    with file:
        began, told = time.monotonic(), False
        while not _try_lock(file.fileno()):
            if not told:
                say("Another Glassnet process is reading the same pictures into the store; waiting for it.")
                told = True
            if time.monotonic() - began > patience:
                raise StorageError(
                    f"Another process has held {path} for more than {patience:.0f} seconds. Wait for it, or end it; the store is whole."
                )
            time.sleep(0.1)
        try:
            yield
        finally:
            _unlock(file.fileno())


def sweep(folder: Path, keep: set[str]) -> None:
    """Delete the pixel files and temporary files of earlier generations; whoever still has one mapped keeps it until he lets go."""
    for path in folder.iterdir():
        stale = path.name.startswith("pixels-") or (path.name.startswith(".index") and path.name.endswith(".part"))
        if stale and path.name not in keep:
            with contextlib.suppress(OSError):  # Windows refuses while it is mapped; the next visit deletes it
                path.unlink()


def _try_lock(handle: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            return True  # a file system without locks: better to go on than to refuse the pictures
        raise StorageError(f"The store's lock could not be taken: {error.strerror or error}.") from error
    return True


def _unlock(handle: int) -> None:
    with contextlib.suppress(OSError):
        if os.name == "nt":
            import msvcrt

            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_UN)
