"""One picture with its truth beside its answer, and beside both what explains them: the heat map, or the pixels that are wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.data.truths import IGNORED, Truth
from glassnet.report.annotated import shrunk
from glassnet.report.markup import Markup, tag
from glassnet.report.material import Material
from glassnet.report.pictures import data_uri, short_name
from glassnet.tasks.answers import PixelsAnswer, ThingsAnswer
from glassnet.tasks.drawing import draw_pixels, draw_things, draw_truth
from glassnet.tasks.heat import draw_heat

QUALITY = 72
KINDS = {
    "found": "found",
    "missed": "missed",
    "background": "where nothing is",
    "wrong_class": "wrong class",
    "badly_placed": "badly placed",
    "double": "double",
}
"""Kinds of right and wrong, as the tables of scores name them, in words that follow a number."""


@dataclass(frozen=True, eq=False)
class Beside:
    """One row: its picture, its answer, its truth and heat map where there are any, and what the tables of scores say of it.

    `picture(side)` gives the picture with at most `side` pixels on its longer side. `shaped` says that the answers of this run have masks,
    so that the truth is drawn with its masks too.
    """

    row: int
    key: str
    classes: tuple[str, ...]
    picture: Callable[[int], np.ndarray]
    taken: Mapping[str, Any]
    truth: Truth | None
    answer: Any
    heat: np.ndarray | None = None
    shaped: bool = False

    @property
    def things(self) -> int:
        """How many things there are, or of pixels how many classes."""
        if self.truth is None:
            return 0
        if self.truth.map is None:
            return len(self.truth)
        return int(np.count_nonzero(np.unique(self.truth.classes_map()) != IGNORED))

    def drawn(self, side: int) -> list[tuple[str, np.ndarray]]:
        """Return what each picture is and the picture, uint8 (h, w, 3), at most `side` pixels on its longer side."""
        picture, truth, answer = self.picture(side), self.truth, self.answer
        pixels = isinstance(answer, PixelsAnswer)
        found: list[tuple[str, np.ndarray]] = []
        if truth is not None:
            missed = dict.fromkeys(self.taken.get("missed_things", ()), KINDS["missed"])
            boxes = not self.shaped
            found.append(("truth", draw_truth(picture, truth, self.classes, pixels, remarks=missed, boxes=boxes)))
        if pixels:
            found.append(("answer", draw_pixels(picture, answer, legend=False)))
            if truth is not None:
                found.append(("wrong pixels", draw_heat(picture, wrong_pixels(answer, truth, self.classes))))
        else:
            remarks = _remarks(answer, self.taken)
            found.append(("answer", draw_things(picture, answer, None, self.classes, legend=False, remarks=remarks)))
        if self.heat is not None:
            found.append(("heat map", draw_heat(picture, self.heat)))
        return found

    def lit(self, truth: str, answer: str, side: int) -> np.ndarray:
        """Return the picture, uint8 (h, w, 3), with the pixels light that are of class `truth` and were given class `answer`."""
        picture = self.picture(side)
        if self.truth is None:
            return picture
        of_truth = self.truth.classes_map() == self.classes.index(truth)
        where = of_truth & (self.answer.pixels == self.answer.classes.index(answer))
        return draw_heat(picture, where.astype(np.float32))

    def figure(self, side: int) -> Markup:
        """Return the pictures with the score and the counts below, and what they are sorted by as data."""
        images = [
            tag("span", _image(pixels, f"{what} of {short_name(self.key)}"), tag("span", what, cls="what"))
            for what, pixels in self.drawn(side)
        ]
        words = [
            tag("strong", f"{self.taken['score']:.2f}"),
            tag("span", said(self.taken)),
            tag("span", short_name(self.key), title=self.key, cls="note"),
        ]
        return tag(
            "figure",
            tag("div", images, cls=f"beside beside{len(images)}"),
            tag("figcaption", [[word, " "] for word in words]),
            cls="answered",
            data_score=f"{self.taken['score']:.6f}",
            data_name=self.key,
            data_things=self.things,
        )


def beside(material: Material, row: int, taken: Mapping[str, Any]) -> Beside:
    """Return one row with its truth read."""
    data = material.data

    def picture(side: int) -> np.ndarray:
        return shrunk(data.original(row) if data.original else data.picture(row), side)

    return Beside(
        row,
        data.keys[row],
        data.classes,
        picture,
        taken,
        data.truth(row) if data.truth else None,
        material.answers.get(row),
        material.heats.get(row),
        any(thing.mask is not None for each in material.answers.values() for thing in getattr(each, "found", ())),
    )


def wrong_pixels(answer: PixelsAnswer, truth: Truth, classes: tuple[str, ...]) -> np.ndarray:
    """Return float32 (H, W): 1 where the answer is wrong, 0 where it is right or nothing is asked."""
    known = truth.classes_map()
    numbers = np.array([classes.index(name) for name in answer.classes], np.uint8)
    return ((known != IGNORED) & (numbers[answer.pixels] != known)).astype(np.float32)


def said(taken: Mapping[str, Any]) -> str:
    """Return what the scores say of one picture, in words, from whatever their table holds."""
    kinds = [f"{taken[kind]} {word}" for kind, word in KINDS.items() if taken.get(kind)]
    if kinds:
        return ", ".join(kinds)
    if "truth" in taken:
        return f"{taken['truth']}, answered {taken['answer'] or 'nothing'}"
    parts = [f"{taken['pixel_accuracy']:.0%} of the pixels right"] if "pixel_accuracy" in taken else []
    parts += [f"weakest: {taken['weakest_class']}"] if "weakest_class" in taken else []
    return ", ".join(parts) or "nothing there, nothing found"


def _remarks(answer: ThingsAnswer, taken: Mapping[str, Any]) -> dict[int, str]:
    """Return what is wrong with each thing that was answered, by its place."""
    pairs = zip(taken.get("places", ()), taken.get("kinds", ()), strict=True)
    words = KINDS | {"background": "nothing there"}
    return {place: words[kind] for place, kind in pairs if kind in words and kind != "found"}


def _image(pixels: np.ndarray, alt: str) -> Markup:
    height, width = pixels.shape[:2]
    return tag("img", src=data_uri(pixels, max(height, width), QUALITY), alt=alt, width=width, height=height)
