"""Open the studio: a page on this machine for runs, the ledger and live training. Nothing leaves the machine.

It hears loopback only, and lets in the browser that opens the printed address. Trainings started there are processes of their own: they go
on when the studio is closed, and runs started in a terminal show up too.
"""

import argparse

from glassnet.pipeline.console import Console


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument(
        "--port", type=int, default=8420, metavar="N", help="port on this machine; 0: any free one (default: 8420)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address and open nothing")
    parser.add_argument(
        "--root",
        action="append",
        metavar="DIR",
        help="a folder whose pictures may be trained on, repeatable (default: the current one)",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    from glassnet.errors import RecipeError
    from glassnet.studio import launch

    if not 0 <= options.port <= 65535:
        raise RecipeError(f"{options.port} is no port. Ports go from 0 to 65535.")
    console = Console(options.json)

    def say(text: str) -> None:
        if options.json and text.startswith("http"):
            console.result({"address": text})
        else:
            console.line(f"Studio: {text}\nCtrl-C closes it." if text.startswith("http") else text)

    launch.serve(options.out, launch.checked_roots(options.root), options.port, not options.no_browser, say)
    return 0
