"""What a picture file says about itself, read from its first bytes: format, size, mode, frames, orientation. Nothing is decoded here.

The size must be known before a decoder is let loose on a file, because a few hundred bytes can declare gigapixels.
"""

import contextlib
import ctypes
import functools
import io
import logging
import struct
import warnings
from typing import NamedTuple

from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from glassnet.errors import DataError

PACKED = b"GLASSNET-PIXELS\0"
"""First bytes of an array in memory that travels as a file; see `pixels.pack`."""

# The plug-ins are opened by class, not through Image.open: that one warns on stderr above a process-wide pixel limit and would try
# every format Pillow knows. The cap of this product is `max_pixels`, checked on the header.
_PLUGINS = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
}

_FOREIGN = (
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftypavif", "AVIF"),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"8BPS", "Photoshop"),
    (0, b"%PDF", "PDF"),
    (0, b"<?xml", "XML or SVG"),
    (0, b"<svg", "SVG"),
    (0, b"<!DOCTYPE", "a web page"),
    (0, b"<html", "a web page"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"version https://git-lfs", "a Git LFS pointer (run `git lfs pull`)"),
)

_JPEG_MODES = {1: "L", 3: "RGB", 4: "CMYK"}


class BadImage(DataError):  # noqa: N818  it is a finding about one file, not a failure of the product
    """Raised when one picture cannot be used. `code` is one of empty, unreadable, unsupported, truncated, corrupt, too_large."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code

    def __reduce__(self) -> tuple:
        return BadImage, (self.code, str(self))


class Header(NamedTuple):
    """What the first bytes say. `height` and `width` are as displayed, after the EXIF `orientation` (1 to 8) is applied.

    `format` is JPEG, PNG, WEBP, BMP, GIF, TIFF or ARRAY (pixels packed in memory); `mode` is Pillow's name (RGB, L, P, CMYK, I;16, …).
    """

    format: str
    height: int
    width: int
    mode: str
    frames: int
    orientation: int


def header(data: bytes) -> Header:
    """Read the header of one picture. A JPEG costs a few microseconds. Raises BadImage when the bytes are no picture we read."""
    if data[:2] == b"\xff\xd8":
        height, width, components, orientation = jpeg_header(data)
        if orientation > 4:
            height, width = width, height
        return Header("JPEG", height, width, _JPEG_MODES.get(components, f"{components} channels"), 1, orientation)
    if data.startswith(PACKED):
        height, width, channels = packed_shape(data)
        return Header("ARRAY", height, width, "L" if channels == 1 else "RGB", 1, 1)
    name = sniff(data)
    image = open_quietly(data, name)
    orientation = orientation_of(image)
    width, height = image.size
    if orientation > 4 and name != "TIFF":  # Pillow gives the size of a TIFF as displayed, and turns it itself
        height, width = width, height
    return Header(name, height, width, image.mode, _frames(image), orientation)


def jpeg_header(data: bytes) -> tuple[int, int, int, int]:
    """Return (height, width, components, EXIF orientation) of a JPEG as stored. Raises BadImage.

    Walks the marker segments up to the first scan (ITU-T T.81, annex B), as camera files put EXIF before and some editors after the frame.
    """
    at, orientation, frame = 2, 1, None
    try:
        while True:
            if data[at] != 0xFF:
                at = data.index(b"\xff", at)
            marker = data[at + 1]
            if marker == 0xFF:
                at += 1
            elif marker == 0xDA:
                break
            elif marker == 0xD9:
                raise BadImage("corrupt", "The JPEG ends before its pixels begin.")
            elif marker == 0 or marker == 1 or 0xD0 <= marker <= 0xD8:
                at += 2
            else:
                if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                    frame = (data[at + 5] << 8 | data[at + 6], data[at + 7] << 8 | data[at + 8], data[at + 9])
                elif marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
                    orientation = exif_orientation(data[at + 10 : at + 2 + (data[at + 2] << 8 | data[at + 3])])
                at += 2 + (data[at + 2] << 8 | data[at + 3])
    except (IndexError, ValueError):
        raise BadImage("truncated", f"The JPEG ends after {len(data):,} bytes, before its pixels begin.") from None
    if frame is None:
        raise BadImage("corrupt", "The JPEG has pixels but no frame header that says how large they are.")
    if not frame[0] or not frame[1]:
        raise BadImage("unsupported", "The JPEG does not say how large it is (its height or width is 0).")
    return *frame, orientation


def exif_orientation(exif: bytes) -> int:
    """Return the orientation tag (1 to 8) of an EXIF block that begins at its TIFF header; 1 where there is none that makes sense."""
    if exif[:6] == b"Exif\0\0":
        exif = exif[6:]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, entry)
            if tag == 0x0112:
                return value if kind == 3 and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def sniff(data: bytes) -> str:
    """Return the name of the format by its first bytes. Raises BadImage with the nearest explanation for anything we do not read."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:2] == b"\xff\xd8":
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if data[:2] == b"BM":
        return "BMP"
    if not data:
        raise BadImage("empty", "The file is empty (0 bytes).")
    readable = "JPEG, PNG, WebP, BMP, GIF and TIFF are read"
    for offset, magic, name in _FOREIGN:
        if data[offset : offset + len(magic)].lower() == magic.lower():
            raise BadImage("unsupported", f"The file is {name}, which is not read; {readable}. Convert it.")
    if not any(data[:4096]):
        raise BadImage("unreadable", "The file begins with nothing but zero bytes, as after an interrupted copy.")
    raise BadImage("unreadable", f"The file is no picture: its first bytes are {data[:8].hex(' ')}; {readable}.")


