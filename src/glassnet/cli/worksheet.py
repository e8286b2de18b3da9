"""A sheet of questions about your own network, made of its own numbers, as text, HTML or PDF; with its key if you ask for it.

glassnet worksheet                                       every lesson, about the newest run
glassnet worksheet my-run --lessons convolution,pooling  some lessons
glassnet worksheet my-run --key --pdf sheet.pdf          to print; the key on a page of its own
"""

import argparse
from pathlib import Path

from glassnet.pipeline.console import Console


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("run", nargs="?", default="last", help="name of the run (default: the newest finished one)")
    parser.add_argument(
        "--picture",
        metavar="FILE",
        help="the picture that the questions are about: a file, or a name in the run's data set (default: one of the validation split)",
    )
    parser.add_argument("--lessons", metavar="NAMES", help="lessons by name, as convolution,pooling (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="another seed asks other questions (default: 0)")
    parser.add_argument("--key", action="store_true", help="add the answers and the way to each")
    written = parser.add_mutually_exclusive_group()
    written.add_argument("--html", metavar="FILE", help="write one HTML file that prints well, instead of text")
    written.add_argument("--pdf", metavar="FILE", help="write a PDF file; needs Chromium or Chrome on this machine")


def run(options: argparse.Namespace) -> int:
    """Make the sheet and print or write it."""
    from glassnet import durable
    from glassnet.errors import RecipeError
    from glassnet.lessons.printing import write_pdf
    from glassnet.lessons.sheet import sheet_of
    from glassnet.pipeline.run import load

    console = Console(options.json)
    if not 0 <= options.seed < 2**31:
        raise RecipeError(f"--seed must be a whole number from 0 to {2**31 - 1:,}, not {options.seed}.")
    names = None
    if options.lessons is not None:
        names = [name.strip() for name in options.lessons.split(",") if name.strip()]
    sheet = sheet_of(load(options.run, options.out), options.picture, names, options.seed)
    path = options.html or options.pdf
    if options.html:
        durable.write_text(Path(options.html), sheet.html(options.key))
    elif options.pdf:
        write_pdf(sheet.html(options.key), options.pdf)
    if options.json:
        console.result({**sheet.as_dict(options.key), **({"file": str(path)} if path else {})})
    elif path:
        console.line(f"Worksheet: {path}")
    else:
        console.line(sheet.text(options.key))
    return 0
