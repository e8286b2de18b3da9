"""Small annotated worlds for every task: the drawn shapes at their own size, two classified pictures, and one-thread arithmetic."""

import numpy as np
import pytest
import torch

from glassnet import tasks
from glassnet.data.builtin import shapes
from glassnet.data.catalog import Catalog, ClassLabel, Example, Thing, Things, class_list
from glassnet.data.frames import frame
from glassnet.data.pixels import PixelSettings
from glassnet.data.shapes import box_of, rle_of
from glassnet.data.sources import ArraySource
from glassnet.data.truths import truth_of


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class World:
    """Annotated pictures, their frames and truths, the task's targets, and free outputs as its head would give them."""

    def __init__(self, name, annotations, classes, pixels, size=None, fit="pad"):
        self.task = tasks.task(name)
        self.pixels = pixels
        source = ArraySource(pixels, prefix="drawn")
        examples = tuple(Example(source.key(i), annotation) for i, annotation in enumerate(annotations))
        self.catalog = Catalog("root", "layout", name, class_list(classes), examples, source)
        self.classes = self.catalog.classes
        self.rows = np.arange(len(examples))
        height, width = pixels.shape[1:3]
        self.size = size or (height, width)
        settings = PixelSettings(*self.size, fit)
        self.frames = [frame(height, width, settings) for _ in self.rows]
        self.truths = None if name == "classify" else [truth_of(self.catalog, i, height, width) for i in self.rows]
        self.targets = self.task.encode(self.catalog, self.rows, self.frames)

    @property
    def classes_count(self):
        return len(self.classes)

    def outputs(self, seed=0, scale=1.0):
        """Random outputs float32 of the shape that the head asks for."""
        head = self.task.head(len(self.classes))
        places = () if head["kind"] == "vote" else tuple(-(-side // head["stride"]) for side in self.size)
        shape = (len(self.rows), head["outputs"], *places)
        return (scale * np.random.default_rng(seed).normal(size=shape)).astype(np.float32)

    def read(self, outputs):
        return self.task.read(torch.as_tensor(outputs)).numpy()

    @property
    def options(self):
        """What `scores` wants beside the answers."""
        return {} if self.truths is None else {"truths": self.truths, "frames": self.frames}


def drawn(name, n=4, size=None, fit="pad"):
    """A world of drawn shapes for one of the four dense tasks, or of classes."""
    pixels, pictures = shapes.draw(n, single=name in ("localize", "classify"))
    if name == "classify":
        annotations = [ClassLabel(things[0].label) for things in pictures]
    else:
        annotations = [Things(things, pixels.shape[1:3]) for things in pictures]
    classes = (*shapes.CLASSES, "background") if name == "segment" else shapes.CLASSES
    return World(name, annotations, classes, pixels, size, fit)


def of_masks(name, pictures, size=None, fit="pad", classes=("a", "b")):
    """A world from lists of (class name, bool mask, crowd) per picture."""
    shape = next(mask.shape for things in pictures for _, mask, *_ in things)
    annotations = [
        Things(
            tuple(Thing(label, box_of(mask), rle_of(mask), bool(crowd and crowd[0])) for label, mask, *crowd in things),
            shape,
        )
        for things in pictures
    ]
    names = (*classes, "background") if name == "segment" else classes
    return World(name, annotations, names, np.full((len(pictures), *shape, 3), 128, np.uint8), size, fit)


@pytest.fixture
def make_drawn():
    return drawn


@pytest.fixture
def make_masked():
    return of_masks


@pytest.fixture(scope="module", params=tasks.names())
def world(request):
    """Every registered task in turn, in pictures that are not resized."""
    return drawn(request.param)


@pytest.fixture(scope="module", params=[name for name in tasks.names() if name != "classify"])
def dense(request):
    """The tasks that answer where, in turn."""
    return drawn(request.param)


def rectangle(height, width, x1, y1, x2, y2):
    """Bool (height, width): the pixels of a box of whole numbers."""
    mask = np.zeros((height, width), bool)
    mask[y1:y2, x1:x2] = True
    return mask


@pytest.fixture
def make_rectangle():
    return rectangle
