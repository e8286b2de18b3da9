"""Small drawn picture sets."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glassnet.data.pixels import PixelSettings
from glassnet.data.readers import recognise
from glassnet.data.store import open_store


def picture(seed: int, height: int = 48, width: int = 48) -> np.ndarray:
    """A smooth coloured scene that no other seed gives: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    scene = np.zeros((height, width, 3))
    for cells in (3, 6, 12):
        coarse = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), np.uint8))
        scene += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), float) / 3
    return scene.astype(np.uint8)


class Painter:
    """Draws picture files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, name: str, pixels: np.ndarray | Image.Image, **options) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
        image.save(path, **options)
        return path

    def classes(self, counts: dict[str, int], size: int = 48, under: str = "", seed: int = 0) -> None:
        for c, (name, n) in enumerate(counts.items()):
            for i in range(n):
                self.save(f"{under}{name}/{i:04d}.png", picture(1_000_000 * seed + 10_000 * c + i, size, size))

    def catalog(self):
        return recognise(self.root)

    def store(self, folder: Path, size: int = 32, **options):
        catalog = self.catalog()
        return catalog, open_store(catalog, PixelSettings(size, size), folder, workers=2, **options)


@pytest.fixture
def paint(tmp_path):
    return Painter(tmp_path / "photos")


@pytest.fixture(scope="session")
def draw():
    return picture


@pytest.fixture(scope="session")
def jpeg():
    def encode(pixels: np.ndarray, quality: int = 90) -> bytes:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "JPEG", quality=quality)
        return out.getvalue()

    return encode
