"""From the bytes of a mask file to its values, kept as they are: a palette gives the index and not the colour, 16 bits stay 16 bits.

Pictures go through `pixels.load`, which scales, lays over white and resamples; a mask must not be touched by any of that.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image

from glassnet.data.headers import PACKED, BadImage, bad_image, header, open_quietly, sniff
from glassnet.data.pixels import MAX_PIXELS, decode, stored

Value = int | tuple[int, int, int]


def mask_values(data: bytes, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Return the values of a mask, upright: int32 (H, W) of grey and palette files, uint8 (H, W, 3) of colour files.

    Grey of 1, 2 and 4 bits counts from 0 to 1, 3 and 15. Where a file is wholly transparent its value is 0. Raises BadImage with a code.
    """
    if data.startswith(PACKED):
        return _flat(decode(data, max_pixels))
    name = sniff(data)
    if name == "JPEG":
        return _flat(decode(data, max_pixels))
    values = stored(data, name, max_pixels, _values)
    if name == "PNG" and data[24] in (2, 4) and data[25] == 0:
        values //= 255 // ((1 << data[24]) - 1)  # Pillow spreads short greys over 0 to 255
    return _flat(values)


def mask_size(data: bytes) -> tuple[int, int]:
    """Return (height, width) of a mask as displayed, from its header alone. Raises BadImage."""
    head = header(data)
    return head.height, head.width


def mask_palette(data: bytes) -> list[tuple[int, int, int]] | None:
    """Return the colours of a palette file by index, None for any other file. Raises BadImage."""
    if data.startswith(PACKED) or sniff(data) == "JPEG":
        return None
    image = open_quietly(data, sniff(data), MAX_PIXELS)
    if image.mode != "P":
        return None
    try:
        flat = image.getpalette("RGB") or []
    except Exception as error:  # as above
        raise bad_image(sniff(data), error) from None
    return list(zip(flat[0::3], flat[1::3], flat[2::3], strict=True))


def is_lossy(data: bytes) -> bool:
    """Whether the file's compression changes values, as JPEG does: such a mask has values at its edges that nobody drew."""
    if data[:2] == b"\xff\xd8":
        return True
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_is_lossy(data)
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return open_quietly(data, "TIFF").info.get("compression") in ("jpeg", "tiff_jpeg", "webp")
    return False


def present(values: np.ndarray) -> list[Value]:
    """Return the distinct values of a mask, sorted: ints of (H, W), (r, g, b) of (H, W, 3)."""
    if values.ndim == 3:
        return [(code >> 16, code >> 8 & 255, code & 255) for code in np.unique(_codes(values)).tolist()]
    if values.size and values.min() >= 0 and values.max() < 65536:
        return np.flatnonzero(np.bincount(values.ravel())).tolist()  # np.unique sorts, which is slower
    return np.unique(values).tolist()


def matched(values: np.ndarray, wanted: list[Value]) -> np.ndarray:
    """Return int64 (H, W): the place in `wanted` of each pixel's value, -1 for values that are not in it.

    Grey and colour meet halfway: a colour mask whose channels are all equal counts as grey where numbers are wanted, and a grey one as
    colour where colours are wanted.
    """
    by_colour = any(isinstance(value, tuple) for value in wanted)
    if by_colour and values.ndim == 2:
        values = np.repeat(values[:, :, None].clip(-1, 256), 3, axis=2)
    elif not by_colour and values.ndim == 3:
        grey = (values[:, :, 0] == values[:, :, 1]) & (values[:, :, 0] == values[:, :, 2])
        values = np.where(grey, values[:, :, 0].astype(np.int32), -1)
    codes = _codes(values) if by_colour else values.astype(np.int64)
    table = np.array([_code(value) for value in wanted], np.int64)
    if not len(table):
        return np.full(codes.shape, -1, np.int64)
    order = np.argsort(table, kind="stable")
    if not by_colour and table.min() >= 0 and table.max() < 65536 and codes.size > 65536:
        places = np.full(65537, -1, np.int64)
        places[table[order[::-1]]] = order[::-1]
        return places[np.where((codes < 0) | (codes > 65535), 65536, codes)]
    at = np.minimum(np.searchsorted(table[order], codes), len(table) - 1)
    return np.where(table[order][at] == codes, order[at], -1)


def unknown(values: np.ndarray, wanted: list[Value]) -> list[Value]:
    """Return the values of a mask that are not among `wanted`, sorted; see `matched` for grey and colour."""
    strange = matched(values, wanted) < 0
    if not strange.any():
        return []
    return present(values[strange][None])


def _code(value: Value) -> int:
    return value if isinstance(value, int) else value[0] << 16 | value[1] << 8 | value[2]


def _codes(values: np.ndarray) -> np.ndarray:
    wide = values.astype(np.int64)
    codes = wide[:, :, 0] << 16 | wide[:, :, 1] << 8 | wide[:, :, 2]
    return codes if values.dtype == np.uint8 else np.where(((wide < 0) | (wide > 255)).any(axis=2), -1, codes)


def _webp_is_lossy(data: bytes) -> bool:
    """Walk the chunks (RFC 9649) to the first that holds pixels."""
    at = 12
    while at + 8 <= len(data):
        kind = data[at : at + 4]
        if kind in (b"VP8 ", b"VP8L"):
            return kind == b"VP8 "
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 24 if kind == b"ANMF" else 8 + size + size % 2  # a frame of an animation holds chunks of its own
    return False


def _flat(values: np.ndarray) -> np.ndarray:
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    return values.astype(np.int32) if values.ndim == 2 else np.ascontiguousarray(values)


def _values(image: Image.Image) -> np.ndarray:
    mode = image.mode
    read: Callable[[Image.Image], np.ndarray] = np.array
    if mode in ("1", "L", "P", "RGB") or mode.startswith(("I;16", "I")):
        return read(image).astype(np.int32) if mode != "RGB" else read(image)
    if mode == "F":
        values = read(image)
        whole = np.isfinite(values).all() and (values == np.floor(values)).all() and abs(values).max(initial=0) < 2**31
        if not whole:
            raise BadImage(
                "unsupported", "The mask holds fractions or values that are not numbers; it needs whole ones."
            )
        return values.astype(np.int32)
    if mode in ("LA", "PA", "RGBA"):
        layers = read(image)
        clear = layers[:, :, -1] == 0
        values = layers[:, :, :-1]
        values[clear] = 0
        return values if mode == "RGBA" else values.astype(np.int32)
    return read(image.convert("RGB"))
