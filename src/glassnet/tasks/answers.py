"""What the dense tasks answer, in the pixels of the user's own picture: things with boxes or masks, and a class for every pixel.

Coordinates are edges of the upright picture: the pixel in column c covers x from c to c + 1.
"""

from dataclasses import dataclass

import numpy as np

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Found:
    """One thing: its class `label`, how sure the network is in [0, 1], `box` (x1, y1, x2, y2), and `mask` bool (H, W) where asked for."""

    label: str
    confidence: float
    box: Box
    mask: np.ndarray | None = None

    def __str__(self) -> str:
        x1, y1, x2, y2 = self.box
        return f"{self.label} {self.confidence:.0%} at {x1:.0f},{y1:.0f} to {x2:.0f},{y2:.0f}"

    def as_dict(self) -> dict:
        """Return plain JSON values; a mask as COCO's run lengths, down the columns, beginning with zeros."""
        values: dict = {"label": self.label, "confidence": self.confidence, "box": list(self.box)}
        if self.mask is not None:
            from glassnet.data.shapes import rle_of

            rle = rle_of(self.mask)
            values["mask"] = {"counts": list(rle.counts), "size": [rle.height, rle.width]}
        return values


@dataclass(frozen=True, eq=False)
class ThingsAnswer:
    """The things in one picture of `height` × `width` pixels, surest first, none below `threshold`.

    `classes` is the class list of the network, which gives every class its colour.
    """

    found: tuple[Found, ...]
    height: int
    width: int
    threshold: float
    classes: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.found:
            return "nothing found"
        counts: dict[str, int] = {}
        for thing in self.found:
            counts[thing.label] = counts.get(thing.label, 0) + 1
        return str(self.found[0]) if len(self.found) == 1 else ", ".join(f"{n} {label}" for label, n in counts.items())

    def as_dict(self) -> dict:
        """Return plain JSON values."""
        return {
            "height": self.height,
            "width": self.width,
            "threshold": self.threshold,
            "things": [thing.as_dict() for thing in self.found],
        }


@dataclass(frozen=True, eq=False)
class PixelsAnswer:
    """The class of every pixel: `pixels` uint8 (H, W) holds places in `classes`."""

    pixels: np.ndarray
    classes: tuple[str, ...]

    @property
    def shares(self) -> dict[str, float]:
        """Share of the picture that each class covers, largest first, classes without a pixel left out."""
        counts = np.bincount(self.pixels.ravel(), minlength=len(self.classes))[: len(self.classes)]
        order = np.argsort(-counts, kind="stable")
        return {self.classes[i]: float(counts[i] / self.pixels.size) for i in order if counts[i]}

    def __str__(self) -> str:
        return ", ".join(f"{name} {share:.0%}" for name, share in list(self.shares.items())[:5])

    def as_dict(self) -> dict:
        """Return plain JSON values; the pixels as run lengths along the rows: [class, length] pairs."""
        flat = self.pixels.ravel()
        starts = np.flatnonzero(np.r_[True, flat[1:] != flat[:-1]])
        lengths = np.diff(np.r_[starts, len(flat)])
        runs = np.stack([flat[starts].astype(np.int64), lengths], 1).tolist()
        return {"size": list(self.pixels.shape), "classes": list(self.classes), "shares": self.shares, "rows": runs}
