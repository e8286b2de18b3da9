"""Does the tutorial's recipe give what it gives in Keras, and what does the same network reach with a better recipe?

Published recipe: Adam at 0.001, batch 32, 10 epochs, Glorot uniform weights. Better: one-cycle AdamW, mirror and shift, dropout 0.2,
15 epochs. All 50,000 pictures are trained on, the test set is opened once after training. `--keras` lets Keras do the first beside it.

    python benchmarks/tutorial_accuracy.py --data DIR --keras
"""

import json
import tempfile
from pathlib import Path

from cifar import arrays
from measure import HERE, Result, arguments, data_folder, whole
from peers import keras_python, keras_versions
from runs_of import train

PUBLISHED = (
    "--epochs", "10", "--batch", "32", "--train.optimizer", "adam", "--train.lr", "0.001", "--train.schedule", "constant",
    "--train.precision", "fp32", "--train.initial", "glorot", "--train.dropout", "0",
    "--train.weight_decay", "0", "--train.label_smoothing", "0", "--augment", "none",
)  # fmt: skip
BETTER = (
    "--epochs", "15", "--batch", "64", "--train.optimizer", "adamw", "--train.lr", "0.004", "--train.schedule", "one_cycle",
    "--train.weight_decay", "0.02", "--train.dropout", "0.2", "--augment", "none", "--augment.flip", "horizontal", "--augment.shift", "0.1",
    "--train.views", "one",
)  # fmt: skip


def main() -> None:
    parser = arguments(__doc__ or "", repeats=3)
    parser.add_argument("--keras", action="store_true", help="train the published recipe in Keras too, in turns")
    options = parser.parse_args()
    data = data_folder(options.data, "cifar10")
    result = Result("tutorial_accuracy", "The tutorial network on CIFAR-10", options.threads, options.quick)
    short = ["--epochs", "auto", "--minutes", "0.05"] if options.quick else []
    scores: dict[str, list[float]] = {"published recipe": [], "better recipe, 15 epochs": []}
    keras: list[float] = []
    for seed in range(1 if options.quick else options.repeats):
        for name, words in zip(scores, (PUBLISHED, BETTER), strict=True):
            with tempfile.TemporaryDirectory(prefix="glassnet-bench-runs-") as out:
                given = ["--network", "tutorial", "--data.validation", "0", *words, *short, "--train.seed", str(seed)]
                scores[name].append(train(str(data / "cifar10"), given, Path(out), options.threads).scores["test"][0])
        if options.keras:
            numbers = ("1", "3000") if options.quick else ("10", "50000")
            command = [
                str(keras_python()),
                str(HERE / "sides" / "keras_side.py"),
                "tutorial",
                str(arrays(data)),
                *numbers,
                str(seed),
            ]
            keras.append(json.loads(whole(command, options.threads).output.strip().splitlines()[-1])["accuracy"])
    published = result.figure("Glassnet", "published recipe, test accuracy", "", scores["published recipe"], ">= 0.655")
    result.figure("Glassnet", "better recipe, test accuracy", "", scores["better recipe, 15 epochs"], ">= 0.76")
    if keras:
        result.versions = keras_versions()
        peer = result.figure("Keras on TensorFlow", "published recipe, test accuracy", "", keras)
        result.notes.append(
            f"Published recipe: Glassnet − Keras = {published - peer:+.4f} (medians of {len(keras)} seeds)."
        )
    result.notes.append(
        "These files are JPEG at quality 50; accuracies on the original pixels are about three points higher."
    )
    result.write()


if __name__ == "__main__":
    main()
