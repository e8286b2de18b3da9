"""Glassnet as a user runs it: `glassnet train SET --minutes 10 --data.test 0`, then answers for the val pictures from Python.

    python dense_glassnet.py bccd-voc FOLDER OUT --minutes 10 --seed 0 --started SECONDS

In the product's own environment. Without `--data.test 0` it would set pictures aside for a test, which no peer does. Answers at threshold
0, as every side gives them, since average precision wants the unsure ones too.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from dense_clock import arguments, say, write_answers
from dense_sets import TASKS, Picture, PictureSet, read, run_lengths
from PIL import Image

MOST = 100


def trained(words: Any, out: str) -> Any:
    """Run the command line and return the finished run."""
    import glassnet

    said = f"--minutes {words.minutes} --data.test 0 --train.seed {words.seed} --train.threads {os.environ['BENCH_THREADS']}"
    command = [sys.executable, "-m", "glassnet", "train", str(words.folder / words.name), "--out", out]
    command += shlex.split(f"{said} {words.options}")
    if (code := subprocess.run(command).returncode) != 0:
        sys.exit(f"{shlex.join(command[3:])} left with exit code {code}; its message stands above.")
    run = glassnet.load(out=out)
    if (asked := run.predictor.task.name) != TASKS[words.name]:
        sys.exit(f"Glassnet took {words.name} for {asked}; the peers are asked for {TASKS[words.name]}.")
    return run


def answer(run: Any, pictures: PictureSet, place: Path) -> None:
    """Write what it found in the val pictures, in their own pixels."""
    from glassnet.pipeline.observer import Observer

    stream = run.predictor.stream([str(p.file) for p in pictures.val], Observer(), threshold=0.0)
    answers: dict[int, list[dict]] = {}
    for picture, answered in zip(pictures.val, stream, strict=True):
        if answered.problem:
            sys.exit(f"{picture.file}: {answered.problem}")
        if pictures.task == "segment":
            classes(answered.answer, pictures.names).save(place / f"{picture.number}.png")
        else:
            answers[picture.number] = things(answered.answer, picture)
    if answers:
        write_answers(place, answers)


def things(answer: Any, picture: Picture) -> list[dict]:
    """Return the surest things as the scorer reads them."""
    assert (answer.height, answer.width) == (picture.height, picture.width)
    found = []
    for thing in answer.found[:MOST]:
        entry = {"label": thing.label, "score": float(thing.confidence), "box": [float(v) for v in thing.box]}
        found.append(entry | ({} if thing.mask is None else {"mask": run_lengths(thing.mask)}))
    return found


def classes(answer: Any, names: tuple[str, ...]) -> Image.Image:
    """Return the class of every pixel, numbered as the set numbers them: the product's own numbers go by name."""
    import numpy as np

    table = np.array([names.index(name) for name in answer.classes], np.uint8)
    return Image.fromarray(table[answer.pixels])


def main() -> None:
    words = arguments(options="")
    pictures = read(words.name, words.folder)
    with tempfile.TemporaryDirectory(prefix="glassnet-bench-runs-") as out:
        run = trained(words, out)
        answer(run, pictures, words.out)
        history, recipe = run.history, run.recipe
        taught = len(run.lock.train)
        images = min(history[-1].step * min(recipe.train.batch, taught), len(history) * taught)
        told = {"images": images, "training seconds": history.seconds[-1], "epochs": len(history)}
        told |= {"batch": recipe.train.batch, "size": recipe.data.size, "precision": recipe.train.precision}
        if own := run.scores.get("validation"):
            told["own score"] = {own.headline: own.main.value}
    say(told)


if __name__ == "__main__":
    main()
