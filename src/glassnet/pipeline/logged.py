"""An observer that also keeps what is said in the run's log, from the first line on."""

import contextlib
from typing import Any

from glassnet.errors import StorageError
from glassnet.pipeline.observer import Observer
from glassnet.runs.folder import RunFolder


class Logged(Observer):
    """Passes everything on to `inner`; statements and epochs go to run.log as soon as there is a run folder."""

    def __init__(self, inner: Observer) -> None:
        self.inner = inner
        self._folder: RunFolder | None = None
        self._waiting: list[str] = []

    def keep(self, folder: RunFolder) -> None:
        """Write what was said so far into the folder's log, and whatever is said from now on."""
        self._folder = folder
        for text in self._waiting:
            self.line_kept(text)
        self._waiting.clear()

    def line_kept(self, text: str) -> None:
        """Write one statement to the log only. A log that cannot be written (full disk) stops nothing."""
        if self._folder is None:
            self._waiting.append(text)
        elif text.strip():
            with contextlib.suppress(StorageError):
                self._folder.note(text.strip("\n"))

    def line(self, text: str = "") -> None:
        """Pass on and keep."""
        self.inner.line(text)
        self.line_kept(text)

    def progress(self, label: str, done: int, total: int) -> None:
        """Pass on."""
        self.inner.progress(label, done, total)

    def training(self, event: Any) -> None:
        """Pass on; keep epochs, choices and notes."""
        self.inner.training(event)
        kind = type(event).__name__
        if kind == "EpochDone":
            row = event.row
            self.line_kept(
                f"epoch {row.epoch} of {event.epochs}: loss {row.loss:.4f}, score {row.train_score:.4f}, "
                f"validation loss {row.validation_loss:.4f}, score {row.validation_score:.4f}"
            )
        elif kind in ("Chosen", "Note"):
            self.line_kept(str(event.choice) if kind == "Chosen" else event.text)
