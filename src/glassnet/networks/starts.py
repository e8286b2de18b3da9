"""How weights start. Every layer draws from a generator of its own, keyed by (seed, layer name): adding a layer changes no other."""

import math

import torch
from torch import Tensor, nn

from glassnet import randomness
from glassnet.errors import RecipeError
from glassnet.networks import layers as L

NAMES = ("glorot", "he")


@torch.no_grad()
def start(module: nn.Module, layer: L.Layer, initial: str, seed: int) -> None:
    """Set the weights of one module; biases start at zero. `initial` counts where the layer names none of its own."""
    if initial not in NAMES:
        raise RecipeError(f"train.initial is {initial!r}; it must be one of {', '.join(NAMES)}.")
    if not isinstance(module, nn.Conv2d | nn.Linear):
        return
    generator = torch.Generator().manual_seed(randomness.key(seed, 0, f"weights/{layer.name}"))
    if module.bias is not None:
        module.bias.zero_()
    weight = module.weight
    how = getattr(layer, "initial", None) or initial
    fan_in, fan_out = _fans(weight)
    match how:
        case "glorot":  # Glorot and Bengio 2010, uniform; what Keras does
            limit = math.sqrt(6.0 / (fan_in + fan_out))
            weight.uniform_(-limit, limit, generator=generator)
        case "he" | "whiten":  # He et al. 2015, normal; whitening filters are measured later
            weight.normal_(0.0, math.sqrt(2.0 / fan_in), generator=generator)
        case "identity":  # the first channels pass through, the others as he
            weight.normal_(0.0, math.sqrt(2.0 / fan_in), generator=generator)
            nn.init.dirac_(weight[: weight.shape[1]]) if weight.ndim == 4 else nn.init.eye_(weight[: weight.shape[1]])
        case "unit":
            weight.normal_(0.0, 1.0, generator=generator)
        case "zero":
            weight.zero_()


def _fans(weight: Tensor) -> tuple[int, int]:
    window = weight[0, 0].numel()
    return weight.shape[1] * window, weight.shape[0] * window
