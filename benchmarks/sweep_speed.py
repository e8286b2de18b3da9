"""Sixteen variants of the tutorial network on 10,000 CIFAR-10 pictures, three epochs each: how long does the whole sweep take?

Glassnet in its pool (one process per core, one thread each), Glassnet one after the other in one process with all threads (`--on here`),
and KerasTuner's GridSearch on TensorFlow with all threads. Whole processes, from the first import to the last score; every side reads the
same JPEG files, holds 15 % back for validation, trains in batches of 64 with Adam and tries the same four rates times four dropouts.
Glassnet's seconds hold its audit, its ledger, sixteen run folders with models, and the sweep's page. The sides take turns.

    python benchmarks/sweep_speed.py --data DIR
"""

import json
import sys
import tempfile
from collections.abc import Iterator

from cifar import files
from measure import HERE, Result, Whole, arguments, data_folder, glassnet_command, whole
from peers import keras_python, keras_versions

RATES, DROPOUTS = ("0.0003", "0.001", "0.002", "0.004"), ("0", "0.1", "0.2", "0.3")
RECIPE = (
    "--network", "tutorial", "--batch", "64", "--train.optimizer", "adam", "--train.schedule", "constant",
    "--train.initial", "glorot", "--augment", "none", "--data.size", "32", "--data.group_by", "none", "--test", "0",
)  # fmt: skip
PER_CLASS = 1000


def main() -> None:
    options = arguments(__doc__ or "", repeats=3).parse_args()
    data = data_folder(options.data, "cifar10")
    result = Result("sweep_speed", "A sweep of sixteen variants of a small network", options.threads, options.quick)
    result.versions = keras_versions()
    rates, dropouts, epochs = (RATES[:2], DROPOUTS[:1], 1) if options.quick else (RATES, DROPOUTS, 3)
    found: dict[str, list[Whole]] = {}
    with files(data, limit=60 if options.quick else PER_CLASS) as folder:
        for _ in range(1 if options.quick else options.repeats):
            for name, ran in one_round(folder, rates, dropouts, epochs, options.threads):
                check(name, ran, len(rates) * len(dropouts))
                found.setdefault(name, []).append(ran)
    seconds = {name: result.figure(name, "whole sweep", "s", [r.seconds for r in runs]) for name, runs in found.items()}
    for name, runs in found.items():
        result.figure(name, "peak memory of the tree", "MB", [r.peak_mb for r in runs])
    pool = seconds["Glassnet, pool"]
    result.ratio("Glassnet one after the other / pool", seconds["Glassnet, one after the other"] / pool, ">= 1.4")
    result.ratio("KerasTuner / Glassnet, pool", seconds["KerasTuner on TensorFlow"] / pool, ">= 3")
    result.write()


def one_round(
    folder: str, rates: tuple[str, ...], dropouts: tuple[str, ...], epochs: int, threads: int
) -> Iterator[tuple[str, Whole]]:
    """Let every side do it once, Glassnet from nothing each time."""
    grid = ["--set", f"train.lr={','.join(rates)}", "--set", f"train.dropout={','.join(dropouts)}"]
    own = [*glassnet_command(), "sweep", folder, "--json", "--epochs", str(epochs), *grid, *RECIPE]
    ways = {
        "Glassnet, pool": ["--on", "pool", "--workers", str(threads), "--train.threads", "1"],
        "Glassnet, one after the other": ["--on", "here", "--train.threads", str(threads)],
    }
    for name, way in ways.items():
        with tempfile.TemporaryDirectory(prefix="glassnet-bench-runs-") as out:
            yield name, whole([*own, *way, "--out", out], threads)
    tuner = [str(keras_python()), str(HERE / "sides" / "tuner_side.py"), folder, str(epochs)]
    yield "KerasTuner on TensorFlow", whole([*tuner, ",".join(rates), ",".join(dropouts)], threads)


def check(name: str, ran: Whole, wanted: int) -> None:
    """Leave when a side did not do the whole work."""
    said = json.loads(ran.output.strip().rpartition("\n")[2])
    if name.startswith("Glassnet"):
        done = sum(line["status"] == "done" for line in said["combinations"])
        best = max(line["score"] or 0.0 for line in said["combinations"])
    else:
        done, best = said["trials"], said["best"]
    if done != wanted:
        sys.exit(f"{name} did {done} of {wanted} combinations:\n{ran.output[-2000:]}")
    print(f"{name}: {ran.seconds:.1f} s, best accuracy on validation {best:.3f}", flush=True)


if __name__ == "__main__":
    main()
