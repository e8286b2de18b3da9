"""Pictures inside a page: small, each as a data URI, from the pixels that the network saw."""

import base64
import io

import numpy as np

from glassnet.report.markup import Markup, tag

_LONGEST = 112  # pixels; what a page shows of a picture is not the place for more
_NAME = 22  # letters of a file name that fit below a picture


def data_uri(pixels: np.ndarray, longest: int = _LONGEST, quality: int = 82) -> str:
    """Return uint8 (H, W, 1 or 3) as a data URI: lossless up to 40 pixels, where every pixel counts, WebP of this quality above."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(pixels if pixels.shape[2] == 3 else pixels[:, :, 0]))
    if max(picture.size) > longest:
        picture.thumbnail((longest, longest), Image.Resampling.BOX)
    held = io.BytesIO()
    small = max(picture.size) <= 40
    picture.convert("RGB").save(held, "WEBP", lossless=small, quality=quality, method=2)
    return "data:image/webp;base64," + base64.b64encode(held.getvalue()).decode()


def image(pixels: np.ndarray, alt: str, longest: int = _LONGEST) -> Markup:
    """Return an <img> of uint8 (H, W, C); pictures of few pixels are enlarged without blur."""
    small = max(pixels.shape[:2]) <= 40
    return tag("img", src=data_uri(pixels, longest), alt=alt, cls="pixels" if small else None)


def file_name(key: str) -> Markup:
    """Return the end of a key, which says most, with the whole key on hover."""
    return tag("span", short_name(key), title=key)


def short_name(key: str) -> str:
    """Return the last part of a key, without its middle where it is long."""
    name = key.rpartition("/")[2]
    return name if len(name) <= _NAME else f"{name[: _NAME // 2]}…{name[-_NAME // 2 :]}"


def figure(pixels: np.ndarray, caption: object, alt: str, longest: int = _LONGEST) -> Markup:
    """Return a picture with a line below it."""
    return tag("figure", image(pixels, alt, longest), tag("figcaption", caption))


def grid(figures: list[Markup], wide: bool = False) -> Markup:
    """Return pictures side by side, as many as fit; `wide` for those in which something is drawn."""
    return tag("div", figures, cls="grid wide" if wide else "grid")
