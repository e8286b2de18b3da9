"""Who is watching: the command line, a notebook, or nobody. The pipeline tells an observer what it does and never prints."""

from typing import Any


class Observer:
    """Receives what happens, in order. This one keeps quiet; the command line and the notebook show it in their way."""

    def line(self, text: str = "") -> None:
        """One finished statement, as the layout that was recognised or a choice with its reason."""

    def progress(self, label: str, done: int, total: int) -> None:
        """`done` of `total` pictures of a slow step are finished; done == total ends it."""

    def training(self, event: Any) -> None:
        """One event of training.events: a step, an epoch, a note."""
