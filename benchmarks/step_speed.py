"""How many images per second does a training step take in: Glassnet, Keras on TensorFlow, a plain PyTorch loop?

The tutorial network (122,570 parameters) on CIFAR-10 in memory, Adam at 0.001, batch 32 and 256. Every side is warm and waits while
another one works: segments go A B C A B C. Glassnet's segments hold everything its training room does (events, history, validation on
one batch, checkpoints); Keras' hold the epoch without what `fit` does around it.

    python benchmarks/step_speed.py --data DIR
"""

import sys

from cifar import arrays
from glassnet.training.machine import has_bf16
from measure import HERE, Result, Side, arguments, data_folder
from peers import keras_python, keras_versions

GOALS = {
    32: {"Keras on TensorFlow": ">= 1.3", "plain PyTorch": ">= 1.7"},
    256: {"Keras on TensorFlow": ">= 1.5", "plain PyTorch": ">= 1.7"},
}


def main() -> None:
    options = arguments(__doc__ or "", repeats=7).parse_args()
    held = str(arrays(data_folder(options.data, "cifar10")))
    result = Result("step_speed", "Training steps of the tutorial network", options.threads, options.quick)
    result.versions = keras_versions()
    for batch in (32, 256):
        measure(batch, held, options, result)
    result.notes.append(
        "Glassnet computes in bf16 where the processor has it and it is faster, as it does for every user who says nothing; the peers "
        "compute in fp32, as they do for theirs. The row `Glassnet, fp32` is the same arithmetic as theirs."
    )
    result.write()


def measure(batch: int, held: str, options, result: Result) -> None:
    """Let the three sides take turns at one batch size."""
    steps = str(20 if options.quick else 300 if batch == 32 else 100)
    own, keras = [sys.executable], [str(keras_python())]
    place = HERE / "sides"
    commands = {
        "Glassnet": [
            *own,
            str(place / "glassnet_side.py"),
            held,
            str(batch),
            steps,
            "bf16" if has_bf16("cpu") else "fp32",
        ],
        "Glassnet, fp32": [*own, str(place / "glassnet_side.py"), held, str(batch), steps, "fp32"],
        "Keras on TensorFlow": [*keras, str(place / "keras_side.py"), "steps", held, str(batch), steps],
        "plain PyTorch": [*own, str(place / "torch_side.py"), "steps", held, str(batch), steps],
    }
    sides = [Side(name, command, options.threads) for name, command in commands.items()]
    speeds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(2 if options.quick else options.repeats):
        for side in sides:
            said = side.go()
            speeds[side.name].append(said["images"] / said["seconds"])
    for side in sides:
        side.close()
    medians = {name: result.figure(name, f"batch {batch}", "images/s", values) for name, values in speeds.items()}
    for peer, goal in GOALS[batch].items():
        result.ratio(f"Glassnet / {peer}, batch {batch}", medians["Glassnet"] / medians[peer], goal)
        result.ratio(f"Glassnet, fp32 / {peer}, batch {batch}", medians["Glassnet, fp32"] / medians[peer], None)


if __name__ == "__main__":
    main()
