"""Localize: every picture shows exactly one thing; where is it, and what? The hottest place of the heat map answers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.catalog import Catalog, Things
from glassnet.data.frames import Frame
from glassnet.data.overlap import iou
from glassnet.errors import DataError
from glassnet.tasks import centres, matching
from glassnet.tasks.answers import ThingsAnswer
from glassnet.tasks.detect import Detect

if TYPE_CHECKING:
    import torch


class Localize(Detect):
    """One thing per picture: as detect, but the surest answer is always given, and nothing else.

    `read` is float32 (N, 1, 6): x1, y1, x2, y2 in fitted pixels, heat, class.
    """

    name = "localize"
    headline = "mean_iou"

    def encode(self, catalog: Catalog, rows: np.ndarray, frames: Sequence[Frame]) -> np.ndarray:
        """Return float32 (n, 1, 2 + 2V). Raises DataError for a picture that has not exactly one thing."""
        for row in rows:
            example = catalog.examples[int(row)]
            sound = isinstance(example.annotation, Things) and not example.annotation.faults
            if sound and len(example.annotation.things) != 1:  # type: ignore[union-attr]
                count = len(example.annotation.things)  # type: ignore[union-attr]
                raise DataError(
                    f"{example.key} has {count} things, and localize needs exactly one in every picture. Use --task detect."
                )
        return super().encode(catalog, rows, frames)

    def read(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return the surest thing, float32 (N, 1, 6)."""
        return centres.peaks(outputs, outputs.shape[1] - 4, 1)

    def score(self, read: np.ndarray, targets: np.ndarray) -> float:
        """Return the mean IoU in fitted pixels."""
        return float(self.per_picture(read, targets).mean())

    def per_picture(self, read: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the IoU of each picture's answer with its thing."""
        truths = matching.boxed(targets)
        return np.array(
            [
                iou(answers[:1, :4], boxes)[0, 0] if len(boxes) else 0.0
                for answers, (_, _, boxes) in zip(read, truths, strict=True)
            ]
        )

    def threshold(self, read: np.ndarray, targets: np.ndarray) -> float | None:
        """There is none: the surest place is always the answer."""
        return None

    def takes_threshold(self, classes: int) -> bool:
        """The surest place is always the answer."""
        return False

    def decode(
        self,
        read: np.ndarray,
        classes: Sequence[str],
        temperature: float = 1.0,
        threshold: float | None = None,
        frames: Sequence[Frame] | None = None,
    ) -> list[ThingsAnswer]:
        """Return the one thing of each picture, in its own pixels."""
        return super().decode(read, classes, temperature, 0.0, frames)

    def scores(
        self,
        read: np.ndarray,
        targets: np.ndarray,
        classes: Sequence[str],
        split: str,
        arithmetic: Any,
        *,
        truths: Sequence[Any] = (),
        frames: Sequence[Frame] = (),
        threshold: float | None = None,
        seed: int = 0,
        rows: Any = None,
        **_: Any,
    ) -> Any:
        """Return the Scores of a split in original pixels."""
        answers = self.decode(read, classes, frames=frames)
        return arithmetic.place_scores(answers, truths, tuple(classes), split, seed=seed, rows=rows)

    def trivial(self, arithmetic: Any, split: str, **options: Any) -> Any:
        """Return what the mean box of the training pictures reaches."""
        return arithmetic.place_trivial(
            options["train_truths"], options["truths"], options["classes"], split, seed=options["seed"]
        )
