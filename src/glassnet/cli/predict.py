"""What is in these pictures: files, folders or both, answered one line each as they are read.

With --out the answers are drawn on the pictures and written as answers.json; --format adds the layout that other tools read.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from glassnet.pipeline.console import Console

RUNS_OPTION = "--runs"
"""Here --out says where answers go, so the folder of runs is named otherwise."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("pictures", nargs="*", metavar="PICTURE|DIR", help="picture files, or folders of them")
    parser.add_argument("--run", default="last", help="name of the run (default: the newest finished one)")
    parser.add_argument(
        "--model", metavar="DIR", help="a folder with model.safetensors and model.json, instead of a run"
    )
    parser.add_argument("--out", metavar="DIR", dest="answers", help="draw the answers there, and write answers.json")
    parser.add_argument("--format", metavar="FORMAT", help="with --out: also as coco, yolo, voc, masks or csv")
    parser.add_argument(
        "--threshold", type=float, help="how sure an answer must be, 0 to 1 (default: as the run chose on validation)"
    )
    parser.add_argument(
        "--watch", metavar="DIR", help="answer for the pictures in DIR and for each that arrives, until Ctrl-C"
    )
    parser.add_argument("--csv", metavar="FILE", help="write the classes of pictures, with every probability, as CSV")
    parser.add_argument("--top", type=int, default=1, help="how many classes to show for each picture (default: 1)")


def run(options: argparse.Namespace) -> int:
    """Answer for every picture; unreadable ones are named and make the exit code 3 at the end."""
    console = Console(options.json)
    _check(options)
    from glassnet import pipeline

    asked = (
        pipeline.Predictor.of(options.model) if options.model else pipeline.load(options.run, out=options.out).predictor
    )
    _check_task(options, asked)
    if options.watch:
        return _watch(asked, options, console)
    answers: list[Any] = []
    told = _telling(asked.stream(options.pictures, console, options.threshold), options, console, answers)
    if options.answers:
        from glassnet.pipeline.delivering import deliver

        delivered = deliver(Path(options.answers), asked, told, options.format)
        console.line(
            f"\n{delivered.drawn:,} pictures drawn in {delivered.folder}, answers in {delivered.folder / 'answers.json'}"
        )
        for loss in delivered.losses:
            console.line(f"  not held by {options.format}: {loss}")
    else:
        for _ in told:
            pass
    refused = [answer for answer in answers if answer.problem]
    good = [answer for answer in answers if not answer.problem]
    if options.csv:
        pipeline.write_answers(Path(options.csv), asked.classes, good)
        console.line(f"\n{len(good):,} answers in {options.csv}")
    if options.json:
        console.result({"answers": [a.as_dict() for a in good], "refused": [a.as_dict() for a in refused]})
    return 3 if refused else 0


def _check(options: argparse.Namespace) -> None:
    from glassnet.errors import RecipeError

    if options.top < 1:
        raise RecipeError(f"--top {options.top} shows nothing; it must be at least 1.")
    if options.threshold is not None and not 0 <= options.threshold <= 1:
        raise RecipeError(f"--threshold {options.threshold} must lie between 0 and 1.")
    if options.format and not options.answers:
        raise RecipeError("--format says how answers are written; say where with --out DIR.")
    if bool(options.pictures) == bool(options.watch):
        raise RecipeError("Name pictures or folders to answer for, or a folder to --watch, and not both.")
    if options.watch and (options.format or options.csv):
        raise RecipeError(
            "--format and --csv write when all answers are there, and --watch never ends. Leave them out."
        )


def _check_task(options: argparse.Namespace, asked: Any) -> None:
    from glassnet.errors import RecipeError
    from glassnet.pipeline.delivering import check_apart, check_format

    task, classes = asked.task.name, len(asked.classes)
    check_format(options.format, task)
    if options.answers:
        check_apart(Path(options.answers), [options.watch] if options.watch else options.pictures)
    if options.csv and task != "classify":
        raise RecipeError(f"--csv is for classes, and this network answers {task}. Use --out DIR --format csv.")
    if options.threshold is not None and not asked.task.takes_threshold(classes):
        raise RecipeError(
            f"--threshold means nothing here: a network that answers {task} for {classes} classes always gives its likeliest answer."
        )


def _telling(stream: Iterator[Any], options: argparse.Namespace, console: Console, kept: list[Any]) -> Iterator[Any]:
    """Pass every answer on, saying it aloud."""
    for answer in stream:
        said = f"not answered: {answer.problem}" if answer.problem else answer.text(options.top)
        console.line(f"{answer.picture}: {said}")
        kept.append(answer)
        yield answer


def _watch(asked: Any, options: argparse.Namespace, console: Console) -> int:
    """Answer until Ctrl-C, which is how this ends well; with --json one object per line."""
    from glassnet.errors import DataError
    from glassnet.pipeline.delivering import deliver_one
    from glassnet.pipeline.watching import arriving

    console.line(f"watching {options.watch}; Ctrl-C ends it")
    try:
        for file in arriving(Path(options.watch)):
            answer = asked.one(file, options.threshold)
            if options.answers and not answer.problem:
                try:
                    deliver_one(Path(options.answers), asked, answer)
                except DataError as error:  # it went away since; the next picture is answered all the same
                    answer = replace(answer, answer=None, problem=str(error))
            if options.json:
                console.result(answer.as_dict())
            else:
                console.line(
                    f"{file}: {'not answered: ' + answer.problem if answer.problem else answer.text(options.top)}"
                )
    except KeyboardInterrupt:
        console.line("\nstopped watching")
    return 0
