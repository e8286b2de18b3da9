"""Batches → augment → step → checkpoint: one short loop around an engine. Importing this room does not import torch."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glassnet.training.events import Chosen, EpochDone, Event, Note, StepDone
    from glassnet.training.fitting import fit
    from glassnet.training.history import History, Row
    from glassnet.training.job import Fitted, Job

_WHERE = {
    "fit": "fitting",
    "Job": "job",
    "Fitted": "job",
    "History": "history",
    "Row": "history",
    "StepDone": "events",
    "EpochDone": "events",
    "Chosen": "events",
    "Note": "events",
    "Event": "events",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


__all__ = ["Chosen", "EpochDone", "Event", "Fitted", "History", "Job", "Note", "Row", "StepDone", "fit"]
