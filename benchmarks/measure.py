"""How everything here is measured: sides take turns in one run, and what is reported is the median with all values beside it.

A `Side` is a process of its own that has warmed up and waits; `go` lets it do one segment while the others wait. `whole` runs a command
from start to end and watches the memory of its process tree. A `Result` goes to results/<question>.json; table.py makes README.md of them.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
CACHE = HERE / ".envs"
_OWN = ("torch", "numpy", "pillow", "simplejpeg")


def arguments(text: str, repeats: int) -> argparse.ArgumentParser:
    """Return a parser with the options that every script takes."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", help="folder with cifar10/, clothing10/, clothing-binary/ (default: $GLASSNET_BENCH_DATA)"
    )
    parser.add_argument("--threads", type=int, default=4, help="processor threads of every side (default: 4)")
    parser.add_argument(
        "--repeats", type=int, default=repeats, help=f"how often every side takes its turn (default: {repeats})"
    )
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that it runs; writes no result")
    return parser


def data_folder(given: str | None, *needed: str) -> Path:
    """Return the folder of image sets, or leave with a sentence that says what is missing."""
    place = given or os.environ.get("GLASSNET_BENCH_DATA")
    if not place:
        sys.exit("These benchmarks need image sets that are not part of the project: say where with --data DIR or GLASSNET_BENCH_DATA=DIR. "
                 f"Looked for in it: {', '.join(needed)}. The sets and their sources are described in benchmarks/README.md.")  # fmt: skip
    missing = [name for name in needed if not (Path(place) / name).exists()]
    if missing:
        sys.exit(
            f"{place} has no {', '.join(missing)}, which this benchmark needs. benchmarks/README.md says where the sets come from."
        )
    return Path(place).resolve()


def glassnet_command() -> list[str]:
    """Return the command line of the product that belongs to this Python."""
    return [sys.executable, "-m", "glassnet"]


def surroundings(threads: int) -> dict[str, str]:
    """Return the environment variables of every side: the same threads, no GPU, no chatter."""
    quiet = {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_ENABLE_ONEDNN_OPTS": "1",
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **quiet, "OMP_NUM_THREADS": str(threads), "BENCH_THREADS": str(threads)}


class Side:
    """A process that prints `{"ready": …}` when it is warm, and one JSON line for every `go`."""

    def __init__(self, name: str, command: Sequence[str], threads: int) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings(threads)
        )
        self.about = self._answer()["ready"]

    def go(self) -> dict[str, Any]:
        """Let it do one segment and return what it says."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """Let it leave."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        sys.exit(
            f"{self.name} left with exit code {self._process.wait()} before it answered; its message stands above."
        )


@dataclass(frozen=True)
class Whole:
    """A command from start to end: wall seconds, seconds until the first line that holds the mark, peak memory of the tree in MB."""

    seconds: float
    marked: float | None
    peak_mb: float
    output: str
    code: int


def whole(
    command: Sequence[str], threads: int, mark: str | None = None, check: bool = True, every: float = 0.2
) -> Whole:
    """Run a command to its end. Memory is the proportional set size of the process and its children, looked at every so often (Linux).

    A look takes some 10 ms at several GB, so `every` is longer for commands that run for minutes.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=surroundings(threads),
        errors="replace",
    )
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peak, every), daemon=True)
    watcher.start()
    lines, marked = [], None
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if mark and marked is None and mark in line:
            marked = time.perf_counter() - start
    code = process.wait()
    seconds = time.perf_counter() - start
    watcher.join()
    if code and check:
        sys.exit(f"{' '.join(command)} left with exit code {code}:\n{''.join(lines[-15:])}")
    return Whole(seconds, marked, peak[0], "".join(lines), code)


def _watch(process: subprocess.Popen, peak: list[float], every: float) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], sum(_pss_mb(pid) for pid in _tree(process.pid)))
        time.sleep(every)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _pss_mb(pid: int) -> float:
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return 0.0


@dataclass
class Result:
    """What one script found. `better` of a ratio says which way is good; `goal` is what was promised (None: only told)."""

    question: str
    title: str
    threads: int
    quick: bool
    figures: list[dict[str, Any]] = field(default_factory=list)
    ratios: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    command: str = ""
    """What made it; empty: this very command line."""

    def figure(self, side: str, what: str, unit: str, values: Sequence[float], goal: str | None = None) -> float:
        """Record every value of one side and return their median. `goal` reads `>= 0.76` or `<= 120`."""
        middle = statistics.median(values)
        kept = None if goal is None else _holds(middle, goal)
        self.figures.append(
            {
                "side": side, "what": what, "unit": unit, "n": len(values), "median": middle, "min": min(values), "max": max(values),
                "values": list(values), "goal": goal, "kept": kept,
            }
        )  # fmt: skip
        return middle

    def ratio(self, what: str, value: float, goal: str | None = None) -> None:
        """Record a ratio of medians and whether it keeps what was promised."""
        self.ratios.append(
            {"what": what, "value": value, "goal": goal, "kept": None if goal is None else _holds(value, goal)}
        )

    def write(self) -> None:
        """Print everything; write results/<question>.json unless this was a quick look."""
        for f in self.figures:
            spread = f"(n={f['n']}, {f['min']:,.4g} to {f['max']:,.4g})"
            print(f"{f['side']:<28} {f['what']:<34} {f['median']:>12,.4g} {f['unit']}   {spread}{_said(f)}")
        for r in self.ratios:
            print(f"{r['what']:<63} {r['value']:>12,.3g} ×{_said(r)}")
        if self.quick:
            print("A quick look: nothing was written.")
            return
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self.question}.json"
        path.write_text(
            json.dumps(self._as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
        )
        print(f"Written: {path.relative_to(HERE.parent)}. Make the table: python benchmarks/table.py")

    def _as_dict(self) -> dict[str, Any]:
        from glassnet.runs import environment

        machine = environment.processor() | {"memory_bytes": environment.memory_bytes()}
        versions = {name: version for name, version in environment.environment()["packages"].items() if name in _OWN}
        return {
            "question": self.question,
            "title": self.title,
            "command": self.command or f"python benchmarks/{' '.join([Path(sys.argv[0]).name, *_told(sys.argv[1:])])}",
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "machine": machine,
            "threads": self.threads,
            "versions": {
                "glassnet": environment.code_version(),
                "python": sys.version.split()[0],
                **versions,
                **self.versions,
            },
            "figures": self.figures,
            "ratios": self.ratios,
            "notes": self.notes,
        }


def _said(entry: dict[str, Any]) -> str:
    return "" if entry["goal"] is None else f"   goal {entry['goal']}: {'kept' if entry['kept'] else 'MISSED'}"


def _holds(value: float, goal: str) -> bool:
    sign, number = goal.split()
    return {">=": value >= float(number), "<=": value <= float(number), ">": value > float(number)}[sign]


def _told(given: list[str]) -> list[str]:
    """The command line without the place of the data, which is different everywhere."""
    kept, skip = [], False
    for word in given:
        if skip:
            skip = False
        elif word == "--data":
            skip = True
        elif not word.startswith("--data="):
            kept.append(word)
    return kept
