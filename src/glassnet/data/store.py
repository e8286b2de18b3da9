"""The pixel store: every picture decoded and fitted once to uint8, in a file that is mapped into memory; training never opens a JPEG twice.

A second visit looks only at size and time of each file. What changed is read again; what was moved, renamed or only touched is
recognised by its SHA-256 and copied. A visit that is killed half-way goes on where it was. A damaged store is said aloud and rebuilt.
"""

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import PIL

from glassnet.data.catalog import Catalog
from glassnet.data.pixels import PixelSettings
from glassnet.data.rows import BAD, GOOD, PENDING, ROW
from glassnet.data.scan import Job, Problem, cores, scan, write_pixels
from glassnet.data.shelf import Generation, locked, map_pixels, new_file, read_index, sweep, write_index
from glassnet.durable import why
from glassnet.errors import DataError, StorageError

Progress = Callable[[int, int], None]
_FORMAT = 1  # raise when the definition of a fitted pixel or of a statistic changes
_SAVE_EVERY = 5.0  # seconds of work that a power cut may cost
_FEW = 24  # below this many pictures, starting workers costs more than it brings


@dataclass(frozen=True)
class Store:
    """The fitted pictures. `pixels` is uint8 (n, H, W, C), read-only; row i belongs to `catalog.examples[i]`.

    `rows` is the table of `rows.ROW`, `problems` says why a row with status BAD cannot be used (its pixels are black), `notes` are
    sentences a person should see, `reread` counts the pictures that were opened on this visit.
    """

    settings: PixelSettings
    pixels: np.ndarray
    rows: np.ndarray
    problems: dict[int, Problem] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reread: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def good(self) -> np.ndarray:
        """bool (n,): the pictures that could be read."""
        return self.rows["status"] == GOOD


def open_store(
    catalog: Catalog,
    settings: PixelSettings,
    folder: str | Path,
    workers: int | None = None,
    progress: Progress | None = None,
    *,
    say: Callable[[str], None] | None = None,
    patience: float = 3600.0,
    meanwhile: Callable[[], None] | None = None,
) -> Store:
    """Return the store of a catalog at these pixel settings, kept below `folder`, after reading whatever is not in it yet.

    `workers` defaults to all cores; `progress(done, total)` counts pictures that had to be read; `say` hears at once what also ends up
    in `Store.notes`; `patience` is how many seconds to wait for another process that builds the same store. `meanwhile` runs
    in a thread while other processes decode, or when nothing has to be decoded; it must not raise. Raises StorageError.
    """
    shelf = Path(folder) / _name(catalog.root, settings)
    notes: list[str] = []

    def tell(note: str) -> None:
        notes.append(note)
        if say is not None:
            say(note)

    with locked(shelf, patience, say or (lambda _: None)):
        visit = _Visit(catalog, settings, shelf, tell)
        store = visit.finished()
        if store is not None and meanwhile is not None:
            threading.Thread(target=meanwhile).start()  # no worker will be forked any more
        if store is None:
            beside = meanwhile or (lambda: None)
            store = visit.build(workers or cores(), progress or (lambda done, total: None), beside)
    release = getattr(catalog.source, "release", None)
    if release is not None:
        release()
    return Store(store.settings, store.pixels, store.rows, store.problems, tuple(notes), store.reread)


def _name(root: str, settings: PixelSettings) -> str:
    # Only what exists as a path is made absolute: built-in names and arrays must not depend on the current folder.
    where = os.path.realpath(root) if Path(root).exists() else root
    text = repr((_FORMAT, where, sorted(settings.as_dict().items()), PIL.__version__.split(".")[0]))
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


