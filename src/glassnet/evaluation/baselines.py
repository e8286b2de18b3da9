"""What a model that understands nothing gets: the largest class, colours, the picture's edge, a blurred thumbnail.

A network that is hardly better has learned what they see. When the edge alone gives the class away, the pictures do: their background or
lighting differs by class, and the score will not hold on other pictures.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from glassnet.evaluation.scores import Figure, rate
from glassnet.randomness import permutation

MAJORITY = "always the largest class"
COLOUR = "colour histogram + nearest neighbour"
BORDER = "border only + nearest neighbour"
THUMBNAIL = "8×8 thumbnail + nearest neighbour"
MEAN_BOX = "always the mean box of training"
WHOLE_PICTURE = "always the whole picture"
ONE_CLASS = "the largest class everywhere"
GRID = "the usual class of each region (8×8)"
MEAN_LAYOUT = "always the mean layout of training"
OTSU = "Otsu threshold + connected parts"
# The network's headline must be this far above a trivial model, and their intervals apart, to have shown more than it.
NEAR = 0.05
TRAIN_CAP = 50_000
# Reading more pixels than this would take longer than training's first epochs on a laptop's disk.
BYTES_CAP = 2_000_000_000
_BLOCK_TEST, _BLOCK_TRAIN, _BLOCK_READ = 1024, 4096, 256
_RING, _THUMB, _COLOURS = 16, 8, 4

_MEANING = {
    MAJORITY: (
        "It answers hardly better than someone who always names the largest class. "
        "Train longer or with another rate, and try `--train.sampling balanced`."
    ),
    COLOUR: (
        "The mix of colours alone gives the class nearly as well, so lighting or background may be what was learned. "
        "Vary brightness and contrast (`--augment.brightness 0.3 --augment.contrast 0.3`) "
        "and test on pictures taken at another place or time."
    ),
    BORDER: (
        "The outermost edge of the pictures, where the object seldom is, gives the class nearly as well: the background tells. "
        "Take pictures of every class before the same backgrounds, and test on pictures taken elsewhere."
    ),
    THUMBNAIL: (
        "A blurred thumbnail of 8×8 pixels gives the class nearly as well, so the question needs no shapes, "
        "or near copies are on both sides of the split. Look at the audit's near duplicates and groups (`--group-by`)."
    ),
    MEAN_BOX: (
        "The thing is nearly always at the same place and of the same size, so one box for all pictures does nearly as well. "
        "Move the pictures while training (`--augment.shift 0.2 --augment.zoom 0.3`), and test on pictures where it lies elsewhere."
    ),
    WHOLE_PICTURE: (
        "The thing fills the pictures, so the picture's own edge is nearly as good an answer. "
        "Ask for the class instead (`--task classify`), or take pictures that show more of what is around it."
    ),
    ONE_CLASS: (
        "It answers hardly better than someone who paints everything in the largest class. "
        "Train longer or with another rate, and show the network more pixels (`--size`) if the other classes are small things."
    ),
    GRID: (
        "Where a pixel lies gives its class nearly as well as what it shows. "
        "Mirror and move the pictures while training (`--augment.flip horizontal --augment.shift 0.2`), "
        "and test on pictures taken from another point of view."
    ),
    MEAN_LAYOUT: (
        "Things lie at the same places and are of the same sizes, so boxes that never look at the picture do nearly as well. "
        "Move the pictures while training (`--augment.shift 0.2 --augment.zoom 0.3`), and test on pictures that are laid out otherwise."
    ),
    OTSU: (
        "Dividing the picture into bright and dark finds the things nearly as well, which needs no network. "
        "Train longer, or show the network more pixels (`--size`); if it stays so, the threshold is the better tool."
    ),
}

_FEW_PICTURES = "That is far apart, but so few pictures leave room for chance: score it on more of them."
_HARDLY = "The network shows hardly more than that. Train longer or with another rate."


@dataclass(frozen=True)
class Trivial(Mapping[str, Figure]):
    """Headline figure of each trivial model by its name, and `notes`: what was left out to stay quick, and why."""

    figures: dict[str, Figure]
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Figure:
        return self.figures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.figures)

    def __len__(self) -> int:
        return len(self.figures)


def trivial(
    pixels: np.ndarray,
    targets: np.ndarray,
    train_rows: np.ndarray,
    rows: np.ndarray,
    classes: tuple[str, ...],
    seed: int,
    split: str = "test",
    progress: Callable[[int, int], None] | None = None,
) -> Trivial:
    """Return the accuracy that trivial models, trained on `train_rows`, reach on `rows`.

    `pixels` uint8 (n, H, W, C), may be a memory map; `targets` int64 (n,) for all n. At most 50,000 training pictures, or as many as make
    2 GB of pixels, are compared with, drawn at random; a note says so. No rows or no training rows give an empty result with a note.
    """
    train_rows, rows = np.asarray(train_rows, np.int64), np.asarray(rows, np.int64)
    if not len(train_rows) or not len(rows):
        return Trivial(
            {}, (f"No trivial models: there are {len(train_rows)} training and {len(rows)} {split} pictures.",)
        )
    targets = np.asarray(targets, np.int64)
    largest = int(np.bincount(targets[train_rows], minlength=len(classes)).argmax())
    found = {MAJORITY: rate(int((targets[rows] == largest).sum()), len(rows), split)}
    compared, notes = _capped(train_rows, pixels, seed)
    total = len(compared) + len(rows)
    tell = progress or (lambda done, of: None)
    known = _features(pixels, compared, lambda done: tell(done, total))
    asked = _features(pixels, rows, lambda done: tell(len(compared) + done, total))
    for name in known:
        neighbours = nearest(known[name], asked[name])
        found[name] = rate(int((targets[compared[neighbours]] == targets[rows]).sum()), len(rows), split)
    return Trivial(found, notes)


def near(figure: Figure, models: Mapping[str, Figure]) -> tuple[str, ...]:
    """Return one warning sentence for each trivial model that comes near the network's headline `figure`, the best model first.

    Near means less than five points below it, or that the two intervals overlap.
    """
    found = []
    for name, other in sorted(models.items(), key=lambda item: -item[1].value):
        close = figure.value - other.value < NEAR
        if not close and other.high < figure.low:
            continue
        # Far apart with wide intervals says that pictures are few, not that the question is easy.
        far = not close and other.value < figure.value / 2
        found.append(
            f"A trivial model, {name}, reaches {other.value:.3f} [{other.low:.3f}, {other.high:.3f}], "
            f"the network {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]. "
            f"{_FEW_PICTURES if far else _MEANING.get(name, _HARDLY)}"
        )
    return tuple(found)


def nearest(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return int64 (m,): for every row of `asked` (m, D) the row of `known` (n, D) at the smallest Euclidean distance, the first of equals.

    Blocks of float32 matrix products: |a - k|² is smallest where a·k - |k|²/2 is largest. Both are centred first, which keeps the rounding
    of float32 small against the distances.
    """
    middle = known.mean(0, dtype=np.float64).astype(np.float32)
    known, asked = known - middle, asked - middle
    half = np.square(known, dtype=np.float32).sum(1) / 2
    found = np.empty(len(asked), np.int64)
    for start in range(0, len(asked), _BLOCK_TEST):
        block = asked[start : start + _BLOCK_TEST]
        best = np.full(len(block), -np.inf, np.float32)
        place = np.zeros(len(block), np.int64)
        for first in range(0, len(known), _BLOCK_TRAIN):
            likeness = block @ known[first : first + _BLOCK_TRAIN].T
            likeness -= half[first : first + _BLOCK_TRAIN]
            column = likeness.argmax(1)
            value = likeness[np.arange(len(block)), column]
            better = value > best
            best[better], place[better] = value[better], column[better] + first
        found[start : start + _BLOCK_TEST] = place
    return found


