"""How much each pixel did for one number: the answer of Grad-CAM, integrated gradients and occlusion, and what the three share.

found = gradcam(network, x, target)
found.values                    # float32 (H, W), fitted pixels; above zero speaks for it
found.sentence                  # how to read it
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.frames import Frame
from glassnet.errors import RecipeError
from glassnet.explain.colours import signed_colours
from glassnet.explain.seen import answering
from glassnet.networks.words import nearest
from glassnet.tasks.heat import on_original

if TYPE_CHECKING:
    import torch

    from glassnet.explain.target import Target
    from glassnet.networks.network import Network

BACKGROUNDS = ("border", "black", "white", "grey", "mean")
"""Pictures of one colour to compare with: the median colour of the border, black, white, middle grey, the picture's mean colour."""

_PIXELS_AT_ONCE = 262_144  # 256 pictures of 32×32, as when the network answers


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each fitted pixel did for the target: `values` float32 (H, W), above zero for it, below zero against it.

    `score` is the target's value for the picture. `compared` is its value for the picture compared with and `delta` how far the values'
    sum misses `score` − `compared`; both are None where the method promises no sum. `steps` counts the pictures that the network answered.
    `map` float32 (h, w) is what the layer itself gave before it was brought to the picture's size (Grad-CAM). `sentence` says how to read
    it.
    """

    method: str
    target: str
    values: np.ndarray = field(repr=False)
    score: float
    sentence: str
    layer: str = ""
    compared: float | None = None
    delta: float | None = None
    steps: int = 1
    map: np.ndarray | None = field(default=None, repr=False)

    @property
    def missed(self) -> float | None:
        """`delta` as a share of what was to be explained; None where there is no delta or nothing to be explained."""
        if self.delta is None or self.compared is None or self.score == self.compared:
            return None
        return abs(self.delta) / abs(self.score - self.compared)

    def colours(self, most: float | None = None) -> np.ndarray:
        """Return uint8 (H, W, 3): orange speaks for it, blue against it, white does nothing. `most` gets the full colour."""
        return signed_colours(self.values, most)

    def original(self, frame: Frame) -> np.ndarray:
        """Return the values float32 (h, w) over the whole of the picture that was fitted, padding cut away."""
        return on_original(self.values, frame)

    def strongest(self, count: int = 3) -> list[tuple[float, int, int]]:
        """Return (value, row, column) of the pixels that say most for it, largest first, an eighth of the picture apart."""
        left = self.values.copy()
        apart = max(1, min(left.shape) // 8)
        found = []
        for _ in range(count):
            row, column = map(int, np.unravel_index(int(left.argmax()), left.shape))
            if not left[row, column] > 0:
                break
            found.append((float(left[row, column]), row, column))
            left[max(0, row - apart) : row + apart + 1, max(0, column - apart) : column + apart + 1] = -np.inf
        return found

    def as_dict(self, values: bool = False) -> dict[str, Any]:
        """Return plain JSON values; the numbers of the pixels only with `values`."""
        found = {
            "method": self.method,
            "target": self.target,
            "layer": self.layer,
            "shape": list(self.values.shape),
            "range": [float(self.values.min()), float(self.values.max())],
            "score": self.score,
            "compared": self.compared,
            "delta": self.delta,
            "steps": self.steps,
            "sentence": self.sentence,
        }
        return {**found, "values": self.values.tolist()} if values else found


@contextmanager
def undisturbed(network: "Network") -> Iterator[None]:
    """Derivatives are on, precision is float32 and the network answers, whatever surrounds it; all is put back afterwards.

    Parameters keep their `requires_grad` and their `grad`: derivatives are asked for by name.
    """
    import torch

    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    full: Any = nullcontext()
    if device.type == "cuda":  # torch rounds what a convolution reads to ten bits there, unless told not to
        cudnn = torch.backends.cudnn
        full = cudnn.flags(cudnn.enabled, cudnn.benchmark, deterministic=cudnn.deterministic, allow_tf32=False)
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast(device.type, enabled=False),
        answering(network),
        full,
    ):
        yield


def given(network: "Network", x: Any) -> "torch.Tensor":
    """Return one picture (1, C, H, W) in [0, 1] as a tensor of its own where the network is. Raises ValueError for another shape."""
    import torch

    picture = torch.as_tensor(x)
    if tuple(picture.shape) != (1, *network.shape) or not picture.is_floating_point():
        raise ValueError(
            f"One picture, float32 of shape {(1, *network.shape)} (N, C, H, W), is needed, and {picture.dtype} of shape "
            f"{tuple(picture.shape)} was given."
        )
    weights = next(network.parameters(), None)
    own = picture.to(weights) if weights is not None else picture
    return own.detach().clone(memory_format=torch.channels_last)


def outcome(network: "Network", target: "Target", pictures: "torch.Tensor") -> "torch.Tensor":
    """Return the target's value for each of pictures (N, C, H, W), float32 (N,), from the views from which the network answers."""
    outputs = network(pictures).float()
    if target.views == "mirror":
        outputs = (outputs + target.task.unmirrored(network(pictures.flip(3)).float())) / 2
    return target(outputs)


def at_once(network: "Network") -> int:
    """Return how many pictures the network answers at a time."""
    _, height, width = network.shape
    return max(1, min(256, _PIXELS_AT_ONCE // (height * width)))


def background(picture: "torch.Tensor", how: Any) -> "tuple[torch.Tensor, str]":
    """Return a picture (1, C, H, W) to compare with, and words for it. `how` is one of BACKGROUNDS, or such a picture itself.

    Raises RecipeError for another word, ValueError for another shape.
    """
    import torch

    if not isinstance(how, str):
        other = torch.as_tensor(how).to(picture)
        if other.shape != picture.shape:
            raise ValueError(f"The picture to compare with has shape {tuple(other.shape)}, not {tuple(picture.shape)}.")
        return other, "the picture given to compare with"
    if how not in BACKGROUNDS:
        raise RecipeError(f"There is no background {how!r}. {nearest(how, BACKGROUNDS)}")
    if how == "border":
        sides = [picture[0, :, 0], picture[0, :, -1], picture[0, :, :, 0], picture[0, :, :, -1]]
        colour = torch.cat(sides, 1).median(1).values
        words = "a picture all in the middle colour of its border"
    elif how == "mean":
        colour, words = picture[0].mean((1, 2)), "a picture all in its mean colour"
    else:
        shade = {"black": 0.0, "grey": 0.5, "white": 1.0}[how]
        colour, words = picture.new_full((picture.shape[1],), shade), f"a picture that is all {how}"
    return colour[None, :, None, None].expand_as(picture), words


def written(value: float) -> str:
    """Return a number as sentences show it: four digits that count, a true minus sign."""
    return f"{value:.4g}".replace("-", "−")
