"""torchvision's detectors from random weights, as a careful user would set them up for four cores and ten minutes:

    python dense_torchvision.py bccd-voc FOLDER OUT --model fcos|ssdlite|maskrcnn --minutes 10 --seed 0 --started SECONDS

fcos, maskrcnn: a resnet18 with a feature pyramid instead of the resnet50, which sees too few pictures in this time; all its layers learn,
with plain batch norm. Short side 320 pixels. ssdlite: torchvision's own MobileNetV3 at 320 × 320. Mask R-CNN's anchors begin at 8 pixels
for the nuclei. Changes: torchvision's own crops, mirror, colour; upside down where a set has no up.
"""

from pathlib import Path

import numpy as np
import torch
from dense_clock import Clock, arguments, best_of, fit, rounds, say, seeded, write_answers
from dense_sets import NO_UP, Picture, PictureSet, mask_of, read, run_lengths
from torch import nn
from torchvision import tv_tensors
from torchvision.models import detection
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops.feature_pyramid_network import LastLevelP6P7
from torchvision.transforms import v2

LEAST_SURE, MOST = 0.01, 100
BATCH = {"fcos": 8, "ssdlite": 16, "maskrcnn": 4}
RATE = {"fcos": 1e-3, "ssdlite": 1e-3, "maskrcnn": 5e-4}


def built(model: str, pictures: PictureSet, size: int) -> nn.Module:
    """Return the network, from random weights."""
    classes = len(pictures.names) + 1  # number 0 is the background
    fitted = {"min_size": size, "max_size": size * 2}
    plain = {"backbone_name": "resnet18", "weights": None, "norm_layer": nn.BatchNorm2d, "trainable_layers": 5}
    if model == "ssdlite":
        own = {"score_thresh": LEAST_SURE, "detections_per_img": MOST}
        return detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=classes, **own)
    if model == "fcos":
        backbone = resnet_fpn_backbone(**plain, returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7(256, 256))
        own = {"score_thresh": LEAST_SURE, "detections_per_img": MOST}
        return detection.FCOS(backbone, classes, **fitted, **own)
    least = 8 if pictures.name == "nuclei-instances" else 16
    anchors = AnchorGenerator(tuple((least * 2**i,) for i in range(5)), ((0.5, 1.0, 2.0),) * 5)
    own = {"box_score_thresh": LEAST_SURE, "box_detections_per_img": MOST, "box_batch_size_per_image": 128}
    return detection.MaskRCNN(resnet_fpn_backbone(**plain), classes, rpn_anchor_generator=anchors, **fitted, **own)


class Train:
    """The training pictures in memory, the short side brought to `size`, with boxes, classes and masks as torchvision takes them."""

    def __init__(self, pictures: PictureSet, model: str, size: int) -> None:
        self.masks = model == "maskrcnn"
        self.held = [self._held(p, pictures.names, size) for p in pictures.train]
        fill = {tv_tensors.Image: 114, tv_tensors.Mask: 0}
        crops = [v2.RandomZoomOut(fill=fill, side_range=(1.0, 2.0), p=0.3), v2.RandomIoUCrop(min_scale=0.4)]
        flips = [v2.RandomHorizontalFlip(), *([v2.RandomVerticalFlip()] if pictures.name in NO_UP else [])]
        least = v2.SanitizeBoundingBoxes(min_size=2, labels_getter=self._beside)
        dtype = v2.ToDtype({tv_tensors.Image: torch.float32, "others": None}, scale=True)
        self.changes = v2.Compose(
            [v2.RandomPhotometricDistort(p=0.5), v2.RandomApply(crops, p=0.7), *flips, least, dtype]
        )

    def batch(self, places: list[int]) -> tuple[list, list]:
        """Return changed pictures and their targets."""
        changed = [self.changes(*self._copied(place)) for place in places]
        return [p for p, _ in changed], [t for _, t in changed]

    def _copied(self, place: int) -> tuple[tv_tensors.Image, dict]:
        picture, target = self.held[place]
        return picture, dict(target)

    def _beside(self, given: tuple) -> tuple:
        target = given[1]
        return (target["labels"], target["masks"]) if self.masks else (target["labels"],)

    def _held(self, picture: Picture, names: tuple[str, ...], size: int) -> tuple[tv_tensors.Image, dict]:
        boxes = torch.tensor([thing.box for thing in picture.things], dtype=torch.float32).reshape(-1, 4)
        target = {
            "boxes": tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=(picture.height, picture.width)),
            "labels": torch.tensor([names.index(thing.label) + 1 for thing in picture.things], dtype=torch.int64),
        }
        if self.masks:
            masks = np.stack([mask_of(picture, thing) for thing in picture.things])
            target["masks"] = tv_tensors.Mask(torch.from_numpy(masks.astype(np.uint8)))
        image = tv_tensors.Image(torch.from_numpy(picture.pixels()).permute(2, 0, 1))
        return v2.Resize(size, max_size=2 * size, antialias=True)(image, target)


def answer(model: nn.Module, pictures: PictureSet, place: Path) -> None:
    """Write everything that was found in the val pictures, in their own pixels; torchvision brings boxes and masks back to them."""
    answers: dict[int, list[dict]] = {}
    for picture in pictures.val:
        image = torch.from_numpy(picture.pixels()).permute(2, 0, 1).float().div(255)
        found = model([image])[0]
        things = []
        for i, (box, label, sure) in enumerate(zip(found["boxes"], found["labels"], found["scores"], strict=True)):
            thing = {"label": pictures.names[int(label) - 1], "score": float(sure), "box": box.tolist()}
            if "masks" in found:
                thing["mask"] = run_lengths(found["masks"][i, 0].numpy() >= 0.5)
            things.append(thing)
        answers[picture.number] = things
    write_answers(place, answers)


def main() -> None:
    words = arguments(model="fcos", size=320)
    clock = Clock(words.started, words.minutes)
    seeded(words.seed)
    pictures = read(words.name, words.folder)
    train = Train(pictures, words.model, words.size)
    model = built(words.model, pictures, words.size).to(memory_format=torch.channels_last)

    def loss(places: list[int]) -> torch.Tensor:
        images, targets = train.batch(places)
        return sum(model(images, targets).values(), torch.zeros(()))

    model.train()
    batch = min(BATCH[words.model], len(train.held))
    told = fit(clock, model, RATE[words.model], rounds(len(train.held), batch), loss, words.out, decay=0.02)
    say(told | best_of(model, words.out, pictures, lambda place: answer(model, pictures, place)))


if __name__ == "__main__":
    main()
