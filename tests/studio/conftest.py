"""A studio over two small runs of the same pictures, one of whose names is markup."""

import numpy as np
import pytest
from PIL import Image
from tests.studio.serving import served

from glassnet.pipeline.from_python import train

NASTY = "img src=x onerror=alert(1)"


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    draw = np.random.default_rng(3)
    for number, name in enumerate(("across", "along")):
        (root / "photos" / name).mkdir(parents=True)
        for i in range(20):
            pixels = draw.integers(0, 120, (16, 16, 3), dtype=np.uint8)
            at = draw.integers(2, 12)
            pixels[(slice(at, at + 2), slice(None)) if number else (slice(None), slice(at, at + 2))] = 150
            Image.fromarray(pixels).save(
                root / "photos" / name / (f"{i:02}.png" if i else "<img onerror=alert(1)>.png")
            )
    (root / "empty").mkdir()
    (root / "leads out").symlink_to(root.parent)
    return root


@pytest.fixture(scope="session")
def out(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    small = {"out": out, "network": "mini", "batch": 8, "threads": 1, "precision": "fp32", "quiet": True}
    train(photos / "photos", epochs=1, name="first", **small)
    train(photos / "photos", epochs=4, lr=0.003, name=NASTY, **small)
    return out


@pytest.fixture(scope="session")
def studio(out, photos):
    with served(out, photos) as found:
        yield found
