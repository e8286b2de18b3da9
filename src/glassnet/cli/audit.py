"""What is wrong with my pictures: unreadable files, duplicates, two labels for one picture, leaks between splits, imbalance and more.

Nothing is changed. Exit code 0 also when something was found; 3 when the pictures cannot be used at all.
"""

import argparse

from glassnet.cli.console import Console
from glassnet.cli.options import add_recipe, recipe_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("root", nargs="?", metavar="PICTURES", help="folder, archive or built-in name")
    add_recipe(parser, ("data", "network", "augment"))


def run(options: argparse.Namespace) -> int:
    """Audit and print the findings, worst first."""
    recipe = recipe_of(options, options.root)
    console = Console(options.json)
    from glassnet import pipeline

    prepared = pipeline.audit(recipe, out=options.out, observer=console)
    if options.json:
        console.result(prepared.audit.as_dict())
    return 0
