"""The end of a sweep: the winner is named, its test score is taken once, the page and the table are written."""

from pathlib import Path

from glassnet import durable
from glassnet.data.lock import read_lock
from glassnet.errors import GlassnetError
from glassnet.pipeline.evaluating import evaluate
from glassnet.pipeline.observer import Observer
from glassnet.report.sweep.export import sweep_csv
from glassnet.report.sweep.write import write_sweep_report
from glassnet.runs.folder import RunFolder
from glassnet.runs.ledger import Ledger
from glassnet.sweeps.gathering import gather
from glassnet.sweeps.overview import overview
from glassnet.sweeps.result import SweepResult

REPORT, TABLE = "report.html", "combinations.csv"
_PATIENCE_S = 600.0  # another process that saw the last run end may be scoring the winner


def finish(book: Ledger, name: str, out: Path, observer: Observer) -> SweepResult:
    """Settle a sweep whose runs have all ended. Called again, it writes the page anew and opens no test set twice."""
    folder = RunFolder(out / name)
    durable.make_folder(folder.path)
    with folder.held(_PATIENCE_S):  # two processes may have seen the last run end
        return _finish(book, name, out, observer)


def _finish(book: Ledger, name: str, out: Path, observer: Observer) -> SweepResult:
    seen = overview(book, name)
    winner = seen.winner
    if seen.found.status != "done":
        book.settle_sweep(name, status="done", winner=None if winner is None else winner.id, ended=True)
    # Whoever was killed after opening the test set has shown its score to nobody, so it is the score that tells whether it is due.
    try:
        if winner is not None and winner.headline("test") is None and _has_test(out, winner.name):
            observer.line(f"\nopening the test set once, for {winner.name}, which did best on validation")
            evaluate(winner.name, out, "test", Observer(), book)
    except GlassnetError:
        write(gather(book, name, out), out)  # everything else is there to be seen
        raise
    result = gather(book, name, out)
    write(result, out)
    return result


def report(name: str = "last", out: str | Path = "runs", ledger: str | None = None) -> Path:
    """Write the page and the table of a sweep anew, finished or not, and return the page's path. Raises LedgerError without a sweep."""
    result = gather(Ledger(out, ledger, create=False), name, Path(out))
    write(result, Path(out))
    return result.report


def write(result: SweepResult, out: Path) -> None:
    """Write the page and the table into the sweep's folder. Raises StorageError when they cannot be written."""
    folder = out / result.name
    write_sweep_report(result.material, folder / REPORT)
    durable.write_text(folder / TABLE, sweep_csv(result.material))


def _has_test(out: Path, name: str) -> bool:
    """Whether the run is in this folder of runs, and not on another machine's, and has test pictures."""
    lock = RunFolder(out / name).lock
    return lock.exists() and len(read_lock(lock).test) > 0
