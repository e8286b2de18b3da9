"""Every run on record: list, sort, filter, compare, as a table or as CSV.

Filters name settings and scores: `--where "train.lr>0.001 network=fast status=done"`, `--sort -accuracy`. A bare score means the validation
split; `test.accuracy` the test split.
"""

import argparse
from pathlib import Path

from glassnet.pipeline.console import Console


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("--sweep", metavar="SWEEP", help="only the runs of a sweep, by name, or `last`")
    parser.add_argument("--ledger", metavar="URL", help="a shared ledger, as postgresql://user@host/database")
    parser.add_argument("--where", metavar="FILTER", help="only runs that fit")
    parser.add_argument("--sort", metavar="KEYS", help="order, as `-accuracy` (highest first)")
    parser.add_argument("--compare", nargs=2, metavar="RUN", help="two runs side by side: settings that differ, scores")
    parser.add_argument("--csv", metavar="FILE", help="write the table, with every setting, as CSV")
    parser.add_argument("--rebuild", action="store_true", help="make the ledger again from the run folders")


def run(options: argparse.Namespace) -> int:
    """Show the ledger."""
    console = Console(options.json)
    from glassnet import durable
    from glassnet.runs.ledger import Ledger, rebuild
    from glassnet.runs.listing import Beside, Listing, to_csv

    if options.rebuild:
        ledger, set_aside = rebuild(options.out)
        if set_aside:
            console.line(f"The old ledger is kept as {set_aside}.")
    else:
        ledger = Ledger(options.out, options.ledger, create=False)
    if options.compare:
        shown: Listing | Beside = Beside(*(ledger.row(name) for name in options.compare))
    else:
        sweep = ledger.sweep(options.sweep).name if options.sweep else None
        rows = ledger.rows(options.where, options.sort, sweep=sweep)
        shown = Listing(tuple(rows))
        if options.csv:
            durable.write_text(Path(options.csv), to_csv(rows))
            console.line(f"{len(rows):,} runs in {options.csv}")
    if options.json:
        console.result(shown.as_dict())
    elif not options.csv:
        console.line(str(shown))
    return 0
