"""What the page Glass asks "why" with: for each run a network of its own, the last few pictures explained by it, and its training pictures.

The network is loaded a second time beside the one that the layers are read from, so that drawing stays fast while a heat map is made.
Passes over it are serialised: one question at a time, and a question that nobody waits for any more is given up at its next step.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from glassnet.pipeline.observer import Observer
from glassnet.studio.glass_source import picture_of
from glassnet.studio.kept import Kept
from glassnet.studio.networks import Networks, Opened
from glassnet.studio.records import Gone
from glassnet.studio.workplace import Workplace

if TYPE_CHECKING:
    import numpy as np

    from glassnet.pipeline.explained import Explained

_RUNS, _PICTURES, _CROPS = 2, 3, 64
Told = Callable[[str, int, int], None]
"""Hears what is being counted, how many of it are done, and of how many. What it raises ends the work."""


class Relay(Observer):
    """Passes on how far a slow step is to whoever asks just now."""

    def __init__(self) -> None:
        self.told: Told | None = None

    def progress(self, label: str, done: int, total: int) -> None:
        """Tell the one who asks."""
        if self.told is not None:
            self.told(label, done, total)


class Desk:
    """One run, its network, and what was asked about its pictures lately. Use it inside `asked`."""

    def __init__(self, work: Workplace, opened: Opened) -> None:
        from glassnet.pipeline.taught import Taught

        self.run = run = opened.run
        self._work = work
        self.relay = Relay()
        self.taught = Taught(run, self.relay)
        self._lock = opened.lock
        self._looked: Kept[Explained] = Kept(_PICTURES)
        self._crops: Kept[Any] = Kept(_CROPS)

    @contextmanager
    def asked(self, told: Told | None = None) -> Iterator[None]:
        """Hold the network for one question. `told` hears how far it is."""
        with self._lock:
            self.relay.told = told
            try:
                if told is not None:
                    told("", 0, 0)  # whoever waited for the lock and went away need not begin
                yield
            finally:
                self.relay.told = None

    def look(self, words: str) -> "Explained":
        """Return the picture that the words of an address mean, explained by this network. Raises DataError, Gone."""
        from glassnet.pipeline.explained import Explained

        self._watched  # noqa: B018  from here on every pass asks whether somebody still waits

        def fresh() -> Explained:
            return Explained(self.run, picture_of(self._work, self.run, words), self.taught, self.relay)

        return self._looked.of(words, fresh)

    @cached_property
    def _watched(self) -> Any:
        """The network's hook by which a question that nobody waits for ends at its next pass, whatever computes there."""

        def still(_network: Any, _given: Any) -> None:
            if self.relay.told is not None:
                self.relay.told("", 0, 0)

        return self.run.predictor.model.network.register_forward_pre_hook(still)

    def crops(self, key: Hashable, made: Callable[[], Any]) -> Any:
        """Return what was found in the training pictures for a key; it does not hang on the picture, so it is kept for all."""
        return self._crops.of(key, made)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Every picture of the run's data set by its key: its number in the run's lock."""
        return {key: number for number, key in enumerate(self.run.lock.keys)}

    @cached_property
    def rows(self) -> dict[int, int]:
        """The store's row of every training picture that is still what it was, by its number. Raises DataError where they are gone."""
        examples = self.taught.catalog.examples
        return {self.numbers[examples[row].key]: row for row in self.taught.rows(0).tolist()}

    def training_picture(self, number: int) -> "np.ndarray":
        """Return a training picture uint8 (H, W, C), as the network saw it. Raises Gone, and DataError where all are gone."""
        row = self.rows.get(number)
        if row is None:
            raise Gone("There is no such training picture.")
        return self.taught.store.pixels[row]


class Desks:
    """The desks of the last few runs. A run that was trained on since gets a new one."""

    def __init__(self, work: Workplace) -> None:
        self._work = work
        self._networks = Networks(work.records, _RUNS)

    def of(self, given: str) -> Desk:
        """Return the desk of a run by its id. Raises Gone where the run or its network is not here."""
        return self._networks.of(given).part(Desk, lambda opened: Desk(self._work, opened))
