"""Segment: which class is each pixel? One map of logits per class, interpolated to the picture's size."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from glassnet.data.catalog import Catalog
from glassnet.data.frames import Frame
from glassnet.data.truths import IGNORED
from glassnet.errors import DataError
from glassnet.recipe import TrainRecipe
from glassnet.tasks.answers import PixelsAnswer
from glassnet.tasks.contract import Advice
from glassnet.tasks.moving import moved_maps
from glassnet.tasks.places import MASKS

if TYPE_CHECKING:
    import torch

STRIDE = 2
MOST_CLASSES = 255


class Segment:
    """One class per pixel. Targets uint8 (N, H, W), 255 where nothing is known; outputs (N, K, h, w) logits at two pixels per place.

    `read` is uint8 (N, H, W): the class of every pixel of the fitted picture.
    """

    name = "segment"
    headline = "mean_iou"
    edge: Literal["reflect", "border"] = "reflect"
    one_class = False

    def advice(self, n_train: int, classes: int) -> Advice:
        """Return settings for masks, which can be turned and zoomed at will."""
        return MASKS | {
            "augment.flip": ("horizontal", "masks follow the mirror"),
            "augment.rotate": (5.0, "masks turn with their pictures"),
            "train.views": ("mirror", "answers from the picture and its mirror image"),
            "train.label_smoothing": (0.0, "Dice needs sure answers"),
        }

    def encode(self, catalog: Catalog, rows: np.ndarray, frames: Sequence[Frame]) -> np.ndarray:
        """Return uint8 (n, H, W): each fitted pixel has the class of the pixel at its middle, 255 in padding. Raises DataError."""
        from glassnet.data.truths import truth_of

        if len(catalog.classes) > MOST_CLASSES:
            raise DataError(f"Masks hold at most {MOST_CLASSES} classes, and there are {len(catalog.classes)}.")
        settings = frames[0].settings
        found = np.full((len(rows), settings.height, settings.width), IGNORED, np.uint8)
        for place, (row, frame) in enumerate(zip(rows, frames, strict=True)):
            truth = truth_of(catalog, int(row), frame.height, frame.width)
            found[place] = to_fitted(truth.classes_map(), frame, IGNORED)
        return found

    def move(self, targets: np.ndarray, matrices: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return the masks as the moved pictures show them."""
        return moved_maps(targets, matrices, self.edge)

    def head(self, classes: int) -> dict[str, Any]:
        """One map of logits per class."""
        return {"kind": "map", "outputs": classes, "stride": STRIDE}

    def counts(self, targets: np.ndarray, classes: int) -> np.ndarray:
        """Return how many pixels of each class there are."""
        return np.bincount(targets.ravel(), minlength=256)[:classes].astype(np.float64)

    def loss_options(self, train: TrainRecipe) -> dict[str, Any]:
        """Return the share of Dice, and the label smoothing."""
        return {"dice": train.dice, "label_smoothing": train.label_smoothing or 0.0}

    def loss(
        self,
        outputs: "torch.Tensor",
        targets: "torch.Tensor",
        *,
        class_weights: "torch.Tensor | None" = None,
        dice: float = 1.0,
        label_smoothing: float = 0.0,
    ) -> "torch.Tensor":
        """Return cross-entropy over the known pixels plus `dice` times the soft Dice loss over the classes that occur, float32 (N,).

        Dice after Milletari, Navab and Ahmadi, "V-Net" (arXiv:1606.04797). Pixels marked 255 count in neither.
        """
        import torch
        from torch.nn.functional import cross_entropy

        logits = full_size(outputs)
        targets = filled_up(targets, outputs, IGNORED)
        known = targets != IGNORED
        labels = torch.where(known, targets, 0).long()
        weights = None if class_weights is None else class_weights.to(logits)
        each = cross_entropy(logits, labels, weight=weights, label_smoothing=label_smoothing, reduction="none")
        pixels = known.flatten(1).sum(1).clamp(min=1)
        lost = (each * known).flatten(1).sum(1) / pixels
        if not dice:
            return lost
        p = logits.softmax(1) * known[:, None]
        truth = torch.zeros_like(p).scatter_(1, labels[:, None], known[:, None].to(p.dtype))
        shared, sums = (p * truth).flatten(2).sum(2), (p + truth).flatten(2).sum(2)
        occurs = truth.flatten(2).any(2).to(p.dtype)
        missed = (1 - (2 * shared + 1) / (sums + 1)) * occurs
        return lost + dice * missed.sum(1) / occurs.sum(1).clamp(min=1)

    def hits(self, outputs: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
        """Return the share of the known pixels that are right, taken at the outputs' own places, float32 (N,)."""
        places = filled_up(targets, outputs, IGNORED)[:, STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]
        known = places != IGNORED
        right = (outputs.argmax(1) == places) & known
        return right.flatten(1).sum(1) / known.flatten(1).sum(1).clamp(min=1)

    def read(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return the class of every pixel, uint8 (N, H, W); of a picture with an odd side, one row or column more than it has."""
        import torch

        return full_size(outputs).argmax(1).to(torch.uint8)

    def unmirrored(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return outputs for mirrored pictures as outputs for the pictures."""
        return outputs.flip(3)

    def score(self, read: np.ndarray, targets: np.ndarray) -> float:
        """Return the mean IoU over the classes that occur in truth or answer, in fitted pixels."""
        return mean_iou(confusion(read, targets))

    def per_picture(self, read: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the mean IoU of each picture."""
        return np.array([mean_iou(confusion(a, b)) for a, b in zip(read, targets, strict=True)], np.float64)

    def threshold(self, read: np.ndarray, targets: np.ndarray) -> float | None:
        """There is none: every pixel has its likeliest class."""
        return None

    def takes_threshold(self, classes: int) -> bool:
        """Every pixel has its likeliest class."""
        return False

    def decode(
        self,
        read: np.ndarray,
        classes: Sequence[str],
        temperature: float = 1.0,
        threshold: float | None = None,
        frames: Sequence[Frame] | None = None,
    ) -> list[PixelsAnswer]:
        """Return the class of every pixel of each picture: that of the fitted pixel at its middle; what the fit cut off, at its edge."""
        if frames is None:
            return [PixelsAnswer(pixels.astype(np.uint8), tuple(classes)) for pixels in read]
        return [
            PixelsAnswer(to_original(pixels, frame), tuple(classes)) for pixels, frame in zip(read, frames, strict=True)
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
        seed: int = 0,
        rows: Any = None,
        **_: Any,
    ) -> Any:
        """Return the Scores of a split in original pixels."""
        answers = self.decode(read, classes, frames=frames)
        return arithmetic.pixel_scores(answers, truths, tuple(classes), split, seed=seed, rows=rows)

    def trivial(self, arithmetic: Any, split: str, **options: Any) -> Any:
        """Return what the majority class, everywhere and in each cell of a grid, reaches."""
        return arithmetic.pixel_trivial(
            options["train_truths"], options["truths"], options["classes"], split, seed=options["seed"]
        )

    def draw(self, picture: np.ndarray, answer: PixelsAnswer, truth: Any = None) -> np.ndarray:
        """Return the picture under the colours of its classes."""
        from glassnet.tasks.drawing import draw_pixels

        return draw_pixels(picture, answer, truth)


def full_size(outputs: "torch.Tensor") -> "torch.Tensor":
    """Return outputs (N, C, h, w) interpolated to the pixels of their places, float32 (N, C, STRIDE · h, STRIDE · w)."""
    from torch.nn.functional import interpolate

    size = (outputs.shape[2] * STRIDE, outputs.shape[3] * STRIDE)
    return interpolate(outputs.float(), size, mode="bilinear", align_corners=False)


def filled_up(targets: "torch.Tensor", outputs: "torch.Tensor", unknown: int) -> "torch.Tensor":
    """Return targets (N, H, W) with all pixels of the outputs' places (N, C, h, w): the last place of an odd side reaches beyond it."""
    from torch.nn.functional import pad

    rows, columns = (outputs.shape[axis + 1] * STRIDE - targets.shape[axis] for axis in (1, 2))
    return pad(targets, (0, columns, 0, rows), value=unknown) if rows or columns else targets


def to_fitted(pixels: np.ndarray, frame: Frame, outside: int) -> np.ndarray:
    """Return a map (H, W) of a picture's own pixels as one of the fitted picture: the value at the middle of each fitted pixel."""
    settings = frame.settings
    x = (np.arange(settings.width) + 0.5 - frame.shift_x) / frame.scale_x
    y = (np.arange(settings.height) + 0.5 - frame.shift_y) / frame.scale_y
    columns, rows = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fitted = pixels[rows.clip(0, frame.height - 1)][:, columns.clip(0, frame.width - 1)]
    fitted[(rows < 0) | (rows >= frame.height)] = outside
    fitted[:, (columns < 0) | (columns >= frame.width)] = outside
    return fitted


def to_original(pixels: np.ndarray, frame: Frame) -> np.ndarray:
    """Return a map of the fitted picture, at least as large as it, as one of the picture's own pixels (H, W)."""
    x = (np.arange(frame.width) + 0.5) * frame.scale_x + frame.shift_x
    y = (np.arange(frame.height) + 0.5) * frame.scale_y + frame.shift_y
    columns = np.floor(x).astype(np.int64).clip(0, frame.settings.width - 1)
    rows = np.floor(y).astype(np.int64).clip(0, frame.settings.height - 1)
    return pixels[rows][:, columns]


def confusion(answers: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return int64 (256, 256): pixels by class in truth (rows) and answer (columns), ignored pixels left out.

    Answers (…, h, w) may be larger than the truth (…, H, W): what they say beyond it counts for nothing.
    """
    answers = answers[..., : truth.shape[-2], : truth.shape[-1]]
    known = truth != IGNORED
    cells = truth[known].astype(np.int64) * 256 + answers[known].astype(np.int64)
    return np.bincount(cells, minlength=256 * 256).reshape(256, 256)


def mean_iou(cells: np.ndarray) -> float:
    """Return the mean IoU over the classes that occur; 0 where nothing is known."""
    hit = np.diag(cells).astype(np.float64)
    union = cells.sum(0) + cells.sum(1) - hit
    occurs = union > 0
    return float((hit[occurs] / union[occurs]).mean()) if occurs.any() else 0.0
