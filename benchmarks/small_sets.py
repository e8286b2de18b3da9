"""What do the defaults reach on small real sets, from random weights, in how many minutes?

`glassnet train SET` with nothing else said, then `glassnet eval`. clothing-binary (240 + 56 pictures, two classes) has no test split: its
validation score is told, on the weights that did best there. clothing10 (1,026 + 117 + 126, ten classes) is scored on its test split.

    python benchmarks/small_sets.py --data DIR
"""

import tempfile
from pathlib import Path

from measure import Result, arguments, data_folder
from runs_of import train

SETS = {"clothing-binary": ("validation", ">= 0.90"), "clothing10": ("test", ">= 0.55")}


def main() -> None:
    options = arguments(__doc__ or "", repeats=3).parse_args()
    data = data_folder(options.data, *SETS)
    result = Result("small_sets", "Small sets with default settings", options.threads, options.quick)
    found: dict[str, list] = {name: [] for name in SETS}
    for seed in range(1 if options.quick else options.repeats):
        for name in SETS:
            given = ["--train.seed", str(seed), *(["--epochs", "1"] if options.quick else [])]
            with tempfile.TemporaryDirectory(prefix="glassnet-bench-runs-") as out:
                found[name].append(train(str(data / name), given, Path(out), options.threads))
    for name, (split, goal) in SETS.items():
        held = [t.scores[split] for t in found[name] if split in t.scores]
        if not held:
            raise SystemExit(f"No run on {name} has a {split} score; there are {sorted(found[name][0].scores)}.")
        result.figure(name, f"{split} accuracy", "", [score[0] for score in held], goal)
        result.figure(name, "whole process", "minutes", [t.command.seconds / 60 for t in found[name]], "<= 5")
        low, high, n = held[0][1:]
        result.notes.append(f"{name}: one run's 95 % interval is [{low:.3f}, {high:.3f}] with {n} pictures.")
    result.write()


if __name__ == "__main__":
    main()
