"""Networks to open: one with every word of a list of layers, random lists, and weights that hide no mistake."""

import math

import torch
from hypothesis import strategies as st

from glassnet.errors import RecipeError
from glassnet.networks.layers import ACTIVATIONS, parse
from glassnet.networks.network import build
from glassnet.networks.shapes import plan, trunk

EVERY_WORD = [
    {"standardize": {}, "mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.25]},
    {"conv": 8, "kernel": 3, "padding": "same", "bias": False, "initial": "whiten", "frozen": True},
    "relu",
    {"maxpool": 3, "stride": 2, "padding": 1, "ceil": True},
    {"conv": 12, "kernel": [3, 2], "stride": [2, 1], "padding": [1, 0], "groups": 2, "activation": "leaky_relu"},
    {"batch_norm": {}, "scale": False, "rate": 4.0},
    "gelu",
    {"residual": [{"conv": 6, "padding": "same", "bias": False}, "batch_norm", "silu"], "activation": "relu"},
    {"residual": [{"depthwise": 3, "padding": "same", "multiplier": 1}, "tanh"]},
    {"upsample": 2, "mode": "bilinear"},
    {"upsample": 3},
    {"avgpool": 2, "padding": 1},
    {"conv": 4, "kernel": 2, "dilation": 2, "activation": "sigmoid"},
    {"dropout": 0.25},
    "flatten",
    {"dense": 10, "activation": "relu"},
    "batch_norm",
    {"dense": "classes", "bias": False, "initial": "unit"},
    {"scale": 0.125},
]
MAP = {"kind": "map", "outputs": 5, "stride": 2}


def lived_in(layers, shape, classes=4, seed=0):
    """Return a network with biases and running statistics that are not the first ones: zeros and ones would hide mistakes."""
    network = build(layers, shape, classes, seed=seed)
    some = torch.Generator().manual_seed(seed + 1)
    network.prepare(torch.rand(16, *shape, generator=some))
    with torch.no_grad():
        for name, value in [*network.named_parameters(), *network.named_buffers()]:
            if name.endswith("running_var"):
                value.copy_(torch.rand(value.shape, generator=some) * 2 + 0.1)
            elif name.endswith(("bias", "running_mean")):
                value.copy_(torch.randn(value.shape, generator=some) * 0.5)
            elif "map." in name or (name.endswith("weight") and value.ndim == 1):
                value.copy_(torch.randn(value.shape, generator=some))
    return network.eval()


def _pairs(low, high):
    return st.one_of(st.integers(low, high), st.tuples(st.integers(low, high), st.integers(low, high)).map(list))


_PADDING = st.one_of(st.just("valid"), st.just("same"), _pairs(0, 2))
_ACTIVATION = st.sampled_from((None, *ACTIVATIONS))


@st.composite
def _convs(draw):
    groups = draw(st.sampled_from((1, 1, 2, 4)))
    return {
        "conv": groups * draw(st.integers(1, 2)) * 4 // math.gcd(groups, 4),
        "kernel": draw(_pairs(1, 4)),
        "stride": draw(_pairs(1, 3)),
        "dilation": draw(_pairs(1, 3)),
        "padding": draw(_PADDING),
        "groups": groups,
        "bias": draw(st.booleans()),
        "activation": draw(_ACTIVATION),
    }


@st.composite
def _depthwises(draw):
    shown = {"depthwise": draw(_pairs(1, 3)), "multiplier": draw(st.sampled_from((1, 2))), "stride": draw(_pairs(1, 2))}
    return {**shown, "padding": draw(_PADDING), "dilation": draw(_pairs(1, 2)), "activation": draw(_ACTIVATION)}


@st.composite
def _pools(draw):
    stride = draw(st.one_of(st.none(), _pairs(1, 3)))
    return {
        draw(st.sampled_from(("maxpool", "avgpool"))): draw(_pairs(2, 3)),
        **({} if stride is None else {"stride": stride}),
        "padding": draw(_pairs(0, 1)),
        "ceil": draw(st.booleans()),
    }


_PLAIN = st.one_of(
    st.sampled_from(ACTIVATIONS),
    st.just({"leaky_relu": {}, "slope": 0.3}),
    st.just({"batch_norm": {}, "scale": False, "eps": 1e-3}),
    st.just("batch_norm"),
    st.just({"scale": -0.75}),
    st.just({"dropout": 0.4}),
    st.builds(lambda f, m: {"upsample": f, "mode": m}, st.integers(1, 3), st.sampled_from(("nearest", "bilinear"))),
)
_RESIDUALS = st.builds(
    lambda filters, stride, norm, activation, first: {
        "residual": [
            *first,
            {"conv": filters, "padding": 1, "stride": stride},
            *(["batch_norm"] if norm else []),
        ],
        "activation": activation,
    },
    st.sampled_from((4, 8)),
    st.integers(1, 2),
    st.booleans(),
    _ACTIVATION,
    st.sampled_from(([], ["relu"], ["relu", {"maxpool": 3, "stride": 1, "padding": 1}])),
)
ENDINGS = st.sampled_from(
    (
        ["flatten", {"dense": 6, "activation": "relu"}, "batch_norm", {"dense": "classes"}],
        ["flatten", "relu", {"dropout": 0.2}, {"dense": "classes", "bias": False}],
        ["batch_norm", "flatten", "batch_norm", "standardize", {"dense": "classes"}],
        [{"global_pool": "avg"}, {"dense": "classes"}],
        [
            {"global_pool": "max"},
            {"residual": [{"dense": 8}, {"dense": 4}], "shortcut": [{"dense": 4}]},
            {"dense": "classes"},
        ],
        [{"decoder": 3, "stride": 2}, {"conv": 5, "padding": "same", "activation": "gelu"}, {"conv": 4, "kernel": 1}],
    )
)


BODIES = st.lists(
    st.one_of(_convs(), _convs(), _depthwises(), _pools(), _pools(), _PLAIN, _RESIDUALS), min_size=1, max_size=7
)


def fitting(body, ending, shape):
    """Return the layers of `body` that fit after one another, at least one, then the ending."""
    kept = [{"conv": 4, "kernel": 1}]
    for layer in body:
        try:
            trunk(parse([*kept, layer]), shape, 4)
        except RecipeError:
            continue
        kept.append(layer)
    plan(parse([*kept, *ending]), shape, 4)
    return [*kept, *ending]
