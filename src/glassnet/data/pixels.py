"""The one function from file bytes to pixels: `load(data, settings)`. Training, evaluation, explanation, serving and export use it and
nothing else, and its settings travel with the model, so that a picture is never seen in two ways.

The definition, for whoever rebuilds it elsewhere:
1. Decode the first frame or page. Colour profiles and gamma are not applied. JPEG with libjpeg's exact DCT and smooth chroma upsampling.
2. Apply the EXIF orientation; lay transparency over white; scale 16 bits to 8 by 255/65535; CMYK, palette and 1-bit become RGB or grey.
3. Resample once with the triangle filter, stretched by the reduction where it reduces (Pillow's BILINEAR): crop takes the largest
   centred part of the wanted shape, pad fits the whole picture in and fills up with the median colour of its border, stretch ignores
   the shape.
4. Grey from RGB by the weights of ITU-R BT.601; RGB from grey by repetition.
A large JPEG is decoded at 1/2, 1/4 or 1/8 by its DCT as long as that leaves at least three times the pixels needed along each side.
"""

import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import simplejpeg
from PIL import Image

from glassnet.data.headers import (
    PACKED,
    BadImage,
    Header,
    bad_image,
    check_size,
    header,
    jpeg_header,
    open_quietly,
    orientation_of,
    packed_shape,
    sniff,
)
from glassnet.errors import DataError

__all__ = ["BadImage", "Header", "PixelSettings", "decode", "fit", "header", "load", "pack"]

MAX_PIXELS = 100_000_000
"""Pictures with more pixels than this are refused before they are decoded, unless the settings say otherwise."""


_Part = tuple[float, float, float, float]  # top, left, height, width of the picture within decoded pixels


@dataclass(frozen=True)
class PixelSettings:
    """How any picture becomes the network's input of `height` × `width` × `channels` bytes."""

    height: int
    width: int
    fit: Literal["crop", "pad", "stretch"] = "crop"
    color: Literal["rgb", "grey"] = "rgb"
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        numbers = (self.height, self.width, self.max_pixels)
        if not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in numbers):
            raise DataError(
                f"Pixel settings need whole positive numbers for height, width and max_pixels, not {numbers}."
            )
        if self.fit not in ("crop", "pad", "stretch"):
            raise DataError(f"fit is {self.fit!r}; it must be crop, pad or stretch.")
        if self.color not in ("rgb", "grey"):
            raise DataError(f"color is {self.color!r}; it must be rgb or grey.")

    @property
    def channels(self) -> int:
        """3 for rgb, 1 for grey."""
        return 3 if self.color == "rgb" else 1

    def as_dict(self) -> dict:
        """Return plain JSON values; `from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "PixelSettings":
        """Rebuild from what `as_dict` gave. Raises DataError for missing, unknown or senseless values."""
        try:
            return cls(**values)
        except TypeError:
            raise DataError(
                f"Pixel settings need height, width, fit, color and max_pixels; found {sorted(map(str, values))}."
            ) from None


def load(data: bytes, settings: PixelSettings) -> np.ndarray:
    """Return uint8 (settings.height, settings.width, settings.channels): the picture as every user of the product sees it.

    Raises BadImage with a code.
    """
    pixels, part = _decode(data, settings.max_pixels, settings)
    return _fit(pixels, part, settings)


def decode(data: bytes, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Return all pixels, upright, as uint8 (H, W, 3), or (H, W, 1) where the file holds grey.

    Raises BadImage with a code; nothing above `max_pixels` is decoded.
    """
    return _decode(data, max_pixels, None)[0]


def pack(pixels: np.ndarray) -> bytes:
    """Return bytes that `decode` reads back as these uint8 (H, W, 1|3) pixels: how arrays travel where files are expected."""
    height, width, channels = pixels.shape
    if pixels.dtype != np.uint8 or channels not in (1, 3):
        raise DataError(f"Only uint8 (height, width, 1 or 3) can be packed, not {pixels.dtype} {pixels.shape}.")
    return PACKED + struct.pack("<III", height, width, channels) + pixels.tobytes()


