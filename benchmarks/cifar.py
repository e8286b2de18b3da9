"""CIFAR-10 as the benchmarks need it: arrays that every side loads, and a folder of 50,000 JPEG files."""

import io
import tarfile
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from measure import CACHE


def arrays(data: Path) -> Path:
    """Return an .npz with x_train, x_test (uint8, n×32×32×3) and y_train, y_test; decoded once with Pillow and kept in the cache."""
    target = CACHE / "cifar10.npz"
    if not target.exists():
        print("Decoding CIFAR-10 (once)", flush=True)
        found = {}
        for split in ("train", "test"):
            x, y = _decode(data / "cifar10" / f"cifar10-{split}.tar.gz")
            found |= {f"x_{split}": x, f"y_{split}": y}
        CACHE.mkdir(exist_ok=True)
        part = target.with_suffix(".part.npz")
        np.savez(part, **found)
        part.replace(target)
    return target


def files(data: Path, limit: int | None = None) -> tempfile.TemporaryDirectory:
    """Unpack the training archive into a temporary folder, one folder per class; `limit` takes that many of each class.

    Members are written one by one under names of our own making; `extractall` is not used on an archive from outside.
    """
    folder = tempfile.TemporaryDirectory(prefix="glassnet-bench-")
    counts: dict[str, int] = {}
    with tarfile.open(data / "cifar10" / "cifar10-train.tar.gz") as archive:
        for member in archive:
            if not member.isfile() or not member.name.endswith(".jpg"):
                continue
            label, number = Path(member.name).parts[-2], counts.get(Path(member.name).parts[-2], 0)
            counts[label] = number + 1
            if limit is not None and number >= limit:
                continue
            target = Path(folder.name) / label / f"{number:05d}.jpg"
            target.parent.mkdir(exist_ok=True)
            source = archive.extractfile(member)
            assert source is not None
            target.write_bytes(source.read())
    return folder


def _decode(path: Path) -> tuple[np.ndarray, np.ndarray]:
    pictures, labels = [], []
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".jpg"):
                source = archive.extractfile(member)
                assert source is not None
                pictures.append(np.asarray(Image.open(io.BytesIO(source.read())).convert("RGB")))
                labels.append(Path(member.name).parts[-2])
    classes = sorted(set(labels))
    return np.stack(pictures), np.array([classes.index(label) for label in labels], np.int64)
