"""Receptive fields: which window of the picture each value of a map can see, exactly, borders, dilation and upsampling included.

Follows Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks" (Distill, 2019), but keeps the window of
every row and column instead of one size, because padding and upsampling make them differ.
"""

from dataclasses import dataclass

# A window of rows or columns: first and last index in the picture, both included.
Window = tuple[int, int]
Taps = list[list[int]]


@dataclass(frozen=True)
class Fields:
    """`rows[i]` and `columns[j]` are the windows that a value in row i, column j sees of a picture of `height` × `width`."""

    rows: tuple[Window, ...]
    columns: tuple[Window, ...]
    height: int
    width: int

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels of the largest window; never more than the picture."""
        return _largest(self.rows), _largest(self.columns)

    def window(self, y: int, x: int) -> tuple[int, int, int, int]:
        """Return (top, left, bottom, right) in pixels, the last two exclusive, of what the value at (y, x) sees."""
        (top, bottom), (left, right) = self.rows[y], self.columns[x]
        return top, left, bottom + 1, right + 1

    def through(self, hits: tuple[Taps, ...]) -> "Fields":
        """Return the fields of a map whose row i reads the rows hits[0][i] of this one, and columns likewise."""
        return Fields(_hulls(self.rows, hits[0]), _hulls(self.columns, hits[1]), self.height, self.width)

    def merged(self) -> "Fields":
        """Return the field of values that read all of this map: one window."""
        return Fields((_hull(self.rows),), (_hull(self.columns),), self.height, self.width)

    def over(self, height: int, width: int) -> "Fields":
        """Return this one window as the window of every value of a map of that size."""
        return Fields(self.rows * height, self.columns * width, self.height, self.width)

    def union(self, other: "Fields") -> "Fields":
        """Return the fields of the sum of two maps of equal size."""
        rows = tuple(_hull(pair) for pair in zip(self.rows, other.rows, strict=True))
        columns = tuple(_hull(pair) for pair in zip(self.columns, other.columns, strict=True))
        return Fields(rows, columns, self.height, self.width)


def whole(height: int, width: int) -> Fields:
    """Return the fields of the picture itself: every pixel sees itself."""
    return Fields(tuple((i, i) for i in range(height)), tuple((i, i) for i in range(width)), height, width)


def taps(size: int, kernel: int, stride: int, sides: tuple[int, int], dilation: int, ceil: bool = False) -> Taps:
    """Return, for every output along one axis, the inputs in its window (padding left out). Empty when the window does not fit.

    With `ceil` a last window counts when it begins inside the input or the padding before it, as torch and ONNX count it.
    """
    reach = (kernel - 1) * dilation + 1
    room = size + sum(sides) - reach
    if room < 0 and not ceil:
        return []
    n = (-(-room // stride) if ceil else room // stride) + 1
    if ceil and (n - 1) * stride >= size + sides[0]:
        n -= 1
    starts = [i * stride - sides[0] for i in range(n)]
    return [[at for at in range(start, start + reach, dilation) if 0 <= at < size] for start in starts]


def spread(size: int, factor: int, mode: str) -> Taps:
    """Return, for every output of an upsampling along one axis, the inputs that it reads."""
    if mode == "nearest":
        return [[i // factor] for i in range(size * factor)]
    found: Taps = []
    for i in range(size * factor):
        doubled = 2 * i + 1 - factor  # twice `factor` times the position in the input, kept whole
        low, rest = divmod(max(doubled, 0), 2 * factor)
        found.append([low] if not rest or low + 1 >= size else [low, low + 1])
    return found


def _hulls(windows: tuple[Window, ...], hits: Taps) -> tuple[Window, ...]:
    return tuple(_hull(tuple(windows[at] for at in each)) for each in hits)


def _hull(windows: tuple[Window, ...]) -> Window:
    return min(low for low, _ in windows), max(high for _, high in windows)


def _largest(windows: tuple[Window, ...]) -> int:
    return max(high - low + 1 for low, high in windows)
