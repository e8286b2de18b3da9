"""A small network that learns while somebody looks on: the product's own layers, batches and training engine, a few passes at a time.

    learner = Learner(layers, Examples(points, targets), rate=0.03)
    learner.passes(5); learner.state()      # plain values, from which the next call goes on to the same bits

Nothing is kept between two calls but what the page hands back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.errors import RecipeError

_STRANGE = "This state belongs to another network or other settings. Start this lesson's training anew."


@dataclass(frozen=True, eq=False)
class Examples:
    """What is learned from: `inputs` float32 (n, C, H, W) in [0, 1], `targets` int64 (n,)."""

    inputs: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        _, channels, height, width = self.inputs.shape
        return channels, height, width


class Learner:
    """A network of `layers` that learns `examples` by the training engine. Raises RecipeError where the layers do not fit."""

    def __init__(
        self,
        layers: Sequence[Any],
        examples: Examples,
        classes: Sequence[str],
        rate: float = 0.03,
        optimizer: str = "adam",
        batch: int = 32,
        decay: float = 0.0,
        seed: int = 0,
    ) -> None:
        import torch

        from glassnet.networks.network import build
        from glassnet.recipe import AugmentRecipe, TrainRecipe
        from glassnet.tasks import task
        from glassnet.training.batches import Source
        from glassnet.training.torch_engine import TorchEngine

        settings = TrainRecipe.model_validate(
            {
                "optimizer": optimizer,
                "lr": rate,
                "batch": batch,
                "weight_decay": decay,
                "label_smoothing": 0.0,
                "seed": seed,
            }
        )
        self.rate, self.epoch, self.steps = rate, 0, 0
        self.task, self.classes = task("classify"), tuple(classes)
        self.network = build(layers, examples.shape, self.classes, seed=seed)
        self.given = torch.from_numpy(np.ascontiguousarray(examples.inputs, np.float32))
        self.examples = examples
        if not self.network.ready:
            self.network.prepare(self.given)
        self.engine = TorchEngine(self.network, self.task, settings, classes=len(self.classes))
        rows = np.arange(len(examples))
        height, width = examples.shape[1:]
        self.source = Source(
            lambda rows: self.given[rows], examples.targets, rows, height, width, settings, AugmentRecipe()
        )
        self._fresh = self.engine.state()

    def passes(self, count: int) -> tuple[float, float]:
        """Go `count` times over the examples; return the mean loss and accuracy of the last pass, as they were met."""
        from glassnet.errors import NumericError

        nothing = np.full(len(self.examples), np.nan, np.float32)
        found = (float("nan"), float("nan"))
        for _ in range(count):
            visit = self.source.visit(self.epoch, nothing, 0.0)
            for _, batch in self.source.batches(self.epoch, visit, self.steps):
                self.engine.step(batch, self.rate)
                self.steps += 1
            self.epoch += 1
            said = self.engine.collect()
            if said.rejected:
                raise NumericError(
                    "The loss became infinite or no number at all. Take a smaller learning rate and start anew."
                )
            found = float(said.losses.mean()), float(said.hits.mean())
        return found

    def logits(self, inputs: np.ndarray) -> np.ndarray:
        """Return the logits float32 (n, K) for inputs (n, C, H, W)."""
        import torch

        return self.engine.evaluate(torch.from_numpy(np.ascontiguousarray(inputs, np.float32)))

    def measured(self, examples: Examples) -> tuple[float, float]:
        """Return (mean loss, accuracy) on examples, as the network answers: dropout off."""
        logits = self.logits(examples.inputs)
        loss = float(self.engine.losses(logits, examples.targets).mean())
        return loss, float(self.task.score(logits, examples.targets))

    def state(self) -> dict[str, Any]:
        """Return everything that decides the next step, as plain values."""
        found = self.engine.state()
        return {
            "epoch": self.epoch,
            "steps": self.steps,
            "tensors": {name: values.tolist() for name, values in found.tensors.items()},
            "info": found.info,
        }

    def load(self, state: Any) -> None:
        """Go on from what `state` gave. Raises RecipeError for anything else."""
        from glassnet.errors import StorageError
        from glassnet.training.engine import EngineState

        if not isinstance(state, Mapping) or set(state) != {"epoch", "steps", "tensors", "info"}:
            raise RecipeError(_STRANGE)
        tensors = state["tensors"]
        if not isinstance(tensors, Mapping) or set(tensors) != set(self._fresh.tensors):
            raise RecipeError(_STRANGE)
        counted = [state["epoch"], state["steps"]]
        if not all(isinstance(each, int) and not isinstance(each, bool) and 0 <= each < 10**9 for each in counted):
            raise RecipeError(_STRANGE)
        read: dict[str, np.ndarray] = {}
        for name, own in self._fresh.tensors.items():
            try:
                values = np.array(tensors[name], own.dtype)
            except (TypeError, ValueError, OverflowError):
                raise RecipeError(_STRANGE) from None
            if values.shape != own.shape or not np.isfinite(values).all():
                raise RecipeError(_STRANGE)
            read[name] = values
        if _kinds(state["info"]) != _kinds(self._fresh.info):
            raise RecipeError(_STRANGE)
        try:
            self.engine.load(EngineState(read, self._fresh.info))
        except StorageError:
            raise RecipeError(_STRANGE) from None
        self.epoch, self.steps = state["epoch"], state["steps"]


def _kinds(info: Any) -> Any:
    """What the settings of a state say, for comparison: everything in them is decided by the settings alone."""
    return {str(key): _kinds(value) for key, value in info.items()} if isinstance(info, Mapping) else info


def fully_connected(hidden: Sequence[int], activation: str = "relu", dropout: float = 0.0) -> list[Any]:
    """Return the layers of a network that reads points: centred, hidden layers with an activation, one output per class."""
    layers: list[Any] = [{"standardize": {}, "mean": [0.5, 0.5], "std": [0.25, 0.25]}, "flatten"]
    for at, units in enumerate(hidden, 1):
        layers.append({"dense": int(units), "activation": activation, "name": f"hidden{at}"})
        if dropout:
            layers.append({"dropout": dropout})
    return [*layers, {"dense": "classes", "name": "answer"}]
