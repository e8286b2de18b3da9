"""The words of a layer list: one frozen dataclass per word, and `parse`, which reads a list as a person writes it.

A layer is a word (`flatten`), or a map whose first meaning is the word's main value, plus options:
`{conv: 32, kernel: 3, padding: same, activation: relu}`. Nothing here knows shapes or imports torch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, ClassVar

from glassnet.errors import RecipeError
from glassnet.networks import words
from glassnet.networks.words import Pair

ACTIVATIONS = ("relu", "leaky_relu", "gelu", "silu", "sigmoid", "tanh")
# A layer list may come from a stranger's model.json; nothing a person writes comes near these bounds.
MOST_LAYERS = 1_000
DEEPEST_NESTING = 4


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer as asked for. `number` is its place in the list as a person counts (`3`, or `4.2` inside a residual)."""

    word: ClassVar[str] = ""
    main: ClassVar[str | None] = None
    """The field that the word's own value fills, as 32 in `{conv: 32}`; None for layers that are a bare word."""

    name: str = ""
    """Stable name: the word and a count of its kind (conv1, conv2, …), or what the user called it."""
    number: str = ""

    def spec(self) -> str | dict[str, Any]:
        """Return the layer as it would be written in a recipe, with its name and without what equals the default."""
        shown: dict[str, Any] = {}
        for part in fields(self):
            value = getattr(self, part.name)
            if part.name in ("number", self.main) or value == _default(part):
                continue
            shown[part.name] = _plain(value)
        return {self.word: _plain(getattr(self, self.main)) if self.main else {}, **shown}


@dataclass(frozen=True, kw_only=True)
class Learning(Layer):
    """What every layer that learns can be told."""

    activation: str | None = field(default=None, metadata={"read": words.one_of(*ACTIVATIONS, none=True)})
    frozen: bool = field(default=False, metadata={"read": words.flag})
    """Weights and bias stay as they start."""
    rate: float = field(default=1.0, metadata={"read": words.number(0.0, 1e6)})
    """Learning rate as a multiple of the network's."""


@dataclass(frozen=True, kw_only=True)
class _Weighted(Learning):
    """What every layer with a matrix or kernels can be told."""

    bias: bool = field(default=True, metadata={"read": words.flag})
    initial: str | None = field(
        default=None, metadata={"read": words.one_of("glorot", "he", "identity", "unit", "zero", "whiten", none=True)}
    )
    """How the weights start: glorot, he, identity (the first channels pass through), unit (standard normal), zero, or whiten
    (paired filters measured from the training pictures). None: as the network is told."""


@dataclass(frozen=True, kw_only=True)
class Conv(_Weighted):
    """Convolution. `padding` is valid (none), same (output = ceil(input / stride)) or a number of rows and columns of zeros."""

    word: ClassVar[str] = "conv"
    main: ClassVar[str | None] = "filters"

    filters: int = field(metadata={"read": words.count(1_000_000)})
    kernel: Pair = field(default=(3, 3), metadata={"read": words.pair(1, 1024)})
    stride: Pair = field(default=(1, 1), metadata={"read": words.pair(1, 1024)})
    padding: str | Pair = field(default="valid", metadata={"read": words.padding})
    dilation: Pair = field(default=(1, 1), metadata={"read": words.pair(1, 1024)})
    groups: int = field(default=1, metadata={"read": words.count(1_000_000)})


@dataclass(frozen=True, kw_only=True)
class Depthwise(_Weighted):
    """Convolution of every channel by itself; `multiplier` filters for each."""

    word: ClassVar[str] = "depthwise"
    main: ClassVar[str | None] = "kernel"

    kernel: Pair = field(default=(3, 3), metadata={"read": words.pair(1, 1024)})
    stride: Pair = field(default=(1, 1), metadata={"read": words.pair(1, 1024)})
    padding: str | Pair = field(default="valid", metadata={"read": words.padding})
    dilation: Pair = field(default=(1, 1), metadata={"read": words.pair(1, 1024)})
    multiplier: int = field(default=1, metadata={"read": words.count(1024)})


