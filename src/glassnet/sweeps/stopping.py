"""Ctrl-C and SIGTERM during a sweep: those that come between two runs too, and those that come too late for a run to stop by them."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator


class Heard:
    """Every SIGINT and SIGTERM of this process since the block began, whoever handles them.

    Training has handlers of its own while it lasts, and a run whose last step was under way ends as if nothing had come.
    """

    def __init__(self, pipe: int | None) -> None:
        self._pipe = pipe

    def check(self) -> None:
        """Raise KeyboardInterrupt when one came."""
        if self._pipe is None:
            return
        with contextlib.suppress(BlockingIOError):
            if {signal.SIGINT, signal.SIGTERM} & set(os.read(self._pipe, 4096)):
                raise KeyboardInterrupt


@contextlib.contextmanager
def hearing() -> Iterator[Heard]:
    """Hear signals while the block lasts; SIGTERM outside of training is KeyboardInterrupt, as Ctrl-C is. In the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield Heard(None)
        return
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    os.set_blocking(theirs, False)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    woken = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
    try:
        yield Heard(ours)
    finally:
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)
        os.close(ours)
        os.close(theirs)