def fit(pixels: np.ndarray, settings: PixelSettings) -> np.ndarray:
    """Bring uint8 (H, W), (H, W, 1) or (H, W, 3) pixels to uint8 (settings.height, settings.width, settings.channels).

    Pixels that have the right size already come back unchanged, without a copy. Raises DataError for other shapes and types.
    """
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.dtype != np.uint8 or pixels.shape[2] not in (1, 3) or not pixels.size:
        raise DataError(f"Expected uint8 pixels (height, width, 1 or 3), got {pixels.dtype} {pixels.shape}.")
    return _fit(pixels, None, settings)


def _fit(pixels: np.ndarray, part: _Part | None, settings: PixelSettings) -> np.ndarray:
    height, width, channels = pixels.shape
    if height != settings.height or width != settings.width:
        pixels = _resample(pixels, part or (0.0, 0.0, float(height), float(width)), settings)
    if channels == settings.channels:
        return np.ascontiguousarray(pixels)
    return np.repeat(pixels, 3, axis=2) if channels == 1 else _luma(pixels)


def _decode(data: bytes, max_pixels: int, settings: PixelSettings | None) -> tuple[np.ndarray, _Part | None]:
    if data[:2] == b"\xff\xd8":
        return _decode_jpeg(data, max_pixels, settings)
    if data.startswith(PACKED):
        shape = packed_shape(data)
        check_size(shape[0], shape[1], max_pixels)
        return np.frombuffer(data, np.uint8, offset=len(PACKED) + 12).reshape(shape), None
    return stored(data, sniff(data), max_pixels, _to_bytes), None


