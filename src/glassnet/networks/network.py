"""A list of layers as a torch module that answers five questions: features, head, stages, preprocessing, class names.

    network = build([{"conv": 32, "activation": "relu"}, "flatten", {"dense": "classes"}], (3, 32, 32), classes=10, seed=0)
    logits = network(x)                 # x float32 (N, C, H, W) in [0, 1] → (N, K)
    network.activations(x)["conv1"]     # any value inside, in the order the user wrote

Two orders: the list as written, which `steps`, `activations` and the summary show, and the order in which `forward` runs it, where a
max pooling goes before a ReLU (equal result, a quarter of the work) and activations overwrite their input where nobody needs it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from glassnet.errors import RecipeError
from glassnet.networks.decoder import read_by
from glassnet.networks.dropout import Dropout
from glassnet.networks.layers import Activation as ActivationLayer
from glassnet.networks.layers import Backbone, Decoder, Learning, parse, specs
from glassnet.networks.layers import Sum as Summed
from glassnet.networks.modules import Activation, Measured, module_of
from glassnet.networks.shapes import Shape, Step, plan
from glassnet.networks.stages import stages_of
from glassnet.networks.starts import start

# Steps whose output is a new tensor that their own derivative does not need: what follows may overwrite it.
_FRESH = ("conv", "depthwise", "dense", "batch_norm", "maxpool", "avgpool", "residual")


class Steps(nn.Module):
    """Modules by name, in order. torch's ModuleDict refuses names such as `type` and `keys`; here every layer name is a good one."""

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self._modules.update(modules)

    def __getitem__(self, name: str) -> nn.Module:
        return self._modules[name]  # type: ignore[return-value]

    def __contains__(self, name: str) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def items(self) -> Iterator[tuple[str, nn.Module]]:
        """Yield (name, module) in order."""
        yield from self._modules.items()  # type: ignore[misc]


@dataclass(frozen=True)
class _Action:
    """One thing that forward does. A residual runs `inner` and `shortcut` from the same input and adds; a decoder reads the maps at the
    places `reads` among the stages before it, coarsest first.
    """

    step: Step
    module: nn.Module
    inplace: bool = False
    inner: tuple["_Action", ...] = ()
    shortcut: tuple["_Action", ...] = ()
    reads: tuple[int, ...] = ()


