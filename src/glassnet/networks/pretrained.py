"""timm/<name>: the convolutional part of a pretrained network as one layer, `backbone`, below a head of our own.

Weights come from the hub only because the user asked (that is what timm/<name> means), or from a local file:
`timm/resnet18@path/to/model.safetensors`. timm brings torchvision and takes seconds to import, so it is the extra `pretrained`.
"""

import difflib
import importlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from glassnet.errors import NetworkError, RecipeError
from glassnet.networks import layers as L
from glassnet.networks.network import Network
from glassnet.networks.presets import Advice
from glassnet.networks.presets.common import epochs_for, with_dropout
from glassnet.networks.refused import refuse_foreign

# A pretrained body moves at this multiple of the head's rate: it knows much already, and the fresh head's first gradients are noise.
BODY_RATE = 0.1


@dataclass(frozen=True)
class Described:
    """What a backbone makes of a picture: the shape of its last map, its numbers, (stride, channels) and (height, width) of every stage."""

    after: tuple[int, int, int]
    parameters: int
    buffers: int
    multiply_adds: int
    stages: tuple[tuple[int, int], ...]
    sizes: tuple[tuple[int, int], ...]


def timm_layers(network: str, channels: int, dropout: float) -> list[Any]:
    """Return the layer list of `timm/<name>` or `timm/<name>@<file>`. Raises RecipeError for a missing extra, unknown name or file."""
    name, at, source = network.removeprefix("timm/").partition("@")
    if not name or (at and not source):
        raise RecipeError(
            f"{network!r} names no network. Write timm/resnet18, or timm/resnet18@path/to/model.safetensors."
        )
    if source:
        check_source(Path(source))
    mean, std = _normalisation(name, channels)
    head = with_dropout([{"global_pool": "avg"}, {"dense": "classes"}], dropout)
    return [
        {"standardize": {}, "mean": mean, "std": std},
        {"backbone": name, "weights": source or "hub", "rate": BODY_RATE},
        *head,
    ]


