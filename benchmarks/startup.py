"""How long until something happens: `glassnet --help`, `import glassnet`, and `make demo` on a fresh clone?

`make demo` builds its environment from nothing, draws an X-or-O set, audits, trains, evaluates and writes the report. It is measured once
per --demos (default 1, as pip's downloads make up most of it); --demos 0 leaves it out.

    python benchmarks/startup.py
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import HERE, Result, arguments, glassnet_command, whole


def main() -> None:
    parser = arguments(__doc__ or "", repeats=15)
    parser.add_argument("--demos", type=int, default=1, help="how often to time make demo (default: 1)")
    options = parser.parse_args()
    result = Result("startup", "Start-up", options.threads, options.quick)
    commands = {
        "glassnet --help": ([*glassnet_command(), "--help"], "<= 0.3"),
        "glassnet (the script) --help": ([str(Path(sys.executable).with_name("glassnet")), "--help"], "<= 0.3"),
        "glassnet train --help": ([*glassnet_command(), "train", "--help"], None),
        "import glassnet": ([sys.executable, "-c", "import glassnet"], None),
        "python -c pass": ([sys.executable, "-c", "pass"], None),
        "import torch": ([sys.executable, "-c", "import torch"], None),
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(3 if options.quick else options.repeats):
        for name, (command, _) in commands.items():
            times[name].append(timed(command))
    for name, (_, goal) in commands.items():
        result.figure(name, "wall time", "s", times[name], goal)
    if options.demos and not options.quick:
        result.figure(
            "make demo, fresh clone", "wall time", "s", [demo(options.threads) for _ in range(options.demos)], "<= 120"
        )
    result.write()


def timed(command: list[str]) -> float:
    """Seconds of one command; its output is thrown away."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def demo(threads: int) -> float:
    """Clone what is committed and run `make demo` in the clone."""
    with tempfile.TemporaryDirectory(prefix="glassnet-bench-demo-") as folder:
        subprocess.run(
            ["git", "clone", "--quiet", "--no-hardlinks", str(HERE.parent), f"{folder}/glassnet"], check=True
        )
        return whole(["make", "-C", f"{folder}/glassnet", "demo"], threads).seconds


if __name__ == "__main__":
    main()