class Network(nn.Module):
    """The module. `steps` holds every named part (those inside residuals too), `plan` what is known of each without running it.

    `classes` are the class names in the order of the outputs; `preprocessing` the pixel settings as plain values, once known.
    `rate_factors` maps the beginning of a parameter's name to a multiple of the learning rate.
    """

    def __init__(self, steps: Sequence[Step], layers: Sequence[Any], shape: Shape, classes: Sequence[str]) -> None:
        super().__init__()
        self.layers = list(layers)
        self.plan = tuple(steps)
        self.shape = tuple(shape)
        self.classes = tuple(classes)
        self.preprocessing: dict[str, Any] | None = None
        self.as_written = False
        self.steps = Steps({step.name: module_of(step) for step in _walk(self.plan)})
        self.rate_factors = {
            f"steps.{step.name}.": step.layer.rate
            for step in _walk(self.plan)
            if isinstance(step.layer, Learning | Backbone) and step.layer.rate != 1.0
        }
        decoder = next((i for i, step in enumerate(self.plan) if isinstance(step.layer, Decoder)), None)
        self._encoded = (
            next(i for i, step in enumerate(self.plan) if len(step.after) == 1) if decoder is None else decoder
        )
        split = self._encoded if decoder is None else decoder + 1
        self.stages, self._ends = stages_of(self.plan[: self._encoded])
        kept = () if decoder is None else self._ends
        self._written = tuple(_actions(self.plan, self.steps, self._ends))
        self._body = tuple(_faster(_actions(self.plan[:split], self.steps, kept), kept))
        self._head = tuple(_faster(_actions(self.plan[split:], self.steps, ())))
        self._split = split

    @property
    def outputs(self) -> int:
        """Values per picture, or per place of the map that a dense network answers with."""
        return self.plan[-1].after[0]

    @property
    def order(self) -> tuple[str, ...]:
        """Names of the steps in the order in which `forward` runs them; they are listed in `steps` as the user wrote them."""
        return tuple(_names(self._written if self.as_written else (*self._body, *self._head)))

    @property
    def ready(self) -> bool:
        """Whether everything that is measured on training pictures has been: by `prepare`, or by loading weights."""
        return all(module.ready for module in self.modules() if isinstance(module, Measured))

    def forward(self, x: Tensor) -> Tensor:
        """float32 (N, C, H, W) in [0, 1] → logits (N, K), or (N, outputs, h, w) after a decoder.

        Raises ValueError for another shape, RuntimeError when not prepared.
        """
        if tuple(x.shape[1:]) != self.shape:
            raise ValueError(
                f"This network reads pictures of shape {self.shape} (C, H, W) and got a batch of shape {tuple(x.shape)}."
            )
        return self.head(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → the last map (N, C', h, w), before it is flattened or pooled into a row; the decoder's where there is one."""
        if self.training and not self.ready:
            raise RuntimeError(
                "Some layers are measured on training pictures. Call network.prepare(sample) before the first training step."
            )
        return _run(self._written[: self._split] if self.as_written else self._body, x, ends=self._ends)

    def head(self, features: Tensor) -> Tensor:
        """The last map → the outputs."""
        return _run(self._written[self._split :] if self.as_written else self._head, features)

    def maps(self, x: Tensor) -> list[Tensor]:
        """(N, C, H, W) → the map of every stage, finest first: what a dense task's decoder reads."""
        found: dict[str, Any] = {}
        _run(self._written[: self._encoded], x, found, safe=False, ends=self._ends)
        return _stage_maps(found, self._ends)

    def activations(self, x: Tensor) -> dict[str, Tensor]:
        """(N, C, H, W) → the output of every step by name, in the order the user wrote, each untouched by later steps."""
        found: dict[str, Any] = {}
        _run(self._written, x, found, safe=True, ends=self._ends)
        return {name: found[name] for name in self.steps}

    def begin(self, seed: int, epoch: int, examples: Tensor) -> None:
        """Tell every dropout layer which examples (int64 (N,), rows of the catalog) the next training forward sees."""
        for module in self.modules():
            if isinstance(module, Dropout):
                module.set_key(seed, epoch, examples)

    @torch.no_grad()
    def prepare(self, sample: Tensor) -> None:
        """Set what is measured from `sample`, float (n, C, H, W) of training pictures in [0, 1], first layer first."""
        if self.ready:
            return
        was_training = self.training
        self.eval()
        self._measure(self._written, sample)
        self.train(was_training)

    def _measure(self, actions: Sequence[_Action], x: Tensor) -> Tensor:
        for action in actions:
            if isinstance(action.module, Measured) and not action.module.ready:
                action.module.measure(x)
            if self.ready:  # the rest of the network need not see the sample
                return x
            if action.inner:
                inner = self._measure(action.inner, x)
                shortcut = self._measure(action.shortcut, x)
                x = x if self.ready else action.module(inner, shortcut)
            else:
                x = action.module(x)
        return x


def build(
    layers: Sequence[Any],
    shape: Sequence[int],
    classes: int | Sequence[str],
    initial: str = "he",
    seed: int = 0,
    fetch: bool = True,
) -> Network:
    """Return the network of a list of layers for pictures of `shape` (C, H, W), in channels_last memory, the same weights for a seed.

    `classes` are class names, or their number. `initial` is he or glorot, for layers that name none. `fetch` loads pretrained weights where
    a layer asks for them. Raises RecipeError where the list does not fit together.
    """
    names = tuple(str(i) for i in range(classes)) if isinstance(classes, int) else tuple(classes)
    if len(names) < 1 or len(set(names)) != len(names):
        raise RecipeError(f"A network needs distinct class names, got {list(names)[:5]}.")
    parsed = parse(layers)
    channels, height, width = shape
    steps = plan(parsed, (channels, height, width), len(names))
    pretrained = any(isinstance(layer, Backbone) for layer in parsed)
    if pretrained:
        from glassnet.networks.pretrained import PretrainedNetwork

        network: Network = PretrainedNetwork(steps, specs(parsed), tuple(shape), names)
    else:
        network = Network(steps, specs(parsed), tuple(shape), names)
    for step in _walk(steps):
        module = network.steps[step.name]
        start(module, step.layer, initial, seed)
        if getattr(step.layer, "frozen", False):
            module.requires_grad_(False)
    if pretrained and fetch:
        from glassnet.networks.pretrained import fetch_weights

        fetch_weights(network)
    return network.to(memory_format=torch.channels_last)  # pyrefly: ignore  # torch's stubs leave this form out


def _walk(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield every step in the order in which values come to be: what is inside a residual before its sum."""
    for step in steps:
        yield from _walk(step.inner)
        yield from _walk(step.shortcut)
        yield step


def _names(actions: Sequence[_Action]) -> Iterator[str]:
    """Yield the name of every action, what is inside a residual before its sum."""
    for action in actions:
        yield from _names(action.inner)
        yield from _names(action.shortcut)
        yield action.step.name


def _actions(steps: Sequence[Step], modules: Steps, kept: Sequence[str]) -> list[_Action]:
    """Return what to do for `steps`, as written. Outputs of steps named in `kept` are never overwritten."""
    actions: list[_Action] = []
    for at, step in enumerate(steps):
        module = modules[step.name]
        reads = read_by(step.layer, stages_of(steps[:at])[0]) if isinstance(step.layer, Decoder) else ()
        before = actions[-1].step if actions else None
        free = before is not None and before.kind in _FRESH and before.name not in kept
        actions.append(
            _Action(
                step,
                module,
                inplace=isinstance(module, Activation) and module.can_change and free,
                inner=tuple(_actions(step.inner, modules, kept)),
                shortcut=tuple(_actions(step.shortcut, modules, kept)),
                reads=tuple(reads),
            )
        )
    return actions


def _faster(actions: list[_Action], kept: Sequence[str] = ()) -> list[_Action]:
    """Put a max pooling before the ReLU that precedes it: both keep order among values, so the result is the same bit for bit.

    Not where the ReLU's own map is wanted (`kept`): a decoder reads it.
    """
    actions = [
        replace(a, inner=tuple(_faster(list(a.inner))), shortcut=tuple(_faster(list(a.shortcut)))) for a in actions
    ]
    for i in range(1, len(actions)):
        first, second = actions[i - 1], actions[i]
        swaps = second.step.kind == "maxpool" and first.step.kind in ("relu", "leaky_relu")
        if swaps and first.step.name not in kept:
            actions[i - 1], actions[i] = (
                second,
                replace(first, inplace=isinstance(first.module, Activation) and first.module.can_change),
            )
    return actions


def _run(
    actions: Sequence[_Action],
    x: Tensor,
    found: dict[str, Any] | None = None,
    safe: bool = False,
    ends: Sequence[str] = (),
) -> Tensor:
    """Run actions on x. `found` receives outputs by name; with `safe` nothing is overwritten, so that all of them stay true.

    The outputs of the steps in `ends` are kept for a decoder further on.
    """
    maps: dict[str, Any] = {}
    for action in actions:
        name, layer = action.step.name, action.step.layer
        if isinstance(layer, ActivationLayer):
            x = action.module(x, action.inplace and not safe)
        elif isinstance(layer, Decoder):
            x = _decode(action, _stage_maps(maps, ends), found, safe)
        elif action.inner:
            shortcut = _run(action.shortcut, x, found, safe)
            x = action.module(_run(action.inner, x, found, safe), shortcut)
        elif ends and isinstance(layer, Backbone):
            body: Any = action.module
            maps[f"{name}/all"] = body.maps(x)
            x = maps[f"{name}/all"][-1]
        else:
            x = action.module(x)
        if name in ends:
            maps[name] = x
        if found is not None:
            found[name] = x
    if found is not None:
        found.update(maps)
    return x


def _stage_maps(found: dict[str, Any], ends: Sequence[str]) -> list[Tensor]:
    """Return the map of every stage, finest first."""
    maps: list[Tensor] = []
    for name in ends:
        maps += found.get(f"{name}/all", [found[name]])
    return maps


def _decode(action: _Action, maps: list[Tensor], found: dict[str, Any] | None, safe: bool) -> Tensor:
    """Run a decoder's levels, coarsest first: 1×1 convolution, sum with the coarser result, 3×3 convolution, norm, ReLU."""
    levels = [at for at, inner in enumerate(action.inner) if inner.step.name.startswith(f"{action.step.name}_lateral")]
    below: Tensor | None = None
    for at, x in zip(levels, [maps[place] for place in action.reads], strict=True):
        until = next((later for later in levels if later > at), len(action.inner))
        for inner in action.inner[at:until]:
            if isinstance(inner.step.layer, Summed):
                assert below is not None
                x = inner.module(x, below)
            else:
                x = _run((inner,), x, None, safe)
            if found is not None:
                found[inner.step.name] = x
        below = x
    assert below is not None
    return action.module(below)
