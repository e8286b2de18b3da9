"""What do the ledger and the runner cost? One run of a minute inside a sweep, and how much of it went into neither pictures nor network.

The tutorial network on 10,000 CIFAR-10 pictures, `--on here`, in this process. Counted as the ledger's: every call of it, from planning to
the last score, with a heartbeat, a line for every epoch and the marks of 1,500 validation pictures. Counted as the runner's: everything a
worker does beside training (finding the next combination, resolving its recipe, writing its folder). Decoding, audit and the sweep's page
are done once for all runs and not counted; training, validation, scores and the model file belong to any run.

    python benchmarks/sweep_overhead.py --data DIR
"""

import functools
import tempfile
import time
from collections.abc import Callable
from typing import Any

from cifar import files
from measure import Result, arguments, data_folder

MINUTES = 1.0


class Watch:
    """Adds up the seconds of outermost calls."""

    def __init__(self) -> None:
        self.seconds, self.calls, self._depth = 0.0, 0, 0

    def over(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed."""

        @functools.wraps(function)
        def timed(*given: Any, **named: Any) -> Any:
            self._depth += 1
            began = time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += time.perf_counter() - began
                    self.calls += 1

        return timed


def one_sweep(folder: str, minutes: float, threads: int) -> tuple[Watch, Watch, Watch]:
    """Return what the ledger, training, and the whole worker took."""
    from glassnet.runs.ledger import Ledger
    from glassnet.sweeps import worker
    from glassnet.sweeps.from_python import sweep

    ledger, training, whole = Watch(), Watch(), Watch()
    methods = [name for name, held in vars(Ledger).items() if callable(held) and not name.startswith("_")]
    before = {name: getattr(Ledger, name) for name in methods}
    carry, carried = worker.Worker._carry, worker.carry_out
    try:
        for name in methods:
            setattr(Ledger, name, ledger.over(before[name]))
        worker.carry_out = training.over(carried)
        worker.Worker._carry = whole.over(carry)  # type: ignore[method-assign]
        with tempfile.TemporaryDirectory(prefix="glassnet-bench-runs-") as out:
            settings = {"network": "tutorial", "test": 0, "group_by": "none", "threads": threads, "batch": 64}
            sweep(folder, {"train.minutes": [minutes]}, out=out, on="here", quiet=True, **settings)
    finally:
        for name in methods:
            setattr(Ledger, name, before[name])
        worker.carry_out, worker.Worker._carry = carried, carry  # type: ignore[method-assign]
    return ledger, training, whole


def main() -> None:
    options = arguments(__doc__ or "", repeats=3).parse_args()
    data = data_folder(options.data, "cifar10")
    result = Result("sweep_overhead", "What the ledger and the runner cost", options.threads, options.quick)
    minutes = 0.1 if options.quick else MINUTES
    ledgers, runners, shares, calls = [], [], [], []
    with files(data, limit=60 if options.quick else 1000) as folder:
        for _ in range(1 if options.quick else options.repeats):
            ledger, training, whole = one_sweep(folder, minutes, options.threads)
            ledgers.append(ledger.seconds)
            runners.append(whole.seconds - training.seconds)
            shares.append(100 * (ledgers[-1] + runners[-1]) / whole.seconds)
            calls.append(ledger.calls)
    result.figure("Glassnet", "ledger, all calls", "s", ledgers)
    result.figure("Glassnet", "calls of the ledger", "", calls)
    result.figure("Glassnet", "worker beside training", "s", runners)
    result.figure("Glassnet", "ledger and runner, share of a one-minute run", "%", shares, "<= 2")
    result.write()


if __name__ == "__main__":
    main()
