"""Optimizers: SGD with Nesterov momentum, Adam, AdamW, and Muon for matrices with SGD for the rest.

One `Optimizer` holds one or two parts, each a rule for some parameters: its state is a flat dict of plain tensors keyed by parameter name,
so that it can be written to safetensors and read back after parameters were added or removed.

The rules call torch's fused kernels themselves. `torch.optim.Optimizer` is not used because making the first one imports the compiler
(torch._dynamo, sympy): 0.8 to 1.0 s at the start of every run, as much as torch itself.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from glassnet.errors import RecipeError, StorageError
from glassnet.training.buckets import Bucket, bucket_of


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
# Newton-Schulz coefficients of Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024): steepest at zero, so
# that five rounds bring every singular value that matters into about [0.7, 1.2], which serves as well as exactly 1.
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


@dataclass
class Group:
    """Parameters that share a rate and a decay. `lr` is the rate of the next step: the set rate times `factor`.

    `bucket` holds them as one vector where the rule works value by value and it pays; `flat` are the rule's buffers in that form.
    """

    params: list[Tensor]
    factor: float
    decay: float
    lr: float = 0.0
    bucket: Bucket | None = None
    flat: dict[str, Tensor] = field(default_factory=dict)


class Rule:
    """One way to turn gradients into steps. `state` holds the buffers of each parameter by name, made before the first step."""

    buffers: tuple[str, ...] = ()
    by_value = False  # whether every value's step depends on that value's own gradient and buffers alone

    def __init__(self, groups: list[Group]) -> None:
        self.groups = groups
        self.state: dict[Tensor, dict[str, Tensor]] = {}
        for group in groups:
            group.bucket = bucket_of(group.params) if self.by_value else None
            if group.bucket is None:
                self.state |= {p: {name: _fresh(p, name) for name in self.buffers} for p in group.params}
            else:
                self._lay_out(group, group.bucket)

    def _lay_out(self, group: Group, bucket: Bucket) -> None:
        """Make the buffers of a bucket: vectors, of which each parameter has its window."""
        self.state |= {p: {} for p in group.params}
        for name in self.buffers:
            if name == "step":
                group.flat[name] = torch.zeros(len(group.params))
                windows = list(group.flat[name].unbind())
            else:
                group.flat[name], windows = bucket.vector()
            for p, window in zip(group.params, windows, strict=True):
                self.state[p][name] = window

    def gradients(self) -> list[Tensor]:
        """Return tensors that hold all gradients of the next step; what changes them changes the step."""
        found: list[Tensor] = []
        for group in self.groups:
            if group.bucket is not None and group.bucket.together and group.bucket.gather():
                found.append(group.bucket.gradients)
            else:
                found += [p.grad for p in group.params if p.grad is not None]
        return found

    def step(self) -> None:
        """Apply one step to every parameter that has a gradient."""
        for group in self.groups:
            bucket = group.bucket
            if bucket is not None and bucket.gathered:
                self.move(group, [bucket.values], [bucket.gradients], *([group.flat[name]] for name in self.buffers))
                continue
            learning = [p for p in group.params if p.grad is not None]
            if bucket is not None and len(learning) < len(group.params) and "step" in group.flat:
                bucket.together = False  # from now on some have taken more steps than others
            if learning:
                kept = [[self.state[p][name] for p in learning] for name in self.buffers]
                self.move(group, learning, [p.grad for p in learning if p.grad is not None], *kept)

    def forget(self) -> None:
        """Drop gathered gradients."""
        for group in self.groups:
            if group.bucket is not None:
                group.bucket.gathered = False

    def loaded(self) -> None:
        """Look at the state that was just put back: parameters that woke later than others step by themselves."""
        for group in self.groups:
            if group.bucket is not None and "step" in group.flat:
                group.bucket.together = bool((group.flat["step"] == group.flat["step"][0]).all())

    def move(self, group: Group, params: list[Tensor], gradients: list[Tensor], *buffers: list[Tensor]) -> None:
        """Change `params` in place by one step."""
        raise NotImplementedError


def _fresh(p: Tensor, name: str) -> Tensor:
    if name == "step":
        return torch.zeros((), dtype=torch.float32, device=p.device)
    return torch.zeros_like(
        p, requires_grad=False
    )  # laid out as its parameter: fused kernels walk both in storage order


class Sgd(Rule):
    """Nesterov momentum as in Sutskever et al. (2013) in torch's form, v = m·v + g, p = p - rate·(g + m·v), with decoupled decay."""

    buffers = ("momentum_buffer",)
    by_value = True

    def __init__(self, groups: list[Group], momentum: float) -> None:
        super().__init__(groups)
        self.momentum = momentum

    def move(self, group: Group, params: list[Tensor], gradients: list[Tensor], *buffers: list[Tensor]) -> None:
        """Decay, then one fused step."""
        if group.decay:
            torch._foreach_mul_(params, 1 - group.lr * group.decay)
        torch._fused_sgd_(
            params,
            gradients,
            buffers[0] if self.momentum else [],  # the kernel refuses buffers it has no use for
            weight_decay=0.0,
            momentum=self.momentum,
            lr=group.lr,
            dampening=0.0,
            nesterov=self.momentum > 0,
            maximize=False,
            is_first_step=False,
        )


