"""segmentation_models_pytorch's U-Net with a resnet18 encoder from random weights. In the environment of the peers:

    python dense_unet.py camvid-semantic FOLDER OUT --minutes 10 --seed 0 --started SECONDS --shrink 1|2

`--shrink 2` learns and answers on pictures of half the side and brings the answer back up before the class is chosen. Changes: zoom
between 0.7 and 1.5, crop, mirror, colour. Loss: cross-entropy, unlabelled pixels ignored.
"""

from pathlib import Path

import segmentation_models_pytorch as smp
import torch
from dense_clock import Clock, arguments, best_of, fit, rounds, say, seeded
from dense_sets import IGNORED, Picture, PictureSet, pixel_classes, read
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision import tv_tensors
from torchvision.transforms import v2

BATCH = 8
RATE = 1e-3
STRIDE = 32
NORMALISE = v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def held(picture: Picture, classes: int, shrink: int) -> tuple[tv_tensors.Image, tv_tensors.Mask]:
    """Return the picture uint8 (3, h, w) and its classes uint8 (1, h, w), shrunk."""
    image = tv_tensors.Image(torch.from_numpy(picture.pixels()).permute(2, 0, 1))
    mask = tv_tensors.Mask(torch.from_numpy(pixel_classes(picture, classes))[None])
    size = [picture.height // shrink, picture.width // shrink]
    return (image, mask) if shrink == 1 else v2.Resize(size, antialias=True)(image, mask)


def changes(crop: tuple[int, int]) -> v2.Compose:
    """Return the random changes of a training picture; what a zoom leaves empty is not counted."""
    fill = {tv_tensors.Image: 114, tv_tensors.Mask: IGNORED}
    return v2.Compose([
        v2.ScaleJitter(crop, scale_range=(0.8, 1.8), antialias=True), v2.RandomCrop(crop, pad_if_needed=True, fill=fill),
        v2.RandomHorizontalFlip(), v2.ColorJitter(0.4, 0.4, 0.4, 0.05),
        v2.ToDtype({tv_tensors.Image: torch.float32, tv_tensors.Mask: torch.int64, "others": None}, scale=True),
    ])  # fmt: skip


def answer(model: nn.Module, pictures: PictureSet, shrink: int, place: Path) -> None:
    """Write the class of every pixel of the val pictures, in their own pixels. The whole picture is seen at once, padded by reflection."""
    for picture in pictures.val:
        image = held(picture, len(pictures.names), shrink)[0]
        rows, columns = image.shape[-2:]
        image = NORMALISE(v2.functional.to_dtype(image, torch.float32, scale=True))[None]
        image = F.pad(torch.Tensor(image), (0, -columns % STRIDE, 0, -rows % STRIDE), mode="reflect")
        outputs = model(image)[..., :rows, :columns]
        outputs = F.interpolate(outputs, (picture.height, picture.width), mode="bilinear", align_corners=False)
        Image.fromarray(outputs[0].argmax(0).to(torch.uint8).numpy()).save(place / f"{picture.number}.png")


def main() -> None:
    words = arguments(shrink=1)
    clock = Clock(words.started, words.minutes)
    seeded(words.seed)
    pictures = read(words.name, words.folder)
    classes = len(pictures.names)
    train = [held(p, classes, words.shrink) for p in pictures.train]
    change = changes((288, 384) if words.shrink == 1 else (160, 224))
    model = smp.Unet("resnet18", encoder_weights=None, classes=classes).to(memory_format=torch.channels_last)

    def loss(places: list[int]) -> torch.Tensor:
        images, masks = zip(*(change(*train[place]) for place in places), strict=True)
        batch = torch.stack([NORMALISE(image) for image in images]).contiguous(memory_format=torch.channels_last)
        return F.cross_entropy(model(batch).float(), torch.cat(masks), ignore_index=IGNORED)

    model.train()
    told = fit(clock, model, RATE, rounds(len(train), BATCH), loss, words.out, decay=0.02)
    say(told | best_of(model, words.out, pictures, lambda place: answer(model, pictures, words.shrink, place)))


if __name__ == "__main__":
    main()