def open_quietly(data: bytes, name: str, max_pixels: int | None = None) -> Image.Image:
    """Open (not decode) the bytes with Pillow's plug-in for `name`. Raises BadImage, above all when the size exceeds `max_pixels`."""
    if name == "WEBP":  # its plug-in allocates the whole canvas on opening
        check_size(*_webp_size(data), max_pixels)
    hush()
    if name == "TIFF":
        _hush_libtiff()
    try:
        image = _PLUGINS[name](io.BytesIO(data))
    except Exception as error:  # the plug-ins raise nearly anything on damaged files
        raise bad_image(name, error) from None
    check_size(image.height, image.width, max_pixels)
    return image


def check_size(height: int, width: int, max_pixels: int | None) -> None:
    """Raise BadImage when a picture of this size must not be decoded."""
    if height <= 0 or width <= 0:
        raise BadImage("corrupt", f"The header declares {width} × {height} pixels.")
    if max_pixels is not None and height * width > max_pixels:
        raise BadImage(
            "too_large",
            f"The header declares {width:,} × {height:,} = {height * width:,} pixels, more than the {max_pixels:,} allowed; "
            "make it smaller, or raise max_pixels.",
        )


def bad_image(name: str, error: Exception) -> BadImage:
    """Translate what a decoder raised into a finding with a code."""
    text = str(error).strip() or type(error).__name__
    if isinstance(error, MemoryError):
        return BadImage("too_large", f"There is not enough memory to decode this {name}.")
    lower = text.lower()
    if "truncated" in lower or "premature end of jpeg" in lower or "not enough image data" in lower:
        return BadImage("truncated", f"The {name} ends before all its pixels are there ({text}).")
    return BadImage("corrupt", f"The {name} is damaged and cannot be decoded ({text}).")


def orientation_of(image: Image.Image) -> int:
    """Return the orientation (1 to 8) that an opened PNG, WebP, TIFF or JPEG asks for. XMP is not looked at, as browsers do."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        value = image.tag_v2.get(0x0112, 1)
        return value if isinstance(value, int) and 1 <= value <= 8 else 1
    exif = image.info.get("exif")
    return exif_orientation(exif) if isinstance(exif, bytes) else 1


def packed_shape(data: bytes) -> tuple[int, int, int]:
    """Return (height, width, channels) of pixels that `pixels.pack` packed. Raises BadImage when the bytes do not add up."""
    start = len(PACKED)
    if len(data) < start + 12:
        raise BadImage("truncated", "The packed picture ends within its header.")
    height, width, channels = struct.unpack_from("<III", data, start)
    if channels not in (1, 3) or height * width * channels != len(data) - start - 12:
        raise BadImage(
            "corrupt", f"The packed picture declares {height} × {width} × {channels}, but holds other bytes."
        )
    return height, width, channels


def hush() -> None:
    """Keep Pillow's remarks about odd files off stderr: every one that matters becomes a BadImage or a field of the header."""
    logger = logging.getLogger("PIL")
    if not logger.handlers:  # or errors it logs would go to stderr where nobody set logging up
        logger.addHandler(logging.NullHandler())
    for rule in warnings.filters:
        if rule[0] == "ignore" and rule[3] is not None and getattr(rule[3], "pattern", rule[3]) == _PILLOW:
            return
    warnings.filterwarnings("ignore", module=_PILLOW)


_PILLOW = r"PIL\."


@functools.cache
def _hush_libtiff() -> None:
    """Switch off libtiff's own messages: it prints to the process's stderr what Pillow then raises as well.

    The symbol is looked up through Pillow's extension module, so it is the copy that Pillow uses; where it is linked in and hidden
    (Windows), the messages stay.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(Image.core.__file__)
        for setter in (library.TIFFSetErrorHandler, library.TIFFSetWarningHandler):
            setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
            setter(None)


def _frames(image: Image.Image) -> int:
    try:
        return int(getattr(image, "n_frames", 1) or 1)
    except Exception:  # a damaged later frame must not cost the first one
        return 1


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return (height, width) from the first chunk (RFC 9649), or raise BadImage."""
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise BadImage("truncated", f"The WEBP ends after {len(data):,} bytes, within its header.")
    if len(data) < 8 + int.from_bytes(data[4:8], "little"):
        declared = 8 + int.from_bytes(data[4:8], "little")
        raise BadImage("truncated", f"The WEBP declares {declared:,} bytes and has {len(data):,}.")
    if kind == b"VP8X":
        return int.from_bytes(body[7:10], "little") + 1, int.from_bytes(body[4:7], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    if kind == b"VP8 ":
        return int.from_bytes(body[8:10], "little") & 0x3FFF, int.from_bytes(body[6:8], "little") & 0x3FFF
    raise BadImage("corrupt", f"The WEBP begins with the unknown chunk {kind!r}.")