def recommend(n_train: int, height: int, width: int, classes: int) -> Advice:
    """Return how a pretrained network is fine-tuned: head first, then all, the body at a tenth of the rate."""
    return {
        "train.optimizer": ("adamw", "the usual choice for fine-tuning"),
        "train.lr": (0.001, "the head's rate; the body learns at a tenth of it"),
        "train.schedule": ("cosine", "ends with small steps"),
        "train.batch": (max(8, min(32, n_train // 8)), "pretrained networks are large"),
        "train.epochs": (
            epochs_for(n_train, 10_000, 5, 30),
            "about 10,000 pictures seen in all: the body knows pictures already",
        ),
        "train.weight_decay": (0.01, "the usual choice for fine-tuning"),
        "train.label_smoothing": (0.1, "the usual choice for fine-tuning"),
        "train.initial": ("glorot", "for the new head"),
        "train.views": ("mirror", "a second view helps"),
        "augment.flip": ("horizontal", "most things stay what they are in a mirror"),
        "augment.zoom": (0.2, "few pictures, shown in many ways"),
        "augment.shift": (0.1, "few pictures, shown in many ways"),
    }


@lru_cache(maxsize=32)
def describe(model: str, channels: int, height: int, width: int) -> Described:
    """Return what the backbone does to a picture, from one run over it. Raises RecipeError when it cannot take such pictures."""
    import torch

    body: Any = _create(model, channels)
    adds = [0]

    def count(module: nn.Module, _given: Any, made: Any) -> None:
        if isinstance(module, nn.Conv2d | nn.Linear) and isinstance(made, Tensor):
            adds[0] += made.numel() * module.weight[0].numel()

    for module in body.modules():
        module.register_forward_hook(count)
    try:
        with torch.no_grad():
            maps = body.eval()(torch.zeros(1, channels, height, width))
    except (RuntimeError, ValueError, AssertionError, IndexError) as error:
        raise RecipeError(
            f"timm's {model} does not take pictures of {height}×{width}: {error}. Give data.size as that network wants it."
        ) from error
    if any(m.ndim != 4 for m in maps) or [m.shape[1] for m in maps] != list(body.feature_info.channels()):
        raise RecipeError(
            f"timm's {model} does not give maps with channels first, which Glassnet needs. Use a convolutional network, as timm/resnet18."
        )
    stages = tuple(zip(body.feature_info.reduction(), body.feature_info.channels(), strict=True))
    parameters = sum(p.numel() for p in body.parameters())
    buffers = sum(b.numel() for b in body.buffers() if b.is_floating_point())
    sizes = tuple((int(m.shape[2]), int(m.shape[3])) for m in maps)
    return Described(tuple(maps[-1].shape[1:]), parameters, buffers, adds[0], stages, sizes)


class BackboneModule(nn.Module):
    """The maps of a timm network; `forward` gives the last, `maps` all, finest first."""

    def __init__(self, layer: L.Backbone, before: tuple[int, ...]) -> None:
        super().__init__()
        self.body = _create(layer.model, before[0])

    def maps(self, x: Tensor) -> list[Tensor]:
        """(N, C, H, W) → one map per stage."""
        return list(self.body(x))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → (N, C', h, w), the last map."""
        return self.maps(x)[-1]


class PretrainedNetwork(Network):
    """A network with a backbone. `freeze` is what the engine calls for the epochs in which only the head learns."""

    _frozen = False

    def freeze(self, frozen: bool) -> None:
        """Hold the backbone still, running statistics included, or let it learn again."""
        self._frozen = frozen
        for module in self._backbones():
            module.requires_grad_(not frozen)
        self.train(self.training)

    def train(self, mode: bool = True) -> "PretrainedNetwork":
        """As torch's, but a frozen backbone stays as it answers: its batch norms keep what they know."""
        super().train(mode)
        if mode and self._frozen:
            for module in self._backbones():
                module.eval()
        return self

    def _backbones(self) -> list[BackboneModule]:
        return [module for module in self.modules() if isinstance(module, BackboneModule)]


def fetch_weights(network: Network) -> None:
    """Load the weights that each backbone asks for: from the hub, from a file, or none.

    Raises NetworkError when the hub cannot be reached, ModelFileError for a refused file, RecipeError when the weights
    are another network's.
    """
    for step in network.plan:
        if isinstance(step.layer, L.Backbone) and step.layer.weights != "none":
            source = step.layer.weights
            module = network.steps[step.name]
            assert isinstance(module, BackboneModule)
            known = _pretrained_state(step.layer.model, step.before[0], None if source == "hub" else Path(source))
            missing = module.body.load_state_dict(known, strict=False).missing_keys
            missing = [name for name in missing if not name.endswith("num_batches_tracked")]
            if missing:
                raise RecipeError(
                    f"The weights from {source} are not those of timm's {step.layer.model}: {len(missing)} of its tensors "
                    f"are not among them (first: {missing[0]}). Name the network that they were saved from."
                )


def check_source(path: Path) -> None:
    """Raise ModelFileError for a pickle and its like, RecipeError unless `path` is an existing .safetensors file."""
    refuse_foreign(path)
    if path.suffix != ".safetensors" or not path.is_file():
        raise RecipeError(f"No pretrained weights at {path}: an existing .safetensors file is needed.")


def _pretrained_state(model: str, channels: int, file: Path | None) -> dict[str, Tensor]:
    timm = _timm()
    overlay: dict[str, Any] = {}
    if file is not None:
        check_source(file)
        overlay = {"pretrained_cfg_overlay": {"file": str(file)}}
    try:
        # Through timm, so that its own renaming and its adaption to grey pictures apply.
        return timm.create_model(model, pretrained=True, features_only=True, in_chans=channels, **overlay).state_dict()
    except (OSError, ConnectionError) as error:
        raise NetworkError(
            f"The pretrained weights of timm's {model} could not be fetched: {error}. "
            f"Give a file instead: timm/{model}@path/to/model.safetensors."
        ) from error
    except (RuntimeError, ValueError, KeyError) as error:
        where = file or "the hub"
        raise RecipeError(f"The weights from {where} do not fit timm's {model}: {error}") from error


def _create(model: str, channels: int) -> nn.Module:
    timm = _timm()
    if not timm.is_model(model):
        near = difflib.get_close_matches(model, timm.list_models(), n=3)
        hint = f"Near: {', '.join(near)}." if near else "timm.list_models() lists them."
        raise RecipeError(f"timm has no network {model!r}. {hint}")
    try:
        return timm.create_model(model, pretrained=False, features_only=True, in_chans=channels)
    except (RuntimeError, ValueError, AttributeError, AssertionError) as error:
        raise RecipeError(
            f"timm's {model} cannot give its inner maps: {error}. Use a convolutional network, as timm/resnet18."
        ) from error


def _normalisation(model: str, channels: int) -> tuple[list[float], list[float]]:
    """Return the mean and std that the pretrained weights expect; for grey pictures the mean of the three."""
    timm = _timm()
    if not timm.is_model(model):
        _create(model, channels)  # raises with the hint
    found = timm.get_pretrained_cfg(model, allow_unregistered=True)
    mean = list(found.mean) if found is not None else [0.485, 0.456, 0.406]
    std = list(found.std) if found is not None else [0.229, 0.224, 0.225]
    return (mean, std) if channels == 3 else ([sum(mean) / len(mean)] * channels, [sum(std) / len(std)] * channels)


def _timm() -> Any:
    try:
        return importlib.import_module("timm")
    except ImportError as error:
        if error.name == "timm":
            raise RecipeError(
                'timm/<name> needs the extra `pretrained`. Install it with: pip install "glassnet[pretrained]"'
            ) from None
        raise RecipeError(
            f'timm is installed but does not load: {error}. Install matching versions: pip install "glassnet[pretrained]"'
        ) from error
    except RuntimeError as error:  # what a torchvision built for another torch raises
        raise RecipeError(
            f"timm is installed but does not load, because torchvision was built for another torch ({error}). "
            'Install both from one place: pip install --force-reinstall torch torchvision "glassnet[pretrained]"'
        ) from error
