"""The peers live in environments of their own under benchmarks/.envs, made here; the product's environment is never touched.

Plain torch is the exception: it uses the very torch that the product uses, so that a difference is the product's and not the wheel's.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from measure import CACHE

KERAS = ("tensorflow-cpu==2.21.0", "keras==3.15.1", "pillow")


def keras_python() -> Path:
    """Return the Python that has Keras on TensorFlow; the first call installs it (Python 3.11 or 3.12, about 1 GB)."""
    folder = CACHE / "keras"
    python = folder / "bin" / "python"
    done = folder / ".complete"
    wanted = "\n".join(KERAS)
    if done.exists() and done.read_text() == wanted:
        return python
    print(f"Installing {', '.join(KERAS)} into {folder.relative_to(CACHE.parent)} (once)", flush=True)
    base = next((found for name in ("python3.11", "python3.12") if (found := shutil.which(name))), None)
    if base is None:
        sys.exit("TensorFlow needs Python 3.11 or 3.12, and neither python3.11 nor python3.12 was found.")
    subprocess.run([base, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *KERAS], check=True)
    done.write_text(wanted)
    return python


def keras_versions() -> dict[str, str]:
    """Return the versions in the Keras environment, for the result."""
    code = "from importlib.metadata import version as v; print(*(v(n) for n in ('tensorflow_cpu', 'keras')))"
    found = subprocess.run([str(keras_python()), "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return {"tensorflow-cpu": found[0], "keras": found[1]}
