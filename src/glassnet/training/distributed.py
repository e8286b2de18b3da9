"""Several processes, one run: `torchrun --nproc-per-node 2 -m glassnet train …`.

Every process computes its share of each batch. Gradients of the *sum* of losses over the global count are added up, which is exactly the
one-process gradient whatever the shares are; DistributedDataParallel averages means, which is wrong for an uneven last batch. Batch
norm adds up its statistics the same way. Losses and answers are put into arrays of zeros by place and added, so that every example
counts once. Only rank 0 writes.
"""

import contextlib
import json
import os
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import errors
from glassnet.errors import GlassnetError, InterruptedRun

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_FAILED = "glassnet/failed"
_PATIENCE = timedelta(minutes=30)  # the first epoch of another process may wait for its picture store


@dataclass(frozen=True)
class World:
    """The processes of this run. With one process every method gives back what it got."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    device: str = "cpu"

    @property
    def alone(self) -> bool:
        """Whether this is the only process."""
        return self.size == 1

    @property
    def writes(self) -> bool:
        """Whether this process writes files and speaks: rank 0 only."""
        return self.rank == 0

    def add_(self, tensors: "Sequence[Tensor]") -> None:
        """Replace every tensor by its sum over all processes, in one message."""
        if self.alone or not tensors:
            return
        import torch
        import torch.distributed as dist

        # Gradients of channels_last weights are added in their order in memory, which is the same everywhere.
        flat = torch.cat([t.reshape(-1) for t in tensors])
        dist.all_reduce(flat)
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view(tensor.shape))

    def add(self, array: np.ndarray) -> np.ndarray:
        """Return the sum of the arrays of all processes."""
        if self.alone:
            return array
        import torch

        tensor = torch.from_numpy(np.ascontiguousarray(array).copy()).to(self.device)
        self.add_([tensor])
        return tensor.cpu().numpy()

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """Return for each flag whether any process raised it: all processes then do the same."""
        if self.alone:
            return tuple(map(bool, flags))
        return tuple(bool(count) for count in self.add(np.array(flags, np.int32)))

    def tell(self, data: bytes | None) -> bytes:
        """Return rank 0's bytes in every process."""
        if self.alone:
            return data or b""
        import torch
        import torch.distributed as dist

        data = (data or b"") if self.writes else b""
        length = torch.tensor([len(data)], dtype=torch.int64, device=self.device)
        dist.broadcast(length, 0)
        size = int(length.item())
        body = torch.zeros(size, dtype=torch.uint8)
        if self.writes and size:
            body = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        body = body.to(self.device)
        if size:
            dist.broadcast(body, 0)
        return body.cpu().numpy().tobytes()

    def tell_value(self, value: Any) -> Any:
        """Return rank 0's JSON value in every process."""
        return value if self.alone else json.loads(self.tell(json.dumps(value).encode()))


@contextlib.contextmanager
def joined(device: str) -> Iterator[World]:
    """Join the processes that torchrun started, or be alone. When one fails, all end with its exit code and its sentence."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size <= 1:
        yield World(device=device)
        return
    import torch.distributed as dist

    rank, local_rank = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    where = f"cuda:{local_rank}" if device == "cuda" else device
    world = World(rank, size, local_rank, int(os.environ.get("LOCAL_WORLD_SIZE", size)), where)
    mine = not dist.is_initialized()
    if mine:
        store, _, _ = next(iter(dist.rendezvous("env://", rank, size, timeout=_PATIENCE)))
        backend = "nccl" if device == "cuda" else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=_PATIENCE)
    else:
        store = dist.distributed_c10d._get_default_store()
    try:
        yield world
    except GlassnetError as error:
        store.set(_FAILED, json.dumps({"rank": rank, "code": error.exit_code, "sentence": str(error)}))
        raise
    except RuntimeError as error:
        if not _connection(error):
            raise
        raise _what_happened(store, world) from error
    else:
        if mine:
            dist.destroy_process_group()


def _connection(error: RuntimeError) -> bool:
    text = str(error).lower()
    return any(word in text for word in ("connection", "gloo", "nccl", "peer", "timed out", "socket"))


def _what_happened(store: Any, world: World) -> GlassnetError:
    """The failing process writes its sentence before it ends, so the others know when their connection breaks."""
    with contextlib.suppress(RuntimeError):
        store.wait([_FAILED], timedelta(seconds=3))
        said = json.loads(store.get(_FAILED))
        kinds = {k.exit_code: k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, GlassnetError)}
        return kinds.get(said["code"], GlassnetError)(
            f"Process {said['rank']} of {world.size} failed: {said['sentence']}"
        )
    return InterruptedRun(
        f"Another of the {world.size} processes of this run vanished without a word (killed, or its machine is gone). "
        "Everything up to the last checkpoint is saved; go on with `glassnet resume`."
    )


@contextlib.contextmanager
def shared_batch_norm(network: "nn.Module", world: World) -> "Iterator[None]":
    """Let every batch norm of the network take its statistics over all processes while the block runs."""
    from torch import nn

    # torch's own SyncBatchNorm is for CUDA only.
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)] if not world.alone else []
    for norm in norms:
        norm.forward = types.MethodType(_shared_forward, norm)
    try:
        yield
    finally:
        for norm in norms:
            del norm.forward


def _shared_forward(norm: Any, x: "Tensor") -> "Tensor":
    """Batch norm in two passes (mean, then variance about it), each sum taken over all processes; x (N, C, …)."""
    import torch

    if not norm.training:
        return type(norm).forward(norm, x)
    axes = [0, *range(2, x.ndim)]
    shape = [1, -1] + [1] * (x.ndim - 2)
    wide = x.float()
    count = torch.full((1,), x.numel() / x.shape[1], device=x.device)
    sums = _added(torch.cat([wide.sum(axes), count]))
    mean, count = sums[:-1] / sums[-1], sums[-1].detach()
    centred = wide - mean.view(shape)
    variance = _added(centred.square().sum(axes)) / count
    with torch.no_grad():
        if norm.track_running_stats and norm.running_mean is not None:
            norm.num_batches_tracked.add_(1)
            momentum = norm.momentum if norm.momentum is not None else 1.0 / float(norm.num_batches_tracked)
            norm.running_mean.lerp_(mean, momentum)
            norm.running_var.lerp_(variance * count / (count - 1).clamp(min=1), momentum)
    out = centred * torch.rsqrt(variance + norm.eps).view(shape)
    if norm.weight is not None:
        out = out * norm.weight.view(shape)
    if norm.bias is not None:
        out = out + norm.bias.view(shape)
    return out.to(x.dtype)


def _added(x: "Tensor") -> "Tensor":
    """Sum over all processes, through which gradients flow back: the derivative of a sum of sums is again a sum over processes."""
    import torch
    import torch.distributed as dist

    class Added(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, value: "torch.Tensor") -> "torch.Tensor":
            value = value.clone()
            dist.all_reduce(value)
            return value

        @staticmethod
        def backward(ctx: Any, *grad_outputs: "torch.Tensor") -> "torch.Tensor":
            gradient = grad_outputs[0].clone()
            dist.all_reduce(gradient)
            return gradient

    return Added.apply(x)
