"""What the numbers of a headline mean to a verdict: an accuracy of 0.7 is a different thing from a mean IoU of 0.7."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """What the headline's numbers mean.

    `few`: validation pictures below which no verdict is given. `learned`: training score below which the network has not even learned the
    pictures it was shown. `fitted`: training score from which on more epochs have nothing left to learn, however the curves end. `shares`:
    whether the figure counts pictures that are right, and is said in per cent.
    """

    few: int
    learned: float
    fitted: float
    shares: bool = False


# One picture is more than three points of accuracy where there are fewer than thirty. A picture of many pixels or things says more than
# right or wrong. People who outline the same thing overlap by 0.8 to 0.9, so that is where an overlap ends that can be learned.
SCALES = {
    "accuracy": Scale(30, 0.85, 0.95, shares=True),
    "AP50": Scale(10, 0.75, 0.95),
    "mean_iou": Scale(10, 0.65, 0.85),
}
OTHER = Scale(10, 0.65, 0.9)
"""For the headline of a task that is not in the table."""
