"""Which class is in these pictures: files, folders or both, answered one line each as they are read."""

import argparse
from pathlib import Path

from glassnet.pipeline.console import Console


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("pictures", nargs="+", metavar="PICTURE|DIR", help="picture files, or folders of them")
    parser.add_argument("--run", default="last", help="name of the run (default: the newest finished one)")
    parser.add_argument(
        "--model", metavar="DIR", help="a folder with model.safetensors and model.json, instead of a run"
    )
    parser.add_argument("--csv", metavar="FILE", help="write the answers, with every class's probability, as CSV")
    parser.add_argument("--top", type=int, default=1, help="how many classes to show for each picture (default: 1)")


def run(options: argparse.Namespace) -> int:
    """Answer for every picture; unreadable ones are named and make the exit code 3 at the end."""
    console = Console(options.json)
    from glassnet import pipeline
    from glassnet.errors import RecipeError

    if options.top < 1:
        raise RecipeError(f"--top {options.top} shows nothing; it must be at least 1.")
    asked = (
        pipeline.Predictor.of(options.model) if options.model else pipeline.load(options.run, out=options.out).predictor
    )
    answers, refused = [], []
    for answer in asked.stream(options.pictures, observer=console):
        if answer.problem:
            refused.append(answer)
            console.line(f"{answer.picture}: not answered: {answer.problem}")
            continue
        answers.append(answer)
        console.line(f"{answer.picture}: {answer.text(options.top)}")
    if options.csv:
        pipeline.write_answers(Path(options.csv), asked.classes, answers)
        console.line(f"\n{len(answers):,} answers in {options.csv}")
    if options.json:
        console.result({"answers": [a.as_dict() for a in answers], "refused": [a.as_dict() for a in refused]})
    return 3 if refused else 0
