"""What a finished network says: its outputs for many pictures, in large batches, from one view or averaged over mirror images."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import nn

_PIXELS_AT_ONCE = 262_144  # 256 pictures of 32×32: large enough to be quick, small enough for any laptop


def outputs(network: "nn.Module", pixels: np.ndarray, rows: np.ndarray | None = None, views: str = "one") -> np.ndarray:
    """Return float32 outputs (n, …) of `network` in evaluation mode for pixels uint8 (n, H, W, C), or for the `rows` of them.

    `views` mirror averages the outputs over the picture and its mirror image (test-time augmentation), one does not.
    """
    import torch

    from glassnet.training import augment, machine

    rows = np.arange(len(pixels)) if rows is None else np.asarray(rows, np.int64)
    height, width = pixels.shape[1:3]
    size = max(1, min(1024, _PIXELS_AT_ONCE // (height * width)))
    network.eval()
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    parts = []
    with torch.inference_mode(), machine.memory_guarded(size, height, width, str(device)):
        for start in range(0, len(rows), size):
            batch = torch.from_numpy(np.ascontiguousarray(pixels[rows[start : start + size]])).to(device)
            x = augment.to_float(batch)
            seen = augment.mirror_views(x) if views == "mirror" else [x]
            parts.append(torch.stack([network(view).float() for view in seen]).mean(0).cpu().numpy())
    if not parts:
        raise ValueError("outputs of no pictures were asked for")
    return np.concatenate(parts)
