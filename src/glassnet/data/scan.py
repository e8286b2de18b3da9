"""One pass over picture files: read, hash, decode, fit, measure; every file once, on all cores.

A chunk of some hundred pictures is one unit of work: its pixels go straight into the store's file, its rows come back to the parent.
Workers are forked where that is safe (Linux, no other threads, torch not loaded): they inherit the source, so nothing is pickled and
they start in milliseconds. Elsewhere threads do the same work; decoders release the interpreter for everything but the smallest files.
"""

import contextlib
import hashlib
import multiprocessing
import os
import signal
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from glassnet.data import hashing
from glassnet.data.pixels import BadImage, PixelSettings, header, load
from glassnet.data.rows import BAD, GOOD, ROW
from glassnet.data.sources import read_each
from glassnet.errors import DataError, StorageError

_CHUNK_BYTES, _CHUNK_MOST = 4 << 20, 512
_TINY_FILE = 8192
_GREY_WITHIN = 12  # chroma that JPEG rounding gives to a grey picture stays below this
_FORMATS = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".bmp", ".dib"), "BMP"),
    ".png": "PNG",
    ".webp": "WEBP",
    ".gif": "GIF",
}


class Problem(NamedTuple):
    """Why one picture cannot be used: `code` as BadImage has it (or `crashed`), and the sentence."""

    code: str
    reason: str


class Chunk(NamedTuple):
    """What came of one chunk: its catalog rows int64 (B,), their table ROW (B,), and the problems by catalog row."""

    numbers: np.ndarray
    rows: np.ndarray
    problems: dict[int, Problem]


