"""What is wrong with my pictures: unreadable files, duplicates, two labels for one picture, leaks between splits, imbalance and more.

Nothing is changed. Exit code 0 also when something was found; 3 when the pictures cannot be used at all.
"""

import argparse
from pathlib import Path

from glassnet.cli.options import add_recipe, recipe_of
from glassnet.errors import RecipeError
from glassnet.pipeline.console import Console

_VARIED = 12


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("root", nargs="?", metavar="PICTURES", help="folder, archive or built-in name")
    parser.add_argument(
        "--html",
        nargs="?",
        const="",
        metavar="FILE",
        help="write the findings with their pictures (default: DIR/audit-NAME.html)",
    )
    parser.add_argument(
        "--show-augment", nargs="?", const=_VARIED, type=int, metavar="N",
        help=f"also show N pictures as the network will get them (default: {_VARIED}); writes the same page",
    )  # fmt: skip
    add_recipe(parser, ("data", "network", "augment"))


def run(options: argparse.Namespace) -> int:
    """Audit, print the findings worst first, and write the page where one is asked for."""
    recipe = recipe_of(options, options.root)
    varied = options.show_augment or 0
    if options.show_augment is not None and not 1 <= varied <= 200:
        raise RecipeError(f"--show-augment takes 1 to 200 pictures, got {varied}.")
    console = Console(options.json)
    from glassnet import pipeline
    from glassnet.runs.names import stem

    prepared = pipeline.audit(recipe, out=options.out, observer=console)
    page = None
    if options.html is not None or options.show_augment is not None:
        name = stem(recipe.data.root, recipe.network).rpartition("-")[0]
        page = pipeline.write_audit_page(prepared, options.html or Path(options.out) / f"audit-{name}.html", varied)
        console.line(f"\nPage: {page}")
    if options.json:
        console.result(prepared.audit.as_dict() | {"page": str(page) if page else None})
    return 0
