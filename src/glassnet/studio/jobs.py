"""Trainings and sweeps that were started from the page: each is a process of the command line, and lives on when the studio does not.

A job is two files in `.studio` in the folder of runs: what was started, and what it printed. Its process writes ledger and run folder as
it does from a terminal; the studio only watches, and sends the signal that Ctrl-C sends.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from glassnet import durable
from glassnet.errors import RecipeError, StorageError
from glassnet.studio import ids

_FOLDER = ".studio"
_MOST = 4  # trainings at one time: each wants the whole machine
_NAMED = re.compile(r"^(?:training|resuming) (\S.*)$", re.MULTILINE)
_NAMED_SWEEP = re.compile(
    r"^(?:going on with (\S.*?): |(\S.*?): (?:the full grid of|[\d,]+ combinations, proposed by|as many combinations as fit))",
    re.MULTILINE,
)
_TAIL = 16 << 10


@dataclass(frozen=True)
class Job:
    """One process that was started. `born` tells it from a later process with the same number.

    `run` is the name of its run or sweep, where it was known from the start.
    """

    id: str
    words: list[str]
    data: str
    started: str
    pid: int
    born: str
    run: str | None = None

    @property
    def is_sweep(self) -> bool:
        """Whether it carries out a sweep, and not one training."""
        return self.words[:1] == ["sweep"]


class Jobs:
    """The trainings and sweeps of one folder of runs that a studio started, this one or an earlier one."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._folder = out / _FOLDER
        self._children: dict[str, subprocess.Popen] = {}
        self._lock = threading.Lock()

    def train(self, root: str, settings: dict[str, str], name: str | None) -> Job:
        """Start `glassnet train`. `settings` are dotted recipe fields as they would be typed. Raises RecipeError, StorageError."""
        words = ["train", root, *(f"--{dotted}={value}" for dotted, value in settings.items())]
        return self._start([*words, *([f"--name={name}"] if name else [])], Path(root).name, name)

    def resume(self, run: str, data: str) -> Job:
        """Start `glassnet resume`. Raises RecipeError when the run is being trained, StorageError."""
        with self._lock:
            if self.of_run(run) is not None:
                raise RecipeError(f"{run} is being trained right now.")
        return self._start(["resume", run], data, run)

    def open_test(self, run: str, data: str) -> Job:
        """Start `glassnet eval`, which opens the test set and counts it. Raises RecipeError when the run is busy, StorageError."""
        with self._lock:
            if self.of_run(run) is not None:
                raise RecipeError(f"Something works on {run} right now. Wait for its end.")
        return self._start(["eval", run], data, run)

    def sweep(self, root: str, words: list[str], name: str | None) -> Job:
        """Start `glassnet sweep` with these options. Raises RecipeError, StorageError."""
        return self._start(["sweep", root, *words, *([f"--name={name}"] if name else [])], Path(root).name, name)

    def resume_sweep(self, name: str, data: str) -> Job:
        """Go on with a sweep. Raises RecipeError when it goes on already, StorageError."""
        with self._lock:
            if self.of_sweep(name) is not None:
                raise RecipeError(f"{name} goes on right now.")
        return self._start(["sweep", f"--resume={name}"], data, name)

    def all(self) -> list[Job]:
        """Return every job on record, newest first. Those whose run is on record by itself are forgotten once they have ended."""
        found = []
        for path in self._folder.glob("*.json"):
            try:
                found.append(Job(**durable.read_json(path)))
            except (StorageError, TypeError):  # half of an older version's, or somebody's own file
                continue
        return sorted(found, key=lambda job: job.started, reverse=True)

    def find(self, given: str) -> Job | None:
        """Return the job of an id."""
        return next((job for job in self.all() if job.id == given), None) if ids.is_id(given) else None

    def of_run(self, name: str) -> Job | None:
        """Return the job that trains a run right now; the runs of a sweep have none of their own."""
        trainings = (job for job in self.all() if not job.is_sweep)
        return next((job for job in trainings if self.run_of(job) == name and self.is_alive(job)), None)

    def of_sweep(self, name: str) -> Job | None:
        """Return the job that carries out a sweep right now."""
        return self.sweeps_at_work().get(name)

    def sweeps_at_work(self) -> dict[str | None, Job]:
        """Return the jobs that carry out sweeps right now, by the name of the sweep."""
        return {self.run_of(job): job for job in self.all() if job.is_sweep and self.is_alive(job)}

    def is_alive(self, job: Job) -> bool:
        """Tell whether the job's process still works."""
        child = self._children.get(job.id)
        if child is not None:
            return child.poll() is None
        return _birth(job.pid) == job.born != ""

    def exit_code(self, job: Job) -> int | None:
        """Return how the process ended; None while it works, and where another studio started it."""
        child = self._children.get(job.id)
        return None if child is None else child.poll()

    def said(self, job: Job) -> str:
        """Return the end of what the process printed."""
        try:
            with self._log(job.id).open("rb") as file:
                file.seek(0, os.SEEK_END)
                start = max(0, file.tell() - _TAIL)
                file.seek(start)
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return text.partition("\n")[2] if start else text

    def run_of(self, job: Job) -> str | None:
        """Return the name of the run that a job trains, or of its sweep, once it has one."""
        if job.run is not None:
            return job.run
        try:
            with self._log(job.id).open("rb") as file:
                said = file.read(256 << 10).decode("utf-8", "replace")
        except OSError:
            return None
        found = (_NAMED_SWEEP if job.is_sweep else _NAMED).search(said)
        return next(name for name in found.groups() if name).strip() if found else None

    def stop(self, job: Job) -> None:
        """Ask the process to save and stop, as Ctrl-C does. Asked a second time it ends at once. Does nothing when it has ended."""
        if not self.is_alive(job):
            return
        try:
            os.kill(job.pid, signal.SIGTERM if os.name == "nt" else signal.SIGINT)
        except ProcessLookupError:
            return

    def forget(self, job: Job) -> None:
        """Delete the record of a job that has ended; its run stays."""
        if not self.is_alive(job):
            for path in (self._folder / f"{job.id}.json", self._log(job.id)):
                path.unlink(missing_ok=True)
            self._children.pop(job.id, None)

    def as_dict(self, job: Job) -> dict[str, Any]:
        """Return plain JSON values."""
        said = self.said(job)
        return {
            "id": job.id,
            "kind": "sweep" if job.is_sweep else "training",
            "data": job.data,
            "started": job.started,
            "run": self.run_of(job),
            "alive": self.is_alive(job),
            "exit_code": self.exit_code(job),
            "error": _fault(said),
            "said": said,
        }

    def _log(self, job: str) -> Path:
        return self._folder / f"{job}.log"

    def _start(self, words: list[str], data: str, run: str | None) -> Job:
        with self._lock:
            busy = [job for job in self.all() if self.is_alive(job)]
            if len(busy) >= _MOST:
                raise RecipeError(
                    f"{len(busy)} trainings and sweeps are running already. Stop one, or wait for its end."
                )
            made = uuid.uuid4().hex[:16]
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                with self._log(made).open("wb") as log:
                    child = subprocess.Popen(
                        [sys.executable, "-m", "glassnet", *words, f"--out={self.out}"],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,  # Ctrl-C in the studio's terminal is not meant for it
                    )
            except OSError as error:
                raise StorageError(durable.why(self._folder, error)) from error
            self._children[made] = child
            started = datetime.now(UTC).isoformat(timespec="microseconds")
            beginning = words[0] == "train" or (words[0] == "sweep" and not words[1].startswith("--resume="))
            known = None if beginning else run  # one that is to begin is not on record yet
            job = Job(made, words, data, started, child.pid, _birth(child.pid), known)
            durable.write_json(self._folder / f"{made}.json", asdict(job))
            return job


def _birth(pid: int) -> str:
    """Return when a process began, in the system's own words; empty for one that is gone, or dead and not yet buried."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() or os.name == "nt" else _birth_by_ps(pid)
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]


def _birth_by_ps(pid: int) -> str:
    try:
        found = subprocess.run(
            ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()


def _fault(said: str) -> str | None:
    """Return the sentence with which the command line ended, if it was one of failure."""
    start = said.rfind("\nglassnet: ")
    if start < 0 and not said.startswith("glassnet: "):
        return None
    return said[start + 1 :].removeprefix("glassnet: ").strip()
