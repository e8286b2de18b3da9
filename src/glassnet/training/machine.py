"""What the machine decides: allocator, device, precision, threads, batch. Every answer is a value with its reason.

Torch is imported only where something is asked of it, so that the allocator can be set before the first tensor.
"""

import contextlib
import ctypes
import math
import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path

from glassnet.choice import Choice
from glassnet.errors import OutOfMemoryError, RecipeError

# glibc's names for mallopt (malloc.h).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_LARGE = 1 << 30
_OLD_LIMIT = 32 << 20  # the largest mmap threshold that older glibc takes
_WORTH = 1.1  # what is faster by less than this is not worth a lower precision or an odd thread count


def raise_allocator_thresholds() -> Choice:
    """Let glibc keep large blocks instead of giving them back to the kernel and faulting them in again at every step.

    1.6 to 1.9 times faster steps were measured (four Zen 5 cores, tutorial network). Linux with glibc only; best called before the first
    tensor. Safe to call again.
    """
    name = "machine.allocator"
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return Choice(name, "default", "thresholds can be raised on Linux with glibc only")
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return Choice(name, "default", "this C library has no mallopt")
    raised = mallopt(_MMAP_THRESHOLD, _LARGE) or mallopt(_MMAP_THRESHOLD, _OLD_LIMIT)
    if not (raised and mallopt(_TRIM_THRESHOLD, _LARGE) and mallopt(_TOP_PAD, 16 << 20)):
        return Choice(name, "default", "the C library refused higher thresholds")
    return Choice(
        name, "kept", "freed tensors stay with the process, so steps do not wait for the kernel's page faults"
    )


def cores() -> int:
    """Return how many cores this process may use: its affinity, and the quota of its container."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        if quota != "max":
            count = min(count, max(1, math.ceil(int(quota) / int(period))))
    return max(1, count)


def choose_device(asked: str | None) -> Choice:
    """Return where to train: what was asked, or a GPU when there is one. Raises RecipeError when what was asked is not there."""
    import torch

    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if asked is not None:
        if not present[asked]:
            there = ", ".join(name for name, here in present.items() if here)
            raise RecipeError(
                f"train.device is {asked}, and torch finds no such device here. Present: {there}. Leave it on auto."
            )
        return Choice("train.device", asked, "as asked")
    if present["cuda"]:
        return Choice("train.device", "cuda", f"{torch.cuda.get_device_name()} is there")
    if present["mps"]:
        return Choice("train.device", "mps", "the GPU of this Mac is there")
    return Choice("train.device", "cpu", "torch finds no GPU")


def choose_threads(asked: int | None, processes: int, measure: Callable[[int], float] | None) -> Choice:
    """Return the number of processor threads. `measure(threads)` gives seconds per step; None where measuring is not worth it."""
    name, most = "train.threads", max(1, cores() // processes)
    if asked is not None:
        return Choice(name, asked, "as asked")
    if processes > 1:
        return Choice(name, most, f"{cores()} cores shared by {processes} processes")
    if measure is None or most == 1:
        return Choice(name, most, f"{most} core{'s are' if most > 1 else ' is'} free for this process; not measured")
    times = {most: measure(most)}
    count = most
    while count > 1:
        count //= 2
        times[count] = measure(count)
        if times[count] > 1.3 * min(times.values()):
            break  # fewer will not be faster
    best = min(times, key=times.__getitem__)
    best = most if times[most] < _WORTH * times[best] else best
    return Choice(
        name, best, "measured: " + ", ".join(f"{n} threads {t * 1000:.1f} ms a step" for n, t in times.items())
    )


def choose_precision(asked: str | None, device: str, measure: Callable[[str], float] | None) -> Choice:
    """Return fp32 or bf16. `measure(precision)` gives seconds per step. Raises RecipeError for bf16 on a device without it."""
    name = "train.precision"
    able = has_bf16(device)
    if asked is not None:
        if asked == "bf16" and device == "mps":
            raise RecipeError("train.precision bf16 is not offered on mps; leave it on auto.")
        slow = asked == "bf16" and not able
        return Choice(name, asked, "as asked" + ("; this processor only imitates it, slowly" if slow else ""))
    if not able:
        return Choice(name, "fp32", f"this {device} has no arithmetic for bf16")
    if measure is None:
        return Choice(name, "fp32", "training is too short to measure whether bf16 is faster")
    full, half = measure("fp32"), measure("bf16")
    said = f"measured: fp32 {full * 1000:.1f} ms a step, bf16 {half * 1000:.1f} ms"
    return Choice(name, "bf16" if half * _WORTH < full else "fp32", said)


def has_bf16(device: str) -> bool:
    """Tell whether the device multiplies bf16 in hardware (avx512_bf16 or AMX on a processor)."""
    import torch

    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device != "cpu":
        return False
    asked = getattr(torch.backends.cpu, "get_cpu_capability", lambda: "")()
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and _cpu_flag("avx512_bf16", "bf16", asked)


def _cpu_flag(flag: str, arm: str, capability: str) -> bool:
    """mkldnn says yes to any AVX-512 processor, since it can imitate; what the kernel lists is the hardware."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return "AVX512" in capability
    return flag in flags or "amx_bf16" in flags or arm in flags


def choose_batch(n_train: int) -> Choice:
    """Return the pictures per step where neither the user nor the network's preset says: at least eight steps per epoch, 8 to 128."""
    batch = max(8, min(128, 2 ** int(math.log2(max(n_train // 8, 1)))))
    return Choice(
        "train.batch", batch, f"at least eight steps per epoch for {n_train:,} training pictures, between 8 and 128"
    )


@contextlib.contextmanager
def memory_guarded(batch: int, height: int, width: int, device: str) -> Iterator[None]:
    """Turn every way in which Python and torch say that memory is used up into OutOfMemoryError with what to do."""
    try:
        yield
    except MemoryError as error:
        raise OutOfMemoryError(_memory_sentence(batch, height, width, device)) from error
    except RuntimeError as error:
        text = str(error).lower()
        if not any(
            sign in text for sign in ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate")
        ):
            raise
        raise OutOfMemoryError(_memory_sentence(batch, height, width, device)) from error


def _memory_sentence(batch: int, height: int, width: int, device: str) -> str:
    return (
        f"The network and {batch} pictures of {height}×{width} at once do not fit the memory of this {device}. "
        f"Try --batch {max(1, batch // 2)}, a smaller --size, or a smaller network."
    )
