"""The rules that turn gradients into steps: SGD with Nesterov momentum, Adam and AdamW, Muon.

The rules call torch's fused kernels themselves. `torch.optim.Optimizer` is not used because making the first one imports the compiler
(torch._dynamo, sympy): 0.8 to 1.0 s at the start of every run, as much as torch itself.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from glassnet.training.buckets import Bucket, bucket_of

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
