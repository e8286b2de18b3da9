"""What explain.html is made of: plain data, gathered by the pipeline. What is None or empty leaves its section out.

    material = GlassMaterial(run=…, picture_name=…, task=…, classes=…, original=…, answer=…, network=anatomy(network, seen), …)
    write_glass(material, "explain.html")

`anatomy` (anatomy.py beside this file) reads layers, values and weights from the network; all else is filled by the caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.data.frames import Frame


@dataclass(frozen=True, eq=False)
class GlassLayer:
    """One layer with all that its values were made from.

    `values` float32 (C, h, w) or (units,). `sources` are the layers it reads. `numbers` are its weights by name, float32 each: `weight`
    and `bias` of a convolution or dense layer, `mean`, `variance`, `scale`, `shift` of a norm, `mean`, `std` of standardize; absent where
    the layer has none. `settings` are its plain numbers and words: stride, padding (top, left), dilation, groups, size, mode, eps, slope,
    factor, rate. `rows` and `columns` are the windows of the network's input (first, last pixel) that each row and column of the map sees.
    `late` is the activation that is run after this pooling although the list has it before; `pool_first` the pooling that is run before
    this activation; `next` the layer that alone reads this one and changes each value by itself. "" where there is none.
    """

    name: str
    kind: str
    number: str
    values: np.ndarray = field(repr=False)
    sources: tuple[str, ...] = ()
    numbers: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    settings: dict[str, Any] = field(default_factory=dict)
    rows: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    columns: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    late: str = ""
    pool_first: str = ""
    next: str = ""


@dataclass(frozen=True, eq=False)
class Anatomy:
    """A whole network and what it saw of one picture. The first of `layers` is the picture itself, in the network's input.

    `vote` is the name of the softmax, "" where the answer is a map. `stored` are values that are opened ahead, as
    `Arithmetic.as_dict(most=…)` gives them, for layers whose numbers a page cannot hold.
    """

    layers: tuple[GlassLayer, ...]
    classes: tuple[str, ...]
    vote: str
    temperature: float
    parameters: int
    stored: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Answered:
    """One line of the answer: what it is (`cat`, `box 3: RBC`), its score or share in [0, 1], None where there is none, and a link into
    the glass: the (layer, channel, y, x) where its value stands, y and x None in a row of values; None where it stands nowhere.
    """

    name: str
    score: float | None = None
    opens: tuple[str, int, int | None, int | None] | None = None


@dataclass(frozen=True, eq=False)
class Attributed:
    """What one method says of one target: `values` float32 (H, W) in pixels of the network's input. `signed`: below zero speaks against.

    `target` is the target's name, `method` the method's in words (Grad-CAM), `layer` where it was taken ("" for none), `sentence` how to
    read it, `check` how exact it is, in a sentence ("" for none).
    """

    target: str
    method: str
    values: np.ndarray = field(repr=False)
    signed: bool
    sentence: str = ""
    layer: str = ""
    check: str = ""


@dataclass(frozen=True)
class Level:
    """A layer that stands for low-, middle- or high-level features: `title` in words, `sentence` what is found there, and the channels
    that are shown, the strongest first.
    """

    title: str
    layer: str
    channels: tuple[int, ...]
    sentence: str = ""


@dataclass(frozen=True, eq=False)
class Crop:
    """A part of a training picture: uint8 (h, w, 1 or 3), the picture's name, its class ("" for none) and the value that it reached."""

    pixels: np.ndarray = field(repr=False)
    name: str
    label: str = ""
    value: float = 0.0


@dataclass(frozen=True)
class Exciting:
    """The crops of training pictures that excite one channel of a layer most, the strongest first."""

    layer: str
    channel: int
    crops: tuple[Crop, ...]


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A training picture near to this one in the last features: uint8 (h, w, 1 or 3), name, class, cosine in [−1, 1]."""

    pixels: np.ndarray = field(repr=False)
    name: str
    label: str
    similarity: float


@dataclass(frozen=True, eq=False)
class Changed:
    """The answer to a changed picture: what was done in words, the fitted pixels uint8 (H, W, 1 or 3), and the answer's lines."""

    what: str
    pixels: np.ndarray = field(repr=False)
    answer: tuple[Answered, ...]


@dataclass(frozen=True, eq=False)
class GlassMaterial:
    """One picture explained.

    `original` is the upright picture uint8 (H, W, 1 or 3), `frame` where it lies in the network's input, `drawn` the picture with boxes,
    outlines or classes drawn into it where the answer is a place. `said` is the answer in one sentence, `answer` its lines, best first.
    `look_in_python` is what to type to get the same value in Python, with `{place}` where `"conv2", 7, 3, 4` belongs:
    `run.explain("cat.jpg").arithmetic({place})`.
    """

    run: str
    picture_name: str
    task: str
    original: np.ndarray = field(repr=False)
    said: str
    answer: tuple[Answered, ...]
    network: Anatomy = field(repr=False)
    frame: Frame | None = None
    drawn: np.ndarray | None = field(default=None, repr=False)
    look_in_python: str = "run.explain(picture).arithmetic({place})"
    attributions: Sequence[Attributed] = ()
    levels: Sequence[Level] = ()
    exciting: Sequence[Exciting] = ()
    nearest: Sequence[Neighbour] = ()
    changed: Sequence[Changed] = ()
    notes: Sequence[str] = ()
    """Sentences that stand below the answer: what was left out and why."""
