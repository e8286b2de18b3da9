"""Saving and loading networks: model.safetensors (the numbers) and model.json (what they are). No pickle, anywhere.

What a crash can leave. The weights are replaced first, model.json last, each whole or not at all. model.safetensors holds the same
description inside, with a hash of its tensors, so the weights are never without the description that fits them: between the two writes
a folder holds new weights and the old model.json, and loading notices that the latter is of another save and uses the one inside.
A flipped bit in either file is refused.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet import durable
from glassnet.data.pixels import PixelSettings
from glassnet.errors import ModelFileError
from glassnet.networks.description import FORMAT, VERSION, Description, least_bytes, open_sealed, plain, read_text, seal
from glassnet.networks.refused import refuse_foreign

if TYPE_CHECKING:
    from torch import Tensor

    from glassnet.networks.network import Network

WEIGHTS, DESCRIPTION = "model.safetensors", "model.json"
_INSIDE = "glassnet"  # the one key of the safetensors file's metadata


@dataclass(frozen=True)
class Model:
    """A loaded network in evaluation mode, and what belongs to it. `notes` says what a person should know about the loading."""

    network: "Network"
    task: str
    classes: tuple[str, ...]
    pixels: PixelSettings
    temperature: float
    extra: dict[str, Any]
    notes: tuple[str, ...] = field(default=())


def save_model(
    folder: str | Path,
    network: "Network",
    *,
    task: str,
    pixels: PixelSettings,
    extra: dict[str, Any] | None = None,
    temperature: float = 1.0,
) -> None:
    """Write model.safetensors and model.json into `folder`, each whole or not at all. Raises StorageError when they cannot be written.

    `extra` is plain JSON that travels along (decision threshold, views, run name). Weights are stored as float32.
    """
    import torch
    from safetensors.torch import save

    tensors = {
        # Own memory for each: in training, small weights are windows of one vector, which safetensors rightly refuses.
        name: (t.detach().float() if t.is_floating_point() else t.detach())
        .cpu()
        .clone(memory_format=torch.contiguous_format)
        for name, t in network.state_dict().items()
    }
    values: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "task": task,
        "shape": list(network.shape),
        "classes": list(network.classes),
        "layers": plain(_without_sources(network.layers), "layers"),
        "pixels": pixels.as_dict(),
        "temperature": float(temperature),
        "tensors": _hash(tensors),
        "extra": plain(extra or {}, "extra"),
    }
    inside = seal(values)
    open_sealed(
        inside, "this model"
    )  # whatever would be refused on reading is refused now, before the old file is replaced
    data = save(tensors, metadata={_INSIDE: inside})
    weights = {"file": WEIGHTS, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    folder = Path(folder)
    durable.write_bytes(folder / WEIGHTS, data)
    durable.write_text(folder / DESCRIPTION, seal({**values, "weights": weights}))


def load_model(path: str | Path) -> Model:
    """Load a network from its folder, its model.json or its model.safetensors.

    Raises ModelFileError, with the reason, for a missing, damaged, altered, hostile or foreign file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    path = Path(path)
    refuse_foreign(path)
    alone = path.suffix == ".safetensors"
    folder = path if path.is_dir() else path.parent
    weights = path if alone else folder / WEIGHTS
    beside = None
    if not path.is_dir() and not alone and path.name != DESCRIPTION:
        raise ModelFileError(
            f"{path} is no model. Name a folder with {WEIGHTS} and {DESCRIPTION} in it, or one of the two."
        )
    if not alone and (folder / DESCRIPTION).exists():
        beside = open_sealed(read_text(folder / DESCRIPTION), str(folder / DESCRIPTION))
    data = _read(weights)
    inside = _inside(data, weights)
    notes: tuple[str, ...] = ()
    if beside is not None and beside.weights is not None and hashlib.sha256(data).hexdigest() != beside.weights.sha256:
        notes = (
            f"{folder / DESCRIPTION} is of an earlier save (the last one was interrupted); the description inside {weights.name} was used.",
        )
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise _damaged(weights) from error
    if _hash(tensors) != inside.tensors:
        raise _damaged(weights)
    return _model(inside, tensors, weights, notes)


def _model(found: Description, tensors: "dict[str, Tensor]", weights: Path, notes: tuple[str, ...]) -> Model:
    steps = found.steps()
    stored = sum(t.numel() * t.element_size() for t in tensors.values())
    if stored < least_bytes(steps):
        raise ModelFileError(
            f"{weights} describes a network of {least_bytes(steps):,} bytes of weights and holds {stored:,}. It is refused."
        )
    from glassnet.networks.network import build

    channels, height, width = found.shape
    network = build(found.layers, (channels, height, width), found.classes, fetch=False)
    expected = {name: t.shape for name, t in network.state_dict().items()}
    wrong = sorted(
        name
        for name in expected.keys() | tensors.keys()
        if name not in tensors or expected.get(name) != tensors[name].shape
    )
    if wrong:
        raise ModelFileError(
            f"The weights in {weights} do not fit the layers described with them; what differs: {', '.join(wrong[:3])}."
        )
    network.load_state_dict(tensors)
    network.preprocessing = dict(found.pixels)
    return Model(
        network.eval(),
        found.task,
        tuple(found.classes),
        found.pixel_settings(),
        found.temperature,
        dict(found.extra),
        notes,
    )


def _read(weights: Path) -> bytes:
    refuse_foreign(weights)
    try:
        return weights.read_bytes()
    except FileNotFoundError:
        raise ModelFileError(
            f"There is no {weights}. A model is a folder with {WEIGHTS} and {DESCRIPTION} in it."
        ) from None
    except OSError as error:
        raise ModelFileError(f"{weights} cannot be read: {error.strerror or error}.") from error


def _inside(data: bytes, weights: Path) -> Description:
    """Return the description inside a safetensors file, whose header is JSON after eight bytes of length."""
    import json

    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise _damaged(weights)
    try:
        header = json.loads(data[8 : 8 + length])
        metadata = header.get("__metadata__", {})
    except (ValueError, RecursionError, AttributeError):
        raise _damaged(weights) from None
    if not isinstance(metadata, dict) or not isinstance(metadata.get(_INSIDE), str):
        raise ModelFileError(
            f"{weights} holds weights but not what network they are of. If Glassnet wrote it, it is damaged; pretrained weights are named "
            "where the network is, as --network timm/resnet18@FILE."
        )
    return open_sealed(metadata[_INSIDE], f"The description inside {weights}")


def _hash(tensors: "dict[str, Tensor]") -> str:
    """Return the SHA-256 of names, types, shapes and bytes, by name."""
    import torch

    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode("utf-8", "surrogatepass"))
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b"")
    return digest.hexdigest()


def _without_sources(layers: list[Any]) -> list[Any]:
    """A saved backbone has its weights in the file; where they came from once must not be asked for again."""
    return [
        {**layer, "weights": "none"} if isinstance(layer, dict) and "backbone" in layer else layer for layer in layers
    ]


def _damaged(weights: Path) -> ModelFileError:
    return ModelFileError(
        f"{weights} is damaged: its bytes are not those that were written (SHA-256). Take it from its run again, or train again."
    )
