"""A small set of pictures with something wrong: a picture under two labels, a nearly equal one, a damaged file, a name that is markup."""

import shutil

import numpy as np
from PIL import Image


def spoil(root):
    """Draw the set `pets` below `root` and return `root`."""
    draw = np.random.default_rng(7)
    for name in ("cat", "dog"):
        (root / "pets" / name).mkdir(parents=True)
        for i in range(20):
            small = Image.fromarray(draw.integers(20, 220, (6, 6, 3), dtype=np.uint8))
            small.resize((48, 36), Image.Resampling.BICUBIC).save(root / "pets" / name / f"{i:02}.png")
    shutil.copy(root / "pets" / "cat" / "03.png", root / "pets" / "dog" / "<img src=x onerror=alert(1)>.png")
    Image.open(root / "pets" / "cat" / "05.png").resize((64, 48)).save(root / "pets" / "cat" / "near.jpg", quality=92)
    (root / "pets" / "dog" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    return root
