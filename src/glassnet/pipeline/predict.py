"""A trained network that answers for pictures it was not trained on: files, folders, arrays."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import durable
from glassnet.data.pixels import PixelSettings, fit, load
from glassnet.errors import DataError, GlassnetError
from glassnet.pipeline.observer import Observer

_AT_ONCE = 64
_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


@dataclass(frozen=True)
class Answered:
    """The answer for one picture, or the `problem` that kept it from being answered."""

    picture: str
    label: str = ""
    probabilities: dict[str, float] | None = None
    problem: str = ""

    def text(self, top: int = 1) -> str:
        """Return the most likely classes with their probabilities."""
        ranked = list((self.probabilities or {}).items())[:top]
        return ", ".join(f"{name} {100 * p:.1f} %" for name, p in ranked)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        if self.problem:
            return {"picture": self.picture, "problem": self.problem}
        return {"picture": self.picture, "label": self.label, "probabilities": self.probabilities}


class Predictor:
    """A loaded model and everything that travels with it: classes, pixel settings, temperature, views."""

    def __init__(self, model: Any) -> None:
        from glassnet.tasks import task

        self.model = model
        self.task = task(model.task)
        self.classes: tuple[str, ...] = model.classes
        self.pixels: PixelSettings = model.pixels

    @classmethod
    def of(cls, path: str | Path) -> "Predictor":
        """Load from a run folder or a folder with model.safetensors and model.json. Raises ModelFileError."""
        from glassnet.networks.files import load_model

        return cls(load_model(path))

    def outputs(self, pictures: np.ndarray) -> np.ndarray:
        """Return the outputs float32 (n, K) for fitted pictures uint8 (n, H, W, C)."""
        from glassnet.training.answers import outputs

        return outputs(self.model.network, pictures, views=self.model.extra.get("views", "one"))

    def answer(self, names: Sequence[str], pictures: np.ndarray) -> list[Answered]:
        """Answer for fitted pictures uint8 (n, H, W, C)."""
        decoded = self.task.decode(self.outputs(pictures), self.classes, temperature=self.model.temperature)
        return [Answered(n, a.label, dict(a.probabilities)) for n, a in zip(names, decoded, strict=True)]

    def predict(self, pictures: Any) -> Any:
        """Answer for one path or array uint8 (H, W[, C]), or for a list of them. Raises DataError for what cannot be read."""
        single = isinstance(pictures, str | Path) or (isinstance(pictures, np.ndarray) and pictures.ndim in (2, 3))
        given = [pictures] if single else list(pictures)
        fitted, names = [], []
        for i, picture in enumerate(given):
            is_array = isinstance(picture, np.ndarray)
            names.append(f"array {i}" if is_array else str(picture))
            fitted.append(self._fit_array(picture) if is_array else self._read(Path(picture)))
        answers = self.answer(names, np.stack(fitted))
        return answers[0] if single else answers

    def stream(self, given: Sequence[str], observer: Observer) -> Iterator[Answered]:
        """Answer for files and folders, in order, as they are read. What cannot be read comes back with its problem."""
        files = [file for name in given for file in _files(Path(name))]
        waiting: list[tuple[str, np.ndarray]] = []
        for i, file in enumerate(files):
            try:
                waiting.append((str(file), self._read(file)))
            except GlassnetError as error:
                yield from self._flush(waiting)
                yield Answered(str(file), problem=str(error))
            if len(waiting) == _AT_ONCE:
                yield from self._flush(waiting)
            observer.progress("pictures", i + 1, len(files))
        yield from self._flush(waiting)

    def _flush(self, waiting: list[tuple[str, np.ndarray]]) -> list[Answered]:
        if not waiting:
            return []
        names, pictures = zip(*waiting, strict=True)
        waiting.clear()
        return self.answer(names, np.stack(pictures))

    def _read(self, file: Path) -> np.ndarray:
        try:
            return load(file.read_bytes(), self.pixels)
        except OSError as error:
            raise DataError(f"{file} could not be read: {error.strerror or error}.") from None

    def _fit_array(self, picture: np.ndarray) -> np.ndarray:
        if picture.dtype != np.uint8 or picture.ndim not in (2, 3):
            raise DataError(
                f"A picture must be uint8 of shape (height, width, channels), not {picture.dtype} {picture.shape}. "
                "Scale it to 0..255 and convert it with .astype('uint8')."
            )
        return fit(picture[..., None] if picture.ndim == 2 else picture, self.pixels)


def write_answers(path: Path, classes: Sequence[str], answers: Sequence[Answered]) -> None:
    """Write answers as CSV: picture, label, and the probability of every class."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["picture", "label", *classes])
    for answer in answers:
        held = answer.probabilities or {}
        writer.writerow([answer.picture, answer.label, *(f"{held[name]:.6f}" for name in classes)])
    durable.write_text(path, out.getvalue())


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in _ENDINGS and not p.name.startswith("."))
        if not inside:
            raise DataError(f"There is no picture in {path}. Looked for files ending in {', '.join(sorted(_ENDINGS))}.")
        return inside
    if not path.exists():
        raise DataError(f"There is no file or folder {path}.")
    return [path]
