"""Open the sealed test set and score the run on it. The run counts how often that was done, because every look makes it less sealed."""

import argparse

from glassnet.pipeline.console import Console


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("run", nargs="?", default="last", help="name of the run (default: the newest finished one)")
    parser.add_argument(
        "--split", choices=["train", "validation", "test"], default="test", help="which pictures (default: test)"
    )


def run(options: argparse.Namespace) -> int:
    """Score the run on one split."""
    console = Console(options.json)
    from glassnet import pipeline

    result = pipeline.evaluate(options.run, out=options.out, split=options.split, observer=console)
    if options.json:
        console.result(result.as_dict())
        return 0
    console.line(result.scores[options.split].text(brief=True))
    if options.split == "test":
        times = result.test_opened
        console.line(
            "The test set was opened for the first time."
            if times == 1
            else f"The test set was opened {times} times by this run."
        )
    console.line(f"Report: {result.report}")
    return 0
