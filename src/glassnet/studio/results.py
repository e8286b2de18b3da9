"""Runs whose results are looked at: the network, the pictures it was judged by, and what it answers for them now.

The scores lie in the run's folder. Answers of single pictures do not, so they are asked for anew, by the same code on the same pixels. The
test set stays sealed here: its pictures and answers are given once the run has opened it.
"""

import threading
import time
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from glassnet.studio.errands import Errand, Errands, Told
from glassnet.studio.kept import Kept
from glassnet.studio.networks import Opened
from glassnet.studio.records import Gone
from glassnet.studio.workplace import Workplace

if TYPE_CHECKING:
    import numpy as np

    from glassnet.evaluation.scores import Scores
    from glassnet.report.beside import Beside

_QUESTIONS, _ANSWERS = 6, 96
_AT_ONCE = 256  # pictures that the network answers for between two words about how far it is
_BREATH_S = 0.001  # between them, so that who waits for the network beside gets it
GOALS = ("balanced_accuracy", "f1", "accuracy")


class Judged:
    """One run with what it was judged by. Numbers of pictures are places in the run's lock."""

    def __init__(self, opened: Opened) -> None:
        self.run = opened.run
        self._network = opened.lock
        self._opening = threading.RLock()
        self._told: Told | None = None
        self._answers: Kept[tuple[Any, Any]] = Kept(_ANSWERS)
        self._scores: tuple[tuple[int, ...], dict[str, Scores]] | None = None

    @property
    def splits(self) -> "dict[str, Scores]":
        """The scores that may be shown, by split: those of the test set only once it was opened. Read anew when their file changes."""
        folder = self.run.folder
        stamp = tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in (folder.scores, folder.record))
        held = self._scores
        if held is None or held[0] != stamp:
            opened = self.run.test_opened
            found = {split: scores for split, scores in self.run.scores.items() if split != "test" or opened}
            held = self._scores = stamp, found
        return held[1]

    def answered(self, split: str, tell: Told) -> dict[str, Any]:
        """Open the pictures of a split and return what the network says of each, as columns. Raises Gone, DataError.

        Of boxes and masks only the numbers of the pictures that are still there are returned: `drawn` answers for one at a time.
        """
        import numpy as np

        if split not in self.splits:
            raise Gone(
                "The test set of this run is sealed." if split == "test" else f"This run has no scores on {split}."
            )
        tell("opening the pictures", 0, 0)
        with self._opening:
            self._told = tell
            try:
                lock, rows = self.run.lock, self._rows
            finally:
                self._told = None
        numbers = [number for number in lock.rows(split).tolist() if number in rows]
        there: dict[str, Any] = {"numbers": numbers, "gone": len(lock.rows(split)) - len(numbers)}
        if not self.run.predictor.task.one_class or not numbers:
            return there
        pixels, parts = self._store.pixels, []
        for start in range(0, len(numbers), _AT_ONCE):
            tell("asking the network", start, len(numbers))
            chosen = np.array([rows[number] for number in numbers[start : start + _AT_ONCE]])
            with self._network:
                parts.append(self.run.predictor.read(pixels[chosen]))
            time.sleep(_BREATH_S)
        return there | self._columns(np.concatenate(parts), numbers, split)

    def picture(self, number: int, side: int) -> "np.ndarray":
        """Return a picture as it came, uint8 (h, w, C), with at most `side` pixels on its longer side. Raises Gone, DataError."""
        from glassnet.report.annotated import shrunk
        from glassnet.studio import pictures

        self._row(number)
        return shrunk(pictures.read(self.run.taught.catalog.source.read(self.run.lock.keys[number])), side)

    def beside(self, number: int) -> "Beside":
        """Return a picture with its truth and its answer, ready to be drawn. Raises Gone, DataError."""
        from glassnet.data.frames import frames
        from glassnet.data.truths import truths
        from glassnet.report.beside import Beside
        from glassnet.tasks.heat import on_original

        row = self._row(number)
        if self.run.predictor.task.one_class:
            raise Gone("There is nothing to draw in this picture.")

        def asked() -> tuple[Any, Any]:
            fitted, frame = self._store.pixels[[row]], frames(self._store, [row])[0]
            predictor = self.run.predictor
            found = predictor.answer([str(number)], fitted, [(frame.height, frame.width)])[0].answer
            heat = predictor.heats(fitted)
            return found, None if heat is None else on_original(heat[0], frame)

        with self._network:
            answer, heat = self._answers.of(number, asked)
        return Beside(
            number,
            self.run.lock.keys[number],
            self.run.predictor.classes,
            lambda longest: self.picture(number, longest),
            details(self.splits[self._sides[number]], number),
            truths(self.run.taught.catalog, self._store, [row])[0],
            answer,
            heat,
            self.run.taught.catalog.task == "instances",
        )

    @cached_property
    def _store(self) -> Any:
        from glassnet.data.store import open_store

        def progress(done: int, total: int) -> None:
            if self._told is not None:
                self._told("reading pictures", done, total)

        folder = self.run.folder.path.parent / ".store"
        return open_store(self.run.taught.catalog, self.run.predictor.pixels, folder, progress=progress)

    @cached_property
    def _rows(self) -> dict[int, int]:
        """From the lock's numbers to the store's rows, for every picture that is still what it was."""
        from glassnet.data.lock import image_hashes

        lock, hashes = self.run.lock, image_hashes(self._store)
        place = {example.key: row for row, example in enumerate(self.run.taught.catalog.examples)}
        both = ((number, place.get(key, -1)) for number, key in enumerate(lock.keys))
        return {number: row for number, row in both if row >= 0 and hashes[row] == lock.hashes[number] != ""}

    @cached_property
    def _sides(self) -> dict[int, str]:
        """The split of every number that is in one."""
        lock = self.run.lock
        return {number: split for split in ("train", "validation", "test") for number in lock.rows(split).tolist()}

    def _row(self, number: int) -> int:
        """Return the store's row of a picture that may be shown. Raises Gone, DataError."""
        if self._sides.get(number) not in self.splits:
            raise Gone("This picture is none that the run was judged by.")
        with self._opening:
            if number not in self._rows:
                raise Gone("This picture is not what it was when the run was trained.")
            return self._rows[number]

    def _columns(self, logits: "np.ndarray", numbers: list[int], split: str) -> dict[str, Any]:
        """Return truth, answer and confidence of each picture, and for two classes the probability of the positive one."""
        import numpy as np

        from glassnet.evaluation.calibration import log_probabilities
        from glassnet.evaluation.classification import choose_threshold

        lock, predictor = self.run.lock, self.run.predictor
        temperature = predictor.model.temperature
        chances = np.exp(log_probabilities(logits, temperature))
        given = logits.argmax(1)
        truths = np.array([lock.classes.index(lock.labels[number]) for number in numbers])
        found: dict[str, Any] = {
            "truths": truths.tolist(),
            "answers": given.tolist(),
            "sure": chances[np.arange(len(given)), given].tolist(),
        }
        if len(lock.classes) != 2:
            return found
        tables = self.splits[split].tables
        side = lock.classes.index(tables["positive"])
        choices = [choose_threshold(logits, truths, temperature, goal, side) for goal in GOALS]
        return found | {
            "side": side,
            "chances": chances[:, side].tolist(),
            "threshold": tables["threshold"],
            "choices": [
                {"goal": goal, "value": choice.value, "reason": choice.reason}
                for goal, choice in zip(GOALS, choices, strict=True)
            ]
            if split == "validation"
            else [],  # a threshold that was chosen on the test set would make its score too good
        }