class _Visit:
    """One visit to a shelf, under its lock: what stands there, what is missing, and the way to the next generation."""

    def __init__(self, catalog: Catalog, settings: PixelSettings, shelf: Path, tell: Callable[[str], None]) -> None:
        self.catalog, self.settings, self.shelf, self.tell = catalog, settings, shelf, tell
        self.keys = [example.key for example in catalog.examples]
        self.stamps = _stamps(catalog.source, self.keys)
        self.picture = (settings.height, settings.width, settings.channels)
        self.old = self._load("index")
        self.half = self._load("index.next")

    def finished(self) -> Store | None:
        """Return the store when the finished generation still describes the files, else None."""
        old = self.old
        if old is None or old.keys != self.keys or not _same(old.rows, self.stamps).all():
            return None
        if (old.rows["status"] == PENDING).any():
            return None
        return Store(self.settings, old.pixels, old.rows, old.problems)

    def build(self, workers: int, progress: Progress, meanwhile: Callable[[], None]) -> Store:
        """Make the next generation: keep what is in place, copy what is known, read the rest. Raises StorageError."""
        new, path = self._begin()
        try:
            pending = np.flatnonzero(new.rows["status"] == PENDING)
            job = Job(self.catalog.source, self.keys, self.settings, path, self._known() if len(pending) else {})
            self._read(new, job, pending, workers if len(pending) >= _FEW else 1, progress, meanwhile)
            self._save(new, path, "index")
        except OSError as error:
            raise StorageError(why(path, error)) from error
        with contextlib.suppress(OSError):
            (self.shelf / "index.next").unlink()
        sweep(self.shelf, {new.file})
        return Store(self.settings, new.pixels, new.rows, new.problems, reread=len(pending))

    def _load(self, name: str) -> Generation | None:
        try:
            found = read_index(self.shelf / name, self.picture)
        except StorageError as error:
            self.tell(f"{error} Its pictures are read again.")
            return None
        if found is None:
            return None
        damaged = found.damaged()
        if len(damaged):
            self.tell(f"The store in {self.shelf} is damaged: the pixels of {len(damaged):,} pictures are not what was written. "
                      "They are read again.")  # fmt: skip
            found.rows["status"][damaged] = PENDING
        for row in [row for row, problem in found.problems.items() if problem.code == "crashed"]:
            found.rows["status"][row] = PENDING  # it may have been the machine's fault
            del found.problems[row]
        return found

    def _begin(self) -> tuple[Generation, Path]:
        half, n = self.half, len(self.keys)
        if half is not None and half.keys == self.keys:
            stale = ~_same(half.rows, self.stamps)
            half.rows["status"][stale] = PENDING
            half.problems = {i: p for i, p in half.problems.items() if not stale[i]}
            return half, self.shelf / half.file
        name = new_file(self.shelf, n * int(np.prod(self.picture)))
        rows = np.zeros(n, ROW)
        path = self.shelf / name
        new = Generation(name, self.keys, rows, {}, map_pixels(path, (n, *self.picture)))
        for source in (self.old, self.half):
            if source is not None:
                self._copy(source, new, path)
        return new, path

    def _copy(self, old: Generation, new: Generation, path: Path) -> None:
        """Take over the rows of files that have the same key, size and time as they had in `old`."""
        slot_of = {key: slot for slot, key in enumerate(old.keys)}
        slots = np.array([slot_of.get(key, -1) for key in new.keys], np.int64)
        here = np.flatnonzero((slots >= 0) & (new.rows["status"] == PENDING))
        there = slots[here]
        same = _same(old.rows[there], self.stamps[here]) & (old.rows["status"][there] != PENDING)
        here, there = here[same], there[same]
        new.rows[here] = old.rows[there]
        new.problems.update(
            {int(i): old.problems[int(j)] for i, j in zip(here, there, strict=True) if int(j) in old.problems}
        )
        each = max(1, (16 << 20) // int(np.prod(self.picture)))
        try:
            for start in range(0, len(here), each):
                write_pixels(path, here[start : start + each], old.pixels[there[start : start + each]])
        except OSError as error:
            raise StorageError(why(path, error)) from error

    def _known(self) -> dict[bytes, tuple[np.ndarray, np.ndarray]]:
        known: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
        for old in (self.old, self.half):
            if old is not None:
                for slot in np.flatnonzero(old.rows["status"] == GOOD):
                    known[old.rows["sha256"][slot].tobytes()] = (old.pixels[slot], old.rows[slot : slot + 1].copy())
        return known

    def _read(
        self,
        new: Generation,
        job: Job,
        pending: np.ndarray,
        workers: int,
        progress: Progress,
        meanwhile: Callable[[], None],
    ) -> None:
        if not len(pending):
            return
        self._save(new, job.path, "index.next")
        done, saved = 0, time.monotonic()
        try:
            # No progress is told before the first chunk: a progress bar's thread would forbid forking the workers.
            for chunk in scan(job, pending, workers, float(np.median(self.stamps[pending, 0])), meanwhile):
                new.rows[chunk.numbers] = chunk.rows
                new.rows["size"][chunk.numbers] = self.stamps[chunk.numbers, 0]
                new.rows["modified"][chunk.numbers] = self.stamps[chunk.numbers, 1]
                new.problems.update(chunk.problems)
                done += len(chunk.numbers)
                if time.monotonic() - saved > _SAVE_EVERY:
                    self._save(new, job.path, "index.next")
                    saved = time.monotonic()
                progress(done, len(pending))
        except BaseException:
            with contextlib.suppress(OSError, StorageError):
                self._save(new, job.path, "index.next")
            raise

    def _save(self, new: Generation, path: Path, name: str) -> None:
        """Make the pixels stay before an index says that they are there."""
        with path.open("r+b") as file:
            os.fsync(file.fileno())
        write_index(self.shelf / name, new)


def _stamps(source: object, keys: list[str]) -> np.ndarray:
    """Return int64 (n, 2): (size, modification time) of every file; (-1, -1) where there is none, so that reading it gives the reason."""
    stamp = source.stamp  # type: ignore[attr-defined]
    found = np.full((len(keys), 2), -1, np.int64)
    for i, key in enumerate(keys):
        with contextlib.suppress(DataError):
            found[i] = stamp(key)
    return found


def _same(rows: np.ndarray, stamps: np.ndarray) -> np.ndarray:
    missing = stamps[:, 0] < 0
    return (rows["size"] == stamps[:, 0]) & (rows["modified"] == stamps[:, 1]) & ~(missing & (rows["status"] != BAD))
