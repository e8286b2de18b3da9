"""Train a network on a folder of annotated pictures.

Classes: one folder of pictures per class, or `train` and `validation` or `test` folders of those, or `images` and `labels.csv`. Boxes:
Pascal VOC, COCO, YOLO, or a table file,label,x1,y1,x2,y2. Masks: pictures and masks of the same name, a mask per thing, COCO outlines.
Archives (.zip, .tar, .tar.gz) of any of these are read in place. Built-in names: xo, digits, shapes, cifar10. What is asked is seen from
the annotations; --task classify, localize, detect, segment or instances asks another question of them.
Whatever you do not say is chosen from the data and printed with its reason. The test pictures stay sealed until `glassnet eval`.
"""

import argparse
import shlex
from typing import Any

from glassnet.cli.options import add_recipe, recipe_of
from glassnet.pipeline.console import Console


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("root", nargs="?", metavar="PICTURES", help="folder, archive or built-in name")
    parser.add_argument("--name", help="name of the run (default: from the pictures and the network)")
    parser.add_argument(
        "--find-lr", action="store_true", help="sweep the learning rate, show which one suits, and train nothing"
    )
    add_recipe(parser)


def run(options: argparse.Namespace) -> int:
    """Train, then show scores, verdict, where the run is and what to type next."""
    recipe = recipe_of(options, options.root).once()
    console = Console(options.json)
    from glassnet import pipeline

    if options.find_lr:
        return _find(recipe, console, options)
    result = pipeline.train(recipe, out=options.out, name=options.name, observer=console, command=typed(options))
    show_result(result, console, options)
    return 0


def typed(options: argparse.Namespace, without: tuple[str, ...] = ("--name",)) -> str:
    """Return what was typed, without the options named (each with its value) and what concerns only the output; advice adds to it."""
    words, left = [], iter(options.words)
    for word in left:
        if word in without:
            next(left, None)
        elif word not in ("--json", "--debug", "--find-lr") and word.partition("=")[0] not in without:
            words.append(word)
    return shlex.join(["glassnet", "train", *words])


def _find(recipe: Any, console: Console, options: argparse.Namespace) -> int:
    from glassnet import pipeline
    from glassnet.pipeline.training import is_first_process

    if not is_first_process():  # a sweep is the work of one process; the others of a torchrun group have nothing to do
        return 0
    again = typed(options, without=("--lr", "--train.lr"))
    found = pipeline.find_rate(recipe, options.out, console, again=lambda rate: f"{again} --lr {rate}")
    if options.json:
        console.result(found.as_dict())
        return 0
    console.line(f"\n{found.sweep.text()}")
    console.line(f"\n{found.beside()}")
    console.line(f"\nPlot:   {found.page}")
    console.line(f"Next:   {found.command}")
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
    if result.report.exists():
        console.line(f"Report: {result.report}")
    if sealed:
        console.line(f"Next:   glassnet eval{out}              open the {sealed:,} sealed test pictures")
    console.line(
        f"        glassnet predict PICTURE{out.replace('--out', '--runs')}   ask this network about any picture"
    )
