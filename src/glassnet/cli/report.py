"""Write the report of a run, or of a sweep, anew: one HTML file that opens from disk and needs no network."""

import argparse

from glassnet.pipeline.console import Console


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("run", nargs="?", default="last", help="name of the run (default: the newest finished one)")
    parser.add_argument("--sweep", metavar="SWEEP", help="the report of a sweep, by name, or `last`")
    parser.add_argument(
        "--ledger", metavar="URL", help="with --sweep: a shared ledger, as postgresql://user@host/database"
    )


def run(options: argparse.Namespace) -> int:
    """Write the report and say where it is."""
    console = Console(options.json)
    if options.sweep:
        from glassnet.sweeps.finish import report

        path = report(options.sweep, options.out, options.ledger)
    else:
        from glassnet import pipeline

        path = pipeline.report(options.run, out=options.out)
    if options.json:
        console.result({"report": str(path)})
    else:
        console.line(f"Report: {path}")
    return 0