class Judgements:
    """The runs whose results are looked at, and the questions about all pictures of a split that go on or are answered."""

    def __init__(self, work: Workplace) -> None:
        self._work = work
        self._errands = Errands(_QUESTIONS)

    def of(self, given: str) -> Judged:
        """Return the run of an id. Raises Gone where it, or its network, is not here."""
        return self._of(given)[1]

    def start(self, given: str, split: str) -> Errand:
        """Begin to ask the network about every picture of a split. Raises Gone."""
        key, judged = self._of(given)
        work: Callable[[Told], Any] = lambda tell: judged.answered(split, tell)  # noqa: E731
        return self._errands.start((key, split), work)

    def standing(self, given: str, split: str) -> Errand | None:
        """Return how that stands, None where nobody asked for it."""
        return self._errands.find((self._of(given)[0], split))

    def _of(self, given: str) -> tuple[Hashable, Judged]:
        opened = self._work.networks.of(given)
        return (given, opened.stamp), opened.part(Judged, Judged)


def details(scores: "Scores", number: int) -> dict[str, Any]:
    """Return what the tables of scores say of one picture."""
    found: dict[str, Any] = {}
    for table in ("worst", "pictures"):
        found |= next((one for one in scores.tables.get(table) or () if one["row"] == number), {})
    return found
