"""Training and scoring with the product's own command line, as a user does, and reading what the run folder says."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import Whole, glassnet_command, whole

# The pictures of a folder without a test split all go to training, and none is kept for validation: what the peers do.
ALL_FOR_TRAINING = ("--data.test", "0", "--data.validation", "0")


@dataclass(frozen=True)
class Trained:
    """One run: the command from start to end, seconds of training, and the scores that were asked for, as (value, low, high, n)."""

    command: Whole
    training_seconds: float
    scores: dict[str, tuple[float, float, float, int]]


def train(root: str, options: Sequence[str], out: Path, threads: int, score: bool = True) -> Trained:
    """Run `glassnet train`, then `glassnet eval` when there is a sealed test set, and read the newest run of `out`."""
    from glassnet.data.lock import read_lock
    from glassnet.runs.folder import find
    from glassnet.training.history import from_csv

    command = [*glassnet_command(), "train", root, "--out", str(out), "--train.threads", str(threads), *options]
    ran = whole(command, threads)
    run = find(out)
    if score and read_lock(run.lock).test.size:
        whole([*glassnet_command(), "eval", run.name, "--out", str(out)], threads)
    history = from_csv(run.history.read_text(encoding="utf-8"))
    scores = {split: s.main for split, s in run.read_scores().items()}
    return Trained(ran, history.seconds[-1], {split: (f.value, f.low, f.high, f.n) for split, f in scores.items()})
