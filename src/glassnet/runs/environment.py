"""What a run was made with: versions and machine. No host, user or folder name: a run can be published as it is."""

import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import glassnet

_PACKAGES = (
    "torch", "numpy", "pillow", "simplejpeg", "safetensors", "pydantic", "pyyaml", "rich", "sqlalchemy", "timm", "torchvision",
    "optuna", "scikit-learn", "scipy",
)  # fmt: skip
# Processor features that change which kernels run, and with them speed and last bits.
_FLAGS = (
    "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16",
    "amx_int8", "neon", "asimd", "bf16", "i8mm", "sve", "sve2",
)  # fmt: skip
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def environment() -> dict[str, Any]:
    """Return plain JSON values: glassnet (version, commit), python, system, processor, memory_bytes, threads, packages.

    Packages are asked for their version without importing them. What cannot be learned is None, never left out.
    """
    return {
        "glassnet": {"version": glassnet.__version__, **commit()},
        "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        "system": {
            "name": platform.system(),
            "release": platform.release(),
            "libc": " ".join(platform.libc_ver()).strip() or None,
        },
        "processor": processor(),
        "memory_bytes": memory_bytes(),
        "threads": {name: os.environ.get(name) for name in _THREADS},
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def code_version() -> str:
    """Return the version with the commit of a checkout: `0.1.0+g4e73620a1b2c`, and `.modified` when files differ from it."""
    found = commit()
    if found["commit"] is None:
        return glassnet.__version__
    return f"{glassnet.__version__}+g{found['commit'][:12]}{'.modified' if found['modified'] else ''}"


def machine() -> str:
    """Return the machine in a few words that name nobody: processor and cores."""
    found = processor()
    return f"{found['model'] or found['architecture']}, {found['cores']} cores"


def commit() -> dict[str, Any]:
    """Return {commit, modified} when this very package is run from a git checkout, and None for both otherwise.

    A package installed below somebody else's checkout (a .venv inside a project) does not take that project's commit.
    """
    nothing: dict[str, Any] = {"commit": None, "modified": None}
    package = Path(glassnet.__file__).resolve().parent
    top = package.parent.parent
    git = shutil.which("git")
    if git is None or package != top / "src" / "glassnet" or not (top / ".git").exists():
        return nothing
    try:
        head = _git(git, top, "rev-parse", "--verify", "HEAD").strip()
        return {"commit": head, "modified": bool(_git(git, top, "status", "--porcelain", "--", "src").strip())}
    except (OSError, subprocess.SubprocessError):
        return nothing


def processor() -> dict[str, Any]:
    """Return {architecture, model, cores, features}; cores are those this process may use."""
    model, flags = None, set()
    if sys.platform == "linux":
        model, flags = _from_cpuinfo(Path("/proc/cpuinfo"))
    elif sys.platform == "darwin":
        model = _sysctl("machdep.cpu.brand_string")
    return {
        "architecture": platform.machine(),
        "model": model or platform.processor() or None,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "features": [flag for flag in _FLAGS if flag in flags],
    }


def memory_bytes() -> int | None:
    """Return the machine's memory, or the smaller limit of a container; None where the system does not say."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total


def _git(git: str, top: Path, *words: str) -> str:
    quiet = {
        **os.environ,
        "GIT_OPTIONAL_LOCKS": "0",
    }  # never stand in the way of a git command that the user is running
    return subprocess.run(
        [git, "-C", str(top), *words], capture_output=True, text=True, check=True, timeout=5, env=quiet
    ).stdout


def _from_cpuinfo(path: Path) -> tuple[str | None, set[str]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None, set()
    rows = [line.partition(":") for line in text.partition("\n\n")[0].splitlines()]
    fields = {key.strip().lower(): value.strip() for key, _, value in rows}
    return fields.get("model name"), set((fields.get("flags") or fields.get("features") or "").split())


def _sysctl(name: str) -> str | None:
    try:
        return subprocess.run(
            ["sysctl", "-n", name], capture_output=True, text=True, check=True, timeout=5
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
