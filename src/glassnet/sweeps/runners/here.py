"""One combination after the other in this process: for a GPU, for few combinations, for large networks."""

from collections.abc import Callable

from glassnet.sweeps.bench import Bench
from glassnet.sweeps.worker import Station, Worker


def run(station: Station, workers: int, look: Callable[[], None], bench: Bench) -> None:
    """Work in this process; `workers` is always one here."""
    Worker(station, bench=bench).run(begun=lambda run: look())
    look()
