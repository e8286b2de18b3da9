"""One number of a network's outputs that is explained, with words for it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from glassnet.tasks import centres
from glassnet.tasks.contract import Task
from glassnet.tasks.segment import full_size

if TYPE_CHECKING:
    import torch

Views = Literal["one", "mirror"]


@dataclass(frozen=True, eq=False)
class Target:
    """One number to explain. `name` is what a person chooses it by, `words` say what it is, `value` is what it was in the answer.

    `kind` logit: the output `channel` of a vote. heat: the heat of class `channel` at `place` (row, column of the map). pixels: the mean
    over the pixels of `mask` bool (H, W), fitted pixels, of the map `channel` brought to the picture's size. `views` is how the answer
    was made: from the picture, or averaged over it and its mirror image; `task` knows how outputs are mirrored back.
    """

    name: str
    words: str
    kind: Literal["logit", "heat", "pixels"]
    channel: int
    task: Task = field(repr=False)
    place: tuple[int, int] | None = None
    mask: np.ndarray | None = field(default=None, repr=False)
    views: Views = "one"
    value: float = 0.0

    def __call__(self, outputs: "torch.Tensor") -> "torch.Tensor":
        """Return the number for each of N pictures, float32 (N,), differentiable, from outputs (N, K) or (N, outputs, h, w)."""
        import torch

        if self.kind == "logit":
            return outputs[:, self.channel].float()
        if self.kind == "heat":
            assert self.place is not None
            return torch.sigmoid(outputs[:, self.channel, *self.place].float() - centres.COLD)
        assert self.mask is not None
        rows, columns = (torch.as_tensor(each, device=outputs.device) for each in np.nonzero(self.mask))
        return full_size(outputs[:, self.channel : self.channel + 1])[:, 0, rows, columns].mean(1)

    @property
    def averaged(self) -> str:
        """Words behind the number where it is no single view's, for the layers show the picture as it is alone."""
        return " (the mean of the picture and its mirror image)" if self.views == "mirror" else ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"name": self.name, "words": self.words, "kind": self.kind, "value": self.value}
