"""Whether the process that claimed a row still lives: each holds a lock on a file of its own in `.workers`, until it dies, however it dies.

The file's name stands in the row. A file that is here and free belongs to a dead process of this folder of runs; one that is not here
belongs to another machine, of which nothing can be known but its heartbeat.
"""

import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from glassnet import durable
from glassnet.errors import StorageError
from glassnet.runs import lock

_FOLDER = ".workers"


class Presence:
    """This process among those that work in one folder of runs."""

    def __init__(self, out: Path):
        self._folder = out / _FOLDER
        self._mine: tuple[int, str] | None = None  # process and name: after a fork the child needs a file of its own

    def name(self) -> str:
        """Return the name of this process, whose lock it holds from now on until it ends. Raises StorageError."""
        while self._mine is None or self._mine[0] != os.getpid():
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                handle, made = tempfile.mkstemp(prefix="w-", dir=self._folder)
            except OSError as error:
                raise StorageError(durable.why(self._folder, error)) from error
            os.close(handle)
            path = Path(made)
            if lock.acquire(path) is not None and path.exists():  # else another one's tidying was faster
                self._mine = (os.getpid(), path.name)
        return self._mine[1]

    @property
    def is_new(self) -> bool:
        """Whether this process has no name yet."""
        return self._mine is None or self._mine[0] != os.getpid()

    def knows(self, worker: str) -> bool:
        """Tell whether that process worked here, so that `is_gone` says something about its life."""
        return (self._folder / worker).exists()

    def is_gone(self, worker: str) -> bool:
        """Tell whether that process worked here and is dead."""
        return self.knows(worker) and not lock.is_held(self._folder / worker)

    def tidy(self, keep: Collection[str]) -> None:
        """Delete the files of dead processes, but for those that rows still name."""
        for path in self._folder.glob("w-*"):
            if path.name in keep or (handle := lock.acquire(path)) is None:
                continue
            path.unlink(missing_ok=True)
            lock.release(handle)
