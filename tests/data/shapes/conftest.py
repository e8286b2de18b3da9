"""Fixtures for shapes: random masks, and a reader of mask files that lie in memory."""

import io

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def masks():
    """Random masks of many sizes: noise, and smooth blobs with holes."""
    rng = np.random.default_rng(7)
    found = []
    for number in range(150):
        height, width = (int(n) for n in rng.integers(1, 30, 2))
        noise = rng.random((height, width))
        if number % 2:
            noise = np.asarray(
                Image.fromarray(noise.astype(np.float32)).resize((width, height), box=(0, 0, width / 2, height / 2))
            )
        found.append(noise < rng.random())
    return [*found, np.zeros((3, 5), bool), np.ones((4, 2), bool)]


@pytest.fixture(scope="session")
def png():
    """The bytes of a file with exactly these values."""

    def make(values: np.ndarray, kind: str = "PNG", mode: str | None = None, **options) -> bytes:
        image = Image.fromarray(values)
        file = io.BytesIO()
        (image.convert(mode) if mode else image).save(file, kind, **options)
        return file.getvalue()

    return make
