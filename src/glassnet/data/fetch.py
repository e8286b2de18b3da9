"""Downloads, only of what the user asked for by name: resumed where they broke off, checked by SHA-256, whole or not there at all.

The bytes grow in `<name>.part` beside the goal; only when size and checksum agree does it take the goal's name.
"""

import os
import platform
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from glassnet import durable
from glassnet.errors import NetworkError, StorageError

_CHUNK = 1 << 18


def cache_folder() -> Path:
    """Return where downloads are kept: GLASSNET_CACHE, or `glassnet` in the platform's cache folder."""
    chosen = os.environ.get("GLASSNET_CACHE")
    if chosen:
        return Path(chosen)
    if platform.system() == "Windows":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "glassnet" / "cache"
    if platform.system() == "Darwin":
        return Path.home() / "Library" / "Caches" / "glassnet"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glassnet"


def fetch(
    url: str,
    path: Path,
    sha256: str,
    size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    timeout: float = 30.0,
) -> Path:
    """Return `path`, downloaded from `url` unless a file with this SHA-256 is there already.

    `size` is the expected number of bytes; more are never taken. `progress(done, total)` counts bytes, total 0 when unknown.
    Raises NetworkError when the server cannot be reached, refuses, breaks off, or sends other bytes; StorageError when they cannot be kept.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise NetworkError(f"{url} is not a web address, so nothing is downloaded from it.")
    if path.is_file() and durable.sha256_file(path) == sha256.lower():
        return path
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as file:
            _lock(file, part)
            _download(url, file, part, size, progress, timeout)
            file.flush()
            os.fsync(file.fileno())
            found = durable.sha256_file(part)
            if found != sha256.lower():
                part.unlink()
                raise NetworkError(
                    f"What came from {url} is not the expected file: its SHA-256 is {found}, expected {sha256.lower()}. "
                    "It was deleted. Try again; if it happens again, the file on the server was changed or something in between alters it."
                )
            part.replace(path)
        durable.sync_folder(path.parent)
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise NetworkError(_why(url, path, error)) from None
    except OSError as error:
        raise StorageError(durable.why(path, error)) from error
    return path


def _download(
    url: str, file: BinaryIO, part: Path, size: int | None, progress: Callable[[int, int], None] | None, timeout: float
) -> None:
    """Append what is missing. A server that cannot resume sends everything again, and the part starts over."""
    done = file.seek(0, os.SEEK_END)
    if size is not None and done == size:
        return
    if size is not None and done > size:
        file.truncate(0)
        done = 0
    request = urllib.request.Request(url, headers={"User-Agent": "glassnet", "Accept-Encoding": "identity"})
    if done:
        request.add_header("Range", f"bytes={done}-")
    try:
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not done:
            raise
        # The part is at least as long as the file: either complete, which the checksum tells, or not this file at all.
        return
    with response:
        if done and response.status != 206:
            file.truncate(0)
            done = 0
        _copy(response, file, done, size, url, progress)


def _copy(
    response: HTTPResponse,
    file: BinaryIO,
    done: int,
    size: int | None,
    url: str,
    progress: Callable[[int, int], None] | None,
) -> None:
    length = response.headers.get("Content-Length", "")
    total = done + int(length) if length.isdigit() else 0
    if size is not None and total and total != size:
        raise NetworkError(
            f"{url} announces {total:,} bytes, but the file has {size:,}; it is not the one that is looked for."
        )
    while chunk := response.read(_CHUNK):
        file.write(chunk)
        done += len(chunk)
        if size is not None and done > size:
            file.truncate(0)
            raise NetworkError(
                f"{url} sends more than the {size:,} bytes that the file has; it is not the one that is looked for."
            )
        if progress is not None:
            progress(done, total)
    expected = size or total
    if expected and done < expected:
        raise NetworkError(
            f"The download of {url} broke off after {done:,} of {expected:,} bytes. What came is kept; the same command continues there."
        )


def _lock(file: BinaryIO, part: Path) -> None:
    """Let only one process at a time write a part, where the platform can say so."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise NetworkError(
            f"Another process is downloading {part.with_suffix('').name} right now; try again when it is done."
        ) from None


def _why(url: str, path: Path, error: Exception) -> str:
    host = urlsplit(url).hostname
    by_hand = f"You can also download {url} yourself and put it at {path}."
    if isinstance(error, urllib.error.HTTPError):
        return f"{host} refused the download of {url}: HTTP {error.code} {error.reason}. {by_hand}"
    reason = getattr(error, "reason", error)
    return (
        f"Could not download {url}: {host} was not reached or broke off ({reason}). Is this machine online? "
        f"What came is kept, and the same command continues there. {by_hand}"
    )
