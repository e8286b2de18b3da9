"""Pixels as the bytes of a picture file."""

import io

import numpy as np
from PIL import Image

_JPEG_QUALITY = 92


def encoded(pixels: np.ndarray, name: str) -> bytes:
    """Return uint8 (H, W, 1 or 3) as the file `name` holds it: JPEG where the name says so, else PNG, which keeps every pixel."""
    file = io.BytesIO()
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    if name.lower().endswith((".jpg", ".jpeg")):
        image.save(file, "JPEG", quality=_JPEG_QUALITY)
    else:
        image.save(file, "PNG")
    return file.getvalue()
