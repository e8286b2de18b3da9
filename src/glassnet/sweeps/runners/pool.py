"""One process per core with few threads each: the fastest way for small networks (see benchmarks/README.md).

Processes are spawned, never forked: a forked copy of torch with running threads hangs. Each has a pipe of its own to this process, because
a queue that several share is left locked by one that is killed.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from glassnet import errors
from glassnet.errors import GlassnetError, InterruptedRun
from glassnet.runs.ledger import Ledger
from glassnet.sweeps.bench import Bench
from glassnet.sweeps.plan import plan_from
from glassnet.sweeps.rows import ENDED
from glassnet.sweeps.worker import Station, Worker

LOOK_S = 1.0
SAVING_S = 120.0  # so long may a worker take to finish its step and save before it is killed
FEW_DEATHS = 20  # more processes than this dying one after the other is no accident


@dataclass
class _Hand:
    process: Any
    pipe: Connection


def run(station: Station, workers: int, look: Callable[[], None], bench: Bench) -> None:
    """Keep `workers` processes at work. One that is killed is replaced; its combination goes on from its checkpoint."""
    ledger = Ledger(station.out, station.ledger)
    hands = [_hire(station) for _ in range(_useful(ledger, station, workers))]
    deaths, before = 0, -1
    try:
        while hands:
            wait([hand.process.sentinel for hand in hands], timeout=LOOK_S)
            look()
            dead = 0
            for hand in [hand for hand in hands if not hand.process.is_alive()]:
                hands.remove(hand)
                code, sentence = _last_words(hand)
                if code is not None:
                    raise as_error(code, sentence)
                dead += hand.process.exitcode != 0
            if dead:
                ended = sum(row.status in ENDED for row in ledger.rows(sweep=station.sweep))
                deaths, before = (deaths + dead if ended == before else dead), ended
            if deaths > FEW_DEATHS:
                raise GlassnetError(
                    f"{deaths} worker processes ended without a word, the last with exit code {hand.process.exitcode}. "
                    "Memory may be short: try fewer --workers. Everything finished is on record; `--resume` goes on."
                )
            # Who left by itself found nothing to begin, and so would another; only the dead are replaced.
            hands += [_hire(station) for _ in range(dead) if is_more(ledger, station)]
    except KeyboardInterrupt:
        _stop(hands)
        look()
        raise InterruptedRun("The sweep was interrupted; everything is saved. Go on with `--resume`.") from None
    finally:
        _stop(hands)
    look()


def left(ledger: Ledger, station: Station) -> int:
    """Return how many rows wait for a worker. A row whose process died counts, one that is trained does not."""
    if station.deadline is not None and time.time() > station.deadline:
        return 0
    return sum(row.status in ("planned", "interrupted") for row in ledger.rows(sweep=station.sweep))


def is_more(ledger: Ledger, station: Station) -> bool:
    """Whether something can be begun: a row that waits, or a combination that is still to be proposed."""
    if station.deadline is not None and time.time() > station.deadline:
        return False
    rows, plan = ledger.rows(sweep=station.sweep), plan_from(ledger.sweep(station.sweep).plan)
    if any(row.status in ("planned", "interrupted") for row in rows):
        return True
    return not plan.is_over(max((row.combination or 0 for row in rows), default=0))


def _useful(ledger: Ledger, station: Station, workers: int) -> int:
    """Return how many workers have something to do from the start; one at least, who finds out."""
    if not plan_from(ledger.sweep(station.sweep).plan).is_grid:
        return workers
    return max(1, min(workers, left(ledger, station)))


def _hire(station: Station) -> _Hand:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(station, theirs, os.getpid()), name="glassnet-worker")
    with _deaf_to_ctrl_c():
        process.start()
    theirs.close()
    return _Hand(process, ours)


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Let a process that is started here not hear Ctrl-C, from its first instruction on: this one alone answers, and ends the workers."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def work(station: Station, pipe: Connection, parent: int) -> None:
    """What a worker process does. Its last words are (exit code, sentence) when something stops it for good."""
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # outside of training too, the run is put down and not dropped
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    try:
        Worker(station).run()
    except (InterruptedRun, KeyboardInterrupt):
        sys.exit(75)
    except Exception as error:
        known = isinstance(error, GlassnetError)
        sentence = str(error) if known else f"This is a bug in Glassnet: {type(error).__name__}: {error}"
        with contextlib.suppress(OSError):
            pipe.send((error.exit_code if known else 70, sentence))
        if not known:
            raise
        sys.exit(error.exit_code)


def _follow(parent: int) -> None:
    """Stop, saving everything, when the process that started this one is gone: nobody would show what is trained on."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SAVING_S)
    os.kill(os.getpid(), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)


def _last_words(hand: _Hand) -> tuple[int | None, str]:
    with contextlib.suppress(EOFError, OSError):
        if hand.pipe.poll():
            return hand.pipe.recv()
    return None, ""


def as_error(code: int, sentence: str) -> GlassnetError:
    """Return the exception that a worker left with, from its exit code and sentence."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GlassnetError)]
    return next((kind for kind in kinds if kind.exit_code == code), GlassnetError)(sentence)


def _stop(hands: list[_Hand]) -> None:
    """Let every worker finish its step and save; who hangs is killed."""
    for hand in hands:
        if hand.process.is_alive():
            hand.process.terminate()
    end = time.monotonic() + SAVING_S
    for hand in hands:
        hand.process.join(max(0.1, end - time.monotonic()))
        if hand.process.is_alive():
            hand.process.kill()
            hand.process.join()
    hands.clear()
