"""One real run on 64 drawn pictures whose class names are hostile."""

import numpy as np
import pytest
from PIL import Image

from glassnet.pipeline.from_python import train

CLASSES = ("<img src=x onerror=alert(1)>", 'it\'s "two" & more', "plain")


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile") / "photos"
    draw = np.random.default_rng(3)
    for number, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for i in range(22):
            pixels = draw.integers(0, 80, (16, 16, 3), dtype=np.uint8)
            pixels[:, :, number] += 90
            pixels[4 : 8 + number, 4:12] = 200
            Image.fromarray(pixels).save(root / name / f"{i:02}.png")
    (root / "plain" / "copy.png").write_bytes((root / "plain" / "00.png").read_bytes())
    (root / "plain" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    return root


@pytest.fixture(scope="session")
def trained(photos, tmp_path_factory):
    """Return a function that trains a small run of its own."""

    def training():
        out = tmp_path_factory.mktemp("runs")
        return train(photos, out=out, network="mini", epochs=3, batch=16, threads=1, precision="fp32", quiet=True)

    return training


@pytest.fixture(scope="session")
def run(trained):
    return trained()
