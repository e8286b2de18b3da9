"""Write a data set of boxes or masks in another layout: COCO, YOLO, Pascal VOC, masks beside pictures, or a table of boxes.

Pictures are copied byte for byte, with their splits. What the layout cannot hold is named and counted; nothing is ever overwritten.
"""

import argparse

from glassnet.pipeline.console import Console

_FORMATS = ("coco", "yolo", "voc", "masks", "csv")
_SHOWN = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("source", metavar="SRC", help="folder, archive or built-in name")
    parser.add_argument("--to", dest="form", choices=_FORMATS, required=True, help="the layout to write")
    parser.add_argument("folder", metavar="DST", help="the folder to write, which must not exist or be empty")
    parser.add_argument(
        "--task",
        choices=["localize", "detect", "segment", "instances"],
        help="which answers to write (default: the most natural that the layout can hold)",
    )


def run(options: argparse.Namespace) -> int:
    """Convert, and say what was written, what got lost, and what was left out."""
    console = Console(options.json)
    from glassnet.pipeline.converting import convert

    done = convert(options.source, options.form, options.folder, options.task, console)
    if options.json:
        console.result(done.as_dict())
        return 0
    counts = " + ".join(f"{number:,}{'' if split == 'all' else f' {split}'}" for split, number in done.pictures.items())
    things = f", {done.things:,} things" if done.things else ""
    console.line(f"written: {done.folder} ({done.form}, {done.task}), {counts} pictures{things}")
    for loss in done.losses:
        console.line(f"  lost: {loss}")
    if done.left_out:
        console.line(f"  left out: {len(done.left_out):,} pictures or files whose annotation cannot be used")
        for key, reason in done.left_out[:_SHOWN]:
            console.line(f"    {key}: {reason}")
        if len(done.left_out) > _SHOWN:
            console.line(f"    and {len(done.left_out) - _SHOWN:,} more; --json lists all")
    return 0
