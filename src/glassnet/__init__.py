"""Glassnet: convolutional networks you can see through. `import glassnet as gn` is light; torch is imported when it is first needed."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glassnet.estimator import ImageClassifier
    from glassnet.pipeline import Predictor, Run, evaluate, load, resume
    from glassnet.pipeline.from_python import audit, find_lr, train
    from glassnet.pipeline.reproducing import reproduce
    from glassnet.pipeline.showing import show, summary
    from glassnet.recipe import Recipe
    from glassnet.sweeps.from_python import sweep

__version__ = "0.1.0"

_WHERE = {
    "ImageClassifier": "glassnet.estimator",
    "train": "glassnet.pipeline.from_python",
    "audit": "glassnet.pipeline.from_python",
    "find_lr": "glassnet.pipeline.from_python",
    "sweep": "glassnet.sweeps.from_python",
    "reproduce": "glassnet.pipeline.reproducing",
    "resume": "glassnet.pipeline",
    "evaluate": "glassnet.pipeline",
    "load": "glassnet.pipeline",
    "show": "glassnet.pipeline.showing",
    "summary": "glassnet.pipeline.showing",
    "Run": "glassnet.pipeline",
    "Predictor": "glassnet.pipeline",
    "Recipe": "glassnet.recipe",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module 'glassnet' has no attribute {name!r}; it has {', '.join(_WHERE)}")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)


__all__ = [
    "ImageClassifier",
    "Predictor",
    "Recipe",
    "Run",
    "audit",
    "evaluate",
    "find_lr",
    "load",
    "reproduce",
    "resume",
    "show",
    "summary",
    "sweep",
    "train",
]