def _decode_jpeg(data: bytes, max_pixels: int, settings: PixelSettings | None) -> tuple[np.ndarray, _Part | None]:
    height, width, components, orientation = jpeg_header(data)
    check_size(height, width, max_pixels)
    if components not in (1, 3):  # CMYK and YCCK: Pillow knows Adobe's inversion
        return stored(data, "JPEG", max_pixels, _to_bytes), None
    colour = "RGB" if components == 3 else "GRAY"
    factor = 1 if settings is None else _reduction(height, width, orientation, settings)
    try:
        if factor == 1:
            pixels = simplejpeg.decode_jpeg(data, colour)
        else:
            least = -(-height // factor), -(-width // factor)
            pixels = simplejpeg.decode_jpeg(data, colour, min_height=least[0], min_width=least[1])
    except ValueError as error:
        if "remature end" in str(error) or ("Corrupt JPEG data" in str(error) and "extraneous" not in str(error)):
            raise bad_image("JPEG", error) from None
        return stored(data, "JPEG", max_pixels, _to_bytes), None  # rare samplings and harmless stray bytes
    part = None if factor == 1 else _turned(pixels.shape, (height / factor, width / factor), orientation)
    return (pixels if orientation == 1 else upright(pixels, orientation)), part


def _turned(stored: tuple[int, ...], part: tuple[float, float], orientation: int) -> _Part:
    """Return where the picture lies in its upright reduction.

    A side of 517 pixels reduced by 8 has 65, of which the picture fills 64.6, counted from its stored first row or column.
    """
    (height, width), (rows, columns) = stored[:2], part
    if orientation >= 5:
        height, width, rows, columns = width, height, columns, rows
    top = height - rows if orientation in (3, 4, 7, 8) else 0.0
    left = width - columns if orientation in (2, 3, 6, 7) else 0.0
    return top, left, rows, columns


def _reduction(height: int, width: int, orientation: int, settings: PixelSettings) -> int:
    """Return 8, 4, 2 or 1: the largest DCT reduction that leaves three times the pixels that the resampling ends with."""
    if height < 6 * settings.height and width < 6 * settings.width and settings.height == settings.width:
        return 1
    if orientation > 4:
        height, width = width, height
    scale = _scale(height, width, settings)
    for factor in (8, 4, 2):
        if 3 * factor * scale <= 1.0:
            return factor
    return 1


def _scale(height: float, width: float, settings: PixelSettings) -> float:
    rows, columns = settings.height / height, settings.width / width
    return min(rows, columns) if settings.fit == "pad" else max(rows, columns)


def stored(data: bytes, name: str, max_pixels: int, read: Callable[[Image.Image], np.ndarray]) -> np.ndarray:
    """Return what `read` takes out of Pillow's image of a file of the format `name`, (H, W) or (H, W, C), turned upright.

    Raises BadImage with a code; nothing above `max_pixels` is decoded.
    """
    image = open_quietly(data, name, max_pixels)
    orientation = 1 if name == "TIFF" else orientation_of(image)  # Pillow turns a TIFF itself while it loads
    try:
        image.load()
        check_size(image.height, image.width, max_pixels)
        values = read(image)
    except BadImage:
        raise
    except Exception as error:  # decoders raise nearly anything on damaged files
        raise bad_image(name, error) from None
    return values if orientation == 1 else upright(values, orientation)


def _to_bytes(image: Image.Image) -> np.ndarray:
    """Return uint8 (H, W, 1|3) of an image of any of Pillow's modes."""
    mode = image.mode
    if mode.startswith(("I", "F")):
        return _wide_to_bytes(image)
    if mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layers = np.asarray(image.convert("RGBA"), np.uint16)
        alpha = layers[:, :, 3:]
        over = (layers[:, :, : 1 if mode in ("L", "LA", "La", "1") else 3] * alpha + 255 * (255 - alpha) + 127) // 255
        return over.astype(np.uint8)
    if mode in ("1", "L"):
        return np.array(image.convert("L"))[:, :, None]
    return np.array(image if mode == "RGB" else image.convert("RGB"))


def _wide_to_bytes(image: Image.Image) -> np.ndarray:
    """Scale 16-bit, 32-bit and float grey values to bytes.

    16 bits are scaled by their full range, so that the same value means the same grey in every picture. Floats within 0..1 and
    any values within 0..255 and 0..65535 are taken as such; only values outside all three are stretched from their own minimum to
    maximum.
    """
    values = np.array(image)
    clear = image.info.get("transparency")
    if image.mode.startswith("I;16"):
        grey = ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
        if isinstance(clear, int):
            grey[values == clear] = 255
        return grey[:, :, None]
    values = values.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite((low, high)).all():
        raise BadImage("corrupt", "The picture holds values that are not numbers (NaN or infinity).")
    if low < 0 or high > 65535:
        values = (values - low) / (high - low) * 255 if high > low else np.zeros_like(values)
    elif high > 255 or (image.mode == "I" and image.format == "PNG"):
        values = values * (255 / 65535)
    elif high <= 1 and image.mode == "F":
        values = values * 255
    return np.floor(values + 0.5).astype(np.uint8)[:, :, None]


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn stored pixels (H, W) or (H, W, C) the way EXIF tag 274 says they are to be seen."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _resample(pixels: np.ndarray, part: _Part, settings: PixelSettings) -> np.ndarray:
    channels = pixels.shape[2]
    image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
    top, left, height, width = part
    scale = _scale(height, width, settings)
    rows, columns = settings.height, settings.width
    if settings.fit == "pad":
        rows = min(rows, max(1, round(height * scale)))
        columns = min(columns, max(1, round(width * scale)))
    elif settings.fit == "crop":
        inner_height, inner_width = min(height, rows / scale), min(width, columns / scale)
        top, left = top + (height - inner_height) / 2, left + (width - inner_width) / 2
        height, width = inner_height, inner_width
    # Rounding must not carry the box outside the picture by a hair, which Pillow refuses.
    box = (left, top, min(left + width, pixels.shape[1]), min(top + height, pixels.shape[0]))
    fitted = np.asarray(image.resize((columns, rows), Image.Resampling.BILINEAR, box=box)).reshape(
        rows, columns, channels
    )
    return _pad(fitted, settings) if settings.fit == "pad" else fitted


def _pad(small: np.ndarray, settings: PixelSettings) -> np.ndarray:
    rows, columns, channels = small.shape
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    # The lower median, so that the colour is one that occurs and needs no rounding.
    colour = np.sort(border, axis=0)[(len(border) - 1) // 2]
    canvas = np.empty((settings.height, settings.width, channels), np.uint8)
    canvas[:] = colour
    top, left = (settings.height - rows) // 2, (settings.width - columns) // 2
    canvas[top : top + rows, left : left + columns] = small
    return canvas


def _luma(pixels: np.ndarray) -> np.ndarray:
    weights = np.array([19595, 38470, 7471], np.uint32)  # BT.601 in 16-bit fixed point; they sum to 65536
    return ((pixels.astype(np.uint32) @ weights + 32768) >> 16).astype(np.uint8)[:, :, None]
