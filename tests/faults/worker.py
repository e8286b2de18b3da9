"""A real process to be killed. Reads a list of cases from standard input, forks one child per step of a case, and reports how each ended.

A case: {"runs": [{"folder", "resume", "train", "fault", "processes", "every"}, …]}. A fault is {"kind", "at", …}:
kill/term/int/int2 at a step; `write`: SIGKILL before or after the n-th fsync, rename or unlink from a step on; `fill`: fill the disk
from a step on; `nan`: poison the weights' gradients through a NaN loss in these steps; `break`: raise StorageError on one rank.
"""

import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path

import numpy as np

from glassnet.errors import GlassnetError, StorageError
from glassnet.recipe import recipe_from
from glassnet.tasks import task
from glassnet.training import Job, fit
from glassnet.training.torch_engine import TorchEngine  # imports torch before the first fork

TRAIN = {
    "epochs": 3,
    "batch": 16,
    "optimizer": "adamw",
    "lr": 0.01,
    "schedule": "one_cycle",
    "weight_decay": 0.01,
    "label_smoothing": 0.1,
    "ema": 0.8,
    "skip_easy": 0.25,
    "threads": 1,
    "precision": "fp32",
}
AUGMENT = {"flip": "horizontal", "shift": 0.1, "rotate": 10}
N, VALID = 75, 30


def network():
    import torch
    from torch import nn

    torch.manual_seed(0)
    # No bias before batch norm: its gradient is zero but for rounding, which Adam would enlarge to whole steps.
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3),
    )  # fmt: skip


def data():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (N + VALID, 10, 10, 3), dtype=np.uint8)
    targets = rng.integers(0, 3, N + VALID)
    pixels[..., 0] = pixels[..., 0] // 4 + 60 * targets[:, None, None]
    return pixels, targets


def one(run):
    import torch

    torch.set_num_threads(1)
    pixels, targets = data()
    recipe = recipe_from({"train": TRAIN | run.get("train", {}), "augment": AUGMENT})
    job = Job(
        recipe, network(), task("classify"), pixels, targets, np.arange(N), np.arange(N, N + VALID),
        Path(run["folder"]), resume=run.get("resume", False), classes=3,
        checkpoint_every_seconds=run.get("every", 0.0),
    )  # fmt: skip
    inject(run.get("fault"), run)
    said = []
    try:
        fit(job, said.append)
    finally:
        rank = os.environ.get("RANK", "0")
        with contextlib.suppress(OSError):  # the disk may be full by intention
            Path(run["folder"], f"said-{rank}.txt").write_text("\n".join(map(str, said)))


def inject(fault, run):
    if fault is None or fault.get("rank", int(os.environ.get("RANK", 0))) != int(os.environ.get("RANK", 0)):
        return
    step, kind, at = TorchEngine.step, fault["kind"], fault["at"]

    def faulty(engine, batch, rate):
        if kind.startswith("nan") and batch.step in at:
            network_output = engine.network.register_forward_hook(lambda m, i, out: out * float("nan"))
            losses = step(engine, batch, rate)
            network_output.remove()
            if kind == "nan_then_term":
                os.kill(os.getpid(), signal.SIGTERM)
            return losses
        losses = step(engine, batch, rate)
        if kind.startswith("nan") or batch.step != at:
            return losses
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif kind == "term":
            os.kill(os.getpid(), signal.SIGTERM)
        elif kind in ("int", "int2"):
            for _ in range(1 + (kind == "int2")):
                signal.raise_signal(signal.SIGINT)
        elif kind == "write":
            count_writes(fault["call"], fault["after"])
        elif kind == "fill":
            fill(Path(run["folder"]))
        elif kind == "limit":
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (2048, resource.RLIM_INFINITY))
        elif kind == "break":
            raise StorageError("the disk of this process is gone")
        return losses

    TorchEngine.step = faulty


def count_writes(n, after):
    seen = 0

    def watch(name):
        real = getattr(os, name)

        def call(*args, **kwargs):
            nonlocal seen
            seen += 1
            if seen == n and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(*args, **kwargs)
            if seen == n:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(os, name, call)

    for name in ("fsync", "replace", "unlink"):
        watch(name)


def fill(folder):
    with (folder / "ballast").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 1024):
                pass
        except OSError:
            pass


def forked(run):
    """Run in as many children as asked; return how each ended: an exit code, or minus the signal."""
    processes = run.get("processes", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    children = []
    Path(run["folder"]).mkdir(parents=True, exist_ok=True)
    for rank in range(processes):
        child = os.fork()
        if child:
            children.append(child)
            continue
        code = 70
        try:
            errors = os.open(run["errors"][rank], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(errors, 2)
            if processes > 1:
                os.environ |= {
                    "RANK": str(rank), "WORLD_SIZE": str(processes), "LOCAL_RANK": str(rank),
                    "LOCAL_WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
                }  # fmt: skip
            one(run)
            code = 0
        except GlassnetError as error:
            code = error.exit_code
            os.write(2, f"{type(error).__name__}: {error}".encode())
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def main():
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(forked(json.loads(line))), flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        try:
            one(json.loads(sys.argv[1]))
        except GlassnetError as error:
            sys.exit(error.exit_code)
    else:
        main()
