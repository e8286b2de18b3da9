"""What the sides written in plain torch share: the clock, the schedule that ends with it, and a loop that keeps what did best.

The clock of every side starts with its process, so imports, reading and building count. What a careful user of torch does on such a
machine is done here: AdamW, one cycle of the rate over the time there is, clipped gradients, channels last, and bf16 where three steps of
it take less time than three in fp32. Three copies of the weights from the end of training are scored after the clock has stopped, and the
one that does best on val counts, as Ultralytics and Glassnet choose theirs.
"""

import argparse
import contextlib
import json
import math
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

COPIES = (0.8, 0.9, 1.0)
WARM_UP = 0.08
CLIP = 5.0


def arguments(**own: Any) -> argparse.Namespace:
    """Return the words that every side takes, and its `own` with their defaults."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", help="which set")
    parser.add_argument("folder", type=Path, help="folder of the sets")
    parser.add_argument("out", type=Path, help="folder for the answers")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--started", type=float, required=True, help="when the process was started, seconds since 1970")
    for word, default in own.items():
        parser.add_argument(f"--{word}", type=type(default), default=default)
    found = parser.parse_args()
    found.out.mkdir(parents=True, exist_ok=True)
    return found


@dataclass
class Clock:
    """The time there is, from the start of the process; `fraction` is counted from the first step."""

    started: float
    minutes: float
    first: float = field(default_factory=time.time)

    def fraction(self) -> float:
        """Return how much of the time for training is gone, 1 at its end."""
        return (time.time() - self.first) / max(self.started + self.minutes * 60 - self.first, 1e-9)


def rate(fraction: float) -> float:
    """Return the share of the highest rate: up in a line, down as a cosine to nothing."""
    if fraction < WARM_UP:
        return max(fraction / WARM_UP, 0.01)
    return (1 + math.cos(math.pi * min((fraction - WARM_UP) / (1 - WARM_UP), 1.0))) / 2


def seeded(seed: int) -> None:
    """Seed everything that draws, and take the threads that this side was given."""
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(int(os.environ["BENCH_THREADS"]))


def rounds(count: int, batch: int) -> Iterator[list[int]]:
    """Yield batches of places in 0 … count - 1 without end, a fresh order each round, the batch filled from the next round."""
    import torch

    waiting: list[int] = []
    while True:
        while len(waiting) < batch:
            waiting += torch.randperm(count).tolist()
        yield waiting[:batch]
        waiting = waiting[batch:]


def fit(
    clock: Clock,
    model: Any,
    top_rate: float,
    batches: Iterator[Any],
    loss: Callable[[Any], Any],
    out: Path,
    decay: float,
) -> dict[str, Any]:
    """Train until the clock ends. `loss` takes what `batches` yields and returns a torch number. Returns what is to be told of it.

    Copies of the weights lie in `out`/copies afterwards, for `best_of`.
    """
    import torch

    steady = [p for p in model.parameters() if p.requires_grad and p.ndim < 2]
    decayed = [p for p in model.parameters() if p.requires_grad and p.ndim >= 2]
    groups = [{"params": decayed, "weight_decay": decay}, {"params": steady, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=top_rate)
    copies = out / "copies"
    copies.mkdir(parents=True, exist_ok=True)
    clock.first = time.time()
    context, precision = _faster(model, batches, loss)
    steps, pictures, waiting, last = 0, 0, list(COPIES), math.nan
    began = time.time()
    while (fraction := clock.fraction()) < 1.0:
        for group in optimizer.param_groups:
            group["lr"] = top_rate * rate(fraction)
        chosen = next(batches)
        with context():
            value = loss(chosen)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        if math.isfinite(last := float(value.detach())):
            optimizer.step()
        steps, pictures = steps + 1, pictures + len(chosen)
        while len(waiting) > 1 and clock.fraction() >= waiting[0]:
            torch.save(model.state_dict(), copies / f"{waiting.pop(0)}.pt")
    torch.save(model.state_dict(), copies / f"{waiting.pop()}.pt")
    seconds = time.time() - began
    return {
        "images": pictures,
        "training seconds": seconds,
        "steps": steps,
        "loss": last if steps else None,
        "precision": precision,
    }


def _faster(model: Any, batches: Iterator[Any], loss: Callable[[Any], Any]) -> tuple[Callable[[], Any], str]:
    """Time a step in fp32 and in bf16; return the faster one's context and what was found. Nothing is learnt by it."""
    import torch

    kept = {name: value.clone() for name, value in model.state_dict().items()}
    contexts = {
        "fp32": contextlib.nullcontext,
        "bf16": lambda: torch.autocast("cpu", torch.bfloat16),
    }
    seconds = {}
    chosen = next(batches)
    for name, context in contexts.items():
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            with context():
                value = loss(chosen)
            value.backward()
            taken.append(time.perf_counter() - start)
        seconds[name] = min(taken[1:])
        model.zero_grad(set_to_none=True)
    model.load_state_dict(kept)
    name = min(seconds, key=lambda n: seconds[n])
    return contexts[name], f"{name} (a step in fp32 {seconds['fp32']:.2f} s, in bf16 {seconds['bf16']:.2f} s)"


def best_of(model: Any, out: Path, pictures: Any, answer: Callable[[Path], None]) -> dict[str, Any]:
    """Let `answer` write the answers of every copy, score them, and leave the best one's in `out`."""
    import torch
    from dense_scores import HEADLINE, score

    found = []
    for copy in sorted((out / "copies").glob("*.pt")):
        model.load_state_dict(torch.load(copy, weights_only=True))
        model.eval()
        place = out / copy.stem
        place.mkdir()
        with torch.inference_mode():
            answer(place)
        found.append((score(pictures, place)[HEADLINE[pictures.task]], float(copy.stem), place))
    best = max(found)
    for file in best[2].iterdir():
        shutil.move(file, out / file.name)
    shutil.rmtree(out / "copies")
    return {"copies": {str(at): float(value) for value, at, _ in found}, "copy": best[1]}


def write_answers(place: Path, answers: dict[int, list[dict]]) -> None:
    """Write {picture: [{label, score, box, mask?}]} as the scorer reads it."""
    (place / "answers.json").write_text(json.dumps(answers))


def say(value: dict) -> None:
    """Print the one line that the driver reads."""
    print(json.dumps(value), flush=True)
