"""What if the picture were otherwise: the answer beside the answer to a changed picture.

print(run.explain("cat.jpg").what_if("rotate", 15))
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from glassnet.data.frames import Frame
from glassnet.pipeline.predict import Answered

if TYPE_CHECKING:
    from glassnet.pipeline.explained import Explained

_CLASSES = 3


@dataclass(frozen=True, eq=False)
class WhatIf:
    """`what` was done to the picture, and the picture explained `before` and `after`."""

    what: str
    before: "Explained"
    after: "Explained"

    @property
    def answer(self) -> Answered:
        """The answer to the changed picture."""
        return self.after.answer

    @property
    def pixels(self) -> np.ndarray:
        """The changed picture uint8 (H, W, C), as the network sees it."""
        return self.after.picture.fitted

    def text(self) -> str:
        """Return both answers; of a vote the likeliest classes, each with where it was and where it is."""
        shares, now = self.before.answer.probabilities, self.answer.probabilities
        if shares is None or now is None:
            return f"{self.what}: {self.before.answer.text()} → {self.answer.text()}"
        top = list(dict.fromkeys([*list(shares)[:_CLASSES], *list(now)[:1]]))
        return f"{self.what}: " + ", ".join(
            f"{name} {100 * shares[name]:.1f} % → {100 * now[name]:.1f} %" for name in top
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"what": self.what, "before": self.before.answer.as_dict(), "after": self.answer.as_dict()}

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from glassnet.report.inline import Shown
        from glassnet.report.pictures import figure, grid

        said = f"{self.what}: {self.answer.text(_CLASSES)}"
        before = figure(self.before.picture.fitted, self.before.answer.text(_CLASSES), "before", 224)
        return Shown(self.text(), grid([before, figure(self.pixels, said, self.what, 224)]))._repr_html_()


def what_if(found: "Explained", kind: str, amount: Any, options: dict[str, Any]) -> WhatIf:
    """Return the answer to the picture changed as `explain.what_if.changed` changes it. Raises RecipeError for what it does not know."""
    from glassnet.explain.what_if import changed

    given: dict[str, Any] = {"edge": found.predictor.task.edge, **options}
    fitted = changed(np.array(found.picture.fitted), kind, amount, **given)
    what = " ".join([kind, *_words("by", amount), *(word for each in options.items() for word in _words(*each))])
    picture = replace(
        found.picture,
        name=f"{found.picture.name}, {what}",
        stem=f"{found.picture.stem}-{kind}",
        original=laid_back(found.picture.original, fitted, found.frame),
        fitted=fitted,
    )
    return WhatIf(what, found, found.other(picture))


def _words(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    many = value if isinstance(value, tuple | list) else (value,)
    return [name, ", ".join(each if isinstance(each, str) else f"{each:g}" for each in many)]


def laid_back(original: np.ndarray, fitted: np.ndarray, frame: Frame) -> np.ndarray:
    """Return the original uint8 (h, w, 1 or 3) with what the network saw of it, `fitted` uint8 (H, W, C), laid over its place."""
    x1, y1, x2, y2 = frame.seen
    corners = frame.original(np.array([[x1, y1], [x2, y2]]))
    (left, top), (right, bottom) = np.rint(corners).astype(int).clip(0, (frame.width, frame.height)).tolist()
    if right <= left or bottom <= top:
        return original
    channels = max(original.shape[2], fitted.shape[2])
    whole = np.array(np.broadcast_to(original, (*original.shape[:2], channels)))
    seen = Image.fromarray(np.ascontiguousarray(np.broadcast_to(fitted, (*fitted.shape[:2], channels)).squeeze()))
    box = (x1, y1, min(x2, fitted.shape[1]), min(y2, fitted.shape[0]))
    part = seen.resize((right - left, bottom - top), Image.Resampling.BILINEAR, box=box)
    whole[top:bottom, left:right] = np.asarray(part).reshape(bottom - top, right - left, channels)
    return whole
