"""What can be explained of one picture's answer: the outputs it was read from are searched for the numbers behind it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.frames import Frame
from glassnet.errors import RecipeError
from glassnet.explain.target import Target, Views
from glassnet.networks.words import nearest
from glassnet.tasks import centres
from glassnet.tasks import instances as things
from glassnet.tasks.answers import Found, PixelsAnswer, ThingsAnswer
from glassnet.tasks.classify import ClassAnswer
from glassnet.tasks.contract import Task
from glassnet.tasks.segment import full_size, to_original

if TYPE_CHECKING:
    import torch

# Heat is compared with the heat in the answer, boxes in shares of the picture: what another batch or device rounds stays far below.
_SAME = 0.01
_TIE = 1e-9  # less than two heats of float32 differ by


@dataclass(frozen=True, eq=False)
class Asked:
    """One picture's outputs (1, …), and where its pixels lie in the fitted picture of `size` (H, W)."""

    task: Task
    classes: tuple[str, ...]
    outputs: "torch.Tensor"
    size: tuple[int, ...]
    frame: Frame | None
    views: Views

    def all(self, answer: Any) -> list[Target]:
        """Return every target of an answer, first what it is about."""
        match answer:
            case ClassAnswer():
                return self._classes(answer)
            case PixelsAnswer():
                return self._areas(answer)
            case ThingsAnswer() if self.task.name == "instances":
                return self._instances(answer)
            case ThingsAnswer():
                return self._boxes(answer)
        raise ValueError(f"No answer of {self.task.name}: {type(answer).__name__}.")

    def pixel(self, x: int, y: int, label: str | None) -> Target:
        """Return the target of one pixel: its logit where every pixel has a class, else the heat at the place over it."""
        height, width = (self.frame.height, self.frame.width) if self.frame else self.size
        if not (0 <= x < width and 0 <= y < height):
            raise RecipeError(f"The picture has {width} × {height} pixels, and ({x}, {y}) is none of them.")
        row, column = self._fitted(x, y)
        if label is not None and label not in self.classes:
            raise RecipeError(f"There is no class {label!r}. {nearest(label, self.classes)}")
        name = f"pixel ({x}, {y})" + (f": {label}" if label is not None else "")
        if self.task.name == "segment":
            mask = np.zeros(self.size, bool)
            mask[row, column] = True
            channel = (
                int(full_size(self.outputs)[0, :, row, column].argmax()) if label is None else self.classes.index(label)
            )
            return self._over(name, f"the logit of {self.classes[channel]} at pixel ({x}, {y})", channel, mask)
        stride = things.STRIDE if self.task.name == "instances" else centres.STRIDE
        place = (min(row // stride, self.outputs.shape[2] - 1), min(column // stride, self.outputs.shape[3] - 1))
        heats = centres.heats(self.outputs, len(self.classes))[0]
        channel = int(heats[:, *place].argmax()) if label is None else self.classes.index(label)
        return self._heat(name, f"the heat of {self.classes[channel]} at pixel ({x}, {y})", channel, place)

    def _fitted(self, x: int, y: int) -> tuple[int, int]:
        if self.frame is None:
            return y, x
        column, row = np.floor(self.frame.fitted(np.array([x + 0.5, y + 0.5]))).astype(int).tolist()
        if not (0 <= row < self.size[0] and 0 <= column < self.size[1]):
            raise RecipeError(
                f"Pixel ({x}, {y}) lies in the part of the picture that is cut off before the network sees it."
            )
        return row, column

    def _classes(self, answer: ClassAnswer) -> list[Target]:
        names = list(dict.fromkeys([answer.label, *answer.probabilities]))
        return [
            self._made(Target(name, f"the logit of {name}", "logit", self.classes.index(name), self.task))
            for name in names
        ]

    def _areas(self, answer: PixelsAnswer) -> list[Target]:
        height, width = self.size
        classes = full_size(self.outputs)[0].argmax(0)[:height, :width].cpu().numpy()
        inside = self._inside()
        found = []
        for name in answer.shares:
            channel = self.classes.index(name)
            mask = inside & (classes == channel)
            if mask.any():
                words = f"the mean logit of {name} over its {int(mask.sum()):,} pixels"
                found.append(self._over(name, words, channel, mask))
        high, wide = (self.frame.height, self.frame.width) if self.frame else self.size
        return [*found, self.pixel(wide // 2, high // 2, None)]

    def _inside(self) -> np.ndarray:
        """Return bool (H, W): which fitted pixels are picture and not padding."""
        inside = np.zeros(self.size, bool)
        x1, y1, x2, y2 = self.frame.seen if self.frame else (0, 0, self.size[1], self.size[0])
        inside[round(y1) : round(y2), round(x1) : round(x2)] = True
        return inside

    def _boxes(self, answer: ThingsAnswer) -> list[Target]:
        peaks = _Peaks(self.outputs, len(self.classes))
        corners = centres.boxes(self.outputs, len(self.classes))[0].permute(1, 2, 0).cpu().numpy().astype(np.float64)
        h, w = corners.shape[:2]
        corners = corners.clip(0, np.array([w, h, w, h]) * centres.STRIDE)
        if self.frame is not None:
            limits = (self.frame.width, self.frame.height)
            corners = self.frame.original(corners.reshape(h, w, 2, 2)).clip((0, 0), limits).reshape(h, w, 4)
        found = []
        for number, thing in enumerate(answer.found, 1):
            channel = self.classes.index(thing.label)
            off = np.abs(corners - np.array(thing.box)).max(2) / max(answer.height, answer.width)
            place = peaks.nearest(channel, thing.confidence, off)
            name = f"box {number}: {thing.label} {thing.confidence:.2f}"
            found.append(
                self._heat(
                    name, f"the confidence of box {number} (the heat of {thing.label} at its peak)", channel, place
                )
            )
        return [*found, *self._hottest(answer, peaks)]

    def _instances(self, answer: ThingsAnswer) -> list[Target]:
        peaks = _Peaks(self.outputs, len(self.classes))
        planes = self.task.read(self.outputs)[0].cpu().numpy()
        wholes = planes if self.frame is None else np.stack([to_original(plane, self.frame) for plane in planes])
        height, width = self.size
        found, fronts, inside = [], [], self._inside()
        for number, thing in enumerate(answer.found, 1):
            mask = (planes[0, :height, :width] == _number(thing, wholes)) & inside
            rows, columns = np.nonzero(mask)
            channel = self.classes.index(thing.label)
            # Where two centres are equally hot, the one nearer to the middle of the pixels is theirs.
            middle = np.array([rows.mean(), columns.mean()]) / things.STRIDE
            h, w = self.outputs.shape[2:]
            away = np.hypot(np.arange(h)[:, None] - middle[0], np.arange(w) - middle[1])
            place = peaks.nearest(channel, thing.confidence, _TIE * away)
            name = f"instance {number}: {thing.label} {thing.confidence:.2f}"
            words = f"the confidence of instance {number} (the heat of {thing.label} at its centre)"
            found.append(self._heat(name, words, channel, place))
            words = f"the mean foreground logit over the {len(rows):,} pixels of instance {number}"
            fronts.append(self._over(f"pixels of instance {number}", words, len(self.classes), mask))
        return [*found, *fronts, *self._hottest(answer, peaks)]

    def _hottest(self, answer: ThingsAnswer, peaks: "_Peaks") -> list[Target]:
        """Return the hottest place of every class that was not found: what would have had to be hotter."""
        seen = {thing.label for thing in answer.found}
        found = []
        for channel, label in enumerate(self.classes):
            if label not in seen:
                place = np.unravel_index(int(peaks.heat[channel].argmax()), peaks.heat.shape[1:])
                heat = float(peaks.heat[channel][place])
                words = f"the heat of {label} where it is hottest (no {label} was found)"
                row, column = map(int, place)
                found.append(self._heat(f"{label} at its hottest: {heat:.2f}", words, channel, (row, column)))
        return found

    def _heat(self, name: str, words: str, channel: int, place: tuple[int, int]) -> Target:
        return self._made(Target(name, words, "heat", channel, self.task, place=place))

    def _over(self, name: str, words: str, channel: int, mask: np.ndarray) -> Target:
        return self._made(Target(name, words, "pixels", channel, self.task, mask=mask))

    def _made(self, target: Target) -> Target:
        return replace(target, views=self.views, value=float(target(self.outputs)))


class _Peaks:
    """The heat of every class float64 (K, h, w), and which place had the heat of an answer."""

    def __init__(self, outputs: "torch.Tensor", classes: int) -> None:
        self.heat = centres.heats(outputs, classes)[0].cpu().numpy().astype(np.float64)

    def nearest(self, channel: int, heat: float, off: np.ndarray) -> tuple[int, int]:
        """Return (row, column) of the place with this heat; `off` (h, w) is how far each place's own answer is from the one looked for."""
        apart = np.abs(self.heat[channel] - heat) + off
        row, column = map(int, np.unravel_index(int(apart.argmin()), apart.shape))
        if apart[row, column] > _SAME:
            raise ValueError("The answer was not read from these outputs: no place of the heat map has its heat.")
        return row, column


def _number(thing: Found, planes: np.ndarray) -> int:
    """Return the number in `planes` (3, H, W) of the instance whose mask is that of `thing`."""
    if thing.mask is None or thing.mask.shape != planes.shape[1:]:
        raise ValueError("The answer was not read from these outputs: its masks have another size.")
    inside = planes[0][thing.mask].astype(np.int64)
    number = int(np.bincount(inside).argmax()) if len(inside) else 0
    own = planes[0] == number
    if not number or (own & thing.mask).sum() < 0.5 * (own | thing.mask).sum():
        raise ValueError("The answer was not read from these outputs: no instance has its mask.")
    return number
