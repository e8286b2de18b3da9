"""A trained network that answers for pictures it was not trained on: files, folders, arrays."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import durable
from glassnet.data.frames import frame
from glassnet.data.pixels import PixelSettings, fit, header, load
from glassnet.errors import DataError, GlassnetError
from glassnet.pipeline.observer import Observer

_AT_ONCE = 64
_Waiting = tuple[str, np.ndarray, tuple[int, int]]
_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


@dataclass(frozen=True)
class Answered:
    """The answer for one picture, or the `problem` that kept it from being answered.

    `answer` is what the task gives: ClassAnswer, ThingsAnswer or PixelsAnswer, in the pixels of the picture itself.
    """

    picture: str
    answer: Any = None
    problem: str = ""

    @property
    def label(self) -> str:
        """The class of a classified picture; "" for other tasks."""
        return str(getattr(self.answer, "label", ""))

    @property
    def probabilities(self) -> dict[str, float] | None:
        """The probability of every class of a classified picture, likeliest first; None for other tasks."""
        return getattr(self.answer, "probabilities", None)

    def text(self, top: int = 1) -> str:
        """Return the answer in words: for classes the `top` most likely with their probabilities."""
        if self.probabilities is None:
            return str(self.answer)
        ranked = list(self.probabilities.items())[:top]
        return ", ".join(f"{name} {100 * p:.1f} %" for name, p in ranked)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        if self.problem:
            return {"picture": self.picture, "problem": self.problem}
        if self.probabilities is not None:
            return {"picture": self.picture, "label": self.label, "probabilities": self.probabilities}
        return {"picture": self.picture, **self.answer.as_dict()}


class Predictor:
    """A loaded model and everything that travels with it: classes, pixel settings, temperature, threshold, views."""

    def __init__(self, model: Any) -> None:
        from glassnet.tasks import task

        self.model = model
        self.task = task(model.task)
        self.classes: tuple[str, ...] = model.classes
        self.pixels: PixelSettings = model.pixels
        self.threshold: float | None = model.extra.get("threshold")

    @classmethod
    def of(cls, path: str | Path) -> "Predictor":
        """Load from a run folder or a folder with model.safetensors and model.json. Raises ModelFileError."""
        from glassnet.networks.files import load_model

        return cls(load_model(path))

    @property
    def views(self) -> str:
        """one, or mirror: averaged over the picture and its mirror image."""
        return self.model.extra.get("views", "one")

    def read(self, pictures: np.ndarray) -> np.ndarray:
        """Return what the network says of fitted pictures uint8 (n, H, W, C), as its task reads it: for classes the logits (n, K)."""
        from glassnet.training.answers import answers

        return answers(self.model.network, self.task, pictures, views=self.views)

    def heats(self, pictures: np.ndarray) -> np.ndarray | None:
        """Return the heat maps float32 (n, h, w) in [0, 1] for fitted pictures, None for a task without them."""
        from glassnet.training.answers import heats

        return heats(self.model.network, self.task, pictures, views=self.views)

    def answer(
        self,
        names: Sequence[str],
        pictures: np.ndarray,
        sizes: Sequence[tuple[int, int]] | None = None,
        threshold: float | None = None,
    ) -> list[Answered]:
        """Answer for fitted pictures uint8 (n, H, W, C) of originals with these `sizes` (height, width); None: of the fitted size.

        `threshold` replaces the one that the run chose on validation.
        """
        whole = [(self.pixels.height, self.pixels.width)] * len(names) if sizes is None else sizes
        decoded = self.task.decode(
            self.read(pictures),
            self.classes,
            temperature=self.model.temperature,
            threshold=self.threshold if threshold is None else threshold,
            frames=[frame(height, width, self.pixels) for height, width in whole],
        )
        return [Answered(name, found) for name, found in zip(names, decoded, strict=True)]

    def predict(self, pictures: Any) -> Any:
        """Answer for one path or array uint8 (H, W[, C]), or for a list of them. Raises DataError for what cannot be read."""
        single = isinstance(pictures, str | Path) or (isinstance(pictures, np.ndarray) and pictures.ndim in (2, 3))
        given = [pictures] if single else list(pictures)
        fitted, sizes, names = [], [], []
        for i, picture in enumerate(given):
            is_array = isinstance(picture, np.ndarray)
            names.append(f"array {i}" if is_array else str(picture))
            pixels, size = self.fitted(picture)
            fitted.append(pixels)
            sizes.append(size)
        answers = self.answer(names, np.stack(fitted), sizes)
        return answers[0] if single else answers

    def stream(self, given: Sequence[str], observer: Observer, threshold: float | None = None) -> Iterator[Answered]:
        """Answer for files and folders, in order, as they are read. What cannot be read comes back with its problem."""
        files = [file for name in given for file in files_of(Path(name))]
        waiting: list[_Waiting] = []
        for i, file in enumerate(files):
            try:
                waiting.append((str(file), *self._read(file)))
            except GlassnetError as error:
                yield from self._flush(waiting, threshold)
                yield Answered(str(file), problem=str(error))
            if len(waiting) == _AT_ONCE:
                yield from self._flush(waiting, threshold)
            observer.progress("pictures", i + 1, len(files))
        yield from self._flush(waiting, threshold)

    def one(self, file: Path, threshold: float | None = None) -> Answered:
        """Answer for one file; what keeps it from being answered comes back as its problem."""
        try:
            pixels, size = self._read(file)
        except GlassnetError as error:
            return Answered(str(file), problem=str(error))
        return self.answer([str(file)], pixels[None], [size], threshold)[0]

    def _flush(self, waiting: list[_Waiting], threshold: float | None) -> list[Answered]:
        if not waiting:
            return []
        names, pictures, sizes = zip(*waiting, strict=True)
        waiting.clear()
        return self.answer(names, np.stack(pictures), sizes, threshold)

    def fitted(self, picture: Any) -> tuple[np.ndarray, tuple[int, int]]:
        """Return a path, a file's bytes or an array uint8 (H, W[, C]) as the network sees it, uint8 (H, W, C), and its own (height, width),
        upright. Raises DataError for what cannot be read.
        """
        if isinstance(picture, np.ndarray):
            return self._fit_array(picture)
        if isinstance(picture, bytes):
            found = header(picture)
            return load(picture, self.pixels), (found.height, found.width)
        return self._read(Path(picture))

    def _read(self, file: Path) -> tuple[np.ndarray, tuple[int, int]]:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise DataError(f"{file} could not be read: {error.strerror or error}.") from None
        return self.fitted(data)

    def _fit_array(self, picture: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
        if picture.dtype != np.uint8 or picture.ndim not in (2, 3):
            raise DataError(
                f"A picture must be uint8 of shape (height, width, channels), not {picture.dtype} {picture.shape}. "
                "Scale it to 0..255 and convert it with .astype('uint8')."
            )
        whole = picture[..., None] if picture.ndim == 2 else picture
        return fit(whole, self.pixels), (whole.shape[0], whole.shape[1])


def write_answers(path: Path, classes: Sequence[str], answers: Sequence[Answered]) -> None:
    """Write answers as CSV: picture, label, and the probability of every class."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["picture", "label", *classes])
    for answer in answers:
        held = answer.probabilities or {}
        writer.writerow([answer.picture, answer.label, *(f"{held[name]:.6f}" for name in classes)])
    durable.write_text(path, out.getvalue())


def is_picture(path: Path) -> bool:
    """Whether a file's name is that of a picture."""
    return path.suffix.lower() in _ENDINGS and not path.name.startswith(".")


def files_of(path: Path) -> list[Path]:
    """Return the pictures that a file or a folder stands for. Raises DataError where there are none."""
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if is_picture(p))
        if not inside:
            raise DataError(f"There is no picture in {path}. Looked for files ending in {', '.join(sorted(_ENDINGS))}.")
        return inside
    if not path.exists():
        raise DataError(f"There is no file or folder {path}.")
    return [path]
