"""The workers of a Ray cluster: an existing one (RAY_ADDRESS, or `ray start` on this machine), else a local one. Needs the extra `ray`.

Ray only carries workers to where processors are free; combinations come from the ledger, so a node that dies costs nothing but the steps
since the last checkpoint. Every machine of a cluster needs the same Python, Ray and Glassnet, the pictures at the same path, and the
folder of runs on a disk that all of them share; or a ledger on a server (--ledger), and then each keeps the runs that it trained. A
ledger in a file must not be on a network disk whose locks cannot be trusted, as many are: --ledger is the safe way there.

What is not this file's business: machines that Ray's autoscaler could add. The processors that are there when a worker is missing count.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassnet.errors import GlassnetError, InterruptedRun, NetworkError, StorageError
from glassnet.runs.claims import LEASE_S
from glassnet.runs.folder import LEDGER
from glassnet.runs.ledger import Ledger
from glassnet.sweeps.bench import Bench
from glassnet.sweeps.plan import plan_from
from glassnet.sweeps.rows import ENDED
from glassnet.sweeps.runners.pool import FEW_DEATHS, LOOK_S, SAVING_S, as_error, is_more
from glassnet.sweeps.runners.ray_cluster import (
    address_of_cluster,
    answers,
    connected,
    first_line,
    imported,
    last_line,
    processors,
)
from glassnet.sweeps.worker import Station, Worker

_PATIENCE_S = 15.0  # the head may be started anew


def run(station: Station, workers: int, look: Callable[[], None], bench: Bench) -> None:
    """Keep `workers` tasks at work, fewer where the cluster has fewer processors. Those of a dead node are started anew elsewhere."""
    ledger = Ledger(station.out, station.ledger)
    found = ledger.sweep(station.sweep)
    plan = plan_from(found.plan)
    try:
        with connected() as ray:
            crew = _Crew(ray, ledger, station, found.planned_at, workers, plan.threads or 1, plan.device or "cpu")
            try:
                crew.work(look)
            finally:
                crew.stop()
    except KeyboardInterrupt:
        look()
        raise InterruptedRun("The sweep was interrupted; everything is saved. Go on with `--resume`.") from None
    look()


def machines(device: str) -> list[int]:
    """Return the processors of every machine of the cluster; with GPUs one entry for each, with its share of the processors.

    Raises RecipeError without Ray, or when `device` is cuda and no machine has a GPU, NetworkError without an answer.
    """
    ray = imported()
    if not ray.is_initialized() and address_of_cluster() is None:
        from glassnet.training.machine import cores

        return [cores()]  # a local cluster will have what this process may use; starting it takes seconds
    with connected() as there:
        return processors(there, device)


def work(station: Station, planned_at: str, place: str) -> tuple[int, str] | None:
    """What a task does. Returns (exit code, sentence) when something stops it for good, None when nothing is left to begin.

    `planned_at` is that of the sweep, by which it is known again, `place` the folder that relative names begin in.
    """
    with contextlib.suppress(OSError):
        os.chdir(place)
    try:
        _check_reach(station, planned_at)
        Worker(station).run()
    except (InterruptedRun, KeyboardInterrupt):
        return None
    except GlassnetError as error:
        return error.exit_code, str(error)
    except Exception as error:
        return 70, f"This is a bug in Glassnet: {type(error).__name__}: {error}"
    return None


@dataclass
class _Crew:
    """The tasks at work. Whoever ends without a word is replaced, as long as something waits."""

    ray: Any
    ledger: Ledger
    station: Station
    planned_at: str
    workers: int
    threads: int
    device: str
    tasks: list[Any] = field(default_factory=list)
    deaths: int = 0
    died: float = float("-inf")
    ended: int = -1
    answered: float = field(default_factory=time.monotonic)

    def work(self, look: Callable[[], None]) -> None:
        """Return when nothing is left that a worker could begin."""
        self._hire(self.workers)
        while self.tasks or self._somebody_may_be_dead():
            ended, dead = [], 0
            if self.tasks:
                ended, self.tasks = self.ray.wait(self.tasks, timeout=LOOK_S)
            else:
                time.sleep(LOOK_S)
                dead = 1  # a row whose process died with its machine may be free by now
            look()
            self._check_head()
            dead += sum(self._is_dead(task) for task in ended)
            if dead and is_more(self.ledger, self.station):
                self._hire(dead)  # who left by itself found nothing to begin, and so would another

    def stop(self) -> None:
        """Let every task finish its step and save."""
        for task in self.tasks:
            self.ray.cancel(task)
        end = time.monotonic() + SAVING_S
        while self.tasks and time.monotonic() < end:
            _, self.tasks = self.ray.wait(self.tasks, timeout=LOOK_S)

    def _hire(self, wanted: int) -> None:
        there = processors(self.ray, self.device)
        each = min(
            self.threads, max(there, default=1)
        )  # the threads are on record; a small machine must bear with them
        places = len(there) if self.device == "cuda" else sum(cpus // each for cpus in there)
        free = max(1, min(self.workers, places)) - len(self.tasks)
        hand = self.ray.remote(num_cpus=each, num_gpus=int(self.device == "cuda"), max_retries=0, max_calls=1)(work)
        place = os.fspath(Path.cwd())
        self.tasks += [hand.remote(self.station, self.planned_at, place) for _ in range(min(wanted, free))]

    def _is_dead(self, task: Any) -> bool:
        """Whether a task ended without a word. Raises what it says has stopped it for good."""
        errors = self.ray.exceptions
        try:
            said = self.ray.get(task)
        except errors.RayTaskError as error:  # our function catches everything, so it did not even begin
            raise GlassnetError(
                f"A worker of the Ray cluster could not begin: {last_line(error)}. "
                "Every machine of the cluster needs the same Python, Ray and Glassnet as this one."
            ) from None
        except errors.RayError as error:  # the process or its node is gone
            self._mourn(error)
            return True
        if said is not None:
            raise as_error(*said)
        return False

    def _mourn(self, error: Exception) -> None:
        """Count the dead since a run ended: nodes come and go in a long sweep, but something should get done in between."""
        ended = sum(row.status in ENDED for row in self.ledger.rows(sweep=self.station.sweep))
        self.deaths = self.deaths + 1 if ended == self.ended else 1
        self.ended, self.died = ended, time.monotonic()
        if self.deaths > FEW_DEATHS + self.workers:
            raise GlassnetError(
                f"{self.deaths} workers of the Ray cluster ended without a word, the last because: {first_line(error)}. "
                "Memory may be short: try fewer --workers. Everything finished is on record; `--resume` goes on."
            ) from None

    def _check_head(self) -> None:
        """Raise NetworkError when the cluster's head is gone, before Ray gives up after a minute: it ends this process without a word."""
        if answers(self.ray.get_runtime_context().gcs_address):
            self.answered = time.monotonic()
        elif time.monotonic() > self.answered + _PATIENCE_S:
            raise NetworkError(
                "The head of the Ray cluster does not answer any more. Everything finished is on record; `--resume` goes on."
            )

    def _somebody_may_be_dead(self) -> bool:
        """Whether a row may still be held by a process that died with its machine: it is free when its lease ends."""
        if time.monotonic() > self.died + LEASE_S + 5 * LOOK_S:
            return False
        return any(row.status in ("running", "interrupted") for row in self.ledger.rows(sweep=self.station.sweep))


def _check_reach(station: Station, planned_at: str) -> None:
    """Refuse a folder of runs that is not there on this machine, or that is another one of the same name."""
    out = Path(station.out)
    there = station.ledger is not None or (out / LEDGER).exists()
    known = [one.planned_at for one in Ledger(out, station.ledger, create=False).sweeps()] if there else []
    if planned_at not in known:
        raise StorageError(
            f"The folder of runs {out} of this sweep cannot be reached from the machine {socket.gethostname()}. Put it on a disk that "
            "every machine of the cluster has at the same path (--out), or let them share a ledger on a server (--ledger postgresql://…)."
        )
