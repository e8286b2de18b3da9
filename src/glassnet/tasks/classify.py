"""Classify: which class is the picture? Two classes or many, softmax and cross-entropy from logits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from glassnet.data.catalog import Catalog, ClassLabel
from glassnet.data.frames import Frame
from glassnet.errors import DataError
from glassnet.recipe import TrainRecipe
from glassnet.tasks.contract import Advice

if TYPE_CHECKING:
    import torch

# A picture smaller than this is enlarged before its answer is written under it, by whole pixels so that they stay visible.
_DRAWN_SIDE = 192
_STRIP = 26
_GREEN, _RED, _INK, _PAPER = (27, 120, 60), (190, 40, 30), (255, 255, 255), (45, 48, 54)


@dataclass(frozen=True)
class ClassAnswer:
    """The class of one picture: `label`, its probability `confidence`, and all `probabilities` by class name, most likely first.

    `threshold` is set where the label was given because the positive class reached it.
    """

    label: str
    confidence: float
    probabilities: dict[str, float]
    threshold: float | None = None

    def __str__(self) -> str:
        return f"{self.label} ({self.confidence:.1%})"

    def as_dict(self) -> dict:
        """Return plain JSON values; `ClassAnswer(**values)` is the inverse."""
        return {
            "label": self.label,
            "confidence": self.confidence,
            "probabilities": dict(self.probabilities),
            "threshold": self.threshold,
        }


class Classify:
    """One class per picture. Targets int64 (N,): the place of the class name in the catalog's one class list."""

    name = "classify"
    headline = "accuracy"
    edge: Literal["reflect", "border"] = "reflect"
    one_class = True

    def advice(self, n_train: int, classes: int) -> Advice:
        """Return nothing: the networks' own advice is for this task."""
        return {}

    def encode(self, catalog: Catalog, rows: np.ndarray, frames: Sequence[Frame] = ()) -> np.ndarray:
        """Return int64 (n,) for these rows. Raises DataError for an annotation of another task or a class outside the list."""
        numbers = {name: i for i, name in enumerate(catalog.classes)}
        found = np.empty(len(rows), np.int64)
        for place, row in enumerate(rows):
            example = catalog.examples[int(row)]
            label = example.annotation
            if not isinstance(label, ClassLabel):
                raise DataError(
                    f"{example.key} is annotated with {type(label).__name__}, not with a class, so it cannot be classified."
                )
            if label.name not in numbers:
                known = ", ".join(catalog.classes[:10]) + (", …" if len(catalog.classes) > 10 else "")
                raise DataError(f"{example.key} is labelled {label.name!r}, which is not in the class list ({known}).")
            found[place] = numbers[label.name]
        return found

    def move(self, targets: np.ndarray, matrices: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return the targets as they are: a turned cat is a cat."""
        return targets

    def head(self, classes: int) -> dict[str, Any]:
        """One vote per class. Raises DataError for fewer than two classes: there is nothing to tell apart."""
        if classes < 2:
            raise DataError(
                f"Classification needs at least two classes, and {classes} {'was' if classes == 1 else 'were'} found. "
                "Add a folder of pictures for another class."
            )
        return {"kind": "vote", "outputs": classes}

    def counts(self, targets: np.ndarray, classes: int) -> np.ndarray:
        """Return how many pictures of each class there are."""
        return np.bincount(np.asarray(targets, np.int64), minlength=classes).astype(np.float64)

    def loss_options(self, train: TrainRecipe) -> dict[str, Any]:
        """Return the label smoothing."""
        return {"label_smoothing": train.label_smoothing or 0.0}

    def loss(
        self,
        outputs: "torch.Tensor",
        targets: "torch.Tensor",
        *,
        class_weights: "torch.Tensor | None" = None,
        label_smoothing: float = 0.0,
    ) -> "torch.Tensor":
        """Return cross-entropy per example, float32 (N,), from logits (N, K) of any float type.

        Targets are int64 (N,), or shares float (N, K) where mixup mixed them. `class_weights` (K,) multiplies the term of each class;
        `label_smoothing` e mixes the target with the uniform one: (1 - e)·target + e / K (Szegedy et al. 2016, CVPR).
        """
        from torch.nn.functional import cross_entropy

        logits = outputs.float()  # the log-sum-exp of bf16 logits loses the small probabilities
        weights = None if class_weights is None else class_weights.to(logits)
        if targets.is_floating_point():
            targets = targets.to(logits)
        return cross_entropy(logits, targets, weight=weights, label_smoothing=label_smoothing, reduction="none")

    def hits(self, outputs: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
        """Return 1 where the largest logit is the truth, else 0, float32 (N,); for mixed targets the share of the answered class."""
        answers = outputs.argmax(1)
        if targets.is_floating_point():
            return targets.gather(1, answers[:, None])[:, 0].float()
        return (answers == targets).float()

    def read(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return the logits themselves: they are small, and everything is told by them."""
        return outputs

    def unmirrored(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return the logits as they are: a mirrored cat is a cat."""
        return outputs

    def score(self, read: np.ndarray, targets: np.ndarray) -> float:
        """Return the accuracy. Raises ValueError for no pictures."""
        if not len(targets):
            raise ValueError("accuracy needs pictures")
        return float(self.per_picture(read, targets).mean())

    def per_picture(self, read: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return 1 where the largest logit is the truth, else 0."""
        return (np.asarray(read).argmax(1) == np.asarray(targets)).astype(np.float64)

    def threshold(self, read: np.ndarray, targets: np.ndarray) -> float | None:
        """There is none unless the user names one: the likeliest class is the answer."""
        return None

    def takes_threshold(self, classes: int) -> bool:
        """Only of two classes can one be given from a probability on."""
        return classes == 2

    def decode(
        self,
        read: np.ndarray,
        classes: Sequence[str],
        temperature: float = 1.0,
        threshold: float | None = None,
        frames: Sequence[Frame] | None = None,
    ) -> list[ClassAnswer]:
        """Return one answer per row of logits (N, K). With two classes, `threshold` is for the second."""
        outputs = np.asarray(read, np.float64)
        if outputs.ndim != 2 or outputs.shape[1] != len(classes):
            raise ValueError(f"outputs {outputs.shape} do not fit {len(classes)} classes")
        if threshold is not None and len(classes) != 2:
            raise ValueError(f"a threshold needs two classes, not {len(classes)}")
        scaled = outputs / temperature
        p = np.exp(scaled - scaled.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        labels = outputs.argmax(1) if threshold is None else (p[:, 1] >= threshold).astype(int)
        orders = np.argsort(-p, axis=1, kind="stable")
        return [
            ClassAnswer(classes[label], float(row[label]), {classes[i]: float(row[i]) for i in order}, threshold)
            for label, row, order in zip(labels, p, orders, strict=True)
        ]

    def scores(
        self,
        read: np.ndarray,
        targets: np.ndarray,
        classes: Sequence[str],
        split: str,
        arithmetic: Any,
        *,
        truths: Any = None,
        frames: Any = None,
        **options: Any,
    ) -> Any:
        """Return the Scores of a split; options as in `evaluation.classification.classification_scores`."""
        return arithmetic.classification_scores(read, targets, tuple(classes), split, **options)

    def trivial(self, arithmetic: Any, split: str, **options: Any) -> Any:
        """Return what the largest class, colours, the picture's edge and a thumbnail reach."""
        names = ("pixels", "targets", "train_rows", "rows", "classes", "seed")
        return arithmetic.trivial(*(options[name] for name in names), split)

    def draw(self, picture: np.ndarray, answer: ClassAnswer, truth: str | None = None) -> np.ndarray:
        """Return the picture, enlarged if small, with a strip under it: label and probability, green if right, red if wrong."""
        from PIL import Image, ImageDraw, ImageFont

        pixels = np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture
        factor = max(1, -(-_DRAWN_SIDE // max(1, min(pixels.shape[:2]))))
        large = np.repeat(np.repeat(pixels, factor, 0), factor, 1)
        wrong = truth is not None and truth != answer.label
        text = f"{answer.label} {answer.confidence:.0%}" + (f", is {truth}" if wrong else "")
        strip = Image.new("RGB", (large.shape[1], _STRIP), _PAPER if truth is None else _RED if wrong else _GREEN)
        font = ImageFont.load_default(size=14)
        pen = ImageDraw.Draw(strip)
        while len(text) > 1 and pen.textlength(text, font=font) > large.shape[1] - 8:
            text = text[:-2] + "…"
        pen.text((5, 4), text, fill=_INK, font=font)
        return np.concatenate([large, np.asarray(strip, np.uint8)])