@dataclass(frozen=True, kw_only=True)
class Dense(_Weighted):
    """Fully connected layer. `{dense: classes}` has as many outputs as there are classes."""

    word: ClassVar[str] = "dense"
    main: ClassVar[str | None] = "units"

    units: int | str = field(metadata={"read": words.units})


@dataclass(frozen=True, kw_only=True)
class BatchNorm(Learning):
    """Batch normalisation (Ioffe and Szegedy, arXiv:1502.03167). `momentum` is the share of the newest batch in the running statistics."""

    word: ClassVar[str] = "batch_norm"

    scale: bool = field(default=True, metadata={"read": words.flag})
    momentum: float = field(default=0.1, metadata={"read": words.number(0.0, 1.0)})
    eps: float = field(default=1e-5, metadata={"read": words.number(1e-12, 1.0)})


@dataclass(frozen=True, kw_only=True)
class Activation(Layer):
    """A function applied to every value. `kind` is one of ACTIVATIONS; `slope` is leaky_relu's."""

    kind: str = "relu"
    slope: float = field(default=0.01, metadata={"read": words.number(0.0, 1.0)})

    def spec(self) -> str | dict[str, Any]:
        """Return the layer as it would be written in a recipe."""
        return {self.kind: {}, "name": self.name} | ({"slope": self.slope} if self.kind == "leaky_relu" else {})


@dataclass(frozen=True, kw_only=True)
class _Pool(Layer):
    main: ClassVar[str | None] = "size"

    size: Pair = field(default=(2, 2), metadata={"read": words.pair(1, 1024)})
    stride: Pair | None = field(default=None, metadata={"read": words.pair(1, 1024)})
    """None: as wide as the window."""
    padding: Pair = field(default=(0, 0), metadata={"read": words.pair(0, 512)})
    ceil: bool = field(default=False, metadata={"read": words.flag})
    """An incomplete window at the right and lower edge still counts."""


@dataclass(frozen=True, kw_only=True)
class MaxPool(_Pool):
    """The largest value of each window."""

    word: ClassVar[str] = "maxpool"


@dataclass(frozen=True, kw_only=True)
class AvgPool(_Pool):
    """The mean of each window; padding and what lies beyond the edge do not count."""

    word: ClassVar[str] = "avgpool"


@dataclass(frozen=True, kw_only=True)
class GlobalPool(Layer):
    """One value per channel: the mean (avg) or the largest (max) of its whole map."""

    word: ClassVar[str] = "global_pool"
    main: ClassVar[str | None] = "kind"

    kind: str = field(default="avg", metadata={"read": words.one_of("avg", "max")})


@dataclass(frozen=True, kw_only=True)
class Dropout(Layer):
    """During training only: each value is dropped with probability `rate`, the others are enlarged to keep the mean."""

    word: ClassVar[str] = "dropout"
    main: ClassVar[str | None] = "rate"

    rate: float = field(metadata={"read": words.number(0.0, 0.99)})


@dataclass(frozen=True, kw_only=True)
class Flatten(Layer):
    """A map (C, H, W) written as one row of C·H·W values, channel by channel."""

    word: ClassVar[str] = "flatten"


@dataclass(frozen=True, kw_only=True)
class Residual(Layer):
    """The inner layers' output plus the input (He et al., arXiv:1512.03385).

    `shortcut` says what the input passes on its way round: auto (nothing where shapes agree, else a 1×1 convolution, with batch norm
    where the inner layers have it) or a list of layers.
    """

    word: ClassVar[str] = "residual"
    main: ClassVar[str | None] = "layers"

    layers: tuple[Layer, ...] = field(metadata={"read": words.nested})
    shortcut: str | tuple[Layer, ...] = field(default="auto", metadata={"read": words.nested_or("auto")})
    activation: str | None = field(default=None, metadata={"read": words.one_of(*ACTIVATIONS, none=True)})


@dataclass(frozen=True, kw_only=True)
class Upsample(Layer):
    """Maps enlarged by a whole `factor`: each value repeated (nearest) or interpolated (bilinear)."""

    word: ClassVar[str] = "upsample"
    main: ClassVar[str | None] = "factor"

    factor: int = field(default=2, metadata={"read": words.count(64)})
    mode: str = field(default="nearest", metadata={"read": words.one_of("nearest", "bilinear")})


