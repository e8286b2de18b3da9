"""Fixtures for the readers of masks: small sets written to disk, read by one layout, and the truths of a catalog."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glassnet.data.readers.listing import list_files


def encoded(
    values: np.ndarray, kind: str = "PNG", palette: bool | list[tuple[int, int, int]] = False, **options
) -> bytes:
    image = Image.fromarray(values)
    if palette:
        colours = [(i * 37 % 256, i * 91 % 256, i * 53 % 256) for i in range(256)] if palette is True else palette
        image.putpalette([n for colour in colours for n in colour])
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="session")
def mask():
    """The bytes of a mask with these values."""
    return encoded


@pytest.fixture(scope="session")
def photo():
    """The bytes of a noisy colour picture of 16 × 24 pixels."""

    def make(seed: int = 0, height: int = 16, width: int = 24, **options) -> bytes:
        values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        return encoded(values, **options)

    return make


@pytest.fixture
def write(tmp_path):
    """Write {path: bytes or text} below a new folder and return it."""

    def do(files: dict[str, bytes | str], name: str = "set") -> Path:
        for path, data in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_bytes(data.encode() if isinstance(data, str) else data)
        return tmp_path / name

    return do


@pytest.fixture(scope="session")
def halves():
    """Values of 16 × 24 pixels: the left half one, the right half the other."""

    def make(left: int, right: int, dtype=np.uint8) -> np.ndarray:
        values = np.full((16, 24), left, dtype)
        values[:, 12:] = right
        return values

    return make


@pytest.fixture(scope="session")
def scattered():
    """Values of 16 × 24 pixels: this many squares, numbered from 1."""

    def make(number: int, dtype=np.uint8, first: int = 1) -> np.ndarray:
        values = np.zeros((16, 24), dtype)
        for i in range(number):
            row, column = divmod(i, 6)
            values[row * 4 : row * 4 + 3, column * 4 : column * 4 + 3] = first + i
        return values

    return make


@pytest.fixture(scope="session")
def taken():
    """Read a folder with the one layout of these that claims it first; returns (layout's name, catalog)."""
    from glassnet.data.readers import indexed, instance_folders, masks

    def read(root: Path):
        for layout in (instance_folders.LAYOUT, masks.LAYOUT, indexed.LAYOUT):
            listing = list_files(root)
            if layout.claims(listing):
                return layout.name, layout.read(listing)
        return None, None

    return read
