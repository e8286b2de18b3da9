"""The resolutions of a network: the last map at each, which is what a dense task's decoder reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from glassnet.networks import layers as L
from glassnet.networks.shapes import Step


@dataclass(frozen=True)
class Stage:
    """The last map at one resolution: the step that gives it, pixels of the picture per value along a side, channels, and its size."""

    name: str
    stride: int
    channels: int
    height: int = 0
    width: int = 0


def stages_of(steps: Sequence[Step]) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
    """Return the stages, and the names of the steps that end them: the last one before the stride changes, and the last of all."""
    ends: list[tuple[str, list[Stage]]] = []
    down = 1.0
    for step in steps:
        factor = _stride(step)
        if factor != 1 and ends:
            ends.append(("", []))
        down *= factor
        own = [Stage(step.name, max(1, round(down)), *step.after)]
        if isinstance(step.layer, L.Backbone):
            own = _of_backbone(step)
            down = own[-1].stride
        ends = [*ends[:-1], (step.name, own)] if ends else [(step.name, own)]
    return tuple(stage for _, own in ends for stage in own), tuple(name for name, _ in ends)


def _of_backbone(step: Step) -> list[Stage]:
    from glassnet.networks.pretrained import describe

    assert isinstance(step.layer, L.Backbone)
    found = describe(step.layer.model, *step.before)
    return [
        Stage(step.name, stride, channels, *size)
        for (stride, channels), size in zip(found.stages, found.sizes, strict=True)
    ]


def _stride(step: Step) -> float:
    layer = step.layer
    if step.inner:
        product = 1.0
        for inner in step.inner:
            product *= _stride(inner)
        return product
    if isinstance(layer, L.MaxPool | L.AvgPool):
        return (layer.stride or layer.size)[0]
    if isinstance(layer, L.Upsample):
        return 1.0 / layer.factor
    return layer.stride[0] if isinstance(layer, L.Conv | L.Depthwise) else 1.0