@dataclass(frozen=True, kw_only=True)
class Standardize(Layer):
    """(x − mean) / std per channel. Without `mean` and `std` they are measured on the training pictures."""

    word: ClassVar[str] = "standardize"

    mean: tuple[float, ...] | None = field(default=None, metadata={"read": words.numbers})
    std: tuple[float, ...] | None = field(default=None, metadata={"read": words.positive_numbers})


@dataclass(frozen=True, kw_only=True)
class Scale(Layer):
    """Every value times a constant."""

    word: ClassVar[str] = "scale"
    main: ClassVar[str | None] = "factor"

    factor: float = field(metadata={"read": words.number(-1e6, 1e6)})


@dataclass(frozen=True, kw_only=True)
class Backbone(Layer):
    """The convolutional part of a timm network. `weights` is hub, a path to a .safetensors file, or none; networks/pretrained.py."""

    word: ClassVar[str] = "backbone"
    main: ClassVar[str | None] = "model"

    model: str = field(metadata={"read": words.text})
    weights: str = field(default="none", metadata={"read": words.text})
    rate: float = field(default=0.1, metadata={"read": words.number(0.0, 1e6)})


@dataclass(frozen=True, kw_only=True)
class Decoder(Layer):
    """From the maps of all resolutions before it to one of `channels`, `stride` pixels of the picture per value; networks/decoder.py."""

    word: ClassVar[str] = "decoder"
    main: ClassVar[str | None] = "channels"

    channels: int = field(default=64, metadata={"read": words.count(65_536)})
    stride: int = field(default=4, metadata={"read": words.count(64)})


@dataclass(frozen=True, kw_only=True)
class Sum(Layer):
    """Inside a decoder: the finer map plus the coarser one, repeated to its size. No word of a list."""

    word: ClassVar[str] = "sum"


_WORDS: tuple[type[Layer], ...] = (
    Conv, Depthwise, Dense, BatchNorm, MaxPool, AvgPool, GlobalPool, Dropout, Flatten, Residual, Upsample, Standardize, Scale, Backbone,
    Decoder,
)  # fmt: skip
KINDS: dict[str, type[Layer]] = {kind.word: kind for kind in _WORDS} | dict.fromkeys(ACTIVATIONS, Activation)
"""Every word of a layer list and what it stands for."""


def parse(layers: Sequence[Any]) -> tuple[Layer, ...]:
    """Return the layers of a list, each with its number and name. Raises RecipeError that names the layer, the allowed set and the fix.

    Parsing what `specs` gave returns equal layers.
    """
    if isinstance(layers, str | dict) or not isinstance(layers, Sequence):
        raise RecipeError(
            f"A network is a list of layers, as [{{conv: 32, activation: relu}}, flatten, {{dense: classes}}]; got {layers!r}."
        )
    if not layers:
        raise RecipeError("The list of layers is empty; the shortest network is [flatten, {dense: classes}].")
    parsed = tuple(_parse_list(layers, "", 0))
    if sum(1 for _ in walk(parsed)) > MOST_LAYERS:
        raise RecipeError(f"The list has more than {MOST_LAYERS} layers, which is more than Glassnet builds.")
    named = _name(parsed)
    seen: dict[str, str] = {}
    for layer in walk(named):
        if layer.name in seen:
            raise RecipeError(
                f"Layer {layer.number} is called {layer.name!r}, and so is layer {seen[layer.name]}. Give one another name."
            )
        seen[layer.name] = layer.number
    return named


def specs(layers: Sequence[Layer]) -> list[str | dict[str, Any]]:
    """Return the layers as plain JSON values that `parse` reads back to equal layers."""
    return [layer.spec() for layer in layers]


def walk(layers: Sequence[Layer]) -> Iterator[Layer]:
    """Yield every layer, a residual before the layers inside it."""
    for layer in layers:
        yield layer
        if isinstance(layer, Residual):
            yield from walk(layer.layers)
            if not isinstance(layer.shortcut, str):
                yield from walk(layer.shortcut)


