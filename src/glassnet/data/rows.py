"""What is known of each picture besides its pixels: one row of a NumPy table, as the store keeps it."""

import numpy as np

PENDING, GOOD, BAD = 0, 1, 2

ROW = np.dtype(
    [
        ("status", "u1"),  # PENDING, GOOD or BAD; a bad row has a Problem and black pixels
        ("grey", "?"),  # no pixel has a colour: mode L or the like, or red, green and blue nearly equal everywhere
        ("mismatch", "?"),  # the extension promises another format
        ("frames", "<u2"),  # pictures in the file; only the first is used
        ("height", "<u4"),  # of the original as displayed, after EXIF orientation
        ("width", "<u4"),
        ("format", "S8"),
        ("mode", "S12"),
        ("mean", "<f4", (3,)),  # colour of the fitted picture, 0 to 255
        ("std", "<f4", (3,)),
        ("contrast", "<f4"),  # standard deviation of brightness, 0 to 127.5
        ("range", "u1"),  # brightest minus darkest fitted pixel
        ("perceptual", "<u8"),
        ("sha256", "u1", (32,)),  # of the file's bytes
        ("check", "<u4"),  # CRC-32 of the fitted pixels, to find damage
        ("size", "<i8"),  # stamp: bytes
        ("modified", "<i8"),  # stamp: ns
    ]
)


def short_hashes(rows: np.ndarray) -> np.ndarray:
    """Return uint64 (n,): the first eight bytes of each picture's SHA-256, enough to order and to draw by content."""
    return np.ascontiguousarray(rows["sha256"][:, :8]).view(">u8").reshape(len(rows)).astype(np.uint64)


def content_ids(rows: np.ndarray) -> np.ndarray:
    """Return int64 (n,): equal numbers for equal file bytes, compared by the whole SHA-256."""
    whole = np.ascontiguousarray(rows["sha256"]).view("V32").reshape(len(rows))
    return np.unique(whole, return_inverse=True)[1].reshape(-1).astype(np.int64)
