"""How many commits a second does one ledger take from 8 processes at once, and is every one of them there afterwards?

Each writer plans runs, claims them, gives signs of life and ends them, as the workers of a sweep do but without training between. Every
commit is on the disk before the next one begins (synchronous=FULL). At the end all rows are read back: none may be missing, doubled or
half-written, and no writer may have seen an error.

    python benchmarks/ledger_writes.py
"""

import multiprocessing
import tempfile
import time
from pathlib import Path

from measure import Result, arguments

WRITERS, RUNS_EACH, EPOCHS = 8, 100, 97  # 8 × 100 × (plan, claim, 97 epochs, finish) = 80,000 commits


def main() -> None:
    parser = arguments(__doc__ or "", repeats=1)
    parser.add_argument(
        "--ledger", metavar="URL", help="an empty PostgreSQL database instead of a SQLite file (one repeat)"
    )
    parser.add_argument(
        "--folder", help="where the SQLite file is made, which decides on which disk (default: temporary files)"
    )
    options = parser.parse_args()
    each = 2 if options.quick else RUNS_EACH
    result = Result("ledger_writes", "Eight writers on one ledger", options.threads, options.quick)
    rates, waits, alone = [], [], []
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory(prefix="glassnet-bench-ledger-", dir=options.folder) as folder:
            alone.append(measured(Path(folder) / "one", None, 1, each)[0])
            rate, longest = measured(Path(folder) / "eight", options.ledger, WRITERS, each)
        rates.append(rate)
        waits.append(longest)
    commits = WRITERS * each * (EPOCHS + 3)
    result.figure(f"{WRITERS} writers, {commits:,} commits", "commits", "1/s", rates)
    result.figure(f"{WRITERS} writers, {commits:,} commits", "longest wait of a commit", "s", waits)
    result.figure("1 writer", "commits", "1/s", alone)
    result.figure(f"{WRITERS} writers, {commits:,} commits", "rows missing, doubled or half-written", "", [0], "<= 0")
    result.notes.append(f"Errors seen by the writers: none. Disk flush of 100 bytes: {flush():.2f} ms (median of 50).")
    result.write()


def measured(out: Path, url: str | None, writers: int, each: int) -> tuple[float, float]:
    """Let the writers loose, check that nothing is missing, and return commits per second and the longest wait of one."""
    from glassnet.runs.ledger import Ledger

    Ledger(out, url)
    with multiprocessing.get_context("spawn").Pool(writers) as pool:
        pool.map(ready, range(writers), chunksize=1)
        start = time.perf_counter()
        longest = pool.map(write, [(out, url, writer, each) for writer in range(writers)], chunksize=1)
        seconds = time.perf_counter() - start
    ledger = Ledger(out, url)
    rows = ledger.rows()
    names = sorted(f"{writer}-{i}" for writer in range(writers) for i in range(each))
    whole = all((row.status, row.epochs_done, row.token) == ("done", EPOCHS, 1) for row in rows)
    if sorted(row.name for row in rows) != names or not whole or ledger.check():
        raise SystemExit(f"The ledger lost something: {len(rows):,} of {len(names):,} rows, {ledger.check()}")
    return writers * each * (EPOCHS + 3) / seconds, max(longest)


def ready(_: int) -> None:
    """Import what a writer needs, so that the clock sees commits only."""
    import glassnet.runs.ledger  # noqa: F401


def write(arguments: tuple[Path, str | None, int, int]) -> float:
    """Do the commits of one writer and return the seconds of the slowest."""
    from glassnet.recipe import recipe_from
    from glassnet.runs.ledger import Ledger

    out, url, writer, each = arguments
    ledger, recipe, longest = Ledger(out, url), recipe_from({"data": {"root": "photos"}}), 0.0
    before = time.perf_counter()
    for i in range(each):
        claim = ledger.claim(ledger.plan(f"{writer}-{i}", recipe))
        assert claim is not None
        for epoch in range(EPOCHS):
            ledger.beat(claim, epoch + 1)
            now = time.perf_counter()
            longest, before = max(longest, now - before), now
        ledger.finish(claim, EPOCHS)
    return longest


def flush() -> float:
    """Milliseconds in which this disk makes 100 bytes stay."""
    import os
    import statistics

    times = []
    with tempfile.TemporaryFile() as file:
        for _ in range(50):
            start = time.perf_counter()
            file.write(b"x" * 100)
            file.flush()
            os.fsync(file.fileno())
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


if __name__ == "__main__":
    main()
