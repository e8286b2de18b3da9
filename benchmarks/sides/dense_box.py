"""One box with torchvision: a resnet18 from random weights whose last layer gives four numbers and a class. In the environment of the
peers:

    python dense_box.py pets-heads-voc FOLDER OUT --minutes 10 --seed 0 --started SECONDS

Pictures are brought to 224 × 224 (`--size`). Changes: random crops that keep the box, mirror, colour. Loss: L1 and GIoU on the box,
cross-entropy on the class.
"""

from pathlib import Path

import numpy as np
import torch
from dense_clock import Clock, arguments, best_of, fit, rounds, say, seeded, write_answers
from dense_sets import Picture, read
from torch import nn
from torch.nn import functional as F
from torchvision import models, ops, tv_tensors
from torchvision.transforms import v2

BATCH = 16
RATE = 1e-3


class OneBox(nn.Module):
    """resnet18; the outputs are x1, y1, width, height through a sigmoid, in shares of the picture, and the classes."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.network = models.resnet18(weights=None, num_classes=4 + classes)

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        outputs = self.network(pictures.contiguous(memory_format=torch.channels_last)).float()
        centre, extent = outputs[:, :2].sigmoid(), outputs[:, 2:4].sigmoid()
        return torch.cat([centre - extent / 2, centre + extent / 2], 1), outputs[:, 4:]


class Crop(nn.Module):
    """A random crop that keeps every box whole."""

    def forward(self, picture: torch.Tensor, target: dict) -> tuple[torch.Tensor, dict]:
        height, width = picture.shape[-2:]
        x1, y1, x2, y2 = target["boxes"][0].tolist()
        left, top = (int(torch.rand(()) * edge) for edge in (x1, y1))
        right, bottom = (int(edge + torch.rand(()) * (side - edge)) for edge, side in ((x2, width), (y2, height)))
        place = top, left, max(bottom, int(y2)) - top, max(right, int(x2)) - left
        cropped = {**target, "boxes": v2.functional.crop(target["boxes"], *place)}
        return v2.functional.crop(picture, *place), cropped


def held(picture: Picture, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return uint8 (3, H, W) with a long side of at most twice `size`, so that no crop gets coarse, and the box in its pixels."""
    pixels = torch.from_numpy(picture.pixels()).permute(2, 0, 1)
    shrunk = min(1.0, 2 * size / max(pixels.shape[-2:]))
    fitted = v2.functional.resize(pixels, [round(side * shrunk) for side in pixels.shape[-2:]], antialias=True)
    return fitted, torch.tensor([picture.things[0].box]) * shrunk


def main() -> None:
    words = arguments(size=224)
    clock = Clock(words.started, words.minutes)
    seeded(words.seed)
    pictures = read(words.name, words.folder)
    size = [words.size, words.size]
    train = [held(p, words.size) for p in pictures.train]
    labels = torch.tensor([pictures.names.index(p.things[0].label) for p in pictures.train])
    changes = v2.Compose([
        v2.RandomApply([Crop()], p=0.8), v2.Resize(size, antialias=True), v2.RandomHorizontalFlip(), v2.ColorJitter(0.3, 0.3, 0.3, 0.05),
        v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])  # fmt: skip
    model = OneBox(len(pictures.names)).to(memory_format=torch.channels_last)

    def changed(place: int) -> tuple[torch.Tensor, torch.Tensor]:
        picture, box = train[place]
        target = {"boxes": tv_tensors.BoundingBoxes(box, format="XYXY", canvas_size=picture.shape[-2:])}
        moved, target = changes(tv_tensors.Image(picture), target)
        return moved, target["boxes"][0] / words.size

    def loss(chosen: list[int]) -> torch.Tensor:
        moved, boxes = (torch.stack(parts) for parts in zip(*map(changed, chosen), strict=True))
        given, classes = model(moved)
        place = 5 * F.l1_loss(given, boxes) + 2 * ops.generalized_box_iou_loss(given, boxes, reduction="mean")
        return place + F.cross_entropy(classes, labels[chosen])

    model.train()
    told = fit(clock, model, RATE, rounds(len(train), BATCH), loss, words.out, decay=0.05)
    told |= best_of(model, words.out, pictures, lambda place: answer(model, pictures.val, pictures.names, size, place))
    say(told)


def answer(model: nn.Module, val: list[Picture], names: tuple[str, ...], size: list[int], place: Path) -> None:
    """Write one box per picture, in its own pixels."""
    fitted = v2.Compose([
        v2.Resize(size, antialias=True), v2.ToDtype(torch.float32, scale=True),
        v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])  # fmt: skip
    answers = {}
    for picture in val:
        boxes, classes = model(fitted(torch.from_numpy(picture.pixels()).permute(2, 0, 1))[None])
        box = boxes[0].numpy().clip(0, 1) * np.tile([picture.width, picture.height], 2)
        best = int(classes[0].argmax())
        sure = float(classes[0].softmax(0)[best])
        answers[picture.number] = [{"label": names[best], "score": sure, "box": box.tolist()}]
    write_answers(place, answers)


if __name__ == "__main__":
    main()
