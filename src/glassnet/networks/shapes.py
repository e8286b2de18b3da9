"""What a list of layers does to a picture, worked out without running it: shapes, weights, multiply-adds, receptive fields.

Shape legend: a map is (C, H, W), a row of values is (C,). Nothing here imports torch, so that `glassnet summary` is quick; the one
exception is a `backbone`, whose shapes only timm knows.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from glassnet.errors import RecipeError
from glassnet.networks import layers as L
from glassnet.networks.fields import Fields, spread, taps, whole
from glassnet.networks.words import Pair

Shape = tuple[int, ...]

# Bounds that no laptop passes and a hostile model.json must not: 500 million weights are 2 GB, a map of 2^28 values 1 GiB per picture.
MOST_WEIGHTS = 500_000_000
MOST_VALUES = 2**28


@dataclass(frozen=True)
class Step:
    """One thing the network does, in the order the user wrote it; an `activation:` option is a step of its own after its layer.

    `parameters` counts every weight and bias, frozen ones too; `buffers` counts numbers that are measured (running statistics).
    `multiply_adds` counts one per product that is summed or scaled, for one picture; comparisons and activation functions count nothing.
    `fields` knows the exact window of the picture that each value sees. `inner` and `shortcut` are the two ways through a residual.
    """

    name: str
    layer: L.Layer
    before: Shape
    after: Shape
    parameters: int
    buffers: int
    multiply_adds: int
    fields: Fields
    inner: tuple["Step", ...] = ()
    shortcut: tuple["Step", ...] = ()

    @property
    def kind(self) -> str:
        """The word of the layer: conv, relu, maxpool, …"""
        return self.layer.kind if isinstance(self.layer, L.Activation) else self.layer.word

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """Rows and columns of padding: top, bottom, left, right."""
        if not isinstance(self.layer, L.Conv | L.Depthwise):
            return (0, 0, 0, 0)
        rows, columns = (_sides(self.layer, self.before[1 + axis], axis) for axis in (0, 1))
        return (*rows, *columns)


def plan(layers: Sequence[L.Layer], shape: Shape, classes: int) -> tuple[Step, ...]:
    """Return the steps of parsed `layers` for pictures of `shape` (C, H, W), every residual's shortcut resolved.

    Raises RecipeError that names the layer, the shapes and the fix when they do not fit, or when the output is not one value per class
    (with a decoder among the layers: not a map).
    """
    if len(shape) != 3 or min(shape) < 1 or max(shape) > 65_536:
        raise RecipeError(f"A picture's shape is (channels, height, width), each at least 1; got {shape}.")
    steps = trunk(layers, shape, classes)
    last = steps[-1]
    if any(isinstance(layer, L.Decoder) for layer in layers):
        if len(last.after) != 3:
            raise RecipeError(
                f"The last layer, {_label(last.layer)}, gives {text(last.after)}; after a decoder the answer is a map. "
                "End the list with a convolution."
            )
        return steps
    if last.after != (classes,):
        raise RecipeError(
            f"The last layer, {_label(last.layer)}, gives {text(last.after)}, and {classes} classes need a row of {classes} values. "
            f"End the list with {_ending(last.after)}."
        )
    return steps


def trunk(layers: Sequence[L.Layer], shape: Shape, classes: int) -> tuple[Step, ...]:
    """As `plan`, for a list that need not end in one value per class (the part below a dense task's decoder)."""
    steps = _through(layers, tuple(shape), whole(shape[1], shape[2]), classes)
    weights = sum(step.parameters for step in steps)
    if weights > MOST_WEIGHTS:
        big = max(steps, key=lambda step: step.parameters)
        raise RecipeError(
            f"The network would have {weights:,} weights, {big.parameters:,} of them in layer {big.layer.number} ({big.name}, which reads "
            f"{text(big.before)}). Glassnet builds at most {MOST_WEIGHTS:,}. Pool more before it, or put global_pool in place of flatten."
        )
    return steps


def text(shape: Shape) -> str:
    """Return a shape as people write it: 30×30×32 for a map, 64 for a row."""
    return f"{shape[1]}×{shape[2]}×{shape[0]}" if len(shape) == 3 else f"{shape[0]:,}"


def one(layer: L.Layer, before: Shape, fields: Fields) -> Step:
    """Return the step of one layer on a map of shape `before`. Raises RecipeError where it does not fit."""
    return _RULES[type(layer)](layer, before, fields, 0)


def _through(layers: Sequence[L.Layer], shape: Shape, fields: Fields, classes: int) -> tuple[Step, ...]:
    steps: list[Step] = []
    picture = shape
    for layer in layers:
        if isinstance(layer, L.Decoder):
            from glassnet.networks.decoder import plan_decoder

            step = plan_decoder(layer, steps, picture)
        else:
            step = _RULES[type(layer)](layer, shape, fields, classes)
        if math.prod(step.after) > MOST_VALUES:
            raise RecipeError(
                f"{_label(layer)} would give {text(step.after)} for every picture, which is too large to compute. Pool before it."
            )
        steps.append(step)
        activation = getattr(layer, "activation", None)
        if activation:
            after = L.Activation(name=f"{layer.name}_{activation}", number=layer.number, kind=activation)
            steps.append(
                replace(
                    step,
                    name=after.name,
                    layer=after,
                    before=step.after,
                    parameters=0,
                    buffers=0,
                    multiply_adds=0,
                    inner=(),
                    shortcut=(),
                )
            )
        shape, fields = step.after, step.fields
    return tuple(steps)


def _conv(layer: L.Conv, before: Shape, fields: Fields, classes: int) -> Step:
    channels = _map(layer, before)
    if channels % layer.groups or layer.filters % layer.groups:
        raise RecipeError(
            f"{_label(layer)}: groups {layer.groups} must divide both the {channels} channels that come in and the {layer.filters} filters."
        )
    return _convolve(layer, before, fields, layer.filters, channels // layer.groups)


def _depthwise(layer: L.Depthwise, before: Shape, fields: Fields, classes: int) -> Step:
    return _convolve(layer, before, fields, _map(layer, before) * layer.multiplier, 1)


def _convolve(layer: L.Conv | L.Depthwise, before: Shape, fields: Fields, filters: int, depth: int) -> Step:
    window = layer.kernel[0] * layer.kernel[1] * depth
    if layer.initial == "whiten":
        _whitening(layer, before, filters, window)
    hits = tuple(
        taps(
            before[1 + axis],
            layer.kernel[axis],
            layer.stride[axis],
            _sides(layer, before[1 + axis], axis),
            layer.dilation[axis],
        )
        for axis in (0, 1)
    )
    if not all(hits):
        raise RecipeError(_does_not_fit(layer, layer.kernel, layer.dilation, before))
    if not all(inputs for axis in hits for inputs in axis):
        # Such values would be the bias alone, and torch 2.13 crashes the process on some of them (channels_last, dilation 2, stride 3).
        raise RecipeError(
            f"{_label(layer)}: with this padding a {_by(layer.kernel)} window on a {before[1]}×{before[2]} map sees nothing but padding "
            "at some places. Set padding: same, or less padding."
        )
    after = (filters, len(hits[0]), len(hits[1]))
    return Step(
        layer.name, layer, before, after,
        parameters=filters * window + (filters if layer.bias else 0),
        buffers=0,
        multiply_adds=math.prod(after) * window,
        fields=fields.through(hits),
    )  # fmt: skip


def _whitening(layer: L.Conv | L.Depthwise, before: Shape, filters: int, window: int) -> None:
    if isinstance(layer, L.Depthwise) or layer.groups != 1:
        raise RecipeError(f"{_label(layer)}: whitening filters look at all channels together; use conv with groups 1.")
    if filters % 2 or filters > 2 * window:
        raise RecipeError(
            f"{_label(layer)}: whitening filters come in pairs, and a {_by(layer.kernel)} window of {before[0]} channels "
            f"has {window} directions: filters must be even and at most {2 * window}, got {filters}."
        )


def _dense(layer: L.Dense, before: Shape, fields: Fields, classes: int) -> Step:
    if len(before) == 3:
        raise RecipeError(
            f"{_label(layer)} reads a row of values, and {text(before)} is a map. Put flatten or global_pool before it."
        )
    if layer.initial == "whiten":
        raise RecipeError(f"{_label(layer)}: whiten is a start for convolutions; use glorot or he.")
    units = classes if layer.units == "classes" else int(layer.units)
    parameters = before[0] * units + (units if layer.bias else 0)
    return Step(layer.name, layer, before, (units,), parameters, 0, before[0] * units, fields.merged())


def _pool(layer: L.MaxPool | L.AvgPool, before: Shape, fields: Fields, classes: int) -> Step:
    _map(layer, before)
    stride = layer.stride or layer.size
    if any(2 * layer.padding[axis] > layer.size[axis] for axis in (0, 1)):
        raise RecipeError(
            f"{_label(layer)}: padding {_by(layer.padding)} is more than half of the {_by(layer.size)} window; "
            "a window could hold nothing else."
        )
    hits = tuple(
        taps(before[1 + axis], layer.size[axis], stride[axis], (layer.padding[axis],) * 2, 1, ceil=layer.ceil)
        for axis in (0, 1)
    )
    if not all(hits):
        raise RecipeError(_does_not_fit(layer, layer.size, (1, 1), before))
    after = (before[0], len(hits[0]), len(hits[1]))
    adds = math.prod(after) * math.prod(layer.size) if isinstance(layer, L.AvgPool) else 0
    return Step(layer.name, layer, before, after, 0, 0, adds, fields.through(hits))


def _global_pool(layer: L.GlobalPool, before: Shape, fields: Fields, classes: int) -> Step:
    _map(layer, before)
    adds = math.prod(before) if layer.kind == "avg" else 0
    return Step(layer.name, layer, before, before[:1], 0, 0, adds, fields.merged())


def _flatten(layer: L.Flatten, before: Shape, fields: Fields, classes: int) -> Step:
    return Step(layer.name, layer, before, (math.prod(before),), 0, 0, 0, fields.merged())


def _batch_norm(layer: L.BatchNorm, before: Shape, fields: Fields, classes: int) -> Step:
    parameters = before[0] * (2 if layer.scale else 1)
    return Step(layer.name, layer, before, before, parameters, 2 * before[0], math.prod(before), fields)


def _standardize(layer: L.Standardize, before: Shape, fields: Fields, classes: int) -> Step:
    for word, values in (("mean", layer.mean), ("std", layer.std)):
        if values is not None and len(values) != before[0]:
            raise RecipeError(
                f"{_label(layer)}: {word} has {len(values)} numbers, and {text(before)} has {before[0]} channels."
            )
    if (layer.mean is None) != (layer.std is None):
        raise RecipeError(
            f"{_label(layer)}: give both mean and std, or neither (then they are measured on the training pictures)."
        )
    return Step(layer.name, layer, before, before, 0, 2 * before[0], math.prod(before), fields)


def _scale(layer: L.Scale, before: Shape, fields: Fields, classes: int) -> Step:
    return Step(layer.name, layer, before, before, 0, 0, math.prod(before), fields)


def _same(layer: L.Layer, before: Shape, fields: Fields, classes: int) -> Step:
    return Step(layer.name, layer, before, before, 0, 0, 0, fields)


def _upsample(layer: L.Upsample, before: Shape, fields: Fields, classes: int) -> Step:
    channels = _map(layer, before)
    hits = tuple(spread(before[1 + axis], layer.factor, layer.mode) for axis in (0, 1))
    after = (channels, len(hits[0]), len(hits[1]))
    adds = 4 * math.prod(after) if layer.mode == "bilinear" else 0
    return Step(layer.name, layer, before, after, 0, 0, adds, fields.through(hits))


def _residual(layer: L.Residual, before: Shape, fields: Fields, classes: int) -> Step:
    if any(isinstance(each, L.Decoder) for each in L.walk((layer,))):
        raise RecipeError(
            f"{_label(layer)} has a decoder inside. A decoder reads all maps before it, so it stands outside of residuals."
        )
    inner = _through(layer.layers, before, fields, classes)
    after = inner[-1].after
    way = layer.shortcut if not isinstance(layer.shortcut, str) else _projection(layer, before, after)
    shortcut = _through(way, before, fields, classes)
    reached = shortcut[-1].after if shortcut else before
    if reached != after:
        raise RecipeError(
            f"{_label(layer)}: the inner layers give {text(after)} and the shortcut {text(reached)}; only equal shapes can be added. "
            "Change the stride or the filters of one of them, or leave shortcut out (then it is found)."
        )
    steps = (*inner, *shortcut)
    return Step(
        layer.name, layer, before, after,
        parameters=sum(step.parameters for step in steps),
        buffers=sum(step.buffers for step in steps),
        multiply_adds=sum(step.multiply_adds for step in steps),
        fields=inner[-1].fields.union(shortcut[-1].fields if shortcut else fields),
        inner=inner,
        shortcut=shortcut,
    )  # fmt: skip


def _projection(layer: L.Residual, before: Shape, after: Shape) -> tuple[L.Layer, ...]:
    """The shortcut of He et al. (option B): nothing where shapes agree, else a 1×1 convolution with the stride that makes them agree."""
    if before == after:
        return ()
    fits = len(before) == 3 == len(after)
    stride = tuple(math.ceil(before[axis] / after[axis]) for axis in (1, 2)) if fits else ()
    if not fits or any(math.ceil(before[axis] / stride[axis - 1]) != after[axis] for axis in (1, 2)):
        raise RecipeError(
            f"{_label(layer)}: the inner layers turn {text(before)} into {text(after)}, and no 1×1 convolution does that to the input. "
            "Use padding same in the inner layers, or give the shortcut as a list of layers."
        )
    norm = any(isinstance(each, L.BatchNorm) for each in L.walk(layer.layers))
    number = f"{layer.number}.shortcut"
    conv = L.Conv(
        name=f"{layer.name}_conv",
        number=f"{number}.1",
        filters=after[0],
        kernel=(1, 1),
        stride=(stride[0], stride[1]),
        bias=not norm,
    )
    return (conv, L.BatchNorm(name=f"{layer.name}_norm", number=f"{number}.2")) if norm else (conv,)


def _backbone(layer: L.Backbone, before: Shape, fields: Fields, classes: int) -> Step:
    from glassnet.networks.pretrained import describe

    channels = _map(layer, before)
    found = describe(layer.model, channels, before[1], before[2])
    # What one value of a foreign network sees is not known to us; the whole picture is the honest bound.
    seen = fields.merged().over(found.after[1], found.after[2])
    return Step(layer.name, layer, before, found.after, found.parameters, found.buffers, found.multiply_adds, seen)


_RULES: dict[type[L.Layer], Callable[..., Step]] = {
    L.Conv: _conv, L.Depthwise: _depthwise, L.Dense: _dense, L.MaxPool: _pool, L.AvgPool: _pool, L.GlobalPool: _global_pool,
    L.Flatten: _flatten, L.BatchNorm: _batch_norm, L.Standardize: _standardize, L.Scale: _scale, L.Activation: _same,
    L.Dropout: _same, L.Upsample: _upsample, L.Residual: _residual, L.Backbone: _backbone,
}  # fmt: skip


def _sides(layer: L.Conv | L.Depthwise, size: int, axis: int) -> Pair:
    """Padding before and after along one axis. same puts the odd row after, as Keras does."""
    if layer.padding == "valid":
        return (0, 0)
    if layer.padding == "same":
        reach = (layer.kernel[axis] - 1) * layer.dilation[axis] + 1
        total = max(0, (math.ceil(size / layer.stride[axis]) - 1) * layer.stride[axis] + reach - size)
        return (total // 2, total - total // 2)
    both = layer.padding[axis]
    assert isinstance(both, int)
    return (both, both)


def _map(layer: L.Layer, before: Shape) -> int:
    if len(before) != 3:
        raise RecipeError(
            f"{_label(layer)} reads a map, and {text(before)} is a row of values. Put it before flatten, global_pool and dense."
        )
    return before[0]


def _label(layer: L.Layer) -> str:
    return f"Layer {layer.number} ({layer.name})"


def _by(pair: Pair) -> str:
    return f"{pair[0]}×{pair[1]}"


def _does_not_fit(layer: L.Layer, window: Pair, dilation: Pair, before: Shape) -> str:
    spread_out = f" with dilation {_by(dilation)}" if dilation != (1, 1) else ""
    fix = "set ceil: true" if isinstance(layer, L.MaxPool | L.AvgPool) else "set padding: same"
    return (
        f"{_label(layer)}: a {_by(window)} window{spread_out} does not fit a {before[1]}×{before[2]} map. "
        f"Drop a pooling before it, {fix}, make the window smaller, or give larger pictures."
    )


def _ending(shape: Shape) -> str:
    return "{dense: classes}" if len(shape) == 1 else "flatten (or global_pool) and {dense: classes}"
