"""Detect: where are all the things, and what is each? A heat map of centres per class, and a box at every place; no anchors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from glassnet.data.catalog import Catalog
from glassnet.data.frames import Frame
from glassnet.recipe import TrainRecipe
from glassnet.tasks import centres, matching, outlines
from glassnet.tasks.answers import Found, ThingsAnswer
from glassnet.tasks.contract import Advice
from glassnet.tasks.places import ADVICE

if TYPE_CHECKING:
    import torch

MOST = 100  # things per picture, as COCO counts them
THRESHOLD = 0.3
# Weight of the boxes' loss beside the heat's, after Liu et al. (arXiv:1909.00700).
BOX_WEIGHT = 5.0


class Detect:
    """Any number of things per picture. Targets float32 (N, M, 2 + 2V), see `outlines`; outputs (N, K + 4, h, w), see `centres`.

    `read` is float32 (N, 100, 6): x1, y1, x2, y2 in fitted pixels, heat, class, surest first.
    """

    name = "detect"
    headline = "AP50"
    edge: Literal["reflect", "border"] = "border"  # a thing mirrored at the border would be one that nobody named
    one_class = False

    def advice(self, n_train: int, classes: int) -> Advice:
        """Return settings for boxes: they are moved and zoomed, but not turned, which would only blow the boxes up."""
        return ADVICE | {
            "augment.flip": ("horizontal", "boxes follow the mirror"),
            "augment.zoom": (0.4, "things come in sizes"),
            "augment.shift": (0.15, "things come in places"),
            "augment.brightness": (0.2, "light changes"),
            "augment.contrast": (0.4, "light changes"),
            "train.views": ("mirror", "heat from the picture and its mirror image"),
            "train.label_smoothing": (0.0, "heat has no classes to smooth over"),
        }

    def encode(self, catalog: Catalog, rows: np.ndarray, frames: Sequence[Frame]) -> np.ndarray:
        """Return float32 (n, M, 2 + 2V). Raises DataError for an annotation without things."""
        return outlines.encode(catalog, rows, frames, self.name)

    def move(self, targets: np.ndarray, matrices: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return the outlines where the moved pictures show them."""
        return outlines.move(targets, matrices)

    def head(self, classes: int) -> dict[str, Any]:
        """One map of heat per class and four of distances."""
        return {"kind": "map", "outputs": classes + 4, "stride": centres.STRIDE}

    def counts(self, targets: np.ndarray, classes: int) -> np.ndarray:
        """Return how many things of each class there are."""
        named = targets[:, :, 0].ravel()
        return np.bincount(named[named >= 0].astype(np.int64), minlength=classes).astype(np.float64)

    def loss_options(self, train: TrainRecipe) -> dict[str, Any]:
        """Return how boxes are compared, and how much they weigh beside the heat."""
        return {"box_loss": train.box_loss, "box_weight": train.box_weight}

    def loss(
        self,
        outputs: "torch.Tensor",
        targets: "torch.Tensor",
        *,
        class_weights: "torch.Tensor | None" = None,
        box_loss: str = "giou",
        box_weight: float = BOX_WEIGHT,
    ) -> "torch.Tensor":
        """Return focal loss of the heat plus `box_weight` times the boxes' loss, each divided by the number of things, float32 (N,).

        `class_weights` (K,) multiplies the heat loss of each class.
        """
        classes, grid = outputs.shape[1] - 4, (outputs.shape[2], outputs.shape[3])
        boxes, labels, learnt, left = outlines.boxes_of(targets, _size(grid))
        heat, thing, shares = centres.target(boxes, labels, learnt, classes, grid)
        lost = centres.focal(outputs[:, :classes], heat, centres.left_alone(boxes, left, grid))
        if class_weights is not None:
            lost = lost * class_weights
        things = learnt.sum(1).clamp(min=1)
        return (lost.sum(1) + box_weight * centres.box_loss(outputs, classes, boxes, thing, shares, box_loss)) / things

    def hits(self, outputs: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
        """Return the share of things whose own place is warm (0.3) in their class and has a box with IoU ≥ 0.5; 1 without things."""
        import torch

        classes, (h, w) = outputs.shape[1] - 4, outputs.shape[2:]
        boxes, labels, learnt, _ = outlines.boxes_of(targets, _size((h, w)))
        middle = ((boxes[:, :, :2] + boxes[:, :, 2:]) / 2 / centres.STRIDE).floor().long()
        place = middle[:, :, 1].clamp(0, h - 1) * w + middle[:, :, 0].clamp(0, w - 1)
        answered = centres.boxes(outputs, classes).flatten(2).gather(2, place[:, None].expand(-1, 4, -1))
        heat = centres.heats(outputs, classes).flatten(1).gather(1, labels * (h * w) + place)
        good = (heat >= THRESHOLD) & (centres.overlap(answered, boxes.transpose(1, 2))[0] >= 0.5) & learnt
        things = learnt.sum(1)
        return torch.where(things > 0, good.sum(1) / things.clamp(min=1), 1.0)

    def read(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return the 100 surest things, float32 (N, 100, 6)."""
        return centres.peaks(outputs, outputs.shape[1] - 4, MOST)

    def unmirrored(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return outputs for mirrored pictures as outputs for the pictures."""
        return centres.unmirrored(outputs, outputs.shape[1] - 4)

    def heat(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return the heat of all classes together, float32 (N, h, w) in [0, 1], to look at."""
        return centres.heats(outputs, outputs.shape[1] - 4).amax(1)

    def score(self, read: np.ndarray, targets: np.ndarray) -> float:
        """Return AP50 in fitted pixels."""
        return matching.quick_ap50(read, targets)

    def per_picture(self, read: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return AP50 of each picture by itself; 1 where there is nothing to find and nothing above the usual threshold was found."""
        found = []
        for answers, things in zip(read, targets, strict=True):
            empty = not (things[:, 0] >= 0).any()
            sure = (answers[:, 4] >= THRESHOLD).any()
            found.append(float(not sure) if empty else matching.quick_ap50(answers[None], things[None]))
        return np.array(found, np.float64)

    def threshold(self, read: np.ndarray, targets: np.ndarray) -> float | None:
        """Return the heat from which on answers are given, so that F1 is highest."""
        return matching.quick_threshold(read, targets)

    def takes_threshold(self, classes: int) -> bool:
        """Fewer things are given, or more."""
        return True

    def decode(
        self,
        read: np.ndarray,
        classes: Sequence[str],
        temperature: float = 1.0,
        threshold: float | None = None,
        frames: Sequence[Frame] | None = None,
    ) -> list[ThingsAnswer]:
        """Return the things of each picture with at least `threshold` heat (default 0.3), in its own pixels."""
        least = THRESHOLD if threshold is None else threshold
        return [
            answer(
                rows[(rows[:, 4] >= least) & (rows[:, 4] > 0)], classes, least, None if frames is None else frames[i]
            )
            for i, rows in enumerate(np.asarray(read, np.float64))
        ]

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
        answers = self.decode(read, classes, threshold=0.0, frames=frames)
        least = THRESHOLD if threshold is None else threshold
        return arithmetic.box_scores(answers, truths, tuple(classes), split, threshold=least, seed=seed, rows=rows)

    def trivial(self, arithmetic: Any, split: str, **options: Any) -> Any:
        """Return what the mean layout of the training pictures reaches."""
        return arithmetic.box_trivial(
            options["train_truths"], options["truths"], options["classes"], split, seed=options["seed"]
        )

    def draw(self, picture: np.ndarray, answer: ThingsAnswer, truth: Any = None) -> np.ndarray:
        """Return the picture with boxes, classes and confidences drawn on it."""
        from glassnet.tasks.drawing import draw_things

        return draw_things(picture, answer, truth, answer.classes)


def answer(rows: np.ndarray, classes: Sequence[str], threshold: float, frame: Frame | None) -> ThingsAnswer:
    """Return one picture's answer from rows (m, 6) in fitted pixels; boxes are cut at the picture's edges, empty ones left out."""
    corners = rows[:, :4].reshape(-1, 2, 2)
    height, width = (1, 1) if frame is None else (frame.height, frame.width)
    if frame is not None:
        corners = frame.original(corners).clip((0, 0), (width, height))
    elif len(rows):
        height, width = int(np.ceil(corners[:, :, 1].max())), int(np.ceil(corners[:, :, 0].max()))
    found = [
        Found(classes[int(label)], float(heat), tuple(box.ravel().tolist()))  # type: ignore[arg-type]
        for box, heat, label in zip(corners, rows[:, 4], rows[:, 5], strict=True)
        if (box[1] > box[0]).all()
    ]
    return ThingsAnswer(tuple(found), height, width, threshold, tuple(classes))


def _size(grid: tuple[int, int]) -> tuple[int, int]:
    return grid[0] * centres.STRIDE, grid[1] * centres.STRIDE
