"""A sheet of questions made of a run's own numbers, with its key.

sheet = sheet_of(run, seed=3)
print(sheet.text(key=True)); sheet.html(key=True)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import DataError, RecipeError
from glassnet.lessons import find, lessons
from glassnet.lessons.contract import Lesson, Question

if TYPE_CHECKING:
    from glassnet.pipeline.explained import Explained
    from glassnet.pipeline.run import Run

_BUILTIN = "The questions below are made of the lessons' built-in examples."


@dataclass(frozen=True, eq=False)
class Sheet:
    """Lessons with their questions. `picture` is the name of the picture that they are about, `pixels` uint8 (H, W, C) what the network got
    of it, None where there was none; `note` says why.
    """

    run: str
    picture: str
    pixels: np.ndarray | None = field(repr=False)
    parts: tuple[tuple[Lesson, tuple[Question, ...]], ...]
    seed: int
    note: str = ""

    @property
    def title(self) -> str:
        """What stands above the sheet."""
        return f"Worksheet for {self.run}"

    @property
    def lead(self) -> str:
        """What the sheet is about, in sentences."""
        count = sum(len(questions) for _, questions in self.parts)
        about = f"They are about your network and the picture {self.picture}." if self.picture else self.note
        return f"{count} questions; counted places begin at 0. {about} The same run, picture and seed ({self.seed}) give the same sheet."

    def text(self, key: bool = False) -> str:
        """Return the sheet for a terminal, with the answers behind it if `key`."""
        lines = [self.title, "", self.lead]
        for at, (lesson, questions) in enumerate(self.parts, 1):
            lines += ["", f"{at}. {lesson.title}"]
            lines += [f"   {at}.{i}  {question.text}{_unit(question)}" for i, question in enumerate(questions, 1)]
        if key:
            lines += ["", "Key"]
            for at, (_, questions) in enumerate(self.parts, 1):
                lines += [f"   {at}.{i}  {each.solution}. {each.how}" for i, each in enumerate(questions, 1)]
        return "\n".join(lines)

    def html(self, key: bool = False) -> str:
        """Return the sheet as one HTML file that prints well."""
        from glassnet.lessons.sheet_page import sheet_page

        return sheet_page(self, key)

    def as_dict(self, key: bool = False) -> dict[str, Any]:
        """Return plain JSON values; the answers only with `key`."""
        parts = [
            {"lesson": lesson.name, "title": lesson.title, "questions": [each.as_dict(key) for each in questions]}
            for lesson, questions in self.parts
        ]
        return {"run": self.run, "picture": self.picture, "seed": self.seed, "note": self.note, "lessons": parts}


def sheet_of(run: "Run", picture: Any = None, names: Sequence[str] | None = None, seed: int = 0) -> Sheet:
    """Return a sheet for a run; `picture` as for `run.explain`, None: one of its validation pictures, drawn by the seed.

    `names` are lessons, None: all. Where no picture is named and the pictures of the run are gone, the questions are of the built-in
    examples, and `note` says so. Raises RecipeError for no such lesson, DataError for no such picture.
    """
    chosen = lessons() if names is None else tuple(find(name) for name in names)
    if not chosen:
        raise RecipeError("A worksheet needs at least one lesson.")
    explained, note = explained_of(run, picture, seed)
    parts = tuple((lesson, tuple(lesson.questions(explained, seed))) for lesson in chosen)
    pixels = None if explained is None else explained.picture.fitted
    name = "" if explained is None else explained.picture.name
    return Sheet(run.name, name, pixels, parts, seed, note)


def explained_of(run: "Run", picture: Any = None, seed: int = 0) -> "tuple[Explained | None, str]":
    """Return the explained picture that questions about a run are made of, and a note; None where its pictures are gone.

    `picture` is as for `run.explain`, None: one of the validation pictures, drawn by the seed.
    """
    if picture is not None:
        return run.explain(Path(picture) if isinstance(picture, str) and Path(picture).exists() else picture), ""
    from glassnet.lessons.picking import Pick
    from glassnet.pipeline.explaining import explain_own

    rows = run.lock.validation if run.lock.validation.size else run.lock.train
    if not rows.size:
        return None, f"The run has no pictures of its own. {_BUILTIN}"
    try:
        return explain_own(run, run.lock.keys[int(Pick(seed, "worksheet").one(rows.tolist()))]), ""
    except DataError as error:
        return None, f"The run's own pictures could not be read: {error} {_BUILTIN}"


def _unit(question: Question) -> str:
    return f" [{question.unit}]" if question.unit else ""
