"""Go on with a run that was interrupted, crashed or lost power. With the same thread count it ends in the same bits."""

import argparse

from glassnet.cli.train import show_result
from glassnet.pipeline.console import Console


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("run", nargs="?", default="last", help="name of the run (default: the newest unfinished one)")


def run(options: argparse.Namespace) -> int:
    """Resume, then show what `train` shows."""
    console = Console(options.json)
    from glassnet import pipeline

    show_result(pipeline.resume(options.run, out=options.out, observer=console), console, options)
    return 0
