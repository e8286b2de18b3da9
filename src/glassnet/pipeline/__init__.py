"""What people do, as functions: train, resume, evaluate, audit, load. Each walks the rooms in order and tells an observer."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glassnet.pipeline.auditing import audit, write_audit_page
    from glassnet.pipeline.evaluating import evaluate
    from glassnet.pipeline.finding import find_rate
    from glassnet.pipeline.predict import Predictor, write_answers
    from glassnet.pipeline.reporting import report
    from glassnet.pipeline.run import Run, load
    from glassnet.pipeline.training import resume, train

_WHERE = {
    "train": "training",
    "resume": "training",
    "evaluate": "evaluating",
    "audit": "auditing",
    "find_rate": "finding",
    "report": "reporting",
    "write_audit_page": "auditing",
    "load": "run",
    "Run": "run",
    "Predictor": "predict",
    "write_answers": "predict",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: predicting needs no audit, and the command line starts at once."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


__all__ = [
    "Predictor",
    "Run",
    "audit",
    "evaluate",
    "find_rate",
    "load",
    "report",
    "resume",
    "train",
    "write_answers",
    "write_audit_page",
]
