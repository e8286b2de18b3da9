"""How long from 50,000 JPEG files to the end of epoch 1: the whole process, imports included?

The tutorial network, batch 32, Adam, all 50,000 pictures for training. Glassnet: `glassnet train` with nothing decoded before (first run),
then again with the pixel store in place (second run). Keras: `image_dataset_from_directory` and `fit`. PyTorch: an image folder with
Pillow, `DataLoader` with four workers, a plain loop. Seconds run from the start of the process to the end of epoch 1 for all; Glassnet's
hold the audit, the split and the choice of precision. The sides take turns; the files are in the page cache for all of them. Memory is
the proportional set size of the process tree.

    python benchmarks/first_epoch.py --data DIR
"""

import sys
import tempfile
from pathlib import Path

from cifar import files
from measure import HERE, Result, Whole, arguments, data_folder, glassnet_command, whole
from peers import keras_python, keras_versions
from runs_of import ALL_FOR_TRAINING

RECIPE = (
    "--network", "tutorial", "--epochs", "1", "--batch", "32", "--train.optimizer", "adam", "--train.lr", "0.001",
    "--train.schedule", "constant", "--train.initial", "glorot",
    "--augment", "none", "--data.size", "32", "--data.group_by", "none",
)  # fmt: skip
GOALS = {
    "first run": {"Keras on TensorFlow": ">= 1.5", "plain PyTorch": ">= 2"},
    "second run": {"Keras on TensorFlow": ">= 2", "plain PyTorch": ">= 3"},
}


def main() -> None:
    options = arguments(__doc__ or "", repeats=5).parse_args()
    data = data_folder(options.data, "cifar10")
    result = Result("first_epoch", "From 50,000 JPEG files to the end of epoch 1", options.threads, options.quick)
    result.versions = keras_versions()
    found: dict[str, list[Whole]] = {}
    with files(data, limit=60 if options.quick else None) as folder:
        for _ in range(1 if options.quick else options.repeats):
            for name, ran in one_round(folder, options.threads):
                found.setdefault(name, []).append(ran)
    seconds = {
        name: result.figure(name, "start to the end of epoch 1", "s", [ran.marked or ran.seconds for ran in runs])
        for name, runs in found.items()
    }
    for name, runs in found.items():
        result.figure(name, "whole process", "s", [ran.seconds for ran in runs])
    for name, runs in found.items():
        goal = "<= 1200" if name.startswith("Glassnet") else None
        result.figure(name, "peak memory of the tree", "MB", [ran.peak_mb for ran in runs], goal)
    for which, goals in GOALS.items():
        for peer, goal in goals.items():
            result.ratio(f"{peer} / Glassnet, {which}", seconds[peer] / seconds[f"Glassnet, {which}"], goal)
    result.notes.append(
        "PyTorch reads with an image folder of our own (Pillow): torchvision cannot be imported beside the CPU build of torch."
    )
    result.write()


def one_round(folder: str, threads: int):
    """Let every side do it once."""
    keras = [str(keras_python()), str(HERE / "sides" / "keras_side.py"), "files", folder, "32"]
    torch = [sys.executable, str(HERE / "sides" / "torch_side.py"), "files", folder, "32"]
    with tempfile.TemporaryDirectory(prefix="glassnet-bench-runs-") as out:
        own = [
            *glassnet_command(),
            "train",
            folder,
            "--out",
            str(Path(out)),
            "--train.threads",
            str(threads),
            *ALL_FOR_TRAINING,
            *RECIPE,
        ]
        yield "Glassnet, first run", whole(own, threads, mark="epoch   1/1")
        yield "Keras on TensorFlow", whole(keras, threads, mark="epoch 1 done")
        yield "Glassnet, second run", whole(own, threads, mark="epoch   1/1")
        yield "plain PyTorch", whole(torch, threads, mark="epoch 1 done")


if __name__ == "__main__":
    main()
