"""The record of all runs as a whole: is it sound, a copy of it, two of them made one.

glassnet ledger check                     read everything and say what is wrong
glassnet ledger backup copy.db            a whole copy, also while runs are training (of PostgreSQL too: a SQLite file)
glassnet ledger merge OTHER               bring in the runs and sweeps of another folder of runs, a copy, or a database
"""

import argparse
from pathlib import Path

from glassnet.errors import LedgerError, RecipeError
from glassnet.pipeline.console import Console

_TAKES = {"check": None, "backup": "FILE", "merge": "OTHER"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("what", choices=list(_TAKES), help="what to do")
    parser.add_argument(
        "where",
        nargs="?",
        metavar="FILE|OTHER",
        help="backup: the file to write; merge: a folder of runs, a file, a URL",
    )
    parser.add_argument(
        "--ledger", metavar="URL", help="the ledger, as postgresql://USER@HOST/DATABASE (default: ledger.db in --out)"
    )
    parser.add_argument("--force", action="store_true", help="backup: write over a file that is there")


def run(options: argparse.Namespace) -> int:
    """Check, copy or merge the ledger."""
    takes = _TAKES[options.what]
    if takes is not None and options.where is None:
        raise RecipeError(
            f"`glassnet ledger {options.what}` needs one more word: glassnet ledger {options.what} {takes}."
        )
    if takes is None and options.where is not None:
        raise RecipeError(f"{options.where!r} is one word too many for `glassnet ledger {options.what}`.")
    if options.force and options.what != "backup":
        raise RecipeError(
            f"--force belongs to `glassnet ledger backup`; `glassnet ledger {options.what}` overwrites no file."
        )
    return {"check": _check, "backup": _backup, "merge": _merge}[options.what](options, Console(options.json))


def _check(options: argparse.Namespace, console: Console) -> int:
    from glassnet.runs.book import Book

    book = Book(options.out, options.ledger, create=False)
    problems, runs, sweeps = book.check(), 0, 0
    if not problems:
        runs, sweeps = len(book.rows()), len(book.sweeps())
    if options.json:
        console.result(
            {"ledger": book.database.shown, "sound": not problems, "problems": problems, "runs": runs, "sweeps": sweeps}
        )
    elif problems:
        console.line(
            "\n".join(
                [f"{book.database.shown} is not sound. Faults: {len(problems):,}", *(f"  {one}" for one in problems)]
            )
        )
        console.line(
            "Every run keeps a copy of its own row: `glassnet runs --rebuild` makes the ledger anew from the run folders."
        )
    else:
        console.line(f"{book.database.shown} is sound. Runs: {runs:,}; sweeps: {sweeps:,}.")
    return LedgerError.exit_code if problems else 0


def _backup(options: argparse.Namespace, console: Console) -> int:
    from glassnet.runs.book import Book

    target = Path(options.where)
    if target.exists() and not options.force:
        raise RecipeError(f"{target} is there already. Choose another name, or write over it with --force.")
    book = Book(options.out, options.ledger, create=False)
    if target.exists() and target.resolve() == (Path(options.out) / "ledger.db").resolve():
        raise RecipeError(f"{target} is the ledger of {options.out}. Choose another name for the copy.")
    book.backup(target)
    size = target.stat().st_size
    if options.json:
        console.result({"ledger": book.database.shown, "file": str(target), "bytes": size})
    else:
        console.line(f"{book.database.shown} is copied to {target} ({size / 1e6:.1f} MB).")
    return 0


def _merge(options: argparse.Namespace, console: Console) -> int:
    from glassnet.runs.book import another
    from glassnet.runs.ledger import Ledger

    with another(options.where) as other:
        ledger = Ledger(options.out, options.ledger)
        merged = ledger.merge(other)
    if options.json:
        console.result({"ledger": ledger.database.shown} | merged.as_dict())
    else:
        console.line(str(merged))
    return 0
