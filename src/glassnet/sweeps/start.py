"""`sweep`, `resume_sweep` and `join`: from a recipe and a search space to every combination on record, a winner, and the page.

The order matters for honesty: the space and the plan are in the ledger before the first run, rows are there before they are computed, and
the winner's test score is taken once, after everything else.
"""

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from glassnet.errors import InterruptedRun, LedgerError, RecipeError, StorageError
from glassnet.pipeline.observer import Observer
from glassnet.recipe import Recipe, recipe_from
from glassnet.runs import names
from glassnet.runs.environment import code_version, machine
from glassnet.runs.folder import RunFolder
from glassnet.runs.ledger import Ledger
from glassnet.sweeps.bench import Bench
from glassnet.sweeps.finish import finish
from glassnet.sweeps.gathering import gather
from glassnet.sweeps.hands import Hands
from glassnet.sweeps.outlook import asked_of, look_ahead
from glassnet.sweeps.overview import overview
from glassnet.sweeps.plan import Plan, decide, plan_from
from glassnet.sweeps.result import SweepResult
from glassnet.sweeps.runners import runner
from glassnet.sweeps.space import Space, space_from
from glassnet.sweeps.stopping import hearing
from glassnet.sweeps.telling import ended_runs, tell
from glassnet.sweeps.worker import Station, planned

_ENOUGH = 2_000  # combinations of a grid that go into one transaction
# A full disk, short memory, an unreachable ledger, a bug that was mended: such failures may not come back. A NaN or bad settings would.
_WORTH_ANOTHER_TRY = {5, 6, 8, 70}


def sweep(
    recipe: Recipe,
    space: Space | None = None,
    asked: dict[str, Any] | None = None,
    out: str | Path = "runs",
    name: str | None = None,
    observer: Observer | None = None,
    ledger: str | None = None,
    on: str | None = None,
    workers: int | None = None,
) -> SweepResult:
    """Try every combination of a space over a recipe. `space` and `asked` default to what `recipe.sweep` says.

    `asked` is as for `plan.decide`, `ledger` a database URL (default: the file in `out`), `on` a runner, `workers` how many processes.
    Raises RecipeError, DataError and LedgerError before anything runs, InterruptedRun once everything is saved.
    """
    began, observer, out = time.time(), observer or Observer(), Path(out)
    space, said = asked_of(recipe, space, asked)
    base = recipe.changed({"sweep": None})
    decided = decide(space, said)
    book = Ledger(out, ledger)
    folder = _folder(book, base, out, name)
    bench = Bench(base, out, folder.path, observer)
    with _gone_if_refused(folder):
        ahead = look_ahead(bench, space, *decided, on, workers)
    plan, hands, prepared = ahead.plan, ahead.hands, bench.prepare()
    book.new_sweep(
        folder.name,
        base.model_dump(mode="json", exclude_unset=True),
        space.as_dict(),
        plan.as_dict(),
        data_hash=prepared.lock.digest,
        task=prepared.catalog.task,
        code_version=code_version(),
        machine=machine(),
    )
    with _how_to_go_on(folder.name, out, ledger), hearing():
        if plan.is_grid:
            _put_on_record(book, folder.name, plan, base, ahead.combinations)
        tell(observer, folder.name, space, plan, ahead.choices, ahead.times())
        return _work(book, folder.name, out, observer, ledger, hands, bench, began)


def resume_sweep(
    name: str = "last",
    out: str | Path = "runs",
    root: str | None = None,
    observer: Observer | None = None,
    ledger: str | None = None,
    on: str | None = None,
    workers: int | None = None,
    minutes: float | None = None,
) -> SweepResult:
    """Go on with a sweep, or join one that other machines are working on. Nothing that is done is run again.

    `root` is where the pictures are here, when not where the sweep began, `minutes` how long to go on (default: as long as the sweep was
    given at first). Raises LedgerError when there is no such sweep, DataError when the pictures are not those of the sweep.
    """
    began, observer, out = time.time(), observer or Observer(), Path(out)
    if minutes is not None and not 0 < minutes < float("inf"):
        raise RecipeError(f"--minutes must be above 0 (got {minutes}).")
    book = Ledger(out, ledger, create=False)
    found = book.sweep(name)
    with _how_to_go_on(found.name, out, ledger), hearing():
        plan = plan_from(found.plan)
        base = recipe_from(found.recipe)
        if root is not None:
            base = base.changed({"data.root": root})
        bench = Bench(base, out, out / found.name, observer)
        rows = book.rows(sweep=found.name)
        done = sum(row.status == "done" for row in rows)
        observer.line(f"going on with {found.name}: {done:,} of {len(rows):,} runs on record are done")
        if found.status != "done":
            bench.prepare(digest=found.data_hash)
            _open_again(book, found.name)
        hands = Hands.choose(on, workers, plan, base)
        _put_on_record(book, found.name, plan, base, list(space_from(found.space).grid()) if plan.is_grid else [])
        return _work(book, found.name, out, observer, ledger, hands, bench, began, minutes)