class Adam(Rule):
    """Adam (Kingma and Ba, arXiv:1412.6980), the decay added to the gradient; `decoupled` makes it AdamW (arXiv:1711.05101)."""

    buffers = ("exp_avg", "exp_avg_sq", "step")
    by_value = True

    def __init__(self, groups: list[Group], decoupled: bool) -> None:
        super().__init__(groups)
        self._kernel = torch._fused_adamw_ if decoupled else torch._fused_adam_

    def move(self, group: Group, params: list[Tensor], gradients: list[Tensor], *buffers: list[Tensor]) -> None:
        """Count, then one fused step."""
        mean, square, steps = buffers
        torch._foreach_add_(steps, 1)
        self._kernel(
            params,
            gradients,
            mean,
            square,
            [],
            [step if step.ndim == 0 else step[0] for step in steps],  # in a bucket all parameters count alike
            lr=group.lr,
            beta1=0.9,
            beta2=0.999,
            weight_decay=group.decay,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )


class Muon(Rule):
    """Muon for matrices and convolution kernels: the momentum of a gradient is made nearly orthogonal before it is applied.

    A kernel (out, in, h, w) is the matrix (out, in·h·w), where torch.optim.Muon takes matrices only. For those the step is the same, at its
    setting `match_rms_adamw`: the elements of an update have the root mean square 0.2 · rate whatever the matrix's shape (Liu et al.,
    "Muon is scalable for LLM training", arXiv:2502.16982).
    """

    buffers = ("momentum_buffer",)

    def __init__(self, groups: list[Group], momentum: float) -> None:
        super().__init__(groups)
        self.momentum = momentum

    def move(self, group: Group, params: list[Tensor], gradients: list[Tensor], *buffers: list[Tensor]) -> None:
        """Average gradients, look ahead (Nesterov), orthogonalise, decay, step."""
        torch._foreach_lerp_(buffers[0], gradients, 1 - self.momentum)
        directions = torch._foreach_lerp(gradients, buffers[0], self.momentum)
        if group.decay:
            torch._foreach_mul_(params, 1 - group.lr * group.decay)
        for p, direction in zip(params, directions, strict=True):
            matrix = direction.flatten(1)
            update = orthogonal(matrix).to(p.dtype).reshape(p.shape)
            p.add_(update, alpha=-group.lr * 0.2 * max(matrix.shape) ** 0.5)


def orthogonal(matrix: Tensor, rounds: int = 5) -> Tensor:
    """Return U·S'·Vᵀ for matrix = U·S·Vᵀ of shape (rows, columns), with every value of S' near 1, by Newton-Schulz iteration.

    Computed in bfloat16 where the device multiplies it fast, in float32 elsewhere; returned in that type.
    """
    a, b, c = _NEWTON_SCHULZ
    x = matrix.to(torch.bfloat16) if _fast_bf16(matrix.device) else matrix.float()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(rounds):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


def _fast_bf16(device: torch.device) -> bool:
    if device.type != "cpu":
        return device.type == "cuda"
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


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
