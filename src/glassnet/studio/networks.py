"""The runs whose networks are in memory. One keeper for all pages, so that a network is there once, whoever looks into it."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from glassnet.studio.kept import Kept
from glassnet.studio.records import Gone, Records

if TYPE_CHECKING:
    from glassnet.pipeline.run import Run
    from glassnet.runs.rows import Row

T = TypeVar("T")

_KEPT = 3
"""Runs; the network and the list of pictures of each stay in memory."""


class Opened:
    """One run with its network, loaded when it is first needed. Hold `lock` while the network is used: a look changes how it keeps values.

    `stamp` changes when the run is trained on. A page keeps what it makes of the run here, by `part`, and it goes when the run goes.
    """

    def __init__(self, given: str, run: "Run", stamp: int) -> None:
        self.id = given
        self.run = run
        self.stamp = stamp
        self.lock = threading.RLock()
        self._parts: dict[type, object] = {}
        self._making = threading.Lock()

    def part(self, kind: type[T], made: Callable[["Opened"], T]) -> T:
        """Return what one page keeps of this run, made where it is not there."""
        with self._making:
            if kind not in self._parts:
                self._parts[kind] = made(self)
            found = self._parts[kind]
            assert isinstance(found, kind)
            return found


class Networks:
    """The last few runs that were opened. A run that was trained on since is opened anew."""

    def __init__(self, records: Records, most: int = _KEPT) -> None:
        self._records = records
        self._held: Kept[Opened] = Kept(most)

    def of(self, given: str) -> Opened:
        """Return the run of an id. Raises Gone where it, or its network, is not here."""
        from glassnet.pipeline.run import Run

        row = self._records.find(given)
        folder = self._records.folder(row)
        if folder is None or not folder.model_json.is_file():
            raise Gone(_nothing(row, folder is not None))
        stamp = folder.model_json.stat().st_mtime_ns
        return self._held.of((given, stamp), lambda: Opened(given, Run(folder), stamp))


def _nothing(row: "Row", there: bool) -> str:
    """Return why there is no network to look into, and what helps."""
    if not there:
        return f"The folder of {row.name} is not here any more, so there is no network to look into."
    if row.status in ("planned", "running"):
        return f"{row.name} is still training. Its network can be looked into once it has ended."
    if row.status == "interrupted":
        return f"{row.name} was stopped before its end, so it has no network yet. Resume it on the page of the run."
    return f"{row.name} has no network here, so there is nothing to look into."
