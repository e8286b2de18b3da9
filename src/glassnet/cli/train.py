"""Train a network on a folder of labelled pictures.

The folder holds one folder of pictures per class, or `train` and `validation` or `test` folders of those, or `images` and `labels.csv`;
archives (.zip, .tar, .tar.gz) of these are read in place. Built-in names: xo, digits, cifar10.
Whatever you do not say is chosen from the data and printed with its reason. The test pictures stay sealed until `glassnet eval`.
"""

import argparse
from typing import Any

from glassnet.cli.console import Console
from glassnet.cli.options import add_recipe, recipe_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("root", nargs="?", metavar="PICTURES", help="folder, archive or built-in name")
    parser.add_argument("--name", help="name of the run (default: from the pictures and the network)")
    add_recipe(parser)


def run(options: argparse.Namespace) -> int:
    """Train, then show scores, verdict, where the run is and what to type next."""
    recipe = recipe_of(options, options.root)
    console = Console(options.json)
    from glassnet import pipeline

    result = pipeline.train(recipe, out=options.out, name=options.name, observer=console)
    show_result(result, console, options)
    return 0


def show_result(result: Any, console: Console, options: argparse.Namespace) -> None:
    """Print scores, verdict, the run's place and the next commands; or the one JSON object."""
    if result is None:  # a process that is not the first of a torchrun group has nothing to say
        return
    if options.json:
        console.result(result.as_dict())
        return
    console.line()
    console.line(str(result))
    out = "" if options.out == "runs" else f" --out {options.out}"
    sealed = result.lock.test.size
    console.line(f"\nRun:    {result.folder.path}")
    if sealed:
        console.line(f"Next:   glassnet eval{out}              open the {sealed:,} sealed test pictures")
    console.line(f"        glassnet predict PICTURE{out}   ask this network about any picture")
