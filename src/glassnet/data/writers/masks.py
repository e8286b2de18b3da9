"""Masks beside pictures: `<split>/images/` and `<split>/masks/`, PNGs of the same stem whose palette index is the class, and `classes.csv`.

Where things are told apart, `<split>/instances/` holds a second PNG for each picture: 0 where there is nothing, else the number of the
thing. The palette only colours them for people.
"""

import csv
import functools
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from glassnet.data.catalog import BACKGROUND
from glassnet.data.shapes import box_of
from glassnet.data.truths import IGNORED
from glassnet.data.writers.files import Files
from glassnet.data.writers.record import SAME, Loss, Losses, Written
from glassnet.errors import DataError

HIDDEN = "Pixels of things that lie under smaller ones, since a pixel can have one number only"
GONE = "Things that lie wholly under smaller ones, left out"
CROWDS = "Crowd regions written as pixels to be ignored, and not as things"
BOXES = "Boxes that differ from their mask, left out, since masks have none of their own"
SCORES = "Confidences left out, since masks have no place for them"
_IGNORED_NAME = "unlabelled"
_MOST = 65_000


def write(folder: Path, pictures: Iterable[Written], classes: Sequence[str], task: str) -> list[Loss]:
    """Write pictures and masks below `folder` and return what masks could not hold: numbers of things for instances, else classes alone.

    Raises StorageError, and DataError where only boxes are known, or for more classes or things than a PNG can count.
    """
    losses = Losses()
    told_apart = task == "instances"
    names = [BACKGROUND, *(name for name in classes if name != BACKGROUND)] if told_apart else list(classes)
    if len(names) > IGNORED:
        raise DataError(f"A palette holds {IGNORED} classes, and these are {len(names):,}.")
    ignored = False
    with Files(folder) as files:
        for picture in pictures:
            if picture.data is not None:
                files.put(f"{picture.place}images/{picture.name}", picture.data)
            losses.add(SCORES, picture, len(picture.scores))
            if told_apart:
                numbers, pixels = _painted(picture, names, losses)
                files.put(f"{picture.place}instances/{picture.stem}.png", _png(numbers))
            else:
                pixels = picture.truth.classes_map()
            ignored = ignored or bool((pixels == IGNORED).any())
            files.put(f"{picture.place}masks/{picture.stem}.png", _png(pixels))
        files.put("classes.csv", _table(names, ignored))
    return list(losses)


def _painted(picture: Written, names: Sequence[str], losses: Losses) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of the thing and the class at each pixel, (H, W) both. Of things that overlap the smaller one lies on top."""
    truth = picture.truth
    if len(truth) > _MOST:
        raise DataError(f"{picture.name} has {len(truth):,} things; a PNG counts to {_MOST:,}.")
    masks = [truth.mask(place) for place in range(len(truth))]
    areas = np.array([mask.sum() for mask in masks], np.int64)
    number = np.arange(1, len(truth) + 1)
    number[number >= IGNORED] += 1  # readers take 255 for the border between things
    numbers = np.zeros((picture.height, picture.width), np.uint16)
    pixels = np.full(numbers.shape, names.index(BACKGROUND), np.uint8)
    for place in np.lexsort((-areas, ~truth.crowd)).tolist():
        thing = picture.things[place]
        numbers[masks[place]] = 0 if thing.crowd else number[place]
        pixels[masks[place]] = IGNORED if thing.crowd else names.index(thing.label)
    seen = np.bincount(numbers.ravel(), minlength=len(truth) + 2)[number]
    hidden = np.where(truth.crowd, 0, areas - seen)
    losses.add(CROWDS, picture, int(truth.crowd.sum()))
    losses.add(HIDDEN, picture, int(hidden.sum()))
    losses.add(GONE, picture, int(((seen == 0) & ~truth.crowd).sum()))
    losses.add(BOXES, picture, sum(_moved(picture, place, masks[place]) for place in range(len(truth))))
    return numbers, pixels


def _moved(picture: Written, place: int, mask: np.ndarray) -> bool:
    given = picture.things[place].box
    return given is not None and bool(mask.any()) and bool(np.abs(np.subtract(box_of(mask), given)).max() > SAME)


def _png(values: np.ndarray) -> bytes:
    """Return a palette PNG of (H, W) values up to 255, a grey one of 16 bits for larger ones."""
    file = io.BytesIO()
    if values.max(initial=0) > 255:
        Image.fromarray(values.astype(np.uint16)).save(file, "PNG")
    else:
        image = Image.fromarray(values.astype(np.uint8))
        image.putpalette(_palette().tobytes())
        image.save(file, "PNG")
    return file.getvalue()


@functools.cache
def _palette() -> np.ndarray:
    """Return uint8 (256, 3), the colours of Pascal VOC's masks: three bits of the number are the highest of the colour, and so on."""
    number = np.arange(256)
    colours = np.zeros((256, 3), np.int64)
    for place in range(8):
        for channel in range(3):
            colours[:, channel] |= (number >> (3 * place + channel) & 1) << (7 - place)
    return colours.astype(np.uint8)


def _table(names: Sequence[str], ignored: bool) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["index", "name", "colour"])
    rows = [*enumerate(names), *[(IGNORED, _IGNORED_NAME)] * ignored]
    table.writerows([index, name, "#" + bytes(_palette()[index]).hex()] for index, name in rows)
    return text.getvalue()
