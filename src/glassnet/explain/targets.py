"""What is being explained: one number that the network's outputs make, with words for it, for each of the five tasks.

    found = targets(task, network, outputs, answer, frame)      # what the answer said, first what it is about
    one = target("pixel (120, 45) road", task, network, outputs, answer, frame)

Grad-CAM, integrated gradients and occlusion ask how this number comes to be. It is a logit where softmax follows, since a share also says
how the other classes do, and the heat in [0, 1] where things are found by their heat.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from glassnet.data.frames import Frame
from glassnet.errors import RecipeError
from glassnet.networks.words import nearest
from glassnet.tasks import centres
from glassnet.tasks import instances as things
from glassnet.tasks.answers import Found, PixelsAnswer, ThingsAnswer
from glassnet.tasks.classify import ClassAnswer
from glassnet.tasks.contract import Task
from glassnet.tasks.segment import full_size, to_original

if TYPE_CHECKING:
    import torch

    from glassnet.networks.network import Network

Views = Literal["one", "mirror"]
_PIXEL = re.compile(r"(?:pixel\s*)?\(?\s*(-?\d+)\s*,\s*(-?\d+)\s*\)?(?:[\s:]+(.+))?$", re.IGNORECASE)
# Heat is compared with the heat in the answer, boxes in shares of the picture: what another batch or device rounds stays far below.
_SAME = 0.01
_TIE = 1e-9  # less than two heats of float32 differ by


@dataclass(frozen=True, eq=False)
class Target:
    """One number to explain. `name` is what a person chooses it by, `words` say what it is, `value` is what it was in the answer.

    `kind` logit: the output `channel` of a vote. heat: the heat of class `channel` at `place` (row, column of the map). pixels: the mean
    over the pixels of `mask` bool (H, W), fitted pixels, of the map `channel` brought to the picture's size. `views` is how the answer
    was made: from the picture, or averaged over it and its mirror image; `task` knows how outputs are mirrored back.
    """

    name: str
    words: str
    kind: Literal["logit", "heat", "pixels"]
    channel: int
    task: Task = field(repr=False)
    place: tuple[int, int] | None = None
    mask: np.ndarray | None = field(default=None, repr=False)
    views: Views = "one"
    value: float = 0.0

    def __call__(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return the number for each of N pictures, float32 (N,), differentiable, from outputs (N, K) or (N, outputs, h, w)."""
        import torch

        if self.kind == "logit":
            return outputs[:, self.channel].float()
        if self.kind == "heat":
            assert self.place is not None
            return torch.sigmoid(outputs[:, self.channel, *self.place].float() - centres.COLD)
        assert self.mask is not None
        rows, columns = (torch.as_tensor(each, device=outputs.device) for each in np.nonzero(self.mask))
        return full_size(outputs[:, self.channel : self.channel + 1])[:, 0, rows, columns].mean(1)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"name": self.name, "words": self.words, "kind": self.kind, "value": self.value}


def targets(
    task: Task, network: "Network", outputs: Any, answer: Any, frame: Frame | None = None, views: Views = "one"
) -> list[Target]:
    """Return what can be explained of an answer, first what it is about.

    classify: the logit of every class, that of the answer first. localize and detect: the heat at each box's peak, then of every class that
    was not found the hottest place. segment: the mean logit of every answered class over its pixels, and the pixel in the middle.
    instances: the heat at each centre, which is how sure the instance is, then the mean foreground over its pixels, then as detect.

    `outputs` (1, …) are what the answer was read from, averaged over `views`. `frame` is the frame in which the answer was decoded, None
    for fitted pixels. Raises ValueError where the answer was not read from these outputs.
    """
    return _Asked(task, network.classes, _one(outputs), network.shape[1:], frame, views).all(answer)


def target(
    words: str,
    task: Task,
    network: "Network",
    outputs: Any,
    answer: Any,
    frame: Frame | None = None,
    views: Views = "one",
) -> Target:
    """Return the target that a person means: a name that `targets` gives, the part of it before the colon, or "pixel (x, y) CLASS".

    A pixel is counted from 0 in the picture itself (fitted pixels without a frame); without a class it is that which the outputs favour
    there. Raises RecipeError with the names that there are.
    """
    asked = _Asked(task, network.classes, _one(outputs), network.shape[1:], frame, views)
    pixel = _PIXEL.match(words.strip())
    if pixel and task.name != "classify":
        return asked.pixel(int(pixel[1]), int(pixel[2]), pixel[3])
    found, wanted = asked.all(answer), words.strip()
    for same in (_whole_name, _before_colon, _beginning, _within):
        fits = [each for each in found if same(each.name, wanted)]
        if len(fits) == 1:
            return fits[0]
    return _refuse(words, found, task, network.classes)


def _whole_name(name: str, wanted: str) -> bool:
    return name == wanted


def _before_colon(name: str, wanted: str) -> bool:
    return name.partition(":")[0].casefold() == wanted.casefold()


def _beginning(name: str, wanted: str) -> bool:
    return bool(wanted) and name.casefold().startswith(wanted.casefold())


def _within(name: str, wanted: str) -> bool:
    return bool(wanted) and wanted.casefold() in name.casefold()


def _refuse(words: str, found: Sequence[Target], task: Task, classes: Sequence[str]) -> Any:
    names = [each.name for each in found]
    shown = "; ".join(names[:8]) + ("; …" if len(names) > 8 else "")
    if task.name == "classify":
        raise RecipeError(f"There is no class {words!r} to explain. {nearest(words, names)}")
    pixel = f'A pixel is asked for as "pixel (x, y) {classes[0]}".'
    if task.name == "segment" and words.strip().casefold() in [name.casefold() for name in classes]:
        raise RecipeError(f"No pixel was answered as {words}, so there is nothing to average over. {pixel}")
    raise RecipeError(f"There is nothing called {words!r} to explain in this answer. There is: {shown}. {pixel}")


def _one(outputs: Any) -> "torch.Tensor":
    import torch

    found = torch.as_tensor(outputs)
    if len(found) != 1:
        raise ValueError(f"The outputs for one picture are needed, and there are {len(found)}.")
    return found.detach().float()


@dataclass(frozen=True, eq=False)
class _Asked:
    """One picture's outputs (1, …), and where its pixels lie in the fitted picture of `size` (H, W)."""

    task: Task
    classes: tuple[str, ...]
    outputs: "torch.Tensor"
    size: tuple[int, ...]
    frame: Frame | None
    views: Views

    def all(self, answer: Any) -> list[Target]:
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
