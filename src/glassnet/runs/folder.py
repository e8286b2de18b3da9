"""The folder of one run: which file is where, and what state the run is in. Imports nothing heavy.

`run.json` is the run's own copy of its ledger row, written after every change of state, so that a lost ledger can be rebuilt from the
folders. `.lock` is held by the process that trains: the kernel lets go of it when that process dies, however it dies.
"""

import contextlib
import difflib
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet import durable
from glassnet.choice import Choice
from glassnet.errors import RecipeError, StorageError
from glassnet.runs import lock

if TYPE_CHECKING:
    from glassnet.evaluation.scores import Scores
    from glassnet.recipe import Recipe

LEDGER = "ledger.db"
STATES = ("planned", "running", "done", "pruned", "failed", "interrupted")
# Failures that the same command can get past (full disk, memory, ledger, a bug that was mended); a NaN or bad data would come back.
_WORTH_RESUMING = {5, 6, 8, 70}


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run. Attributes are paths; `read_…` and `write_…` go through durable storage."""

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))

    @property
    def name(self) -> str:
        """The run's name, which is its folder's."""
        return self.path.name

    @property
    def recipe(self) -> Path:
        """The resolved recipe, YAML."""
        return self.path / "recipe.yaml"

    @property
    def environment(self) -> Path:
        """Versions and machine."""
        return self.path / "environment.json"

    @property
    def choices(self) -> Path:
        """Every automatic choice with its reason."""
        return self.path / "choices.json"

    @property
    def audit(self) -> Path:
        """What the audit found."""
        return self.path / "audit.json"

    @property
    def lock(self) -> Path:
        """Which picture is on which side, with hashes."""
        return self.path / "data.lock.json"

    @property
    def history(self) -> Path:
        """One line per epoch."""
        return self.path / "history.csv"

    @property
    def model(self) -> Path:
        """The best weights."""
        return self.path / "model.safetensors"

    @property
    def model_json(self) -> Path:
        """Layers, classes and pixel settings of the model."""
        return self.path / "model.json"

    @property
    def checkpoint(self) -> Path:
        """The folder from which training resumes."""
        return self.path / "checkpoint"

    @property
    def scores(self) -> Path:
        """Scores by split."""
        return self.path / "scores.json"

    @property
    def report(self) -> Path:
        """The page."""
        return self.path / "report.html"

    @property
    def log(self) -> Path:
        """What was printed, with times."""
        return self.path / "run.log"

    @property
    def record(self) -> Path:
        """The run's own copy of its ledger row."""
        return self.path / "run.json"

    def read_record(self) -> dict[str, Any]:
        """Return run.json, or an empty dict when the run was stopped before it had one. Raises StorageError when it is damaged."""
        if not self.record.exists():
            return {}
        found = durable.read_json(self.record)
        if not isinstance(found, dict) or found.get("status", "planned") not in STATES:
            raise StorageError(
                f"{self.record} is damaged: it holds no run. Delete it and run `glassnet runs --rebuild`."
            )
        return found

    def write_recipe(self, recipe: "Recipe") -> None:
        """Write the resolved recipe."""
        durable.write_text(self.recipe, recipe.as_yaml())

    def read_recipe(self) -> "Recipe":
        """Return the resolved recipe. Raises RecipeError when it is missing or damaged."""
        from glassnet.recipe import read_recipe

        return read_recipe(self.recipe)

    def write_choices(self, choices: Collection[Choice]) -> None:
        """Write every automatic choice with its reason."""
        durable.write_json(self.choices, [choice.as_dict() for choice in choices])

    def read_choices(self) -> list[Choice]:
        """Return the automatic choices, in the order in which they were made."""
        return [Choice(**row) for row in durable.read_json(self.choices)]

    def write_scores(self, scores: "Scores") -> None:
        """Put the scores of one split into scores.json beside those of the other splits."""
        held = durable.read_json(self.scores) if self.scores.exists() else {}
        durable.write_json(self.scores, held | {scores.split: scores.as_dict()})

    def read_scores(self) -> dict[str, "Scores"]:
        """Return the scores by split; empty when none were taken. Raises StorageError when the file is damaged."""
        from glassnet.evaluation.scores import scores_from_dict

        if not self.scores.exists():
            return {}
        held = durable.read_json(self.scores)
        try:
            return {split: scores_from_dict(values) for split, values in held.items()}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StorageError(
                f"{self.scores} is damaged: {error}. Delete it and run `glassnet eval {self.name}`."
            ) from None

    def note(self, text: str) -> None:
        """Append a line with the time (UTC) to run.log."""
        stamp = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")[:19]
        try:
            with self.log.open("a", encoding="utf-8") as file:
                file.writelines(f"{stamp}  {line}\n" for line in text.splitlines() or [""])
        except OSError as error:
            raise StorageError(durable.why(self.log, error)) from error

    @contextlib.contextmanager
    def held(self, patience: float = 1.0) -> Iterator[None]:
        """Hold the run while the block lasts, so that no second process trains into the same folder.

        Raises StorageError when another process still holds it after `patience` seconds.
        """
        end = time.monotonic() + patience
        while (handle := lock.acquire(self.path / ".lock")) is None:
            if time.monotonic() >= end:
                raise StorageError(
                    f"Another process is training {self.name} right now ({self.path}). Wait for it, or stop it first: "
                    "two of them would overwrite each other's checkpoints."
                )
            time.sleep(0.02)
        try:
            yield
        finally:
            lock.release(handle)

    def is_held(self) -> bool:
        """Tell whether some process, this one included, trains this run right now."""
        return lock.is_held(self.path / ".lock")

    def was_held(self) -> bool:
        """Tell whether a process ever held this run here, so that `is_held` says something about its life."""
        return (self.path / ".lock").exists()

    def state(self) -> str:
        """Return planned, running, done, pruned, failed or interrupted. A run whose process died is interrupted."""
        status = self.read_record().get("status", "planned")
        if status in ("planned", "running") and self.is_held():
            return "running"
        return "interrupted" if status == "running" else status

    def can_resume(self) -> bool:
        """Tell whether `glassnet resume` should pick this run: it has a recipe, nobody trains it, and its end was no verdict."""
        if not self.recipe.exists() or self.is_held():
            return False
        state = self.state()
        if state == "failed":
            return self.checkpoint.is_dir() and self.read_record().get("exit_code") in _WORTH_RESUMING
        return state in ("planned", "interrupted")

    def created(self) -> str:
        """Return when the run was planned (UTC, ISO 8601), from its record or else from its folder."""
        with contextlib.suppress(StorageError):
            planned = self.read_record().get("planned_at")
            if isinstance(planned, str):
                return planned
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC).isoformat(timespec="microseconds")