@dataclass
class Job:
    """Everything a worker needs. `known` maps the SHA-256 of bytes decoded before to (pixels, row), so that they are only copied."""

    source: Any  # a Source, with `iterate` where it has one
    keys: list[str]
    settings: PixelSettings
    path: Path
    known: dict[bytes, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    @property
    def row_bytes(self) -> int:
        """Bytes of one fitted picture."""
        return self.settings.height * self.settings.width * self.settings.channels

    def chunks(self, numbers: np.ndarray) -> list[np.ndarray]:
        """Cut catalog rows into units of work of about 4 MiB of pixels, at most 512 pictures."""
        each = max(1, min(_CHUNK_MOST, _CHUNK_BYTES // self.row_bytes))
        return [numbers[i : i + each] for i in range(0, len(numbers), each)]


def scan(
    job: Job,
    numbers: np.ndarray,
    workers: int,
    file_bytes: float = float("inf"),
    meanwhile: Callable[[], None] = lambda: None,
) -> Iterator[Chunk]:
    """Yield the finished chunks of these catalog rows in any order; the pixels are in `job.path` by then, not yet fsynced.

    `file_bytes` is the usual size of a file: where workers cannot be forked, several threads only delay each other on tiny ones.
    `meanwhile` runs in a thread beside forked workers, when this process has time; it must not raise.
    """
    chunks = job.chunks(numbers)
    workers = min(workers, len(chunks))
    if workers <= 1:
        for chunk in chunks:
            yield scan_chunk(job, chunk)
    elif can_fork():
        yield from _in_processes(job, chunks, workers, meanwhile)
    elif file_bytes < _TINY_FILE:
        yield from _in_threads(job, chunks, 1)
    else:
        yield from _in_threads(job, chunks, workers)


def can_fork() -> bool:
    """Tell whether forking is safe: Linux, a single thread, and no torch (its thread pools do not survive a fork)."""
    return sys.platform == "linux" and threading.active_count() == 1 and "torch" not in sys.modules


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scan_chunk(job: Job, numbers: np.ndarray) -> Chunk:
    """Read, hash, decode, fit and measure these catalog rows, and write their pixels into the store's file."""
    shape = (len(numbers), job.settings.height, job.settings.width, job.settings.channels)
    pixels, rows = np.zeros(shape, np.uint8), np.zeros(len(numbers), ROW)
    fresh, problems = np.zeros(len(numbers), bool), {}
    place = {job.keys[number]: i for i, number in enumerate(numbers)}
    for key, data in read_each(job.source, place):
        i = place[key]
        try:
            if isinstance(data, DataError):
                raise data
            fresh[i] = _one(job, key, data, pixels[i], rows[i : i + 1])
        except DataError as error:
            problems[int(numbers[i])] = Problem(getattr(error, "code", "unreadable"), str(error))
            rows["status"][i] = BAD
            pixels[i] = 0
    if fresh.any():
        _measure(pixels, rows, fresh)
    write_pixels(job.path, numbers, pixels)
    return Chunk(numbers, rows, problems)


def _one(job: Job, key: str, data: bytes, pixels: np.ndarray, row: np.ndarray) -> bool:
    """Fill one row and its pixels; return whether they still need to be measured."""
    digest = hashlib.sha256(data).digest()
    row["sha256"] = np.frombuffer(digest, np.uint8)
    known = job.known.get(digest)
    if known is not None:
        pixels[:], row[:] = known
    else:
        head = header(data)
        row["format"], row["mode"], row["frames"] = head.format, head.mode, min(head.frames, 65535)
        row["height"], row["width"] = head.height, head.width
        try:
            pixels[:] = load(data, job.settings)
        except MemoryError:
            raise BadImage("too_large", "There is not enough memory to decode this picture.") from None
        row["status"] = GOOD
        row["check"] = zlib.crc32(pixels.data)
    promised = _FORMATS.get(os.path.splitext(key)[1].lower())  # noqa: PTH122  a Path per picture costs more than its hash
    row["mismatch"] = promised is not None and row["format"][0] not in (b"ARRAY", promised.encode())
    return known is None


def _measure(pixels: np.ndarray, rows: np.ndarray, which: np.ndarray) -> None:
    """Fill the statistics of fitted pixels (B, H, W, C), all pictures of the chunk at once."""
    pixels = pixels if which.all() else pixels[which]
    n, height, width, channels = pixels.shape
    brightness = hashing.grey(pixels)
    # One plane per colour: NumPy is ten times slower along a last axis of length three.
    planes = np.ascontiguousarray(pixels.reshape(n, height * width, channels).transpose(2, 0, 1))
    light = brightness.reshape(n, -1)
    rows["mean"][which] = planes.mean(axis=2, dtype=np.float32).T
    rows["std"][which] = np.stack([plane.astype(np.float32).std(axis=1) for plane in planes], axis=1)
    rows["contrast"][which] = light.std(axis=1)
    rows["range"][which] = np.ptp(light, axis=1)
    rows["perceptual"][which] = hashing.perceptual_hash(brightness)
    if channels == 1:
        rows["grey"][which] = True
    else:
        colour = np.maximum(np.maximum(planes[0], planes[1]), planes[2]) - np.minimum(
            np.minimum(planes[0], planes[1]), planes[2]
        )
        rows["grey"][which] = colour.max(axis=1) <= _GREY_WITHIN


def write_pixels(path: Path, numbers: np.ndarray, pixels: np.ndarray) -> None:
    """Write pictures to their places in the store's file, neighbours together. Raises OSError (full disk)."""
    row_bytes = pixels[0].nbytes
    breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
    with path.open("r+b", buffering=0) as file:
        for run in np.split(np.arange(len(numbers)), breaks):
            file.seek(int(numbers[run[0]]) * row_bytes)
            left = np.ascontiguousarray(pixels[run[0] : run[-1] + 1]).reshape(-1).data
            while left:
                left = left[file.write(left) :]


def _in_threads(job: Job, chunks: list[np.ndarray], workers: int) -> Iterator[Chunk]:
    with ThreadPoolExecutor(workers) as pool:
        waiting = iter(chunks)
        running = {pool.submit(scan_chunk, job, chunk) for chunk in islice(waiting, workers + 1)}
        while running:  # a few ahead, never all: results would pile up in memory
            finished, running = wait_for(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(scan_chunk, job, chunk) for chunk in islice(waiting, len(finished))}
            for future in finished:
                yield future.result()


def _in_processes(
    job: Job, chunks: list[np.ndarray], workers: int, meanwhile: Callable[[], None] = lambda: None
) -> Iterator[Chunk]:
    """Fork workers that take chunk after chunk. A chunk that was lost with its worker is done again, picture by picture."""
    missing = set(range(len(chunks)))
    for number, chunk in _forked(job, chunks, workers, meanwhile):
        missing.discard(number)
        yield chunk
    for number in sorted(missing):
        for one in chunks[number]:
            single = np.array([one])
            results = list(_forked(job, [single], 1))
            if results:
                yield results[0][1]
            else:
                write_pixels(
                    job.path,
                    single,
                    np.zeros((1, job.settings.height, job.settings.width, job.settings.channels), "u1"),
                )
                row = np.zeros(1, ROW)
                row["status"] = BAD
                reason = "The process that decoded it died twice: the decoder crashed, or the memory was not enough."
                yield Chunk(single, row, {int(one): Problem("crashed", reason)})


def _forked(
    job: Job, chunks: list[np.ndarray], workers: int, meanwhile: Callable[[], None] = lambda: None
) -> Iterator[tuple[int, Chunk]]:
    context = multiprocessing.get_context("fork")
    turn = context.Value("q", 0)
    pipes = [context.Pipe(duplex=False) for _ in range(workers)]
    crew = [context.Process(target=_work, args=(job, chunks, turn, pipes, i), daemon=True) for i in range(workers)]
    for process in crew:
        process.start()
    for _, sender in pipes:
        sender.close()
    open_ends: set[Any] = {receiver for receiver, _ in pipes}
    beside = threading.Thread(target=meanwhile, daemon=True)
    beside.start()
    try:
        while open_ends:
            for end in wait(list(open_ends)):
                receiver: Any = end
                try:
                    message = receiver.recv()
                except (EOFError, ConnectionError):
                    open_ends.discard(receiver)
                    continue
                if isinstance(message, BaseException):
                    raise message
                yield message
    finally:
        for receiver, _ in pipes:
            receiver.close()
        for process in crew:
            if sys.exc_info()[0] is not None:
                process.terminate()
            process.join()
        beside.join()  # nothing may be forked while another thread holds locks


def _work(job: Job, chunks: list, turn: Any, pipes: list[tuple[Connection, Connection]], me: int) -> None:
    # The parent alone answers Ctrl-C and SIGTERM, and ends the workers. A worker whose parent was killed notices at its next result,
    # because nobody else holds the reading end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for i, (receiver, sender) in enumerate(pipes):
        receiver.close()
        if i != me:
            sender.close()
    sender = pipes[me][1]
    with contextlib.suppress(BrokenPipeError):
        try:
            while (number := _next(turn)) < len(chunks):
                sender.send((number, scan_chunk(job, chunks[number])))
        except BrokenPipeError:
            raise
        except OSError as error:
            sender.send(error)
        except Exception as error:  # a fault of ours must reach the parent, whatever it is
            sender.send(StorageError(f"A worker failed while reading pictures: {type(error).__name__}: {error}"))
    sender.close()


def _next(turn: Any) -> int:
    with turn.get_lock():
        turn.value += 1
        return turn.value - 1