def _parse_list(layers: Sequence[Any], prefix: str, depth: int) -> Iterator[Layer]:
    if depth > DEEPEST_NESTING:
        raise RecipeError(f"Layer {prefix.rstrip('.')}: residual layers are nested more than {DEEPEST_NESTING} deep.")
    if len(layers) > MOST_LAYERS:
        raise RecipeError(f"The list has {len(layers):,} layers; Glassnet builds at most {MOST_LAYERS:,}.")
    for index, written in enumerate(layers, 1):
        yield _parse_one(written, f"{prefix}{index}", depth)


def _parse_one(written: Any, number: str, depth: int) -> Layer:
    if isinstance(written, str):
        written = {written: {}}
    if not isinstance(written, dict) or not written or not all(isinstance(key, str) for key in written):
        raise RecipeError(
            f"Layer {number} is {written!r}. A layer is a word, as flatten, or a map, as {{conv: 32, kernel: 3}}."
        )
    word = next((key for key in written if key in KINDS and not _is_option_elsewhere(key, written)), None)
    if word is None:
        first = next(iter(written))
        raise RecipeError(f"Layer {number}: {first!r} is no layer. {words.nearest(first, KINDS)}")
    kind = KINDS[word]
    label = f"Layer {number} ({word})"
    known = {
        part.name: part for part in fields(kind) if part.name not in ("number", "kind" if kind is Activation else "")
    }
    if kind is Activation and word != "leaky_relu":
        known.pop("slope")
    values: dict[str, Any] = {"kind": word} if kind is Activation else {}
    if kind.main and written[word] not in ({}, None):
        values[kind.main] = _read(known[kind.main], written[word], label, word, number, depth)
    elif written[word] not in ({}, None, True):
        raise RecipeError(
            f"{label} takes no value of its own, got {written[word]!r}. Write `{word}`, or `{{{word}: {{}}, option: value}}`."
        )
    for option, value in written.items():
        if option == word:
            continue
        if option not in known or option == kind.main:
            raise RecipeError(
                f"{label} has no option {option!r}. {words.nearest(option, [o for o in known if o != kind.main])}"
            )
        values[option] = (
            words.identifier(value, label)
            if option == "name"
            else _read(known[option], value, label, option, number, depth)
        )
    for part in known.values():
        if part.default is MISSING and part.name not in values:
            raise RecipeError(f"{label} needs a value: {words.example(word)}.")
    return kind(number=number, **values)


def _is_option_elsewhere(key: str, written: dict) -> bool:
    """`scale` is a layer and an option of batch_norm: it is the layer only where no other key of the map is one."""
    others = [other for other in written if other != key and other in KINDS]
    return any(key in {part.name for part in fields(KINDS[other])} for other in others)


def _read(part: Any, value: Any, label: str, shown: str, number: str, depth: int) -> Any:
    read = part.metadata["read"]
    try:
        found = read(value)
    except ValueError as error:
        raise RecipeError(f"{label}: {shown} {error}, got {value!r}.") from None
    if read is words.nested or (part.name == "shortcut" and not isinstance(found, str)):
        inner = f"{number}." if part.name == "layers" else f"{number}.shortcut."
        return tuple(_parse_list(found, inner, depth + 1))
    return found


def _name(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Give every unnamed layer the word and a count of its kind; names that the user gave are stepped over."""
    taken = {layer.name for layer in walk(layers) if layer.name}
    counts: dict[str, int] = {}

    def named(layer: Layer) -> Layer:
        word = layer.kind if isinstance(layer, Activation) else layer.word
        name = layer.name or next_name(word)
        if isinstance(layer, Residual):
            inner = tuple(named(each) for each in layer.layers)
            shortcut = (
                layer.shortcut if isinstance(layer.shortcut, str) else tuple(named(each) for each in layer.shortcut)
            )
            return replace(layer, name=name, layers=inner, shortcut=shortcut)
        return replace(layer, name=name)

    def next_name(word: str) -> str:
        while True:
            counts[word] = counts.get(word, 0) + 1
            if f"{word}{counts[word]}" not in taken:
                return f"{word}{counts[word]}"

    return tuple(named(layer) for layer in layers)


def _default(part: Any) -> Any:
    return part.default if part.default is not MISSING else MISSING


def _plain(value: Any) -> Any:
    if isinstance(value, Layer):
        return value.spec()
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
