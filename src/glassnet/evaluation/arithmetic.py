"""What this room can compute, in one place, as it is handed to `Task.scores`: tasks stand below evaluation and import nothing of it."""

from glassnet.evaluation.classification import classification_scores
from glassnet.evaluation.intervals import bootstrap, wilson
from glassnet.evaluation.scores import Figure, Scores, rate

__all__ = ["Figure", "Scores", "bootstrap", "classification_scores", "rate", "wilson"]
