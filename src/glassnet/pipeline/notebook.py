"""Progress in a notebook: one line that changes in place, statements below each other. Jupyter, VS Code and Colab, no widgets needed."""

import html
import sys
import time
from typing import Any

from glassnet.pipeline.console import Console
from glassnet.pipeline.observer import Observer

_EVERY = 0.2  # seconds between two changes of the line: a page is slower than a terminal


def in_notebook() -> bool:
    """Tell whether this code runs in a kernel that can show HTML. Imports nothing."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None and hasattr(shell, "get_ipython") else None
    return running is not None and type(running).__name__ != "TerminalInteractiveShell"


def observer_here(quiet: bool = False) -> Observer:
    """Return who shows progress where this code runs: nobody, the notebook, or the terminal."""
    if quiet:
        return Observer()
    return Notebook() if in_notebook() else Console()


class Notebook(Observer):
    """Shows what the pipeline tells below the cell that runs."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._next = 0.0

    def line(self, text: str = "") -> None:
        """Print one statement. A line that was changing stays as it is, and goes on below the statement."""
        self._handle = None
        print(text, flush=True)

    def progress(self, label: str, done: int, total: int) -> None:
        """Change the line, at most five times per second and at the end."""
        self._bar(label, done, total, "", ends=done >= total)

    def training(self, event: Any) -> None:
        """Show steps in the line, and every epoch in its text; the history shows all of them afterwards."""
        kind = type(event).__name__
        if kind == "StepDone":
            self._bar(f"epoch {event.epoch} of {event.epochs}", event.step, event.steps, _pace(event), ends=False)
        elif kind == "EpochDone":
            row = event.row
            score = row.validation_score if row.validation_score == row.validation_score else row.train_score
            said = f"loss {row.loss:.3f}, score {score:.3f}, {row.seconds:.0f} s"
            self._bar(f"epoch {row.epoch} of {event.epochs}", row.step, event.steps, said, ends=row.step >= event.steps)
        elif kind == "Chosen":
            self.line(f"  {event.choice}")
        else:
            self.line(f"  {event.text}")

    def _bar(self, label: str, done: int, total: int, said: str, ends: bool) -> None:
        """Change the line, or start one. The next call after one that `ends` it starts another below."""
        at = time.monotonic()
        if not ends and at < self._next:
            return
        self._next = at + _EVERY
        from IPython.display import HTML, display

        shown = HTML(
            f"<div>{html.escape(label)} <progress value='{done}' max='{max(total, 1)}'></progress> "
            f"{done:,}/{total:,} {html.escape(said)}</div>"
        )
        if self._handle is None:
            self._handle = display(shown, display_id=True)
        else:
            self._handle.update(shown)
        if ends:
            self._handle, self._next = None, 0.0


def _pace(event: Any) -> str:
    known = "" if event.loss is None else f"loss {event.loss:.3f} "
    known += "" if event.score is None else f"score {event.score:.3f} "
    return f"{known}{event.images_per_second:,.0f} images/s"
