"""The peers live in environments of their own under benchmarks/.envs, made here; the product's environment is never touched.

Plain torch is the exception: it uses the very torch that the product uses, so that a difference is the product's and not the wheel's.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from measure import CACHE

KERAS = ("tensorflow-cpu==2.21.0", "keras==3.15.1", "keras-tuner==1.4.8", "tensorboard==2.21.0", "pillow")
# torch with === : the build that torchvision's wheel belongs to (a build for GPUs, which counts on the processor all the same), 5 GB.
# Ultralytics is AGPL-3.0: it stays in this environment, and nothing of the product may import it.
DENSE = (
    "torch===2.13.0", "torchvision==0.28.0", "ultralytics==8.4.190", "segmentation_models_pytorch==0.6.0", "faster-coco-eval==1.8.0",
    "opencv-python==5.0.0.93", "numpy==2.4.6", "pillow==13.0.0",
)  # fmt: skip


def keras_python() -> Path:
    """Return the Python that has Keras on TensorFlow; the first call installs it (Python 3.11 or 3.12, about 1 GB)."""
    return _python("keras", KERAS)


def keras_versions() -> dict[str, str]:
    """Return the versions in the Keras environment, for the result."""
    return _versions(keras_python(), ("tensorflow-cpu", "keras"))


def dense_python() -> Path:
    """Return the Python that has the peers for boxes and masks; the first call installs them (Python 3.11 or 3.12, about 6 GB)."""
    return _python("dense", DENSE)


def dense_versions() -> dict[str, str]:
    """Return the versions in the environment of the peers for boxes and masks."""
    found = _versions(
        dense_python(), ("ultralytics", "torchvision", "segmentation_models_pytorch", "faster-coco-eval", "torch")
    )
    return {name if name != "torch" else "torch of the peers": version for name, version in found.items()}


def _python(name: str, wanted: tuple[str, ...]) -> Path:
    folder = CACHE / name
    python = folder / "bin" / "python"
    done = folder / ".complete"
    told = "\n".join(wanted)
    if done.exists() and done.read_text() == told:
        return python
    print(f"Installing {', '.join(wanted)} into {folder.relative_to(CACHE.parent)} (once)", flush=True)
    base = next((found for name in ("python3.11", "python3.12") if (found := shutil.which(name))), None)
    if base is None:
        sys.exit("The peers need Python 3.11 or 3.12, and neither python3.11 nor python3.12 was found.")
    subprocess.run([base, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], check=True)
    done.write_text(told)
    return python


def _versions(python: Path, names: tuple[str, ...]) -> dict[str, str]:
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    found = subprocess.run([str(python), "-c", code, *names], capture_output=True, text=True, check=True).stdout.split()
    return dict(zip(names, found, strict=True))
