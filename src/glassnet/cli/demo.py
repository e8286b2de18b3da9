"""Draw an X-or-O picture set, audit it, train on it, and open the sealed test set: the whole way in under a minute."""

import argparse

from glassnet.pipeline.console import Console
from glassnet.recipe import recipe_from


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""


def run(options: argparse.Namespace) -> int:
    """Walk the whole way once."""
    console = Console(options.json)
    from glassnet import pipeline

    console.line("Glassnet demo: is it an X or an O?  The same steps as `glassnet train xo` and `glassnet eval`.\n")
    trained = pipeline.train(recipe_from({"data": {"root": "xo"}}), out=options.out, observer=console)
    if trained is None:  # a later process of a torchrun group
        return 0
    console.line()
    console.line(str(trained))
    console.line("\nNow the pictures that nothing has seen so far:")
    result = pipeline.evaluate(trained.name, out=options.out, split="test", observer=console)
    console.line(result.scores["test"].text(brief=True))
    console.line(f"\nRun:    {result.folder.path}")
    console.line(f"Report: {result.report}")
    console.line("Next:   glassnet train PHOTOS       a folder with one folder of pictures per class")
    console.line("        glassnet train --help       everything you can set")
    if options.json:
        console.result(result.as_dict())
    return 0