def sweep_record(out: str | Path, name: str) -> Path:
    """Return where a sweep's own copy of its ledger row stands: in the folder that has its name."""
    return Path(out) / name / "sweep.json"


def runs(out: str | Path) -> list[RunFolder]:
    """Return every run folder in `out`, oldest first. Hidden folders and folders that hold no run are not runs."""
    out = Path(out)
    if not out.is_dir():
        return []
    found = [RunFolder(path) for path in out.iterdir() if path.is_dir() and not path.name.startswith(".")]
    found = [run for run in found if run.record.exists() or run.recipe.exists()]
    return sorted(found, key=lambda run: (run.created(), run.name))


def find(out: str | Path, name: str = "last", finished: bool = False) -> RunFolder:
    """Return the run of that name, or the newest for `last` (with `finished`: the newest that is done).

    Raises RecipeError that says what there is, or the nearest name.
    """
    found = runs(out)
    if not found:
        raise RecipeError(
            f"There are no runs in {out}. Train one first: `glassnet train PICTURES`; or say where they are with --out."
        )
    if name == "last":
        fitting = [run for run in found if not finished or run.state() == "done"]
        if fitting:
            return fitting[-1]
        some = ", ".join(f"{run.name} ({run.state()})" for run in found[-3:])
        raise RecipeError(
            f"None of the {len(found)} runs in {out} is done: {some}. Go on with the newest: `glassnet resume`."
        )
    names = {run.name: run for run in found}
    wanted = name.rstrip("/\\")
    if wanted in names:
        return names[wanted]
    given = Path(wanted)
    if given.name in names and given.parent.resolve() == Path(out).resolve():
        return names[given.name]  # people complete paths with the tab key
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join([*names][-5:])}."
    raise RecipeError(f"There is no run {name!r} in {out}. {hint}")


def resumable(out: str | Path) -> RunFolder | None:
    """Return the newest run that was stopped before its end and that no process is training; None when there is none."""
    return next((run for run in reversed(runs(out)) if run.can_resume()), None)
