"""Red and blue discs, 24 of each, with a shade and a place of their own."""

import numpy as np
from PIL import Image


def draw_discs(root, noise, faintest):
    """Write them below `root`, a folder per class, over noise of `noise` levels; the faintest disc has the level `faintest`."""
    draw = np.random.default_rng(0)
    for name, channel in (("blue", 2), ("red", 0)):
        (root / name).mkdir(parents=True)
        for i in range(24):
            picture = draw.integers(0, noise, (16, 16, 3), dtype=np.uint8)
            y, x = draw.integers(3, 9, 2)
            picture[y : y + 5, x : x + 5, channel] = draw.integers(faintest, 255)
            Image.fromarray(picture).save(root / name / f"{i:02}.png")
    return root
