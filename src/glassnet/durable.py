"""Every byte that must survive a crash goes through here: temp file → fsync → rename → fsync of the folder.

A reader therefore sees the old file or the new one, never half of one. Leftover temp files are named `.<name>.<random>.part` and can be
deleted at any time.
"""

import contextlib
import errno
import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from glassnet.errors import StorageError

_UMASK = threading.Lock()  # two threads that read it at once could leave it changed


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """Open a binary file that takes the place of `path` when the block ends without an exception, and leaves no trace otherwise.

    Raises StorageError, with the path and the reason, when the bytes cannot be made to stay.
    """
    path = Path(path)
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o666 & ~_umask())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        _discard(part)
        raise StorageError(why(path, error)) from error
    except BaseException:
        _discard(part)
        raise


def write_bytes(path: str | Path, data: bytes) -> None:
    """Replace the file at `path` by `data`, whole or not at all."""
    with replacing(path) as file:
        file.write(data)


def write_text(path: str | Path, text: str) -> None:
    """Replace the file at `path` by UTF-8 text, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: str | Path, value: Any) -> None:
    """Replace the file at `path` by strict JSON (no NaN, no infinity), whole or not at all."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read strict JSON. Raises StorageError for a missing, unreadable or damaged file."""
    path = Path(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except OSError as error:
        raise StorageError(why(path, error, "read")) from error
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{path} is damaged: it is not the JSON that was written ({error}).") from error


def sha256_file(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal. Raises StorageError when it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(why(Path(path), error, "read")) from error


def make_folder(folder: str | Path) -> None:
    """Make a folder, and those above it, where it is not there yet. Raises StorageError with the path and the reason."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(why(folder, error)) from error


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut (where the platform can open folders at all)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def why(path: Path, error: OSError, verb: str = "write") -> str:
    """Return the sentence that explains a storage fault to a person."""
    reason = error.strerror or str(error)
    advice = {
        errno.ENOSPC: "Free some space and run `glassnet resume`; what was written before is whole.",
        errno.EDQUOT: "Your quota is used up; free some space and run `glassnet resume`.",
        errno.EACCES: "Choose a folder you may write to with --out.",
        errno.EROFS: "Choose a folder you may write to with --out.",
    }.get(error.errno or 0, "")
    return f"Could not {verb} {path}: {reason}. {advice}".strip()


def _umask() -> int:
    # mkstemp creates 0600; a run folder is meant to be shared the way any other file is. Reading the umask needs setting it.
    with _UMASK:
        mask = os.umask(0o022)
        os.umask(mask)
    return mask


def _discard(part: Path | None) -> None:
    if part is not None:
        with contextlib.suppress(OSError):
            part.unlink()


def _refuse_constant(name: str) -> Callable[..., Any]:
    raise ValueError(f"{name} is not a number")
