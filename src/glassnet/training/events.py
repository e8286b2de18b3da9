"""What the loop tells whoever watches: a progress bar, a notebook, a log. The loop never prints."""

from collections.abc import Callable
from dataclasses import dataclass

from glassnet.choice import Choice
from glassnet.training.history import Row


@dataclass(frozen=True)
class StepDone:
    """A few times per second. `done` of `examples` of this epoch are visited; `loss` and `score` are the epoch's so far, None until known.

    `seconds_left` is until the end of training at the pace so far.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    done: int
    examples: int
    loss: float | None
    score: float | None
    images_per_second: float
    seconds_left: float


@dataclass(frozen=True)
class EpochDone:
    """An epoch ended: its row of the history, and whether its weights are the best so far. `epoch` counts from 1 here."""

    row: Row
    epochs: int
    steps: int
    best: bool
    seconds_left: float


@dataclass(frozen=True)
class Chosen:
    """The machine or the clock decided something."""

    choice: Choice


@dataclass(frozen=True)
class Note:
    """A sentence a person should read: a fall-back, a rejected step, a change since the run began."""

    text: str


Event = StepDone | EpochDone | Chosen | Note
Tell = Callable[[Event], None]


def nobody(event: Event) -> None:
    """Listen to nothing."""
