"""What a run decided on its machine, read back from its record: device, precision, threads, processes, and what the clock planned."""

import contextlib
from dataclasses import dataclass
from typing import Any

from glassnet.errors import StorageError
from glassnet.runs.folder import RunFolder
from glassnet.training import checkpoint
from glassnet.training.budget import PLANS

Plans = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Decided:
    """None, and no plans, for what is not on record. `plans` as `Job.plans`: (from this step on, steps in all, epochs in all)."""

    device: str | None = None
    precision: str | None = None
    threads: int | None = None
    processes: int | None = None
    plans: Plans = ()


def decided(folder: RunFolder) -> Decided:
    """Return what the machine and the clock decided in a run, from its checkpoint and its choices.

    A run that ended without a checkpoint and without an end (given up, or killed early) has neither.
    """
    choices = folder.read_choices() if folder.choices.exists() else []
    made: dict[str, Any] = {choice.field: choice.value for choice in choices}
    info: dict[str, Any] = {}
    with contextlib.suppress(StorageError):  # damaged: what the choices say is as good
        snapshot = checkpoint.load(folder.checkpoint, lambda text: None)
        info = {} if snapshot is None else snapshot.info
    about = info.get("about", {})
    plans = made.get(PLANS) or info.get("plans") or ()
    return Decided(
        device=about.get("device") or made.get("train.device"),
        precision=about.get("precision") or made.get("train.precision"),
        threads=about.get("threads") or made.get("train.threads"),
        processes=about.get("processes"),
        plans=tuple((int(step), int(steps), int(epochs)) for step, steps, epochs in plans),
    )
