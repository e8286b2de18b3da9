"""Draw a picture set, audit it, train on it, and open the sealed test set: the whole way in about a minute, with nothing to download.

Alone it asks whether a picture shows an X or an O. With --task it asks one of the five questions about drawn shapes.
"""

import argparse
from typing import Any

from glassnet.pipeline.console import Console
from glassnet.recipe import recipe_from

QUESTIONS = {
    "classify": "is it a circle, a square or a triangle?",
    "localize": "where is the one shape, and which is it?",
    "detect": "where are all the shapes?",
    "segment": "which class is each pixel?",
    "instances": "which pixels are each shape?",
}
_LAYOUTS = {
    "classify": "a folder with one folder of pictures per class",
    "localize": "pictures with one box each: VOC, COCO, YOLO or a table",
    "detect": "pictures with boxes: VOC, COCO, YOLO or a table",
    "segment": "pictures and masks of the same name",
    "instances": "pictures with outlines (COCO, YOLO) or a mask for each thing",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument(
        "--task", choices=list(QUESTIONS), help="the question to ask about drawn shapes (default: X or O, classify)"
    )


def run(options: argparse.Namespace) -> int:
    """Walk the whole way once."""
    console = Console(options.json)
    from glassnet import pipeline

    data: dict[str, Any] = {"root": "shapes", "task": options.task} if options.task else {"root": "xo"}
    question = QUESTIONS[options.task] if options.task else "is it an X or an O?"
    typed = f"train shapes --task {options.task}" if options.task else "train xo"
    console.line(f"Glassnet demo: {question}  The same steps as `glassnet {typed}` and `glassnet eval`.\n")
    trained = pipeline.train(
        recipe_from({"data": data}), out=options.out, observer=console, command=f"glassnet {typed}"
    )
    if trained is None:  # a later process of a torchrun group
        return 0
    console.line()
    console.line(str(trained))
    console.line("\nNow the pictures that nothing has seen so far:")
    result = pipeline.evaluate(trained.name, out=options.out, split="test", observer=console)
    console.line(result.scores["test"].text(brief=True))
    console.line(f"\nRun:    {result.folder.path}")
    console.line(f"Report: {result.report}")
    console.line(
        "Next:   glassnet studio             a page where you look into this network, draw for it, and train the next"
    )
    console.line(f"        glassnet train PHOTOS       {_LAYOUTS[options.task or 'classify']}")
    if options.json:
        console.result(result.as_dict())
    return 0
