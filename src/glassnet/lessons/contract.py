"""What a lesson is: what it teaches, what its page computes, and the questions it ends with.

    lesson = find("pooling")
    lesson.compute("pool", {"map": [[1, 2], [3, 4]], "size": 2})    # plain values in, plain values out; RecipeError says what does not fit
    question = lesson.questions(explained, seed=3)[0]               # made of the reader's own numbers; None: of the built-in example's
    check(question, "0.91")                                         # right or wrong, why, and the worked solution

A lesson is one file and one line in `glassnet.lessons`. It computes with the product's own networks, training, evaluation and data.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from glassnet.errors import RecipeError
from glassnet.lessons.reading import number_of, same_words, shown
from glassnet.networks.words import nearest

if TYPE_CHECKING:
    from glassnet.lessons.picking import Pick

Owns = Callable[[Any], dict[str, dict[str, Any]]]
"""Of an explained picture: for some computations the values to begin with."""
Compute = Callable[[dict[str, Any]], dict[str, Any]]
"""Plain JSON values in and out. Raises RecipeError with a sentence where the values do not fit."""


@dataclass(frozen=True)
class Question:
    """One question with exactly one right answer.

    `answer` is a number, right within `tolerance`, or words: one of `choices`, or a shape. `unit` stands behind the answer. `how` is the
    worked solution. `slips` are answers that come of a known mistake, each with the sentence that says which.
    """

    text: str
    answer: float | str
    tolerance: float = 0.0
    unit: str = ""
    how: str = ""
    slips: tuple[tuple[float | str, str], ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def solution(self) -> str:
        """The answer as it is shown in the key."""
        return f"{shown(self.answer, self.tolerance)} {self.unit}".strip()

    def as_dict(self, key: bool = False) -> dict[str, Any]:
        """Return plain JSON values; the answer and the way to it only with `key`."""
        asked = {"text": self.text, "unit": self.unit, "choices": list(self.choices)}
        return {**asked, "answer": self.answer, "solution": self.solution, "how": self.how} if key else asked


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right. `said` tells the reader so, or why not without giving the answer away, for a second try; `answer` is the
    right one and `solution` the way to it.
    """

    right: bool
    said: str
    answer: str
    solution: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Lesson:
    """One lesson. `teaches` says in two sentences what; `computes` are what its page calls, `examples` the values each begins with."""

    name: str
    title: str
    teaches: str
    computes: Mapping[str, Compute]
    examples: Mapping[str, Mapping[str, Any]]
    asks: "Callable[[Any, Pick], list[Question]]" = field(repr=False)
    owns: Owns | None = field(default=None, repr=False)
    scored: Callable[[Any], dict[str, Any]] | None = field(default=None, repr=False)
    """Makes the same of a run's validation scores alone, where no picture is needed; None for most lessons."""

    def compute(self, name: str, given: Any = None) -> dict[str, Any]:
        """Return what a computation makes of `given`; None: of its example. Raises RecipeError."""
        if name not in self.computes:
            raise RecipeError(
                f"The lesson {self.name} computes nothing called {name!r}. {nearest(name, self.computes)}"
            )
        return self.computes[name](dict(self.examples[name]) if given is None else given)

    def questions(self, explained: Any = None, seed: int = 0) -> list[Question]:
        """Return the questions at the end, of an explained picture's own numbers, or of the built-in example's where it is None.

        The same seed gives the same questions.
        """
        from glassnet.lessons.picking import Pick

        return self.asks(explained, Pick(seed, self.name))

    def own(self, explained: Any) -> dict[str, dict[str, Any]]:
        """Return values like those of `examples`, for the computations that can begin with an explained picture's own numbers."""
        return {} if self.owns is None or explained is None else self.owns(explained)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "teaches": self.teaches,
            "computes": {name: dict(self.examples[name]) for name in self.computes},
        }


def check(question: Question, given: Any) -> Verdict:
    """Return whether `given` (a number, or what a person typed) answers the question, and why not."""
    if isinstance(question.answer, str):
        return _check_words(question, given)
    found = number_of(given, question.unit)
    if found is None:
        return _wrong(question, "Please answer with a number.")
    if abs(found - question.answer) <= question.tolerance + 1e-9 * abs(question.answer):
        return _right(question)
    for slip, why in question.slips:
        if not isinstance(slip, str) and abs(found - slip) <= _reach(question, slip):
            return _wrong(question, why)
    return _wrong(question, _guess(question, found, question.answer))


def _check_words(question: Question, given: Any) -> Verdict:
    words = str(given)
    if same_words(words, str(question.answer)):
        return _right(question)
    for slip, why in question.slips:
        if same_words(words, str(slip)):
            return _wrong(question, why)
    if question.choices and not any(same_words(words, each) for each in question.choices):
        return _wrong(question, f"Please answer with one of these: {', '.join(question.choices)}.")
    return _wrong(question, "That is not it.")


def _reach(question: Question, slip: float) -> float:
    """How near an answer must be to a known mistake: never nearer than rounding, never so far that it is another one."""
    return max(question.tolerance, 1e-9 * abs(slip))


def _guess(question: Question, found: float, answer: float) -> str:
    """Say what is wrong with a number that is no known mistake of this question."""
    near = question.tolerance + 1e-9 * abs(answer)
    if answer and abs(found + answer) <= near:
        return "The sign is wrong: the number itself is right."
    if answer and (abs(found - 100 * answer) <= 100 * near or abs(found - answer / 100) <= near / 100):
        return "That is out by a factor of 100: a share and a per cent were mixed up."
    if question.tolerance == 0 and abs(found - answer) == 1:
        return "You are out by one: count the first and the last once each."
    if question.tolerance and abs(found - answer) <= 10 * question.tolerance:
        return "That is close. Keep all digits until the end and round then."
    return "That is too large." if found > answer else "That is too small."


def _right(question: Question) -> Verdict:
    return Verdict(True, f"Right: {question.solution}.", question.solution, question.how)


def _wrong(question: Question, why: str) -> Verdict:
    return Verdict(False, why, question.solution, question.how)
