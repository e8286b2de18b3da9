"""What `predict` leaves behind: the pictures with the answers drawn on them, answers.json, and other people's annotation formats."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import durable
from glassnet.data.catalog import Thing
from glassnet.data.pixels import decode
from glassnet.data.shapes import rle_of
from glassnet.data.truths import Truth
from glassnet.data.writers import FORMATS, HOLDS
from glassnet.data.writers.encoding import encoded
from glassnet.data.writers.record import Loss, Written
from glassnet.errors import DataError, RecipeError
from glassnet.pipeline.predict import Answered, Predictor, is_picture, write_answers
from glassnet.tasks.answers import PixelsAnswer, ThingsAnswer


@dataclass(frozen=True)
class Delivered:
    """What was written below `folder`, and what the format could not hold."""

    folder: Path
    drawn: int
    losses: tuple[Loss, ...] = ()


def check_format(form: str | None, task: str) -> None:
    """Raise RecipeError where a format cannot hold the answers of a task."""
    if form is None or task in HOLDS.get(form, ()) or (form == "csv" and task == "classify"):
        return
    if form not in FORMATS:
        raise RecipeError(f"There is no format {form!r}. There are: {', '.join(FORMATS)}.")
    fitting = ["csv"] if task == "classify" else [name for name, held in HOLDS.items() if task in held]
    raise RecipeError(
        f"The format {form} cannot hold what this network answers ({task}). Use --format {' or '.join(fitting)}, or none for answers.json."
    )


def check_apart(folder: Path, given: Iterable[str | Path]) -> None:
    """Raise RecipeError where a folder to draw into holds pictures that are asked about: a drawn one would replace its original.

    `given` are pictures and folders, as `Predictor.stream` takes them.
    """
    out = folder.resolve()
    for path in map(Path, given):
        if path.is_dir():
            within = path.resolve() == out or any(f.parent.resolve() == out for f in path.rglob("*") if is_picture(f))
        else:
            within = path.resolve().parent == out
        if within:
            raise RecipeError(
                f"The pictures in {folder} are asked about and would be drawn over. Name another folder with --out."
            )


def deliver(folder: Path, predictor: Predictor, answers: Iterable[Answered], form: str | None = None) -> Delivered:
    """Draw every answer on its picture, write answers.json, and the answers as `form`; pictures are taken one after the other.

    Raises RecipeError for a format that does not fit, DataError where a format needs masks and there are none, StorageError.
    """
    task = predictor.task.name
    check_format(form, task)
    names, lines, kept = _Names(), [], []

    def passing() -> Iterator[Written]:
        for answered in answers:
            lines.append(json.dumps(answered.as_dict(), ensure_ascii=False, allow_nan=False))
            if answered.problem:
                continue
            name = names.free(Path(answered.picture).name)
            _draw(folder / name, predictor, answered)
            if task == "classify":
                kept.append(answered)
            else:
                yield written(name, answered.answer, predictor.classes)

    losses: list[Loss] = []
    if form is None or task == "classify":
        for _ in passing():
            pass
    else:
        losses = FORMATS[form](folder / form, passing(), predictor.classes, task)
    if form == "csv" and task == "classify":
        write_answers(folder / "answers.csv", predictor.classes, kept)
    durable.write_text(folder / "answers.json", "[\n" + ",\n".join(lines) + "\n]\n")
    return Delivered(folder, len(names), tuple(losses))


def deliver_one(folder: Path, predictor: Predictor, answered: Answered) -> None:
    """Draw one answer, and write it as JSON beside the drawn picture, under the picture's own name. Raises StorageError."""
    name = _Names().free(Path(answered.picture).name)
    _draw(folder / name, predictor, answered)
    durable.write_text(
        folder / f"{name}.json", json.dumps(answered.as_dict(), ensure_ascii=False, allow_nan=False) + "\n"
    )


def _draw(path: Path, predictor: Predictor, answered: Answered) -> None:
    try:
        data = Path(answered.picture).read_bytes()
    except OSError as error:
        raise DataError(f"{answered.picture} went away before it was drawn: {error.strerror or error}.") from None
    picture = decode(data, predictor.pixels.max_pixels)
    drawn = predictor.task.draw(picture, answered.answer)
    durable.write_bytes(path, encoded(drawn, path.name))


def written(name: str, answer: Any, classes: Sequence[str]) -> Written:
    """Return an answer as the writers take it. Raises DataError for an answer that has no place in the picture."""
    if isinstance(answer, PixelsAnswer):
        nothing = np.zeros(0, np.int64)
        height, width = answer.pixels.shape
        truth = Truth(height, width, nothing, np.zeros((0, 4)), nothing.astype(bool), map=answer.pixels)
        return Written(name, (), truth)
    if not isinstance(answer, ThingsAnswer):
        raise DataError(f"{name} was answered with a class, which boxes and masks cannot hold.")
    found = answer.found
    masks = tuple(thing.mask for thing in found) if found and found[0].mask is not None else ()
    things = tuple(Thing(thing.label, thing.box, None if thing.mask is None else rle_of(thing.mask)) for thing in found)
    truth = Truth(
        answer.height,
        answer.width,
        np.array([classes.index(thing.label) for thing in found], np.int64),
        np.array([thing.box for thing in found], np.float64).reshape(-1, 4),
        np.zeros(len(found), bool),
        masks,
    )
    return Written(name, things, truth, scores=tuple(thing.confidence for thing in found))


class _Names:
    """File names of drawn pictures: the picture's own, with a number where two of different folders would be one."""

    def __init__(self) -> None:
        self._stems: set[str] = set()

    def __len__(self) -> int:
        return len(self._stems)

    def free(self, name: str) -> str:
        """Return the name to draw to: JPEG stays JPEG, everything else becomes PNG."""
        stem, _, ending = name.rpartition(".")
        stem, number = stem or name, 1
        while (chosen := stem if number == 1 else f"{stem}-{number}").casefold() in self._stems:
            number += 1
        self._stems.add(chosen.casefold())
        return f"{chosen}.{ending if ending.lower() in ('jpg', 'jpeg') else 'png'}"
