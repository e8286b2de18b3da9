"""One picture explained: the answer, every layer that led to it, and every number in them opened.

    found = run.explain("cat.jpg")
    print(found)                                            # layers, their strongest places, the answer
    print(found.arithmetic("conv2", channel=7, y=3, x=4))   # one number, term by term
    found.gradcam("dog"), found.what_if("rotate", 15), found.nearest(), found.write()

Everything is computed when it is first asked for, and kept.
"""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.frames import Frame, frame
from glassnet.errors import RecipeError
from glassnet.explain.levels import Level, levels
from glassnet.networks.words import nearest
from glassnet.pipeline import among_taught, asking
from glassnet.pipeline.explaining import Picture
from glassnet.pipeline.observer import Observer
from glassnet.pipeline.predict import Answered, Predictor
from glassnet.pipeline.strongest import Strongest, strongest, strongest_channels
from glassnet.pipeline.taught import Crop, Neighbour, Taught

if TYPE_CHECKING:
    from glassnet.explain.attribution import Attribution
    from glassnet.explain.field import Field
    from glassnet.explain.filters import Filters
    from glassnet.explain.seen import Seen
    from glassnet.explain.target import Target
    from glassnet.explain.terms import Arithmetic
    from glassnet.pipeline.run import Run
    from glassnet.pipeline.what_if import WhatIf

_CHANNELS = 4  # of a layer whose exciting crops are looked for unless the user names some


