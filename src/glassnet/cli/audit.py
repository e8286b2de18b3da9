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
        "--show-augment", nargs="?", const=_VARIED, type=_number, metavar="N",
        help=f"also show N pictures as the network will get them (default: {_VARIED}); writes the same page",
    )  # fmt: skip
    add_recipe(parser, ("data", "network", "augment"))


def run(options: argparse.Namespace) -> int:
    """Audit, print the findings worst first, and write the page where one is asked for."""
    _check(options)
    recipe = recipe_of(options, options.root)
    varied = options.show_augment or 0
    console = Console(options.json)
    from glassnet import pipeline
    from glassnet.runs.names import stem

    prepared = pipeline.audit(recipe, out=options.out, observer=console)
    page = None
    if options.html is not None or options.show_augment is not None:
        name = stem(recipe.data.root, "audit").removesuffix("-audit")
        place = options.html or Path(options.out) / f"audit-{name}.html"
        page = pipeline.write_audit_page(prepared, place, varied, console)
        console.line(f"\nPage: {page}")
    if options.json:
        console.result(prepared.audit.as_dict() | {"page": str(page) if page else None})
    return 0


def _number(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text  # what is no number may be the pictures, see _check


def _check(options: argparse.Namespace) -> None:
    """Raise RecipeError where an option has swallowed the pictures, or shows a senseless number of them."""
    shown = options.show_augment
    nameless = options.root is None and options.recipe is None
    for option, value in (("--html", options.html), ("--show-augment", shown)):
        if nameless and isinstance(value, str) and value and not value.endswith((".html", ".htm")):
            raise RecipeError(f"Name the pictures before {option}: `glassnet audit {value} {option}`.")
    if shown is not None and (isinstance(shown, str) or not 1 <= shown <= 200):
        raise RecipeError(f"--show-augment takes 1 to 200 pictures, got {shown}.")
    if options.html and Path(options.html).is_dir():
        raise RecipeError(
            f"--html {options.html} is a folder. Name a file in it, as {Path(options.html) / 'audit.html'}."
        )
