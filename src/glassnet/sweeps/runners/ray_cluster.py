"""The Ray cluster that a sweep's workers run on: joining it or starting a local one, where it is, whether it answers, what it has.

RAY_ADDRESS or `ray start` on this machine names an existing one.
"""

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

from glassnet.errors import NetworkError, RecipeError

_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
_STORE_BYTES = (
    80 << 20
)  # the least that Ray takes: nothing goes through its store, everything through the ledger and the disk
_ANSWER_S = 5.0


def processors(ray: Any, device: str) -> list[int]:
    """Return the processors of every living machine; with GPUs one entry for each. Raises RecipeError when cuda has none."""
    have = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if device != "cuda":
        return [int(one["CPU"]) for one in have if one.get("CPU", 0) >= 1]
    found = [(int(one.get("GPU", 0)), max(1, int(one.get("CPU", 1)))) for one in have]
    places = [max(1, cpus // gpus) for gpus, cpus in found for _ in range(gpus)]
    if not places:
        raise RecipeError(
            "The sweep trains on cuda, and no machine of the Ray cluster has a GPU. Start it anew with --device cpu."
        )
    return places


def imported() -> Any:
    """Return the module ray, told to be quiet. Raises RecipeError where it is not installed."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing leaves the machine
    os.environ.setdefault(
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0"
    )  # else it warns of what it will do in another version
    try:
        import ray
    except ImportError:
        raise RecipeError("--on ray needs Ray, which is not installed: pip install 'glassnet[ray]'.") from None
    logging.getLogger("ray").setLevel(logging.ERROR)
    return ray


@contextlib.contextmanager
def connected() -> Iterator[Any]:
    """Join the cluster, or start a local one, and let go of it at the end. What the caller has joined already is used and left alone."""
    ray = imported()
    if ray.is_initialized():
        yield ray
        return
    address, ours = address_of_cluster(), threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM) if ours else None
    try:
        try:
            with _hushed():
                _print_messages(False)
                ray.init(**_how(address), **_QUIET)
        except Exception as error:  # of many kinds: another version there, no free port, no room in /dev/shm
            said = last_line(error) if "Traceback" in str(error) else " ".join(str(error).split())
            raise NetworkError(
                f"The Ray cluster at {address} cannot be joined: {said}. This machine needs the Python and Ray of the cluster, and where "
                "it wants a token RAY_AUTH_MODE=token."
                if address
                else f"Ray could not be started: {said}"
            ) from None
        finally:
            if before is not None:
                signal.signal(signal.SIGTERM, before)  # Ray's own would end the process
        yield ray
    finally:
        with contextlib.suppress(Exception):
            ray.shutdown()
        _print_messages(True)


def _how(address: str | None) -> dict[str, Any]:
    """Return what `ray.init` is told to join this cluster, or to start a local one.

    Without an address Ray finds the cluster of this machine by itself, and shows it its token; an address that is named gets none.
    """
    from glassnet.training.machine import cores

    if address is None:
        return {
            "address": "local",
            "num_cpus": cores(),
            "include_dashboard": False,
            "object_store_memory": _STORE_BYTES,
        }
    return {"address": address} if os.environ.get("RAY_ADDRESS", "auto") not in ("", "auto") else {}


def _print_messages(wanted: bool) -> None:
    """Switch what Ray prints of dead nodes into the middle of ours off or on, as Ray's debugger does; no option of `ray.init` does it."""
    import ray._private.worker

    ray._private.worker._worker_logs_enabled = wanted


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Keep what Ray's C++ writes to the terminal while it tries to join away from it: its exception says the same."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def address_of_cluster() -> str | None:
    """Return where a cluster is by Ray's own rule: RAY_ADDRESS, else what `ray start` left on this machine; None where there is none.

    Asked for here since Ray itself tries for minutes to reach a cluster that is gone. Raises NetworkError when RAY_ADDRESS does not answer.
    """
    from ray._private.services import find_bootstrap_address

    named = os.environ.get("RAY_ADDRESS", "")
    named = "" if named == "auto" else named
    address = named or find_bootstrap_address(None)
    if address is None or address == "local":
        return None
    if answers(address):
        return address
    if not named:
        return None  # a cluster that was killed, and could not tell
    raise NetworkError(
        f"There is no Ray cluster at RAY_ADDRESS={named}. Start it, or unset RAY_ADDRESS for a local one."
    )


def answers(address: str) -> bool:
    """Tell whether something hears at host:port."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S).close()
    except (OSError, ValueError):
        return False
    return True


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, without its full stop."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")


def last_line(error: Exception) -> str:
    """Return the last line of what an error says, without its full stop."""
    return next(reversed(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
