"""A small world of annotated pictures on disk, spoiled by hand one fault at a time."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glassnet.data.audit import audit
from glassnet.data.catalog import Catalog, Example, Thing, Things
from glassnet.data.pixels import PixelSettings
from glassnet.data.sources import FolderSource
from glassnet.data.store import open_store
from glassnet.recipe import DataRecipe

HEIGHT, WIDTH = 60, 80


def scene(seed: int, height: int = HEIGHT, width: int = WIDTH) -> Image.Image:
    """A smooth coloured picture that no other seed gives."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (7, 9, 3), np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


class World:
    """Pictures p00.png, p01.png, … of 80 × 60 pixels with one cat and one dog each, all sound."""

    def __init__(self, root: Path, n: int = 12) -> None:
        self.root = root
        root.mkdir()
        self.classes: tuple[str, ...] = ("cat", "dog")
        self.annotations = {}
        self.splits: dict[str, str] = {}
        for i in range(n):
            self.put(f"p{i:02d}.png", (Thing("cat", (5.0, 6.0, 30.0, 40.0)), Thing("dog", (40.0, 10.0, 75.0, 50.0))), i)

    def put(self, key: str, annotation, seed: int = 0, **options) -> None:
        """Save a new picture and its annotation: things, or a whole annotation."""
        image = scene(seed)
        exif = options.pop("exif", None)
        image.save(self.root / key, **({"exif": exif} if exif else {}), **options)
        self.mark(key, annotation)

    def mark(self, key: str, annotation) -> None:
        """Replace the annotation of a picture."""
        self.annotations[key] = Things(annotation, (HEIGHT, WIDTH)) if isinstance(annotation, tuple) else annotation

    def mask(self, key: str, values: np.ndarray, **options) -> str:
        """Save a mask and return its key."""
        Image.fromarray(values.astype(np.uint8)).save(self.root / key, **options)
        return key

    def catalog(self, task: str = "detect", notes: tuple[str, ...] = ()) -> Catalog:
        examples = tuple(Example(key, a, self.splits.get(key)) for key, a in sorted(self.annotations.items()))
        source = FolderSource(self.root)
        return Catalog(str(self.root), "", task, self.classes, examples, source, notes=notes, answers=(task,))

    def look(self, task: str = "detect", size: tuple[int, int] = (60, 80), fit: str = "pad"):
        """Audit the world as a network of this size would see it."""
        catalog = self.catalog(task)
        store = open_store(catalog, PixelSettings(*size, fit), self.root.parent / "store", workers=1)
        return audit(catalog, store, DataRecipe(root=str(self.root), group_by="none"))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "world")
