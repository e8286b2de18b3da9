"""Mask files: the values that were written are read, whatever the format; spoiled ones end in a sentence."""

import io

import numpy as np
import pytest
from PIL import Image

from glassnet.data.headers import BadImage
from glassnet.data.mask_files import is_lossy, mask_palette, mask_size, mask_values, matched, present, unknown
from glassnet.data.pixels import pack

VALUES = np.arange(12, dtype=np.uint8).reshape(3, 4)


def palette_png(values: np.ndarray, **options) -> bytes:
    image = Image.fromarray(values)
    image.putpalette([n for i in range(256) for n in (255 - i, i, 7)])
    file = io.BytesIO()
    image.save(file, options.pop("kind", "PNG"), **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF"])
def test_a_palette_gives_the_index_and_not_the_colour(kind):
    assert (mask_values(palette_png(VALUES, kind=kind)) == VALUES).all()


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_short_palettes_and_short_greys_count_from_0(bits, png):
    values = VALUES % (1 << bits)
    assert (mask_values(palette_png(values, bits=bits)) == values).all()
    assert (mask_values(grey_png(values, bits)) == values).all()


def grey_png(values: np.ndarray, bits: int) -> bytes:
    """A grey PNG of few bits, which Pillow cannot write, put together by hand."""
    import struct
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b""
    for row in values:
        text = "".join(f"{value:0{bits}b}" for value in row.tolist())
        text += "0" * (-len(text) % 8)
        rows += b"\0" + int(text, 2).to_bytes(len(text) // 8, "big")
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], bits, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_are_read_whole(kind, png):
    values = np.array([[0, 1, 255], [256, 40_000, 65_535]], np.uint16)
    found = mask_values(png(values, kind))
    assert found.dtype == np.int32
    assert (found == values).all()


def test_whole_floats_and_wide_integers_are_values_and_fractions_are_refused(png):
    assert mask_values(png(np.array([[0, 3]], np.float32), "TIFF")).tolist() == [[0, 3]]
    assert mask_values(png(np.array([[0, 70_000]], np.int32), "TIFF")).tolist() == [[0, 70_000]]
    with pytest.raises(BadImage, match="fractions"):
        mask_values(png(np.array([[0, 0.5]], np.float32), "TIFF"))


def test_colour_and_transparency(png):
    colours = np.random.default_rng(0).integers(0, 256, (3, 4, 3), np.uint8)
    assert (mask_values(png(colours)) == colours).all()
    layers = np.dstack([colours, np.full((3, 4), 200, np.uint8)])
    layers[0, 0, 3] = 0
    found = mask_values(png(layers))
    assert found[0, 0].tolist() == [0, 0, 0]
    assert (found[1:] == colours[1:]).all()
    assert mask_values(png(np.array([[[9, 255], [9, 0]]], np.uint8))).tolist() == [[9, 0]]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_masks_are_turned_as_pictures_are(orientation, kind, png):
    from PIL import ImageOps

    exif = Image.Exif()
    exif[274] = orientation
    data = png(VALUES, kind, exif=exif)
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    assert (mask_values(data) == wanted).all()
    assert mask_size(data) == wanted.shape


def test_packed_arrays_are_masks_too():
    assert (mask_values(pack(VALUES[:, :, None])) == VALUES).all()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: b"", "empty"),
        (lambda data: data[: len(data) // 2], "truncated"),
        (lambda data: b"not a picture at all", "unreadable"),
        (lambda data: data[:16] + b"\x7f\xff\xff\xff\x7f\xff\xff\xff" + data[24:], None),
    ],
)
def test_spoiled_files_end_in_a_sentence(spoil, code, png):
    noise = np.random.default_rng(0).integers(0, 9, (60, 60), np.uint8)
    with pytest.raises(BadImage) as raised:
        mask_values(spoil(png(noise)))
    assert code is None or raised.value.code == code


def test_gigapixels_are_refused_by_their_header(png):
    with pytest.raises(BadImage, match="more than the 100 allowed"):
        mask_values(png(np.zeros((11, 10), np.uint8)), max_pixels=100)


def test_lossy_files_are_known(png):
    grey = np.zeros((16, 16), np.uint8)
    colour = np.zeros((16, 16, 3), np.uint8)
    assert is_lossy(png(grey, "JPEG"))
    assert is_lossy(png(colour, "WEBP", quality=50))
    assert is_lossy(png(colour, "TIFF", compression="jpeg"))
    assert not is_lossy(png(colour, "WEBP", lossless=True))
    assert not is_lossy(png(colour, "TIFF"))
    assert not is_lossy(png(grey))


def test_palettes_by_index(png):
    palette = mask_palette(palette_png(VALUES))
    assert palette is not None
    assert palette[:3] == [(255, 0, 7), (254, 1, 7), (253, 2, 7)]
    assert mask_palette(png(VALUES)) is None


def test_values_present_and_unknown():
    values = np.array([[0, 3], [3, 70_000]])
    assert present(values) == [0, 3, 70_000]
    assert matched(values, [3, 0]).tolist() == [[1, 0], [0, -1]]
    assert unknown(values, [0, 3]) == [70_000]
    colours = np.array([[[1, 2, 3], [0, 0, 0]], [[9, 9, 9], [0, 0, 0]]], np.uint8)
    assert present(colours) == [(0, 0, 0), (1, 2, 3), (9, 9, 9)]
    assert matched(colours, [(9, 9, 9), (0, 0, 0)]).tolist() == [[-1, 1], [0, 1]]
    assert unknown(colours, [(0, 0, 0)]) == [(1, 2, 3), (9, 9, 9)]


def test_grey_and_colour_meet_halfway():
    grey = np.array([[0, 7], [7, 300]], np.int32)
    assert matched(grey, [(7, 7, 7), (0, 0, 0)]).tolist() == [[1, 0], [0, -1]]
    colours = np.array([[[7, 7, 7], [7, 7, 8]]], np.uint8)
    assert matched(colours, [7]).tolist() == [[0, -1]]


def test_large_masks_are_matched_by_the_same_rule():
    rng = np.random.default_rng(0)
    values = rng.integers(-2, 70_000, (300, 300)).astype(np.int32)
    values[:100] %= 5
    wanted = [4, 0, 69_000, 2]
    slow = np.full(values.shape, -1)
    for place, value in enumerate(wanted):
        slow[values == value] = place
    assert (matched(values, wanted) == slow).all()
    assert (matched(values, [4, 0, 2]) == np.where(slow == 3, 2, np.where(slow == 2, -1, slow))).all()