def newest_open(out: str | Path, ledger: str) -> str:
    """Return the name of the newest sweep in a shared ledger that is not over. Raises RecipeError when there is none to join."""
    found = [row.name for row in Ledger(Path(out), ledger).sweeps() if row.status == "open"]
    if not found:
        raise RecipeError(
            "The shared ledger has no open sweep to join. Begin one: `glassnet sweep PICTURES --ledger URL --set …`."
        )
    return found[-1]


def _folder(book: Ledger, base: Recipe, out: Path, name: str | None) -> RunFolder:
    taken = book.names()
    if name is not None and name in taken:
        raise RecipeError(
            f"There is already a run or a sweep called {name!r}. Choose another --name, or go on with --resume."
        )
    return names.create(out, names.stem(base.data.root, "sweep"), taken, name)


def _put_on_record(book: Ledger, name: str, plan: Plan, base: Recipe, combinations: list[dict[str, Any]]) -> None:
    """Plan every combination of a grid. Those that are on record already, as after a kill in between, are left as they are."""
    rows = [row for number, values in enumerate(combinations, 1) for row in planned(name, plan, base, number, values)]
    for start in range(0, len(rows), _ENOUGH):
        book.plan_combinations(name, rows[start : start + _ENOUGH])


def _open_again(book: Ledger, name: str) -> None:
    """Let the runs wait once more that failed for a reason which may be gone."""
    for row in book.rows(sweep=name):
        if row.status == "failed" and row.exit_code in _WORTH_ANOTHER_TRY:
            with contextlib.suppress(LedgerError):  # another machine that goes on with the sweep was faster
                claim = book.claim(row.id)
                if claim is not None:
                    book.fail(claim, row.sentence or "", 75)


@contextlib.contextmanager
def _gone_if_refused(folder: RunFolder) -> Iterator[None]:
    """Take the folder of a sweep away again that was refused before it was on record."""
    try:
        yield
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise


@contextlib.contextmanager
def _how_to_go_on(name: str, out: Path, url: str | None) -> Iterator[None]:
    """Say of whatever stops a sweep how to go on with it."""
    options = ("" if out == Path("runs") else f" --out {out}") + (" --ledger URL" if url else "")
    resume = f"`glassnet sweep --resume {name}{options}`"
    try:
        yield
    except (InterruptedRun, KeyboardInterrupt):
        raise InterruptedRun(f"{name} was interrupted; everything is saved. Go on with {resume}.") from None
    except (StorageError, LedgerError) as error:
        said = str(error).replace("`glassnet resume`", resume)
        said = said if resume in said else f"{said} What has ended is on record; go on with {resume}."
        raise type(error)(said) from error


def _work(
    book: Ledger,
    name: str,
    out: Path,
    observer: Observer,
    url: str | None,
    hands: Hands,
    bench: Bench,
    began: float,
    minutes: float | None = None,
) -> SweepResult:
    found = book.sweep(name)
    if found.status == "done":
        return finish(book, name, out, observer)
    plan = plan_from(found.plan)
    minutes = minutes or plan.minutes
    deadline = None if minutes is None else began + minutes * 60
    root = str(Path(bench.base.data.root).resolve()) if Path(bench.base.data.root).exists() else None
    where = root if hands.name == "ray" else bench.base.data.root
    station = Station(str(out.resolve()), url, name, where, deadline, began)
    runner(hands.name)(station, hands.workers, ended_runs(book, name, plan, observer), bench)
    return gather(book, name, out) if overview(book, name).left else finish(book, name, out, observer)
