"""The torch modules behind the layer words, one per step. Shape legend: N pictures, C channels, H × W pixels, K classes."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glassnet.networks import layers as L
from glassnet.networks.dropout import Dropout
from glassnet.networks.shapes import Step

# Whitening divides by the standard deviation along each direction; this keeps directions without signal from becoming pure noise.
WHITEN_EPS = 5e-4


class Measured:
    """Mixed into modules that are set from training pictures before the first step; `measured` is 0 until then and lies among the
    buffers, so that a checkpoint or a model file says whether it happened.
    """

    measured: Tensor | None
    _ready = False

    @property
    def ready(self) -> bool:
        """Whether nothing is left to measure. Asks the device only until the answer is yes."""
        self._ready = self._ready or self.measured is None or bool(self.measured)
        return self._ready

    def measure(self, x: Tensor) -> None:
        """Set buffers or weights from what reaches this module, x (N, C, H, W)."""
        raise NotImplementedError

    def _done(self) -> None:
        assert self.measured is not None
        self.measured.fill_(1)


class Conv(nn.Conv2d, Measured):
    """Convolution with the padding that the plan gives: top, bottom, left, right; unequal sides are padded first."""

    def __init__(self, step: Step) -> None:
        layer = step.layer
        assert isinstance(layer, L.Conv | L.Depthwise)
        top, bottom, left, right = step.padding
        equal = top == bottom and left == right
        super().__init__(
            step.before[0],
            step.after[0],
            layer.kernel,
            layer.stride,
            (top, left) if equal else 0,
            layer.dilation,
            layer.groups if isinstance(layer, L.Conv) else step.before[0],
            layer.bias,
        )
        self.sides = None if equal else (left, right, top, bottom)
        self.register_buffer("measured", torch.zeros(()) if layer.initial == "whiten" else None)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  torch's name
        """(N, C, H, W) → (N, filters, H', W')."""
        return super().forward(input if self.sides is None else F.pad(input, self.sides))

    @torch.no_grad()
    def measure(self, x: Tensor) -> None:
        """Set the filters to ± the leading directions of the windows of x, each scaled to unit variance.

        As in Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU" (arXiv:2404.00498): the windows' second moments, not centred.
        """
        window = self.weight[0].numel()
        moments = torch.zeros(window, window, dtype=torch.float64)
        count = 0
        for part in x.float().split(256):  # unfolding all at once would take kernel² times the memory of the sample
            padded = part if self.sides is None else F.pad(part, self.sides)
            columns = F.unfold(padded, self.kernel_size, self.dilation, self.padding, self.stride)  # type: ignore[arg-type]
            rows = (
                columns.transpose(1, 2).reshape(-1, window).double()
            )  # in float32 the weak directions depend on the processor
            moments += (rows.T @ rows).cpu()
            count += len(rows)
        values, vectors = torch.linalg.eigh(moments / count)
        pairs = self.weight.shape[0] // 2
        leading = vectors.T.flip(0)[:pairs]
        # An eigenvector's sign is the library's whim; the largest element is made positive so that every machine starts alike.
        signs = leading.gather(1, leading.abs().argmax(1, keepdim=True)).sign()
        filters = leading * signs / (values.flip(0)[:pairs].clamp(min=0) + WHITEN_EPS).sqrt()[:, None]
        self.weight.copy_(torch.cat([filters, -filters]).reshape(self.weight.shape))
        self._done()


class BatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation of (N, C, H, W) or (N, C), with or without a scale; the shift is always there."""

    def __init__(self, channels: int, scale: bool, momentum: float, eps: float) -> None:
        super().__init__(channels, eps, momentum, affine=scale)
        if not scale:
            self.bias = nn.Parameter(torch.zeros(channels))

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002  torch's name
        assert input.dim() in (2, 4)


