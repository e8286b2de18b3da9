"""Optimizers: SGD with Nesterov momentum, Adam, AdamW, and Muon for matrices with SGD for the rest.

One `Optimizer` holds one or two parts, each a rule for some parameters: its state is a flat dict of plain tensors keyed by parameter name,
so that it can be written to safetensors and read back after parameters were added or removed.
"""

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from glassnet.errors import RecipeError, StorageError
from glassnet.training.rules import Adam, Group, Muon, Rule, Sgd


class OptimizerSettings(Protocol):
    """The fields of `TrainRecipe` that an optimizer reads, every one resolved (no None)."""

    @property
    def optimizer(self) -> str | None:
        """sgd, adam, adamw or muon."""
        ...

    @property
    def lr(self) -> float | None:
        """Highest learning rate of the schedule."""
        ...

    @property
    def momentum(self) -> float:
        """Momentum of sgd and muon."""
        ...

    @property
    def weight_decay(self) -> float | None:
        """Decoupled for sgd, adamw and muon; added to the gradient for adam."""
        ...


# What Muon does not take (biases, norms, the output layer) learns by SGD at this multiple of Muon's rate.
MUON_REST = 1.0


class Optimizer:
    """One or two rules that step together. `kind` is the recipe's word, `names` maps each parameter's name to it."""

    def __init__(self, kind: str, parts: list[Rule], names: dict[str, nn.Parameter]) -> None:
        self.kind = kind
        self.parts = parts
        self.names = names

    @property
    def groups(self) -> list[Group]:
        """All groups of all parts."""
        return [group for part in self.parts for group in part.groups]

    @torch.no_grad()
    def gradients(self) -> list[Tensor]:
        """Return tensors that hold all gradients of the next step, few where parameters lie in a bucket. Call it after each backward."""
        return [gradient for part in self.parts for gradient in part.gradients()]

    @torch.no_grad()
    def step(self) -> None:
        """Apply one step, with the gradients as `gradients` returned them, to every parameter that has one."""
        for part in self.parts:
            part.step()

    def zero_grad(self) -> None:
        """Drop every gradient."""
        for p in self.names.values():
            p.grad = None
        for part in self.parts:
            part.forget()


def build(network: nn.Module, settings: OptimizerSettings) -> Optimizer:
    """Return the optimizer that `settings` asks for over the parameters of `network` that require a gradient now.

    Vectors (biases, norms) take no weight decay. A network may carry `rate_factors`, {prefix of a parameter's name: multiple of the
    rate}, for a pretrained backbone that learns slower; the longest prefix counts. Raises RecipeError for an unknown or unresolved
    setting or when nothing is left to learn.
    """
    if settings.optimizer is None or settings.lr is None or settings.weight_decay is None:
        raise RecipeError(
            "train.optimizer, train.lr and train.weight_decay must be resolved before an optimizer is built."
        )
    if settings.optimizer not in _BUILDERS:
        raise RecipeError(f"train.optimizer {settings.optimizer!r} is not known. Known: {', '.join(_BUILDERS)}.")
    names = {name: p for name, p in network.named_parameters() if p.requires_grad}
    if not names:
        raise RecipeError("No parameter of this network is free to learn: all are frozen. Unfreeze the head at least.")
    optimizer = Optimizer(settings.optimizer, _BUILDERS[settings.optimizer](network, names, settings), names)
    set_rate(optimizer, settings.lr)
    return optimizer


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Set the learning rate of the next step; each group takes it times its own factor."""
    for group in optimizer.groups:
        group.lr = rate * group.factor


@torch.no_grad()
def clip(gradients: list[Tensor], norm: float) -> Tensor:
    """Scale all gradients together so that their norm is at most `norm`; return the norm they had, still on the device."""
    total = torch.stack(torch._foreach_norm(gradients)).norm()
    torch._foreach_mul_(gradients, (norm / (total + 1e-6)).clamp(max=1.0))
    return total


def state(optimizer: Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return (tensors, JSON): contiguous copies named `<parameter>/<buffer>`, and what must match when they come back."""
    tensors = {
        f"{name}/{key}": value.clone(memory_format=torch.contiguous_format)
        for name, buffers in _buffers(optimizer).items()
        for key, value in buffers.items()
    }
    return tensors, {"optimizer": optimizer.kind, "parameters": list(optimizer.names)}


