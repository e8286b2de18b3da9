"""Work that takes a page seconds or minutes: done in a thread, told while it goes on, given up when somebody asks for that.

A page starts an errand, asks how it stands a few times a second, and finds the result kept until its place is needed.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from glassnet.errors import GlassnetError, RecipeError
from glassnet.pipeline.observer import Observer

Told = Callable[[str, int, int], None]
_MOST = 16  # that wait for their turn: each has a thread


class GivenUp(Exception):  # noqa: N818  nobody did wrong
    """Raised inside an errand that somebody stopped, so that it ends at its next step."""


class Telling(Observer):
    """Passes on how far a slow step is."""

    def __init__(self, tell: Told) -> None:
        self._tell = tell

    def line(self, text: str = "") -> None:
        """Say nothing, and end where that was asked for."""
        self._tell("", 0, 0)

    def progress(self, label: str, done: int, total: int) -> None:
        """Tell the page."""
        self._tell(label, done, total)


class Errand:
    """One piece of work. `result` is there once `state` is done; `error` is the sentence of a failure."""

    def __init__(self) -> None:
        self.state = "working"
        self.label, self.done, self.total = "waiting for its turn", 0, 0
        self.result: Any = None
        self.error = ""
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Ask the work to end at its next step."""
        self._stopped.set()

    def tell(self, label: str, done: int, total: int) -> None:
        """Note how far the work is; an empty label changes nothing. Raises GivenUp when somebody asked for an end."""
        if self._stopped.is_set():
            raise GivenUp
        if label:
            self.label, self.done, self.total = label, done, total

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "state": self.state,
            "label": self.label,
            "done": self.done,
            "total": self.total,
            "error": self.error,
        }


class Errands:
    """The errands of one kind, one at a time; the results of the last `kept` of them stay."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._held: OrderedDict[Hashable, Errand] = OrderedDict()
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def start(self, key: Hashable, work: Callable[[Told], Any], again: bool = False) -> Errand:
        """Start `work(tell)` unless it goes on or is done already; `again` does what is done anew, and what failed is always tried anew.

        Raises RecipeError where too many wait already.
        """
        with self._lock:
            held = self._held.get(key)
            if held is None or held.state in ("failed", "stopped") or (again and held.state == "done"):
                if sum(one.state == "working" for one in self._held.values()) >= _MOST:
                    raise RecipeError(f"{_MOST} pieces of such work are waiting already. Wait for the end of one.")
                held = self._held[key] = Errand()
                threading.Thread(target=self._go, args=(held, work), daemon=True).start()
            self._held.move_to_end(key)
            for old in [k for k, e in self._held.items() if e.state != "working"][: -self._kept]:
                del self._held[old]
            return held

    def find(self, key: Hashable) -> Errand | None:
        """Return the errand of a key, whatever its state."""
        with self._lock:
            return self._held.get(key)

    def _go(self, errand: Errand, work: Callable[[Told], Any]) -> None:
        with self._turn:
            try:
                errand.tell("", 0, 0)
                errand.result = work(errand.tell)
                errand.state = "done"
            except GivenUp:
                errand.state = "stopped"
            except GlassnetError as error:
                errand.error, errand.state = str(error), "failed"
            except Exception as error:
                logging.getLogger("uvicorn.error").exception("Work for a page failed.")
                errand.error = (
                    f"This is a bug in Glassnet: {type(error).__name__}: {error}. The studio's terminal shows where."
                )
                errand.state = "failed"
