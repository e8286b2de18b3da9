"""Run a run again from its record, and say whether it comes out the same.

The same bits (history, weights, scores), equal within the interval of the score, or different, and where the first difference is. What was
decided then is done again: split, threads, precision, epochs. The new run is on the record as <name>-again-001; the test set stays sealed.
Exit codes: 0 the same bits or within the interval, 1 different, 3 the pictures are others (nothing is trained then).
"""

import argparse

from glassnet.pipeline.console import Console


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("run", nargs="?", default="last", help="name of the run (default: the newest finished one)")
    parser.add_argument("--threads", type=_count, metavar="N", help="processor threads (default: as many as on record)")


def run(options: argparse.Namespace) -> int:
    """Run it again, show what came out."""
    console = Console(options.json)
    from glassnet.pipeline.reproducing import reproduce

    result = reproduce(options.run, out=options.out, observer=console, threads=options.threads)
    if options.json:
        console.result(result.as_dict())
    else:
        console.line()
        console.line(str(result))
        console.line(f"\nRun:    {result.folder}")
    return result.exit_code


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of threads; give 1 or more")
    return int(text)
