"""What a finished network says, for many pictures, in large batches, from one view or averaged over mirror images."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from glassnet.tasks.contract import Task

if TYPE_CHECKING:
    from torch import Tensor, nn

_PIXELS_AT_ONCE = 262_144  # 256 pictures of 32×32: large enough to be quick, small enough for any laptop


def answers(
    network: "nn.Module", task: Task, pixels: np.ndarray, rows: np.ndarray | None = None, views: str = "one"
) -> np.ndarray:
    """Return what `network` says, as `task` reads it, (n, …), for pixels uint8 (n, H, W, C) or for the `rows` of them."""
    return _of_batches(task.read, network, task, pixels, rows, views)


def outputs(
    network: "nn.Module", task: Task, pixels: np.ndarray, rows: np.ndarray | None = None, views: str = "one"
) -> np.ndarray:
    """Return the outputs themselves, float32 (n, …), from which `answers` are read. Of maps they are large: ask for few pictures."""
    return _of_batches(lambda found: found, network, task, pixels, rows, views)


def heats(
    network: "nn.Module", task: Task, pixels: np.ndarray, rows: np.ndarray | None = None, views: str = "one"
) -> np.ndarray | None:
    """Return the heat maps float32 (n, h, w) in [0, 1] of a task that has them (`task.heat`), else None."""
    heat = getattr(task, "heat", None)
    return None if heat is None else _of_batches(heat, network, task, pixels, rows, views)


def _of_batches(
    kept: "Callable[[Tensor], Tensor]",
    network: "nn.Module",
    task: Task,
    pixels: np.ndarray,
    rows: np.ndarray | None,
    views: str,
) -> np.ndarray:
    """Return what `kept` makes of the outputs of every batch, the network in evaluation mode; outputs themselves may be too large to keep.

    `views` mirror averages the outputs over the picture and its mirror image (test-time augmentation), one does not.
    """
    import torch

    from glassnet.training import augment, machine

    rows = np.arange(len(pixels)) if rows is None else np.asarray(rows, np.int64)
    if not len(rows):
        raise ValueError("answers for no pictures were asked for")
    height, width = pixels.shape[1:3]
    size = max(1, min(1024, _PIXELS_AT_ONCE // (height * width)))
    network.eval()
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    parts = []
    with torch.inference_mode(), machine.memory_guarded(size, height, width, str(device)):
        for start in range(0, len(rows), size):
            batch = torch.from_numpy(np.ascontiguousarray(pixels[rows[start : start + size]])).to(device)
            x = augment.to_float(batch)
            found = network(x).float()
            if views == "mirror":
                mirrored = task.unmirrored(network(augment.mirror_views(x)[1]).float())
                found = torch.stack([found, mirrored]).mean(0)
            parts.append(kept(found).cpu().numpy())
    return np.concatenate(parts)
