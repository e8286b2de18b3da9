"""What this room can compute, in one place, as it is handed to `Task.scores`: tasks stand below evaluation and import nothing of it."""

from glassnet.evaluation.averages import mean_share, resampled_share
from glassnet.evaluation.baselines import trivial
from glassnet.evaluation.box_baselines import box_trivial
from glassnet.evaluation.boxes import box_scores
from glassnet.evaluation.classification import classification_scores
from glassnet.evaluation.instance_baselines import instance_trivial
from glassnet.evaluation.instances import instance_scores
from glassnet.evaluation.intervals import bootstrap, wilson
from glassnet.evaluation.pixel_baselines import pixel_trivial
from glassnet.evaluation.pixels import pixel_scores
from glassnet.evaluation.place_baselines import place_trivial
from glassnet.evaluation.places import place_scores
from glassnet.evaluation.scores import Figure, Scores, rate

__all__ = [
    "Figure",
    "Scores",
    "bootstrap",
    "box_scores",
    "box_trivial",
    "classification_scores",
    "instance_scores",
    "instance_trivial",
    "mean_share",
    "pixel_scores",
    "pixel_trivial",
    "place_scores",
    "place_trivial",
    "rate",
    "resampled_share",
    "trivial",
    "wilson",
]
