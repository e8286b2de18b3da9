"""The contract of a task: the small set of functions in which classify, localize, detect, segment and instances differ.

A new task is one file with one class that has these, and one line in `glassnet.tasks`. The loop, the engines, the report and the
command line know no task by name. `tests/tasks/test_contract.py` runs the same questions over every registered task.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from glassnet.data.catalog import Catalog
from glassnet.data.frames import Frame
from glassnet.recipe import TrainRecipe

if TYPE_CHECKING:
    import torch

Advice = dict[str, tuple[Any, str]]
"""Recipe field (dotted) → (value, reason), used where the user left it to us."""


class Answer(Protocol):
    """What a network says about one picture, in the pixels and words of the user."""

    def as_dict(self) -> dict:
        """Return plain JSON values."""
        ...


class Task(Protocol):
    """One question that can be asked of a picture.

    N pictures, K classes, fitted pictures of H × W pixels. Targets are one array with N rows, whatever they hold: int64 (N,) for classify,
    uint8 (N, H, W) for segment; a task whose targets do not fit one array packs them into one. Outputs are what the head that `head` asked
    for gives. `read` turns outputs into what they say, one array with N rows that is small enough to be kept for a whole split.
    Stateless and picklable; torch is imported inside the functions that compute.
    """

    name: str
    headline: str
    """Name of the figure that ranks runs; higher is better. `score` returns it and `scores` gives it an interval."""
    edge: Literal["reflect", "border"]
    """What augmentation shows beyond the border: the picture mirrored, or its border colour where mirrored things would mislead."""
    one_class: bool
    """Whether every picture has one class: balanced sampling, mixup and a temperature make sense only then."""

    def advice(self, n_train: int, classes: int) -> Advice:
        """Return what this task asks of the recipe where the user left it open; it wins over the network's own advice."""
        ...

    def encode(self, catalog: Catalog, rows: np.ndarray, frames: Sequence[Frame]) -> np.ndarray:
        """Return the targets (n, …) of these catalog rows in the fitted pictures; `frames` has one frame per row.

        Raises DataError for what cannot be a target. Rows with faults get an empty target: they are in no split.
        """
        ...

    def move(self, targets: np.ndarray, matrices: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return the targets after pictures of `size` (H, W) were moved by `matrices` float64 (N, 3, 3): output pixel → input pixel,
        centres of pixels at whole numbers. Boxes and masks follow exactly; a class does not move.
        """
        ...

    def head(self, classes: int) -> dict[str, Any]:
        """Return which output the network needs: `kind` (vote: one vector per picture; map: one per place), `outputs` (channels), and
        for a map `stride` (pixels per place along each side).
        """
        ...

    def counts(self, targets: np.ndarray, classes: int) -> np.ndarray:
        """Return float64 (K,): how often each class occurs in targets (pictures, things or pixels), for balanced weights."""
        ...

    def loss_options(self, train: TrainRecipe) -> dict[str, Any]:
        """Return the options of `loss` that the recipe sets."""
        ...

    def loss(
        self,
        outputs: "torch.Tensor",
        targets: "torch.Tensor",
        *,
        class_weights: "torch.Tensor | None" = None,
    ) -> "torch.Tensor":
        """Return the loss of every example, float32 (N,), differentiable, on the device of the outputs, without a host sync.

        A task has more options, each with a default: those that `loss_options` gives.
        """
        ...

    def hits(self, outputs: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
        """Return how right each example is, float32 (N,) in [0, 1], on the device, without a host sync: the running training score."""
        ...

    def read(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return what the outputs say, (N, …), by plain tensor operations that every exporter knows."""
        ...

    def unmirrored(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return the outputs for mirrored pictures (left to right) as outputs for the pictures themselves."""
        ...

    def score(self, read: np.ndarray, targets: np.ndarray) -> float:
        """Return the headline figure in [0, 1] of a whole split, quickly and without interval: early stopping uses it."""
        ...

    def per_picture(self, read: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return how right each picture is, float64 (N,) in [0, 1]: what leaks are priced with."""
        ...

    def threshold(self, read: np.ndarray, targets: np.ndarray) -> float | None:
        """Return the operating threshold that suits a validation split best; None for a task without one."""
        ...

    def takes_threshold(self, classes: int) -> bool:
        """Whether answers can be asked for from another threshold on."""
        ...

    def decode(
        self,
        read: np.ndarray,
        classes: Sequence[str],
        temperature: float = 1.0,
        threshold: float | None = None,
        frames: Sequence[Frame] | None = None,
    ) -> list:
        """Return one Answer per picture, in the pixels of the pictures themselves (`frames`; None: of the fitted pictures).

        `threshold` is the operating threshold the run chose on validation; None: the task's default.
        """
        ...

    def scores(
        self,
        read: np.ndarray,
        targets: np.ndarray,
        classes: Sequence[str],
        split: str,
        arithmetic: Any,
        **options: Any,
    ) -> Any:
        """Return the Scores of a split. `arithmetic` is `glassnet.evaluation.arithmetic`, handed in because evaluation stands above.

        `options`: seed, rows, temperature, threshold, and for the dense tasks `truths` and `frames`.
        """
        ...

    def trivial(self, arithmetic: Any, split: str, **options: Any) -> Any:
        """Return what answers without any network reach on a split: a mapping of name to Figure.

        `options`: pixels, targets, train_rows, rows, classes, seed, and for the dense tasks `truths` of both splits.
        """
        ...

    def draw(self, picture: np.ndarray, answer: Any, truth: Any = None) -> np.ndarray:
        """Return uint8 (h, w, 3): the picture uint8 (H, W, 1 or 3) with the answer drawn on or under it."""
        ...
