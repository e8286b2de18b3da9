import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from glassnet.data import pixels
from glassnet.data.pixels import BadImage, PixelSettings
from glassnet.errors import DataError

EXIF = 0x0112


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def gradient(height=20, width=30):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 8 % 256, y * 12 % 256, (x + y) * 5 % 256], axis=2).astype(np.uint8)


def seen(stored, orientation):
    """The EXIF standard's words, one place at a time: where the 0th row and the 0th column of the stored picture are seen."""
    height, width = stored.shape[:2]
    turned = orientation >= 5
    out = np.empty(((width, height) if turned else (height, width)) + stored.shape[2:], stored.dtype)
    for r in range(height):
        for c in range(width):
            place = {
                1: (r, c),  # 0th row top, 0th column left
                2: (r, width - 1 - c),  # top, right
                3: (height - 1 - r, width - 1 - c),  # bottom, right
                4: (height - 1 - r, c),  # bottom, left
                5: (c, r),  # 0th row left, 0th column top
                6: (c, height - 1 - r),  # right, top
                7: (width - 1 - c, height - 1 - r),  # right, bottom
                8: (width - 1 - c, r),  # left, bottom
            }[orientation]
            out[place] = stored[r, c]
    return out


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied_in_every_format_that_has_it(kind, orientation):
    stored = gradient()
    exif = Image.Exif()
    exif[EXIF] = orientation
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 90}}.get(kind, {})
    plain = pixels.decode(saved(Image.fromarray(stored), kind, **options))
    tagged = saved(Image.fromarray(stored), kind, exif=exif.tobytes(), **options)
    np.testing.assert_array_equal(pixels.decode(tagged), seen(plain, orientation))
    header = pixels.header(tagged)
    assert (header.height, header.width) == pixels.decode(tagged).shape[:2]
    assert header.orientation == orientation
    if kind != "JPEG":
        np.testing.assert_array_equal(plain, stored)


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_of_a_jpeg_is_read_in_both_byte_orders_and_after_the_frame(order):
    exif = Image.Exif()
    exif.endian = order
    exif[EXIF] = 6
    data = saved(Image.fromarray(gradient()), "JPEG", exif=exif.tobytes())
    assert pixels.header(data).orientation == 6
    start = data.index(b"\xff\xe1")
    length = int.from_bytes(data[start + 2 : start + 4], "big") + 2
    segment, rest = data[start : start + length], data[:start] + data[start + length :]
    scan = rest.index(b"\xff\xda")
    assert pixels.decode(rest[:scan] + segment + rest[scan:]).shape == (30, 20, 3)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP", "GIF"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_lossless_formats_give_the_stored_values(kind, mode):
    image = Image.fromarray(gradient()).convert(mode)
    if kind == "GIF" and mode == "RGB":
        image = image.quantize(64).convert("RGB")
    data = saved(image, kind, **({"lossless": True} if kind == "WEBP" else {}))
    expected = np.asarray(image)
    found = pixels.decode(data)
    if mode == "L" and found.shape[2] == 1:
        expected = expected[:, :, None]
    elif mode == "L":
        expected = np.repeat(expected[:, :, None], 3, axis=2)
    np.testing.assert_array_equal(found, expected)
    assert pixels.header(data)[:3] == (kind, 20, 30)