@torch.no_grad()
def load_state(optimizer: Optimizer, tensors: dict[str, Tensor], info: dict[str, Any], strict: bool = True) -> None:
    """Take back what `state` gave. With strict=False, parameters that only one side knows start afresh or are left out (a thaw).

    Raises StorageError when the state is of another optimizer, of other parameters, or of other shapes, before anything is changed.
    """
    if info.get("optimizer") != optimizer.kind:
        raise StorageError(
            f"The saved optimizer is {info.get('optimizer')!r} and this run's is {optimizer.kind!r}; one cannot continue the other."
        )
    wanted = {f"{name}/{key}": value for name, buffers in _buffers(optimizer).items() for key, value in buffers.items()}
    strange = sorted(wanted.keys() ^ tensors.keys())
    if strict and (strange or info.get("parameters") != list(optimizer.names)):
        raise StorageError(
            f"The saved optimizer belongs to another network; what differs: {', '.join(strange[:3]) or 'the order of parameters'}."
        )
    for name in wanted.keys() & tensors.keys():
        if tensors[name].shape != wanted[name].shape:
            raise StorageError(
                f"The saved optimizer has {name} of shape {tuple(tensors[name].shape)}, this one {tuple(wanted[name].shape)}."
            )
    for name, value in wanted.items():
        if name in tensors:
            value.copy_(tensors[name])
        else:
            value.zero_()
    for part in optimizer.parts:
        part.loaded()


def _buffers(optimizer: Optimizer) -> dict[str, dict[str, Tensor]]:
    held = {p: buffers for part in optimizer.parts for p, buffers in part.state.items()}
    return {name: held[p] for name, p in optimizer.names.items()}


def _groups(network: nn.Module, names: dict[str, nn.Parameter], decay: float, factor: float = 1.0) -> list[Group]:
    """Split parameters by (rate factor, weight decay)."""
    prefixes: dict[str, float] = getattr(network, "rate_factors", {})
    found: dict[tuple[float, float], list[Tensor]] = {}
    for name, p in names.items():
        longest = max((prefix for prefix in prefixes if name.startswith(prefix)), key=len, default="")
        rates = (factor * prefixes.get(longest, 1.0), decay if p.ndim > 1 else 0.0)
        found.setdefault(rates, []).append(p)
    return [Group(params, *rates) for rates, params in found.items()]


def _sgd(network: nn.Module, names: dict[str, nn.Parameter], settings: OptimizerSettings) -> list[Rule]:
    return [Sgd(_groups(network, names, settings.weight_decay or 0.0), settings.momentum)]


def _adam(network: nn.Module, names: dict[str, nn.Parameter], settings: OptimizerSettings) -> list[Rule]:
    groups = _groups(network, names, settings.weight_decay or 0.0)
    return [Adam(groups, decoupled=settings.optimizer == "adamw")]


def _muon(network: nn.Module, names: dict[str, nn.Parameter], settings: OptimizerSettings) -> list[Rule]:
    weights = [name for name, p in names.items() if p.ndim > 1]
    # The output layer's rows are classes, not features (its gradient has few directions), and depthwise kernels are no matrix at all.
    matrices = {name: names[name] for name in weights[:-1] if names[name].shape[1] > 1}
    rest = {name: p for name, p in names.items() if name not in matrices}
    if not matrices:
        return _sgd(network, rest, settings)
    decay = settings.weight_decay or 0.0
    muon = Muon(_groups(network, matrices, decay), settings.momentum)
    return [muon, Sgd(_groups(network, rest, decay, MUON_REST), settings.momentum)] if rest else [muon]


_BUILDERS = {"sgd": _sgd, "adam": _adam, "adamw": _adam, "muon": _muon}
