"""The decoder of the dense tasks, planned: coarse features are upsampled and added to finer ones, down to the wanted stride.

As Lin et al., "Feature Pyramid Networks for Object Detection" (arXiv:1612.03144): at every resolution a 1×1 convolution brings the map
to the decoder's channels, the coarser result is repeated to its size and added, and a 3×3 convolution mixes the sum. It reads whatever
stages the layers before it have, so any list of layers can be asked where things are.
"""

import math
from collections.abc import Sequence

from glassnet.errors import RecipeError
from glassnet.networks import layers as L
from glassnet.networks.fields import Fields, Taps
from glassnet.networks.shapes import Shape, Step, one
from glassnet.networks.stages import Stage, stages_of


def plan_decoder(layer: L.Decoder, steps: Sequence[Step], picture: Shape) -> Step:
    """Return the step of a decoder after `steps`, for pictures of shape `picture` (C, H, W), with its levels as inner steps.

    Raises RecipeError where there is no map to decode.
    """
    label = f"Layer {layer.number} ({layer.name})"
    if not steps or any(len(step.after) != 3 for step in steps):
        raise RecipeError(f"{label} reads maps. Put it after convolutions, and before flatten, global_pool and dense.")
    if any(isinstance(step.layer, L.Decoder) for step in steps):
        raise RecipeError(f"{label} is the second decoder; a network has one.")
    stages, _ = stages_of(steps)
    levels = [stages[place] for place in read_by(layer, stages)]
    inner: list[Step] = []
    below: Step | None = None
    for number, stage in enumerate(levels, 1):
        shape = (stage.channels, stage.height, stage.width)
        inner += _level(layer, number, shape, _fields(stage, steps), below)
        below = inner[-1]
    assert below is not None
    after = (layer.channels, *(math.ceil(side / layer.stride) for side in picture[1:]))
    return Step(
        layer.name, layer, steps[-1].after, after,
        parameters=sum(step.parameters for step in inner),
        buffers=sum(step.buffers for step in inner),
        multiply_adds=sum(step.multiply_adds for step in inner) + (0 if after == below.after else 4 * math.prod(after)),
        fields=_resized(below.fields, below.after, after, "bilinear"),
        inner=tuple(inner),
    )  # fmt: skip


def read_by(layer: L.Decoder, stages: Sequence[Stage]) -> list[int]:
    """Return the places among `stages` that a decoder reads, coarsest first: the last map of each stride from its own on.

    The last map of all is always read, also where it is finer: what somebody put at the end of a list is there to be used.
    """
    last = {stage.stride: place for place, stage in enumerate(stages)}
    strides = {stride for stride in last if stride >= layer.stride} | {stages[-1].stride}
    return [last[stride] for stride in sorted(strides, reverse=True)]


def _level(layer: L.Decoder, number: int, shape: Shape, fields: Fields, below: Step | None) -> list[Step]:
    def named(word: str) -> dict[str, str]:
        return {"name": f"{layer.name}_{word}{number}", "number": f"{layer.number}.{number}"}

    lateral = one(L.Conv(**named("lateral"), filters=layer.channels, kernel=(1, 1), bias=False), shape, fields)  # type: ignore[arg-type]
    steps = [lateral]
    if below is not None:
        joined = lateral.fields.union(_resized(below.fields, below.after, lateral.after, "nearest"))
        adds = math.prod(lateral.after)
        total = L.Sum(**named("sum"))
        steps.append(Step(total.name, total, lateral.after, lateral.after, 0, 0, adds, joined))
    for each in (
        L.Conv(**named("conv"), filters=layer.channels, padding="same", bias=False),  # type: ignore[arg-type]
        L.BatchNorm(**named("norm")),  # type: ignore[arg-type]
        L.Activation(**named("relu"), kind="relu"),  # type: ignore[arg-type]
    ):
        steps.append(one(each, steps[-1].after, steps[-1].fields))
    return steps


def _fields(stage: Stage, steps: Sequence[Step]) -> Fields:
    step = next(step for step in steps if step.name == stage.name)
    if isinstance(
        step.layer, L.Backbone
    ):  # what its maps see is not known to us; the whole picture is the honest bound
        return step.fields.merged().over(stage.height, stage.width)
    return step.fields


def _resized(fields: Fields, before: Shape, after: Shape, mode: str) -> Fields:
    """Return what a map sees after it was brought to another size: repeated (nearest), or interpolated between two neighbours."""
    if before[1:] == after[1:]:
        return fields
    hits: list[Taps] = []
    for old, new in zip(before[1:], after[1:], strict=True):
        if mode == "nearest":
            hits.append([[i * old // new] for i in range(new)])
            continue
        places = [min(max((i + 0.5) * old / new - 0.5, 0), old - 1) for i in range(new)]
        hits.append([sorted({math.floor(p), math.ceil(p)}) for p in places])
    return fields.through(tuple(hits))
