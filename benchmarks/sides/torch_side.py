"""PyTorch as its own tutorials write it: NCHW, default allocator, one loop. Run as: python torch_side.py steps|files …

The network is the tutorial's (122,570 parameters), started as Keras starts it (Glorot uniform weights, zero biases), Adam at 0.001.
`files` has an image folder of its own with Pillow in four workers: torchvision's is the same, but cannot be imported beside the CPU build
of torch on the package index.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

THREADS = int(os.environ["BENCH_THREADS"])
WORKERS = 4


def network() -> nn.Module:
    model = nn.Sequential(
        nn.Conv2d(3, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(1024, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    for layer in model:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    count = sum(p.numel() for p in model.parameters())
    if count != 122_570:
        sys.exit(f"the peer's network has {count} parameters, not 122,570")
    return model


class Folder(Dataset):
    """One folder per class; every picture opened with Pillow when it is asked for, as torchvision's ImageFolder and ToTensor do."""

    def __init__(self, root: str) -> None:
        classes = sorted(p.name for p in Path(root).iterdir() if p.is_dir())
        self.samples = [(str(f), i) for i, name in enumerate(classes) for f in sorted((Path(root) / name).iterdir())]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        path, label = self.samples[index]
        with Image.open(path) as picture:
            pixels = np.array(picture.convert("RGB"))
        return torch.from_numpy(pixels).permute(2, 0, 1).contiguous().float().div(255), label


def steps(path: str, batch: int, count: int) -> None:
    """Warm up, then do `count` steps on tensors in memory for every line on standard input."""
    held = np.load(path)
    n = batch * count
    chosen = np.random.default_rng(0).permutation(len(held["x_train"]))[:n]
    x = torch.from_numpy(held["x_train"][chosen]).permute(0, 3, 1, 2).contiguous().float().div(255)
    y = torch.from_numpy(held["y_train"][chosen])
    model, loss = network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())

    def epoch() -> dict:
        start, total = time.perf_counter(), 0.0
        order = torch.randperm(n)
        for i in range(0, n, batch):
            rows = order[i : i + batch]
            optimizer.zero_grad()
            value = loss(model(x[rows]), y[rows])
            value.backward()
            optimizer.step()
            total += float(value.detach())
        return {"images": n, "seconds": time.perf_counter() - start, "loss": total / count}

    for _ in range(2):
        warm = epoch()
    say({"ready": {"parameters": sum(p.numel() for p in model.parameters()), "loss": warm["loss"]}})
    for _ in sys.stdin:
        say(epoch())


def files(folder: str, batch: int) -> None:
    """From a folder of JPEG files to the end of epoch 1."""
    data = DataLoader(Folder(folder), batch_size=batch, shuffle=True, num_workers=WORKERS)
    model, loss = network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())
    total = 0.0
    for x, y in data:
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        total += float(value.detach())
    print("epoch 1 done", flush=True)
    say({"loss": total / len(data)})


def say(value: dict) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(THREADS)
    verb, place, *numbers = sys.argv[1:]
    {"steps": steps, "files": files}[verb](place, *(int(n) for n in numbers))
