"""What a person at a terminal sees: progress bars on a terminal, plain lines elsewhere, one JSON object with --json."""

import json
import math
import sys
from typing import Any, TextIO

from glassnet.pipeline.observer import Observer


class Console(Observer):
    """Shows what the pipeline tells. With `quiet` (that is --json) nothing but the final object is printed."""

    def __init__(self, quiet: bool = False, stream: TextIO | None = None):
        self.quiet = quiet
        self.stream = stream or sys.stdout
        self._bar: Any = None
        self._task: Any = None
        self._label = ""
        self._tenth = -1
        self._validates = False

    @property
    def live(self) -> bool:
        """Whether there is a terminal that bars can be drawn on."""
        return not self.quiet and self.stream.isatty()

    def line(self, text: str = "") -> None:
        """Print one statement."""
        if self.quiet:
            return
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self.stream, flush=True)

    def result(self, value: dict[str, Any]) -> None:
        """Print the one JSON object of --json."""
        print(json.dumps(value, ensure_ascii=False, allow_nan=False), file=sys.stdout, flush=True)

    def progress(self, label: str, done: int, total: int) -> None:
        """Show a bar on a terminal, or a line every fifth of a long step elsewhere."""
        if self.quiet:
            return
        if self.live:
            self._show(label, done, total, "")
        elif total >= 2000 and done * 5 // total != self._tenth:
            self._tenth = done * 5 // total
            if done:
                self.line(f"  {label}: {done:,} of {total:,}")
        if done >= total:
            self._tenth = -1
            self.close()

    def training(self, event: Any) -> None:
        """Show the live loss of a step, and one line for each epoch."""
        if self.quiet:
            return
        kind = type(event).__name__
        if kind == "StepDone":
            if self.live:
                self._show("training", event.step, event.steps, _pace(event))
        elif kind == "EpochDone":
            # Where only every so many epochs are validated, there may be thousands of short ones, and only those lines say something.
            if self._told(event):
                self.line(_epoch_line(event))
            if event.row.step >= event.steps:
                self.close()
        elif kind == "Chosen":
            self.line(f"  {event.choice}")
        else:
            self.line(f"  {event.text}")

    def _told(self, event: Any) -> bool:
        self._validates = self._validates or not math.isnan(event.row.validation_score)
        return not math.isnan(event.row.validation_score) or not self._validates

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _show(self, label: str, done: int, total: int, pace: str) -> None:
        if self._bar is None or self._label != label:
            self.close()
            from rich.console import Console as RichConsole
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("  {task.description}"),
                BarColumn(bar_width=28),
                MofNCompleteColumn(),
                TextColumn("{task.fields[pace]}"),
                TimeRemainingColumn(compact=True),
                console=RichConsole(file=self.stream),
                transient=True,
                refresh_per_second=8,
            )
            self._bar.start()
            self._label, self._task = label, self._bar.add_task(label, total=total, pace=pace)
        self._bar.update(self._task, completed=done, total=total, pace=pace)


def _pace(event: Any) -> str:
    known = "" if event.loss is None else f"  loss {event.loss:.3f}"
    known += "" if event.score is None else f"  score {event.score:.3f}"
    return f"epoch {event.epoch}/{event.epochs}{known}  {event.images_per_second:,.0f} images/s"


def _epoch_line(event: Any) -> str:
    row = event.row
    seen = (
        ""
        if math.isnan(row.validation_score)
        else f"  validation loss {row.validation_loss:.4f}  {row.validation_score:.4f}"
    )
    best = "  best" if event.best and seen else ""
    return f"  epoch {row.epoch:>3}/{event.epochs}  loss {row.loss:.4f}  {row.train_score:.4f}{seen}  {row.seconds:.1f} s{best}"