@pytest.mark.parametrize("quality", [30, 75, 95])
@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 9), (32, 32), (33, 47), (200, 301)])
def test_jpeg_pixels_are_those_of_pillow_bit_for_bit(quality, sampling, height, width):
    noise = np.random.default_rng(3).integers(0, 20, (height, width, 3), np.uint8)
    for mode in ("RGB", "L"):
        for progressive in (False, True):
            options = {} if mode == "L" else {"subsampling": sampling}
            drawn = Image.fromarray(gradient(height, width) // 2 + noise).convert(mode)
            data = saved(drawn, "JPEG", quality=quality, progressive=progressive, **options)
            with Image.open(io.BytesIO(data)) as image:
                expected = np.asarray(image).reshape(height, width, -1)
            np.testing.assert_array_equal(pixels.decode(data), expected)


def test_cmyk_jpeg_is_converted_as_pillow_does(picture):
    data = picture(3, 20, 20, "JPEG", "CMYK")
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(pixels.decode(data), np.asarray(image.convert("RGB")))
    assert pixels.header(data).mode == "CMYK"


@pytest.mark.real
def test_real_jpegs_are_those_of_pillow_bit_for_bit(real):
    clothes, annotated = ("clothing10", "clothing-binary"), ("bccd-voc", "pets-heads-voc")
    files = [file for name in clothes for file in sorted(real(name).glob("*/*/*.jpg"))[::25]]
    files += [file for name in annotated for file in sorted(real(name).glob("JPEGImages/*.jpg"))[::15]]
    assert len(files) > 40
    for file in files:
        with Image.open(file) as image:
            expected = np.asarray(ImageOps.exif_transpose(image))
        np.testing.assert_array_equal(pixels.decode(file.read_bytes()), expected, err_msg=file.name)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_a_large_jpeg_is_reduced_by_its_dct_and_ends_close_to_the_full_decoding(factor):
    y, x = np.mgrid[:517, :611]  # no multiples of 8: the last reduced row and column are only partly filled
    smooth = (127 + 100 * np.sin(x / 37) * np.cos(y / 29)).astype(np.uint8)
    data = saved(Image.fromarray(smooth).convert("RGB"), "JPEG", quality=90)
    side = 517 // (3 * factor)
    fine = PixelSettings(side, side)
    reduced, part = pixels._decode(data, 10**6, fine)
    assert part == (0, 0, 517 / factor, 611 / factor)
    assert reduced.shape == (-(-517 // factor), -(-611 // factor), 3)
    with Image.open(io.BytesIO(data)) as image:
        image.draft(None, (611 // factor, 517 // factor))
        np.testing.assert_array_equal(reduced, np.asarray(image))
    assert np.abs(pixels.load(data, fine).astype(int) - pixels.fit(pixels.decode(data), fine)).max() <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_a_reduced_jpeg_is_turned_as_a_full_one(orientation, fit):
    y, x = np.mgrid[:517, :611]
    smooth = (127 + 100 * np.sin(x / 37) * np.cos(y / 29)).astype(np.uint8)
    exif = Image.Exif()
    exif[EXIF] = orientation
    data = saved(Image.fromarray(smooth), "JPEG", quality=95, exif=exif.tobytes())
    settings = PixelSettings(14, 12, fit, "grey")
    assert pixels._decode(data, 10**6, settings)[1] is not None
    assert np.abs(pixels.load(data, settings).astype(int) - pixels.fit(pixels.decode(data), settings)).max() <= 4


def test_transparency_lies_over_white():
    layers = np.zeros((2, 3, 4), np.uint8)
    layers[0, :, :3] = (200, 100, 0)
    layers[0, :, 3] = (0, 255, 51)
    found = pixels.decode(saved(Image.fromarray(layers), "PNG"))
    assert found[0].tolist() == [[255, 255, 255], [200, 100, 0], [244, 224, 204]]
    assert (found[1] == 255).all()
    grey = Image.merge("LA", [Image.new("L", (2, 1), 10), Image.fromarray(np.array([[0, 255]], np.uint8))])
    assert pixels.decode(saved(grey, "PNG"))[:, :, 0].tolist() == [[255, 10]]
    assert pixels.decode(saved(grey, "PNG")).shape == (1, 2, 1)


def test_palette_with_a_transparent_entry_and_colour_keys():
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    for kind in ("PNG", "GIF"):
        assert pixels.decode(saved(image, kind)).tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
        clear = pixels.decode(saved(image, kind, transparency=1))
        assert clear.tolist() == [[[255, 0, 0], [255, 255, 255], [0, 0, 255]]]
    key = Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))
    assert pixels.decode(saved(key, "PNG", transparency=(4, 5, 6))).tolist() == [[[1, 2, 3], [255, 255, 255]]]


def test_one_bit_sixteen_bit_and_float_pictures():
    bits = Image.fromarray(np.array([[True, False]]))
    assert pixels.decode(saved(bits, "PNG"))[:, :, 0].tolist() == [[255, 0]]
    wide = Image.fromarray(np.array([[0, 128, 257, 32768, 65535]], np.uint16))
    for kind in ("PNG", "TIFF"):
        assert pixels.decode(saved(wide, kind))[:, :, 0].tolist() == [[0, 0, 1, 128, 255]]
    assert pixels.decode(saved(Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32)), "TIFF"))[0, :, 0].tolist() == [
        0,
        128,
        255,
    ]
    assert pixels.decode(saved(Image.fromarray(np.array([[0.0, 7.4, 255]], np.float32)), "TIFF"))[0, :, 0].tolist() == [
        0,
        7,
        255,
    ]
    assert pixels.decode(saved(Image.fromarray(np.array([[-1.0, 0, 1]], np.float32)), "TIFF"))[0, :, 0].tolist() == [
        0,
        128,
        255,
    ]
    with pytest.raises(BadImage) as bad:
        pixels.decode(saved(Image.fromarray(np.array([[np.nan, 1]], np.float32)), "TIFF"))
    assert bad.value.code == "corrupt"


def test_the_first_frame_and_the_first_page_are_read():
    first, second = Image.new("RGB", (5, 4), (255, 0, 0)), Image.new("RGB", (5, 4), (0, 0, 255))
    for kind in ("GIF", "TIFF", "WEBP", "PNG"):
        data = saved(
            first, kind, save_all=True, append_images=[second], **({"lossless": True} if kind == "WEBP" else {})
        )
        assert (pixels.decode(data) == (255, 0, 0)).all(), kind
        assert pixels.header(data).frames == 2, kind


def code_of(data, max_pixels=10_000_000):
    try:
        pixels.decode(data, max_pixels)
    except BadImage as bad:
        assert str(bad)
        return bad.code
    return None


def test_what_is_no_picture_says_so():
    assert code_of(b"") == "empty"
    assert code_of(b"hello world, this is text") == "unreadable"
    assert code_of(bytes(5000)) == "unreadable"
    assert code_of(b"\0\0\0\x18ftypheic" + bytes(50)) == "unsupported"
    assert code_of(b"<!doctype html><html>") == "unsupported"
    with pytest.raises(BadImage, match="git lfs pull"):
        pixels.decode(b"version https://git-lfs.github.com/spec/v1\noid sha256:0")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
def test_a_file_cut_anywhere_is_refused_with_a_code(picture, kind):
    data = picture(5, 40, 50, kind)
    for share in (0.02, 0.1, 0.3, 0.5, 0.8, 0.97):
        assert code_of(data[: int(len(data) * share)]) in ("truncated", "corrupt", "unreadable", "empty"), share
    assert code_of(data[: len(data) // 2]) in ("truncated", "corrupt")


def test_a_jpeg_cut_and_closed_again_is_not_passed_as_whole(picture):
    data = picture(5, 40, 50, "JPEG")
    assert code_of(data[: len(data) // 2] + b"\xff\xd9") in ("truncated", "corrupt")


def test_harmless_bytes_around_a_jpeg_do_no_harm(picture):
    data = picture(5, 40, 50, "JPEG")
    at = data.index(b"\xff\xdb")
    for odd in (data + b"trailing", data[:at] + b"\0\0" + data[at:], data[:at] + b"\xff\xff" + data[at:]):
        np.testing.assert_array_equal(pixels.decode(odd), pixels.decode(data))


def huge(kind, picture):
    data = bytearray(picture(1, 8, 8, kind))
    if kind == "PNG":
        import zlib

        data[16:24] = (60_000).to_bytes(4, "big") * 2
        data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    elif kind == "JPEG":
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = b"\xea\x60\xea\x60"
    elif kind == "GIF":
        data[6:10] = b"\x60\xea\x60\xea"
    elif kind == "BMP":
        data[18:26] = (60_000).to_bytes(4, "little") * 2
    else:
        canvas = bytes(4) + (16_000).to_bytes(3, "little") * 2
        data = bytearray(
            b"RIFF" + (4 + 8 + 10).to_bytes(4, "little") + b"WEBPVP8X" + (10).to_bytes(4, "little") + canvas
        )
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_a_huge_declared_size_is_refused_before_decoding_and_nothing_is_said_on_stderr(kind, picture, recwarn, capfd):
    data = huge(kind, picture)
    assert code_of(data, 100_000_000) == "too_large"
    assert not recwarn.list
    assert capfd.readouterr().err == ""


def test_the_cap_counts_pixels_and_can_be_changed(picture):
    for kind in ("PNG", "JPEG", "TIFF"):
        data = picture(1, 10, 10, kind)
        assert code_of(data, 99) == "too_large"
        assert code_of(data, 100) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_give_pixels_or_a_bad_image_and_nothing_else(kind, data):
    options = {"compression": "tiff_lzw"} if kind == "TIFF" else {}
    whole = bytearray(saved(Image.fromarray(gradient()), kind, **options))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    for call in (pixels.header, lambda d: pixels.load(d, PixelSettings(8, 8, max_pixels=1_000_000))):
        try:
            found = call(bytes(whole))
        except BadImage as bad:
            assert bad.code in ("empty", "unreadable", "unsupported", "truncated", "corrupt", "too_large")
        else:
            assert found is not None


def test_damaged_tiffs_write_nothing_to_stderr():
    code = """
import io, numpy as np, sys
from PIL import Image
from glassnet.data import pixels
for compression in ("tiff_lzw", "jpeg", "tiff_adobe_deflate"):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)).save(file, "TIFF", compression=compression)
    for seed in range(150):
        data = bytearray(file.getvalue())
        places = np.random.default_rng(seed).integers(8, len(data), 5)
        for p in places: data[p] = (data[p] + 77) % 256
        try: pixels.decode(bytes(data), 1_000_000)
        except pixels.BadImage: pass
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_bad_images_travel_between_processes():
    bad = pickle.loads(pickle.dumps(BadImage("truncated", "It ends early.")))
    assert (bad.code, str(bad), isinstance(bad, DataError)) == ("truncated", "It ends early.", True)


def test_packed_arrays_come_back_bit_for_bit():
    for channels in (1, 3):
        values = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
        np.testing.assert_array_equal(pixels.decode(pixels.pack(values)), values)
    assert code_of(pixels.pack(values)[:-1]) == "corrupt"
    assert code_of(pixels.pack(values)[:20]) == "truncated"


def test_settings_travel_as_json_and_are_checked():
    settings = PixelSettings(32, 48, "pad", "grey")
    assert PixelSettings.from_dict(settings.as_dict()) == settings
    assert (settings.channels, PixelSettings(1, 1).channels) == (1, 3)
    for wrong in ({"height": 0}, {"fit": "zoom"}, {"color": "blue"}, {"height": 3.5}, {"shape": 3}):
        with pytest.raises(DataError):
            PixelSettings.from_dict(settings.as_dict() | wrong)


sides = st.integers(1, 40)
modes = st.sampled_from(["crop", "pad", "stretch"])
colors = st.sampled_from(["rgb", "grey"])
byte = st.integers(0, 255)


@settings(max_examples=150, deadline=None)
@given(sides, sides, sides, sides, modes, colors, st.sampled_from([1, 3]), st.integers(0, 10**6))
def test_fit_gives_the_shape_and_stays_within_the_values_of_the_picture(
    h, w, height, width, fit, color, channels, seed
):
    values = np.random.default_rng(seed).integers(40, 200, (h, w, channels), np.uint8)
    settings = PixelSettings(height, width, fit, color)
    out = pixels.fit(values, settings)
    assert out.shape == (height, width, settings.channels)
    assert out.dtype == np.uint8
    assert out.min() >= values.min()
    assert out.max() <= values.max()
    np.testing.assert_array_equal(out, pixels.fit(values.copy(), settings))


@settings(max_examples=100, deadline=None)
@given(sides, sides, sides, sides, modes, st.tuples(byte, byte, byte))
def test_a_picture_of_one_colour_stays_that_colour(h, w, height, width, fit, colour):
    values = np.full((h, w, 3), colour, np.uint8)
    assert (pixels.fit(values, PixelSettings(height, width, fit)) == colour).all()


@settings(max_examples=60, deadline=None)
@given(sides, sides, modes, st.integers(0, 1000))
def test_a_picture_of_the_right_size_is_not_touched(h, w, fit, seed):
    values = np.random.default_rng(seed).integers(0, 256, (h, w, 3), np.uint8)
    assert np.shares_memory(pixels.fit(values, PixelSettings(h, w, fit)), values)


@settings(max_examples=60, deadline=None)
@given(sides, sides, sides, sides, modes, st.integers(0, 1000))
def test_fit_and_mirror_commute_where_nothing_is_cut_unevenly(h, w, height, width, fit, seed):
    values = np.random.default_rng(seed).integers(0, 256, (h, w, 1), np.uint8)
    settings = PixelSettings(height, width, fit)
    if fit == "pad" and (width - min(width, max(1, round(w * min(height / h, width / w))))) % 2:
        return
    once, twice = pixels.fit(values, settings), pixels.fit(np.ascontiguousarray(values[:, ::-1]), settings)[:, ::-1]
    assert np.abs(once.astype(int) - twice).max() <= 1  # rounding of the filter's fixed-point weights


def test_crop_keeps_the_middle_pad_keeps_all_and_stretch_ignores_the_shape():
    values = np.zeros((10, 30, 1), np.uint8)
    values[:, 10:20] = 255
    assert (pixels.fit(values, PixelSettings(10, 10, "crop", "grey")) == 255).all()
    padded = pixels.fit(values, PixelSettings(30, 30, "pad", "grey"))[:, :, 0]
    np.testing.assert_array_equal(padded[10:20], values[:, :, 0])
    assert (padded[:10] == 0).all()
    stretched = pixels.fit(values, PixelSettings(10, 9, "stretch", "grey"))[5, :, 0]
    assert stretched[4] == 255
    assert stretched[0] == 0


def test_padding_takes_the_median_colour_of_the_border():
    values = np.full((4, 8, 3), (10, 20, 30), np.uint8)
    values[1:3, 2:6] = 250
    padded = pixels.fit(values, PixelSettings(8, 8, "pad"))
    assert (padded[:2] == (10, 20, 30)).all()


def test_reduction_averages_instead_of_skipping():
    checks = np.indices((64, 64)).sum(0) % 2 * 255
    small = pixels.fit(checks.astype(np.uint8), PixelSettings(8, 8, color="grey"))
    assert (np.abs(small.astype(int) - 127) <= 1).all()


def test_grey_uses_the_broadcast_weights_and_rgb_repeats():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    grey = pixels.fit(colours, PixelSettings(1, 4, color="grey"))
    np.testing.assert_array_equal(grey[:, :, 0], np.asarray(Image.fromarray(colours).convert("L")))
    np.testing.assert_array_equal(pixels.fit(grey, PixelSettings(1, 4)), np.repeat(grey, 3, axis=2))


@pytest.mark.parametrize(
    "wrong", [np.zeros((3, 3, 4), np.uint8), np.zeros((3, 3)), np.zeros((0, 3), np.uint8), np.zeros(3, np.uint8)]
)
def test_fit_refuses_what_are_no_pixels(wrong):
    with pytest.raises(DataError, match="Expected uint8 pixels"):
        pixels.fit(wrong, PixelSettings(4, 4))


def test_nothing_here_imports_torch():
    code = "import sys, glassnet.data.readers, glassnet.data.pixels; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    assert done.stdout.strip() == "False"