class Explained:
    """What a run's network saw in one picture. `picture` is the picture, `answer` what `glassnet predict` says of it."""

    def __init__(self, run: "Run", picture: Picture, taught: Taught, observer: Observer) -> None:
        self.run = run
        self.picture = picture
        self.taught = taught
        self.observer = observer
        self._made: dict[Any, Any] = {}

    @property
    def predictor(self) -> Predictor:
        """The network that answers, with its task, classes and pixel settings."""
        return self.run.predictor

    @cached_property
    def frame(self) -> Frame:
        """Where the picture lies in the network's input."""
        return frame(*self.picture.size, self.predictor.pixels)

    @cached_property
    def answer(self) -> Answered:
        """The answer, as `glassnet predict` gives it."""
        return self.predictor.answer([self.picture.name], self.picture.fitted[None], [self.picture.size])[0]

    @cached_property
    def plain(self) -> Answered:
        """The answer to the picture alone, which is what the layers show; `answer` where no mirror image is averaged in."""
        if self.predictor.views != "mirror":
            return self.answer
        return asking.without_mirror(self)

    @cached_property
    def x(self) -> Any:
        """The picture as the network takes it: a tensor float32 (1, C, H, W) in [0, 1]."""
        import torch

        from glassnet.training.augment import to_float

        return to_float(torch.from_numpy(np.array(self.picture.fitted[None])))

    @cached_property
    def seen(self) -> "Seen":
        """Every layer's output: `seen["conv2"].values[7, 3, 4]`."""
        from glassnet.explain.seen import look

        return look(self.predictor.model.network, self.x, self.predictor.model.temperature)

    @cached_property
    def strongest(self) -> tuple[Strongest, ...]:
        """The greatest value of every layer, and what part of the picture it sees."""
        return strongest(self.predictor.model.network, self.seen, self.frame)

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The layers that stand for low-, middle- and high-level features."""
        return levels(self.seen)

    @cached_property
    def targets(self) -> "list[Target]":
        """What of the answer can be explained, first what it is about: classes, boxes, areas, instances."""
        from glassnet.explain import targets

        return targets.targets(*self.asked)

    def target(self, words: "str | Target | None" = None) -> "Target":
        """Return what is meant by `words`: a name of `targets`, the beginning of one, or "pixel (x, y) CLASS".

        None means what the answer is about, of areas the largest that is not background. Raises RecipeError with the nearest.
        """
        return asking.meant(self, words)

    @cached_property
    def asked(self) -> tuple[Any, ...]:
        """What `explain.targets` is asked with: the task, the network, its outputs, the answer, the frame, the views."""
        return asking.outputs_of(self)

    def arithmetic(self, layer: str, channel: int | str, y: int | None = None, x: int | None = None) -> "Arithmetic":
        """Return how one value was made, term by term; `print` it. A row of values has no y and x; a class may be named instead of counted.

        Raises RecipeError, with the nearest or the range, for a layer or place that is not there.
        """
        from glassnet.explain.arithmetic import arithmetic

        return arithmetic(self.predictor.model.network, self.seen, layer, self._channel(layer, channel), y, x)

    def field(self, layer: str, channel: int | str, y: int | None = None, x: int | None = None) -> "Field":
        """Return what part of the picture one value sees, in fitted and in original pixels. Raises as `arithmetic`."""
        from glassnet.explain.field import field

        return field(self.predictor.model.network, layer, self._channel(layer, channel), y, x, self.frame)

    def _channel(self, layer: str, channel: int | str) -> int:
        if not isinstance(channel, str):
            return int(channel)
        vote = self.seen.graph.nodes.get(self.seen.graph.vote)
        if vote is None or self.seen[layer].name not in (vote.name, *vote.sources):
            raise RecipeError(
                f"A channel of {layer} is a number, not {channel!r}. Only the answer's values have names."
            )
        if channel not in self.seen.classes:
            raise RecipeError(f"There is no class {channel!r}. {nearest(channel, self.seen.classes)}")
        return self.seen.classes.index(channel)

    def filters(self, layer: str) -> "Filters":
        """Return the filters of a convolution or dense layer. Raises RecipeError for another layer."""
        from glassnet.explain.filters import filters

        return filters(self.predictor.model.network, layer)

    def gradcam(self, target: "str | Target | None" = None, layer: str | None = None) -> "Attribution":
        """Return which places of a layer's maps speak for a target. `layer` None: the last map before the vote or the decoder."""
        from glassnet.explain.gradcam import gradcam

        return self._kept("gradcam", target, {"layer": layer}, gradcam)

    def integrated_gradients(self, target: "str | Target | None" = None, **options: Any) -> "Attribution":
        """Return what each pixel did for a target on the way from an empty picture. `options`: baseline, steps, tolerance, most."""
        from glassnet.explain.integrated import integrated

        return self._kept("integrated", target, options, integrated)

    def occlusion(self, target: "str | Target | None" = None, **options: Any) -> "Attribution":
        """Return how a target falls when a part of the picture is covered, part by part. `options` as of `explain.occlusion`."""
        from glassnet.explain.occlusion import occlusion

        told = partial(self.observer.progress, "covered pictures")
        return self._kept("occlusion", target, options, partial(occlusion, progress=told))

    def _kept(
        self, method: str, target: "str | Target | None", options: dict[str, Any], made: Callable[..., "Attribution"]
    ) -> "Attribution":
        wanted = self.target(target)
        key = (method, wanted.name, repr(sorted(options.items())))
        return self._once(key, lambda: made(self.predictor.model.network, self.x, wanted, **options))

    def _once(self, key: Any, made: Callable[[], Any]) -> Any:
        """Return what was made for `key`, made when it is first asked for."""
        if key not in self._made:
            self._made[key] = made()
        return self._made[key]

    def what_if(self, kind: str, amount: Any = None, **options: Any) -> "WhatIf":
        """Return the answer to the picture covered, blurred, shifted, rotated, brightened or with other contrast, beside the answer now.

        `kind`, `amount` and `options` (box, edge) as of `explain.what_if.changed`. Raises RecipeError for a change that is not known.
        """
        from glassnet.pipeline.what_if import what_if

        key = ("what_if", kind, repr(amount), repr(sorted(options.items())))
        return self._once(key, lambda: what_if(self, kind, amount, options))

    @property
    def what_ifs(self) -> "list[WhatIf]":
        """Every answer to a changed picture that was asked for, in that order."""
        return [made for key, made in self._made.items() if key[0] == "what_if"]

    def other(self, picture: Picture) -> "Explained":
        """Return another picture explained by the same network."""
        return Explained(self.run, picture, self.taught, self.observer)

    def original(self, row: int, column: int) -> tuple[int, int]:
        """Return (x, y) of the pixel of the picture itself that lies in the middle of a fitted pixel."""
        x, y = np.floor(self.frame.original(np.array([column + 0.5, row + 0.5]))).astype(int).tolist()
        return min(max(x, 0), self.frame.width - 1), min(max(y, 0), self.frame.height - 1)

    def exciting(
        self, layer: str, channels: Sequence[int] | None = None, top: int = 9, pictures: int | None = None
    ) -> dict[int, list[Crop]]:
        """Return the crops of training pictures that excite channels of a layer most, strongest first.

        `channels` None: those that this picture excites most. `pictures`: how many are looked through, an even sample (None: as many as
        take about a second; 0: all). Raises DataError where the training pictures are gone or changed.
        """
        return self.exciting_of({layer: channels}, top, pictures)[layer]

    def exciting_of(
        self, wanted: dict[str, Sequence[int] | None], top: int = 9, pictures: int | None = None
    ) -> dict[str, dict[int, list[Crop]]]:
        """As `exciting`, for several layers in one pass over the training pictures."""
        asked = {
            layer: strongest_channels(self.seen[layer], _CHANNELS) if channels is None else channels
            for layer, channels in wanted.items()
        }
        made = partial(among_taught.exciting, self, asked, top, pictures)
        return self._once(("exciting", repr(asked), top, pictures), made)

    def nearest(self, top: int = 9, pictures: int | None = None) -> list[Neighbour]:
        """Return the training pictures nearest to this one in the last features before the vote; `pictures` as for `exciting`.

        The picture itself, where it is named by its key, is left out. Raises DataError where the training pictures are gone or changed.
        """
        return self._once(("nearest", top, pictures), partial(among_taught.nearest, self, top, pictures))

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a reader of the layers must know."""
        if self.predictor.views != "mirror":
            return ()
        own = self.plain.text(3)
        return (
            "The answer is the mean of two views, the picture and its mirror image. The layers show the picture as it is, "
            f"for which alone the answer is: {own}.",
        )

    def text(self) -> str:
        """Return the answer and the table of layers, for a terminal."""
        from glassnet.pipeline.explained_text import text

        return text(self)

    def as_dict(self, whole: bool = False, target: "str | Target | None" = None) -> dict[str, Any]:
        """Return plain JSON values: the answer, every layer with its strongest place, what can be explained.

        With `whole` also all that the page shows: attributions of `target`, exciting crops, nearest training pictures, what if.
        """
        from glassnet.pipeline.explained_text import plain_values
        from glassnet.pipeline.glass import parts_of

        found = plain_values(self)
        return {**found, **parts_of(self, target).as_dict()} if whole else found

    def write(self, path: str | Path | None = None, target: "str | Target | None" = None) -> Path:
        """Write explain.html, one file that opens from disk, and return its path; None: explain-NAME.html in the run's folder.

        `target` is what Grad-CAM, integrated gradients and occlusion explain. Raises StorageError.
        """
        from glassnet.pipeline.glass import material_of
        from glassnet.report.glass.write import write_glass

        path = self.run.folder.path / f"explain-{self.picture.stem}.html" if path is None else Path(path)
        return write_glass(material_of(self, target), path)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Explained {self.picture.name!r} by {self.run.name!r}: {self.answer.text()}>"

    def _repr_html_(self) -> str:
        from glassnet.pipeline.explained_text import inline

        return inline(self)
