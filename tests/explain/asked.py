"""A tiny network of every task, sure enough of random pictures that there is an answer to explain."""

from dataclasses import dataclass
from typing import Any

import torch

from glassnet.data.frames import Frame, frame
from glassnet.data.pixels import PixelSettings
from glassnet.explain.target import Target
from glassnet.explain.targets import targets
from glassnet.networks.network import build
from glassnet.tasks import names, task
from glassnet.tasks.centres import COLD

TASKS = names()
CLASSES = ("cat", "dog", "cow")
SHAPE = (3, 24, 32)


@dataclass
class Asked:
    """What one network said of one picture x."""

    task: Any
    network: Any
    x: torch.Tensor
    outputs: torch.Tensor
    answer: Any
    frame: Frame | None
    views: Any

    def targets(self) -> list[Target]:
        return targets(self.task, self.network, self.outputs, self.answer, self.frame, self.views)


def body(activation="relu"):
    """Padding, stride, pooling, a norm, a residual; what the list puts before a pooling is computed after it."""
    return [
        "standardize",
        {"conv": 6, "activation": activation, "padding": "same"},
        {"maxpool": 2},
        {"residual": [{"conv": 8, "padding": "same"}, "batch_norm"], "activation": activation},
        {"conv": 8, "stride": 2, "padding": "same", "activation": activation},
    ]


def network_of(name, activation="relu", shape=SHAPE):
    given = task(name)
    head = given.head(len(CLASSES))
    if head["kind"] == "vote":
        layers = [*body(activation), "flatten", {"dense": 8, "activation": activation}, {"dense": "classes"}]
    else:
        layers = [*body(activation), {"decoder": 8, "stride": head["stride"]}, {"conv": head["outputs"], "kernel": 1}]
    network = build(layers, shape, CLASSES, seed=2)
    maker = torch.Generator().manual_seed(0)
    network.prepare(torch.rand(8, *shape, generator=maker))
    if head["kind"] == "map":
        warm(network, len(CLASSES), name)
    return given, network


@torch.no_grad()
def warm(network, classes, name):
    """Spread the outputs so that some things are found, none too surely, and pixels have several classes."""
    network.eval()
    last = network.steps[network.plan[-1].name]
    outputs = network(picture(network.shape))[0].flatten(1)
    for channel, (spread, mean) in enumerate(zip(outputs.std(1), outputs.mean(1), strict=True)):
        heat = channel < classes and name != "segment"
        front = channel == classes and name == "instances"
        width = 1.5 if heat or front or name == "segment" else 0.2
        last.bias[channel] += (COLD - 1.0 if heat else 0.5 * front) - mean
        last.weight[channel] *= width / spread
        last.bias[channel] -= mean * (width / spread - 1)


def asked(name, activation="relu", framed=True, views="one", shape=SHAPE):
    given, network = network_of(name, activation, shape)
    x = picture(shape)
    network.eval()
    with torch.no_grad():
        outputs = network(x)
        if views == "mirror":
            outputs = (outputs + given.unmirrored(network(x.flip(3)))) / 2
    height, width = shape[1:]
    seen = frame(3 * height, 2 * width, PixelSettings(height, width, fit="pad")) if framed else None
    answer = given.decode(given.read(outputs).numpy(), CLASSES, frames=None if seen is None else [seen])[0]
    return Asked(given, network, x, outputs, answer, seen, views)


def picture(shape=SHAPE, seed=0):
    """Random, and with large forms, so that neighbours are alike as in a photograph."""
    maker = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, shape[0], 3, 4, generator=maker)
    smooth = torch.nn.functional.interpolate(coarse, shape[1:], mode="bilinear")
    return (0.8 * smooth + 0.2 * torch.rand(1, *shape, generator=maker)).contiguous(memory_format=torch.channels_last)


def state(network):
    """All that must be as before: numbers, modes, derivatives, hooks."""
    return (
        {name: value.clone() for name, value in network.state_dict().items()},
        [module.training for module in network.modules()],
        [(p.requires_grad, p.grad is None) for p in network.parameters()],
        [len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in network.modules()],
    )


def same_state(a, b):
    return a[1:] == b[1:] and all(torch.equal(value, b[0][name]) for name, value in a[0].items())
