"""The contract of a task: the small set of functions in which classify, localize, detect, segment and instances differ.

A new task is one file with one class that has these, and one line in `glassnet.tasks`. The loop, the engines, the report and the
command line know no task by name. `tests/tasks/test_contract.py` runs the same questions over every registered task.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from glassnet.data.catalog import Catalog

if TYPE_CHECKING:
    import torch


class Answer(Protocol):
    """What a network says about one picture, in the pixels and words of the user."""

    def as_dict(self) -> dict:
        """Return plain JSON values."""
        ...


class Task(Protocol):
    """One question that can be asked of a picture.

    N pictures, K classes. Targets are one array with N rows, whatever they hold: int64 (N,) for classify, int64 (N, h, w) for segment,
    float32 (N, C, h, w) of heat, size and offset for detect; a task whose targets do not fit one array packs them into one.
    Outputs are what the head that `head` asked for gives. Stateless and picklable; torch is imported inside the functions that compute.
    """

    name: str
    headline: str
    """Name of the figure that ranks runs; higher is better. `score` returns it and `scores` gives it an interval."""

    def encode(self, catalog: Catalog, rows: np.ndarray) -> np.ndarray:
        """Return the targets (n, …) of these catalog rows, at network resolution. Raises DataError for what cannot be a target."""
        ...

    def move(self, targets: np.ndarray, matrices: np.ndarray) -> np.ndarray:
        """Return the targets after pictures were moved by `matrices` float64 (N, 3, 3): output pixel → input pixel, centres of pixels
        at whole numbers + 0.5. Boxes and masks follow exactly; a class does not move.
        """
        ...

    def head(self, classes: int) -> dict[str, Any]:
        """Return which output the network needs: `kind` (vote: one vector per picture; map: one per pixel) and `outputs` (channels)."""
        ...

    def loss(
        self,
        outputs: "torch.Tensor",
        targets: "torch.Tensor",
        *,
        label_smoothing: float = 0.0,
        class_weights: "torch.Tensor | None" = None,
    ) -> "torch.Tensor":
        """Return the loss of every example, float32 (N,), differentiable, on the device of the outputs, without a host sync."""
        ...

    def hits(self, outputs: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
        """Return how right each example is, float32 (N,) in [0, 1], on the device, without a host sync: the running training score."""
        ...

    def score(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """Return the headline figure in [0, 1] from all outputs of a split, quickly and without interval: early stopping uses it."""
        ...

    def decode(
        self, outputs: np.ndarray, classes: Sequence[str], temperature: float = 1.0, threshold: float | None = None
    ) -> list:
        """Return one Answer per picture. `threshold` is the operating threshold the run chose on validation; None: the task's default."""
        ...

    def scores(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        classes: Sequence[str],
        split: str,
        arithmetic: Any,
        **options: Any,
    ) -> Any:
        """Return the Scores of a split. `arithmetic` is `glassnet.evaluation.arithmetic`, handed in because evaluation stands above."""
        ...

    def draw(self, picture: np.ndarray, answer: Any, truth: str | None = None) -> np.ndarray:
        """Return uint8 (h, w, 3): the picture uint8 (H, W, 1 or 3) with the answer drawn on or under it."""
        ...
