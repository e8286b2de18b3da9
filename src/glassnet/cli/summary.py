"""The layers of a network: output shape, parameters, receptive field and multiply-adds of each, without training anything."""

import argparse

from glassnet.errors import RecipeError
from glassnet.pipeline.console import Console
from glassnet.recipe import parse_value, read_recipe
from glassnet.tasks import task


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("run", nargs="?", help="name of a run, to see its network")
    parser.add_argument("--network", help="a preset, or a list of layers in YAML")
    parser.add_argument("--recipe", metavar="FILE", help="a YAML recipe that holds the network")
    parser.add_argument("--size", default="32", help="picture side in pixels, or [height, width] (default: 32)")
    parser.add_argument("--channels", type=int, default=3, choices=[1, 3], help="1 for grey, 3 for colour (default: 3)")
    parser.add_argument("--classes", type=int, default=10, help="number of classes (default: 10)")
    parser.add_argument(
        "--task", default="classify", help="the question, which decides how the network ends (default: classify)"
    )


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    console = Console(options.json)
    summary = _summary(options)
    console.line(str(summary))
    if options.json:
        console.result(summary.as_dict())
    return 0


def _usual(name: str) -> str:
    return str(task(name).advice(1000, 1).get("network", ("fast", ""))[0])


def _summary(options: argparse.Namespace):
    if options.run:
        from glassnet import pipeline

        return pipeline.load(options.run, out=options.out).summary()
    from glassnet.networks.presets import layers_of
    from glassnet.networks.summary import summarise

    network = read_recipe(options.recipe).network if options.recipe else options.network or _usual(options.task)
    if isinstance(network, str) and network.startswith("["):
        network = parse_value(network)
    size = parse_value(options.size)
    if isinstance(size, int):
        size = [size, size]
    if not (isinstance(size, list) and len(size) == 2 and all(isinstance(s, int) and s > 0 for s in size)):
        raise RecipeError(
            f"--size {options.size} is no picture size. Write one side, as 64, or [height, width], as [48, 64]."
        )
    asked = task(options.task)
    if options.classes < (2 if asked.one_class else 1):
        raise RecipeError(f"--classes {options.classes}: a network needs at least two classes to tell apart.")
    shape = (options.channels, *size)
    return summarise(
        layers_of(network, shape, options.classes, head=asked.head(options.classes)), shape, options.classes
    )
