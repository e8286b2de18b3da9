"""The engine of today: torch, on a processor or a GPU, fp32 or bf16.

What makes it fast: channels_last throughout, fused optimizers, gradients dropped instead of zeroed, augmentation per batch on the device,
losses that stay there until the epoch ends. What makes it safe: a step whose loss or gradient is NaN or infinite leaves weights,
optimizer and batch-norm statistics as they were.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from glassnet.errors import StorageError
from glassnet.recipe import TrainRecipe
from glassnet.training import augment, mixup, optimizers
from glassnet.training.distributed import World
from glassnet.training.ema import Average
from glassnet.training.engine import Batch, Collected, EngineState, Gather

_RESIDENT_SHARE = 0.5  # of free GPU memory that the pixels may take


class TorchEngine:
    """One network, one task's loss, one optimizer. See `training.engine.Engine` for the contract.

    `settings` has every field resolved that concerns arithmetic. `classes` and `class_weights` float32 (K,) are for tasks with classes.
    """

    def __init__(
        self,
        network: nn.Module,
        task: Any,
        settings: TrainRecipe,
        device: str = "cpu",
        precision: str = "fp32",
        classes: int | None = None,
        class_weights: np.ndarray | None = None,
        world: World | None = None,
    ) -> None:
        self.world = world or World()
        self.device = torch.device(self.world.device if not self.world.alone else device)
        self.precision = precision
        self.network = network.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.task = task
        self.settings = settings
        self.classes = classes
        self._begin = getattr(network, "begin", None)
        self._loss_options = {
            **task.loss_options(settings),
            "class_weights": None if class_weights is None else torch.from_numpy(class_weights).to(self.device),
        }
        self._frozen = False
        self.begin_epoch(0)
        self._average = Average(self.network, settings.ema) if settings.ema else None
        self._waits = self.device.type == "cpu"  # nothing is asynchronous there, so looking at a number is free
        self._said: list[tuple[Tensor, Tensor, Tensor]] = []
        self._glanced: tuple[float, float] | None = None
        self._bad = 0

    def _build(self) -> None:
        self.optimizer = optimizers.build(self.network, self.settings)
        self._learning = list(self.optimizer.names.values())
        self._buffers = list(self.network.buffers())
        self._kept = [b.detach().clone() for b in self._buffers]

    def begin_epoch(self, epoch: int) -> None:
        """Freeze a pretrained backbone for the first `frozen_epochs` epochs; the head's optimizer state outlives the thaw."""
        freeze = getattr(self.network, "freeze", None)
        frozen = freeze is not None and epoch < self.settings.frozen_epochs
        if hasattr(self, "optimizer") and frozen == self._frozen:
            return
        if freeze is not None:
            freeze(frozen)
        before = optimizers.state(self.optimizer) if hasattr(self, "optimizer") else None
        self._build()
        if before is not None:
            optimizers.load_state(self.optimizer, *before, strict=False)
            if self._average is not None:
                self._average.follow(self.network)
        self._frozen = frozen

    def hold(self, pixels: np.ndarray) -> Gather:
        """Return how rows become pixels: a copy of uint8 rows from the mapped store, or from the GPU's memory where all of them fit."""
        if self.device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(self.device)
            if pixels.nbytes < free * _RESIDENT_SHARE:
                resident = torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device)
                return lambda rows: resident.index_select(0, torch.from_numpy(rows).to(self.device))
            return lambda rows: torch.from_numpy(pixels[rows]).pin_memory().to(self.device, non_blocking=True)
        if self.device.type != "cpu":
            return lambda rows: torch.from_numpy(pixels[rows]).to(self.device)
        return lambda rows: torch.from_numpy(pixels[rows])

    def step(self, batch: Batch, rate: float) -> Tensor:
        """Forward, loss, backward, step. Returns the loss of every example, NaN where the step was rejected."""
        if not self.network.training:
            self.network.train()
        inputs, targets = self._inputs(batch)
        if self._buffers:
            torch._foreach_copy_(self._kept, self._buffers)
        if self._begin is not None:
            self._begin(self.settings.seed, batch.epoch, torch.from_numpy(batch.rows))
        with self._arithmetic():
            outputs = self.network(inputs)
        losses = self.task.loss(outputs, targets, **self._loss_options)
        total = losses.sum() / batch.count
        total.backward()
        losses, total = losses.detach(), total.detach()
        hits = self.task.hits(outputs.detach(), targets)
        return self._learn(losses, hits, total, rate)

    def _inputs(self, batch: Batch) -> tuple[Tensor, Tensor]:
        edge = self.task.edge
        inputs = augment.apply(batch.pixels, batch.draws, edge)
        targets = batch.targets
        if batch.draws is not None and batch.draws.moves:
            targets = self.task.move(targets, batch.draws.matrices, (batch.draws.height, batch.draws.width))
        targets = torch.from_numpy(targets).to(self.device, non_blocking=True)
        if batch.mix is None:
            return inputs, targets
        partner = augment.apply(batch.partner_pixels, batch.draws, edge)
        other = torch.from_numpy(batch.partner_targets).to(self.device, non_blocking=True)
        if self.classes is None:
            raise ValueError("mixup needs the number of classes")
        return mixup.pixels(inputs, partner, batch.mix), mixup.targets(targets, other, batch.mix, self.classes)

    def _arithmetic(self) -> contextlib.AbstractContextManager:
        if self.precision == "bf16":
            return torch.autocast(self.device.type, dtype=torch.bfloat16)
        return contextlib.nullcontext()

    @torch.no_grad()
    def _learn(self, losses: Tensor, hits: Tensor, total: Tensor, rate: float) -> Tensor:
        gradients = self.optimizer.gradients()
        if not self.world.alone:
            self.world.add_([*gradients, total])
        if self.settings.clip:
            norm = optimizers.clip(gradients, self.settings.clip)
        else:
            norm = torch.stack(torch._foreach_norm(gradients)).sum()
        good = torch.isfinite(norm + total)
        optimizers.set_rate(self.optimizer, rate)
        if self._waits:
            if bool(good):
                self.optimizer.step()
                self._after()
            else:
                torch._foreach_copy_(self._buffers, self._kept)
                losses, hits = torch.full_like(losses, torch.nan), torch.full_like(hits, torch.nan)
                self._bad += 1
        else:
            losses, hits = self._step_if(good, losses, hits)
        self.optimizer.zero_grad()
        self._said.append((losses, hits, good))
        return losses

    def _after(self) -> None:
        if self._average is not None:
            self._average.update()

    def _step_if(self, good: Tensor, losses: Tensor, hits: Tensor) -> tuple[Tensor, Tensor]:
        """Step on the device and take it back there where `good` is false: the host never waits to know."""
        touched = [*self._learning, *self._optimizer_tensors()]
        before = [t.clone() for t in touched]
        self.optimizer.step()
        for now, old in zip([*touched, *self._buffers], [*before, *self._kept], strict=True):
            now.copy_(torch.where(good, now, old))
        self._after()  # after a rejected step this averages the last good weights once more, which harms nothing
        return torch.where(good, losses, torch.nan), torch.where(good, hits, torch.nan)

    def _optimizer_tensors(self) -> Iterator[Tensor]:
        for part in self.optimizer.parts:
            for buffers in part.state.values():
                yield from (value for value in buffers.values() if isinstance(value, Tensor))

    def glance(self) -> tuple[float, float] | None:
        """Return (mean loss, mean hits) of the last good step on a processor; on a GPU what `collect` last saw."""
        if self._waits and self._said and len(self._said[-1][0]):
            losses, hits, good = self._said[-1]
            if bool(good):
                self._glanced = (float(losses.mean()), float(hits.mean()))
        return self._glanced

    def bad(self) -> int:
        """Return the rejected steps that are known of since the last `collect`."""
        return self._bad

    def collect(self) -> Collected:
        """Wait for the device and return losses and hits since the last call."""
        if not self._said:
            return Collected(np.zeros(0, np.float32), np.zeros(0, np.float32), 0)
        losses, hits, good = zip(*self._said, strict=True)
        self._said, self._bad = [], 0
        found = [torch.cat(parts).float().cpu().numpy() for parts in (losses, hits)]
        if len(found[0]) and np.isfinite(found[0]).any():
            self._glanced = (float(np.nanmean(found[0])), float(np.nanmean(found[1])))
        return Collected(found[0], found[1], int((~torch.stack(good)).sum()))

    def evaluate(self, pixels: Any) -> np.ndarray:
        """Return the outputs float32 of the network in evaluation mode, with averaged weights if EMA is on."""
        self.network.eval()
        with self._averaged(), torch.inference_mode(), self._arithmetic():
            return self.network(augment.to_float(pixels)).float().cpu().numpy()

    def losses(self, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the training loss of every example, smoothed and weighted as in training, so that the two curves compare."""
        with torch.inference_mode():
            given = torch.from_numpy(outputs).to(self.device), torch.from_numpy(targets).to(self.device)
            return self.task.loss(*given, **self._loss_options).float().cpu().numpy()

    def read(self, outputs: np.ndarray) -> np.ndarray:
        """Return what outputs as `evaluate` gives them say, (N, …)."""
        with torch.inference_mode():
            return self.task.read(torch.from_numpy(outputs).to(self.device)).cpu().numpy()

    def _averaged(self) -> contextlib.AbstractContextManager:
        return contextlib.nullcontext() if self._average is None else self._average.in_place()

    def weights(self) -> dict[str, np.ndarray]:
        """Return a copy of what would be kept as the model."""
        source = self.network.state_dict() if self._average is None else self._average.tensors
        return {name: _array(t) for name, t in source.items()}

    def load_weights(self, weights: dict[str, np.ndarray]) -> None:
        """Put weights into the network, each in the memory layout it has there."""
        _fill(self.network.state_dict(), weights, "network")

    def state(self) -> EngineState:
        """Return weights, buffers, optimizer and average, and what is frozen."""
        tensors = {f"network/{name}": _array(t) for name, t in self.network.state_dict().items()}
        held, info = optimizers.state(self.optimizer)
        tensors |= {f"optimizer/{name}": _array(t) for name, t in held.items()}
        if self._average is not None:
            tensors |= {f"average/{name}": _array(t) for name, t in self._average.tensors.items()}
        steps = 0 if self._average is None else self._average.steps
        return EngineState(tensors, {"optimizer": info, "average_steps": steps, "frozen": self._frozen})

    def load(self, state: EngineState) -> None:
        """Continue from a state. Steps that were not collected are forgotten."""
        if state.info["frozen"] != self._frozen:
            self._frozen = bool(state.info["frozen"])
            self.network.freeze(self._frozen)
            self._build()
            if self._average is not None:
                self._average.follow(self.network)
        _fill(self.network.state_dict(), _part(state, "network/"), "network")
        held = {name: torch.from_numpy(a.copy()).to(self.device) for name, a in _part(state, "optimizer/").items()}
        optimizers.load_state(self.optimizer, held, state.info["optimizer"])
        if self._average is not None:
            average = {name: torch.from_numpy(a) for name, a in _part(state, "average/").items()}
            if average.keys() != self._average.tensors.keys():
                raise StorageError(
                    "The checkpoint has no average of the weights that fits this network; start the run anew."
                )
            self._average.load(average, int(state.info["average_steps"]))
        self._said, self._bad = [], 0


def _part(state: EngineState, prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): a for name, a in state.tensors.items() if name.startswith(prefix)}


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().to("cpu", copy=True).contiguous().numpy()


@torch.no_grad()
def _fill(tensors: dict[str, Tensor], arrays: dict[str, np.ndarray], what: str) -> None:
    if tensors.keys() != arrays.keys():
        strange = sorted(tensors.keys() ^ arrays.keys())
        raise StorageError(f"The saved {what} is another one; what differs: {', '.join(strange[:3])}.")
    for name, tensor in tensors.items():
        if tensor.shape != arrays[name].shape:
            raise StorageError(
                f"The saved {what} has {name} of shape {arrays[name].shape}, this one {tuple(tensor.shape)}."
            )
        tensor.copy_(torch.from_numpy(arrays[name]))
