"""Fixtures for the reading rooms: pictures as bytes, and folders of them."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def _picture(
    seed: int = 0, height: int = 12, width: int = 16, kind: str = "PNG", mode: str = "RGB", **options
) -> bytes:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(values).convert(mode).save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="session")
def picture():
    """The bytes of one small random picture."""
    return _picture


@pytest.fixture
def folder(tmp_path):
    """Write {path: bytes or None for "a small picture"} below a new folder and return it."""

    def write(files: dict[str, bytes | None], name: str = "photos") -> Path:
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        for number, (path, data) in enumerate(files.items()):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(_picture(number) if data is None else data)
        return root

    return write
