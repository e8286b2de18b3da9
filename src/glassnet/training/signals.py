"""Ctrl-C and SIGTERM: the first asks for a stop after the step, the second ends the process at once."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType


@dataclass
class Stop:
    """`asked` is the signal that came, or None."""

    asked: signal.Signals | None = None

    def __bool__(self) -> bool:
        return self.asked is not None


@contextlib.contextmanager
def watching() -> Iterator[Stop]:
    """Catch SIGINT and SIGTERM while the block runs. Python allows that in the main thread only; elsewhere nothing is caught."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        stop.asked = signal.Signals(number)
        # SIG_DFL and not KeyboardInterrupt: the second Ctrl-C must end a process that hangs in C code too.
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
