"""How long until `--network fast` has 80 % and 89 % on CIFAR-10's test set, against Keras' tutorial recipe that ends at 67 %?

Glassnet's seconds are those of the whole command `glassnet train`, from the archives, with imports, decoding, audit and report. Keras'
are those of the whole process on arrays that were decoded before, which favours Keras. All 50,000 pictures are trained on; the test set is
opened once, after training. The sides take turns.

    python benchmarks/fast_accuracy.py --data DIR
"""

import json
import shlex
import tempfile
from pathlib import Path

from cifar import arrays
from measure import HERE, Result, arguments, data_folder, whole
from peers import keras_python, keras_versions
from runs_of import train

EIGHTY = "--epochs 1 --batch 250 --train.views mirror --data.validation 0"
EIGHTY_NINE = "--epochs 7 --batch 250 --train.skip_easy 0.35 --train.views mirror --data.validation 0"


def main() -> None:
    parser = arguments(__doc__ or "", repeats=3)
    parser.add_argument(
        "--eighty", default=EIGHTY, help=f"options of the run that should reach 80 %% (default: {EIGHTY})"
    )
    parser.add_argument(
        "--eighty-nine",
        default=EIGHTY_NINE,
        help=f"options of the run that should reach 89 %% (default: {EIGHTY_NINE})",
    )
    options = parser.parse_args()
    data = data_folder(options.data, "cifar10")
    held = str(arrays(data))
    result = Result("fast_accuracy", "Accuracy against time on CIFAR-10", options.threads, options.quick)
    result.versions = keras_versions()
    epochs, limit = ("1", "3000") if options.quick else ("10", "50000")
    runs: dict[str, list] = {"80": [], "89": []}
    keras: list[dict] = []
    for seed in range(1 if options.quick else options.repeats):
        for goal, words in (("80", options.eighty), ("89", options.eighty_nine)):
            if options.quick and goal == "89":
                continue
            with tempfile.TemporaryDirectory(prefix="glassnet-bench-runs-") as out:
                given = ["--network", "fast", *shlex.split(words), "--train.seed", str(seed)]
                given += ["--minutes", "0.1", "--epochs", "auto"] if options.quick else []
                runs[goal].append(train(str(data / "cifar10"), given, Path(out), options.threads))
        ran = whole(
            [str(keras_python()), str(HERE / "sides" / "keras_side.py"), "tutorial", held, epochs, limit, str(seed)],
            options.threads,
        )
        keras.append(json.loads(ran.output.strip().splitlines()[-1]) | {"process": ran.seconds})
    report(result, runs, keras)
    result.write()


def report(result: Result, runs: dict[str, list], keras: list[dict]) -> None:
    """Put accuracies, seconds and their ratio into the result."""
    peer = result.figure("Keras, tutorial recipe", "whole process", "s", [k["process"] for k in keras])
    result.figure("Keras, tutorial recipe", "test accuracy", "", [k["accuracy"] for k in keras])
    for goal, found in runs.items():
        if not found:
            continue
        name = f"Glassnet fast, {goal} % wanted"
        limit = "<= 480" if goal == "89" else None
        seconds = result.figure(name, "whole process", "s", [t.command.seconds for t in found], limit)
        result.figure(name, "training alone", "s", [t.training_seconds for t in found])
        result.figure(name, "test accuracy", "", [t.scores["test"][0] for t in found], f">= 0.{goal}")
        result.figure(name, "peak memory of the tree", "MB", [t.command.peak_mb for t in found], "<= 1200")
        if goal == "80":
            result.ratio("Keras' 10 epochs / Glassnet fast to 80 %", peer / seconds, ">= 3")


if __name__ == "__main__":
    main()
