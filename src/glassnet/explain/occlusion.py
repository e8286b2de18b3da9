"""Occlusion: cover the picture square by square and see how the target falls (Zeiler and Fergus, arXiv:1311.2901).

The plainest of the three: no derivatives, only answers to changed pictures. Squares overlap; a pixel gets the mean of what happened under
all squares that covered it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.explain.attribution import Attribution, at_once, background, given, outcome, undisturbed, written

if TYPE_CHECKING:
    from glassnet.explain.target import Target
    from glassnet.networks.network import Network

Progress = Callable[[int, int], None]
_PARTS = 6  # squares that fit beside each other along the shorter side


def occlusion(
    network: "Network",
    x: Any,
    target: "Target",
    size: int | None = None,
    stride: int | None = None,
    fill: Any = "border",
    progress: Progress | None = None,
) -> Attribution:
    """Return how far `target` falls where a picture x, float32 (1, C, H, W) as the network takes it, is covered.

    Squares of `size` pixels (a sixth of the shorter side) are laid every `stride` pixels (half of `size`), cut off at the right and lower
    border. `fill` is what covers: one of BACKGROUNDS, or a picture (1, C, H, W). `progress(done, total)` counts squares.
    Raises ValueError for a size or stride that leaves pixels uncovered.
    """
    import torch

    _, height, width = network.shape
    size = max(1, round(min(height, width) / _PARTS)) if size is None else size
    stride = max(1, size // 2) if stride is None else stride
    if not 1 <= stride <= size:
        raise ValueError(
            f"Squares of {size} pixels, one every {stride}, do not cover every pixel. Take 1 ≤ stride ≤ size."
        )
    places = [(top, left) for top in _starts(height, size, stride) for left in _starts(width, size, stride)]
    fallen, covers = np.zeros((height, width)), np.zeros((height, width))
    with undisturbed(network), torch.no_grad():
        picture = given(network, x)
        cover, words = background(picture, fill)
        score = float(outcome(network, target, picture))
        for start in range(0, len(places), at_once(network)):
            batch = places[start : start + at_once(network)]
            pictures = picture.repeat(len(batch), 1, 1, 1).contiguous(memory_format=torch.channels_last)
            for changed, (top, left) in zip(pictures, batch, strict=True):
                part = np.s_[:, top : top + size, left : left + size]
                changed[part] = cover[0][part]
            for value, (top, left) in zip(outcome(network, target, pictures).tolist(), batch, strict=True):
                fallen[top : top + size, left : left + size] += score - value
                covers[top : top + size, left : left + size] += 1
            if progress is not None:
                progress(start + len(batch), len(places))
    return Attribution(
        "occlusion",
        target.name,
        (fallen / covers).astype(np.float32),
        score,
        _sentence(target, words, size, score),
        steps=len(places) + 1,
    )


def _starts(side: int, size: int, stride: int) -> range:
    """Return where squares begin along one side: the last is the first that reaches the end."""
    return range(0, max(0, -(-(side - size) // stride)) * stride + 1, stride)


def _sentence(target: "Target", words: str, size: int, score: float) -> str:
    return (
        f"Orange: covering this place lowers {target.words}; blue: covering it raises it. "
        f"Uncovered it is {written(score)}{target.averaged}. "
        f"A number says by how much it falls, for squares of {size} × {size} pixels filled from {words}, averaged over the squares that "
        "cover a pixel."
    )