class Standardize(nn.Module, Measured):
    """(x − mean) / std per channel; buffers, so that they travel with the weights."""

    mean: Tensor
    std: Tensor
    measured: Tensor | None

    def __init__(self, layer: L.Standardize, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(layer.mean) if layer.mean else torch.zeros(channels))
        self.register_buffer("std", torch.tensor(layer.std) if layer.std else torch.ones(channels))
        self.register_buffer("measured", torch.zeros(()) if layer.mean is None else None)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, …) → the same shape."""
        shape = (1, -1, *([1] * (x.ndim - 2)))
        return (x - self.mean.view(shape)) / self.std.view(shape)

    @torch.no_grad()
    def measure(self, x: Tensor) -> None:
        """Take mean and standard deviation of every channel over the sample."""
        wide = x.double().transpose(0, 1).flatten(1)
        self.mean.copy_(wide.mean(1))
        self.std.copy_(
            wide.std(1, correction=0).clamp(min=1e-3)
        )  # a channel without any variation stays as it is, shifted
        self._done()


class Activation(nn.Module):
    """One of the activation functions. `inplace` is decided by the network, where nobody needs the input any more."""

    def __init__(self, layer: L.Activation) -> None:
        super().__init__()
        self.kind, self.slope = layer.kind, layer.slope

    def forward(self, x: Tensor, inplace: bool = False) -> Tensor:
        """Any shape → the same shape."""
        if self.kind == "leaky_relu":
            return F.leaky_relu(x, self.slope, inplace)
        function, changing = _FUNCTIONS[self.kind]
        return changing(x) if inplace and changing is not None else function(x)

    @property
    def can_change(self) -> bool:
        """Whether the input may be overwritten: the derivative is known from the output alone."""
        return self.kind in ("relu", "sigmoid", "tanh") or (self.kind == "leaky_relu" and self.slope > 0)

    def extra_repr(self) -> str:
        """Name the function when the module is printed."""
        return self.kind


class Pool(nn.Module):
    """Max or average pooling; padding and what lies beyond the edge never count."""

    def __init__(self, layer: L.MaxPool | L.AvgPool) -> None:
        super().__init__()
        self.largest = isinstance(layer, L.MaxPool)
        self.size, self.stride = layer.size, layer.stride or layer.size
        self.padding, self.ceil = layer.padding, layer.ceil

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C, H', W')."""
        if self.largest:
            return F.max_pool2d(x, self.size, self.stride, self.padding, ceil_mode=self.ceil)
        return F.avg_pool2d(x, self.size, self.stride, self.padding, self.ceil, count_include_pad=False)


class GlobalPool(nn.Module):
    """(N, C, H, W) → (N, C): the mean or the largest value of each map."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C)."""
        # max_pool2d hands the gradient to one place as amax does not; amax would share it among equal values.
        return x.mean((2, 3)) if self.kind == "avg" else F.max_pool2d(x, x.shape[2:]).flatten(1)


class Upsample(nn.Module):
    """(N, C, H, W) → (N, C, factor·H, factor·W); bilinear interpolates between pixel centres (align_corners false)."""

    def __init__(self, layer: L.Upsample) -> None:
        super().__init__()
        self.factor, self.mode = layer.factor, layer.mode

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C, factor·H, factor·W)."""
        size = (x.shape[2] * self.factor, x.shape[3] * self.factor)
        return F.interpolate(x, size, mode=self.mode, align_corners=False if self.mode == "bilinear" else None)


class Flatten(nn.Module):
    """(N, C, H, W) → (N, C·H·W), channel by channel whatever the memory layout."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, …) → (N, values)."""
        return x.flatten(1)


class Scale(nn.Module):
    """Every value times a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Any shape → the same shape."""
        return x * self.factor


class Add(nn.Module):
    """The sum at the end of a residual."""

    def forward(self, inner: Tensor, shortcut: Tensor) -> Tensor:
        """Two tensors of one shape → their sum."""
        return inner + shortcut


class Sum(nn.Module):
    """Inside a decoder: the finer map plus the coarser one, each value of it repeated to the finer size."""

    def forward(self, finer: Tensor, coarser: Tensor) -> Tensor:
        """(N, C, H, W) and (N, C, h, w) → (N, C, H, W)."""
        return finer + F.interpolate(coarser, finer.shape[2:], mode="nearest")


class Resize(nn.Module):
    """The end of a decoder: its finest map brought to the wanted size, interpolated between pixel centres, or as it is."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.size = (height, width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C, height, width)."""
        if tuple(x.shape[2:]) == self.size:
            return x
        return F.interpolate(x, self.size, mode="bilinear", align_corners=False)


_FUNCTIONS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor] | None]] = {
    "relu": (F.relu, torch.relu_),
    "gelu": (F.gelu, None),
    "silu": (F.silu, None),
    "sigmoid": (torch.sigmoid, torch.sigmoid_),
    "tanh": (torch.tanh, torch.tanh_),
}


def module_of(step: Step) -> nn.Module:
    """Return the module of one step, with torch's own start of weights (networks/starts.py gives the real one)."""
    layer = step.layer
    match layer:
        case L.Conv() | L.Depthwise():
            return Conv(step)
        case L.Dense():
            return nn.Linear(step.before[0], step.after[0], layer.bias)
        case L.BatchNorm():
            return BatchNorm(step.before[0], layer.scale, layer.momentum, layer.eps)
        case L.Activation():
            return Activation(layer)
        case L.MaxPool() | L.AvgPool():
            return Pool(layer)
        case L.GlobalPool():
            return GlobalPool(layer.kind)
        case L.Dropout():
            return Dropout(layer.rate, layer.name)
        case L.Flatten():
            return Flatten()
        case L.Residual():
            return Add()
        case L.Upsample():
            return Upsample(layer)
        case L.Decoder():
            return Resize(*step.after[1:])
        case L.Sum():
            return Sum()
        case L.Standardize():
            return Standardize(layer, step.before[0])
        case L.Scale():
            return Scale(layer.factor)
        case L.Backbone():
            from glassnet.networks.pretrained import BackboneModule

            return BackboneModule(layer, step.before)
    raise AssertionError(layer)
