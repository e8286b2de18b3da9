"""A lock on a file that the kernel lets go of when its process ends, however it ends. The file's content is of no interest."""

import contextlib
import os
import sys
from pathlib import Path

from glassnet import durable
from glassnet.errors import StorageError


def acquire(path: Path) -> int | None:
    """Take the lock and return its handle, or None when it is held (by this process too). Raises StorageError without a file system."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StorageError(durable.why(path, error)) from error
    if _try(handle):
        return handle
    os.close(handle)
    return None


def release(handle: int) -> None:
    """Let go of a lock that `acquire` gave."""
    with contextlib.suppress(OSError):
        _let_go(handle)
    os.close(handle)


def is_held(path: Path) -> bool:
    """Tell whether somebody holds the lock. Nothing is created; a folder that may only be read is asked too."""
    try:
        handle = os.open(path, os.O_RDONLY if sys.platform != "win32" else os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(durable.why(path, error, "read")) from error
    try:
        free = _try(handle, shared=True)
        if free:
            _let_go(handle)
        return not free
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _try(handle: int, shared: bool = False) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _let_go(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try(handle: int, shared: bool = False) -> bool:
        # flock belongs to the open file, so asking from the same process neither takes nor drops the lock (POSIX record locks do both)
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _let_go(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