def _capped(train_rows: np.ndarray, pixels: np.ndarray, seed: int) -> tuple[np.ndarray, tuple[str, ...]]:
    per_picture = int(np.prod(pixels.shape[1:]))
    cap = min(TRAIN_CAP, max(1000, BYTES_CAP // per_picture))
    if len(train_rows) <= cap:
        return train_rows, ()
    reason = "of time" if cap == TRAIN_CAP else f"that is {BYTES_CAP // 10**9} GB of pixels to read"
    kept = np.sort(permutation(seed, 0, len(train_rows), "trivial models")[:cap])
    return train_rows[kept], (
        f"Trivial models compare with {cap:,} of {len(train_rows):,} training pictures, drawn at random, because {reason}.",
    )


def _features(pixels: np.ndarray, rows: np.ndarray, tell: Callable[[int], None]) -> dict[str, np.ndarray]:
    """Read every picture once, in the order of the file, and return the three descriptions of it as float32 (n, D)."""
    order = np.argsort(rows, kind="stable")
    found: dict[str, np.ndarray] = {}
    for start in range(0, len(rows), _BLOCK_READ):
        places = order[start : start + _BLOCK_READ]
        block = np.asarray(pixels[rows[places]])
        described = {COLOUR: _colours(block), BORDER: _border(block), THUMBNAIL: _thumbnail(block)}
        for name, values in described.items():
            found.setdefault(name, np.empty((len(rows), values.shape[1]), np.float32))[places] = values
        tell(start + len(places))
    return found


def _colours(block: np.ndarray) -> np.ndarray:
    """Square roots of the joint histogram's shares (Hellinger distance): 4 steps per colour, 64 steps of grey."""
    n, channels = len(block), block.shape[-1]
    if channels == 1:
        codes = (block[..., 0] >> 2).astype(np.int64)
    else:
        steps = (block >> 6).astype(np.int64)
        codes = steps[..., 0] * _COLOURS**2 + steps[..., 1] * _COLOURS + steps[..., 2]
    codes = codes.reshape(n, -1)
    cells = _COLOURS**3
    counts = np.bincount((codes + np.arange(n)[:, None] * cells).ravel(), minlength=n * cells).reshape(n, cells)
    return np.sqrt(counts / codes.shape[1]).astype(np.float32)


def _border(block: np.ndarray) -> np.ndarray:
    """The frame of one sixteenth of the side, as means of sixteen pieces along each edge."""
    n, height, width, _ = block.shape
    deep_y, deep_x = max(1, height // _RING), max(1, width // _RING)
    edges = [
        _means(block[:, :deep_y], 1, min(_RING, width)),
        _means(block[:, -deep_y:], 1, min(_RING, width)),
        _means(block[:, :, :deep_x], min(_RING, height), 1),
        _means(block[:, :, -deep_x:], min(_RING, height), 1),
    ]
    return np.concatenate([edge.reshape(n, -1) for edge in edges], 1) / np.float32(255)


def _thumbnail(block: np.ndarray) -> np.ndarray:
    n, height, width, _ = block.shape
    return _means(block, min(_THUMB, height), min(_THUMB, width)).reshape(n, -1) / np.float32(255)


def _means(block: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return float32 (n, rows, columns, C): area means over a grid of nearly equal cells."""
    height, width = block.shape[1:3]
    tops, lefts = np.arange(rows) * height // rows, np.arange(columns) * width // columns
    # Rows first: the sum stays in int64 and the second pass is over few numbers.
    sums = np.add.reduceat(np.add.reduceat(block, tops, axis=1, dtype=np.int64), lefts, axis=2)
    area = np.diff(np.append(tops, height))[:, None] * np.diff(np.append(lefts, width))[None, :]
    return (sums / area[None, :, :, None]).astype(np.float32)
