"""Boxes and masks: what do Glassnet and its peers reach in the same wall-clock time, from random weights, on six small sets?

    python benchmarks/dense.py --data DIR                       # everything: ten minutes for each of 55 trainings
    python benchmarks/dense.py --data DIR --sets camvid-semantic --seeds 1
    python benchmarks/dense.py --summary                        # only the tables, from what is recorded

The clock of every side runs from the start of its process to the last step of training: imports, reading, building and its own validation
are in, the last answers for val are out. All sides answer for the val pictures in original pixels, and one scorer judges them
(sides/dense_scores.py). Every side keeps the weights that do best on val. A peer with several ways (sizes, models) tries all of them with
the first seed; the way that does best goes on with the other seeds. Sides take turns. Every training is recorded in results/dense/ and
not done again for the same versions.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from measure import HERE, RESULTS, Result, arguments, data_folder, whole
from peers import dense_python, dense_versions

SIDES = HERE / "sides"
QUICK_MINUTES = 0.5


@dataclass(frozen=True)
class Contestant:
    """One side: its name, and its ways of doing it, each a script and its words."""

    name: str
    ways: dict[str, tuple[str, ...]]

    @property
    def own(self) -> bool:
        """Whether this is the product."""
        return self.name == "Glassnet"


@dataclass(frozen=True)
class Question:
    """One task: the sets, what ranks, and what is promised of Glassnet at the least."""

    name: str
    title: str
    sets: tuple[str, ...]
    figures: tuple[str, ...]
    floors: dict[str, str]
    sides: tuple[Contestant, ...]


def _sizes(script: str, *sizes: int) -> dict[str, tuple[str, ...]]:
    return {f"at {size}": (script, "--size", str(size)) for size in sizes}


def _torchvision(model: str) -> tuple[str, ...]:
    return "dense_torchvision.py", "--model", model


GLASSNET = Contestant("Glassnet", {"": ("dense_glassnet.py",)})
BOXES = Contestant("torchvision", {"FCOS": _torchvision("fcos"), "SSDlite": _torchvision("ssdlite")})
MASKS = Contestant("torchvision", {"Mask R-CNN": _torchvision("maskrcnn")})
UNET = Contestant(
    "smp U-Net, resnet18", {"whole": ("dense_unet.py",), "half the side": ("dense_unet.py", "--shrink", "2")}
)
ONE_BOX = Contestant("torchvision resnet18", {"": ("dense_box.py",)})
YOLO = Contestant("Ultralytics yolo11n", _sizes("dense_yolo.py", 640, 320))
YOLO_SEG = Contestant("Ultralytics yolo11n-seg", _sizes("dense_yolo.py", 640, 320))

QUESTIONS = (
    Question(
        "dense_1_detection", "Object detection", ("bccd-voc", "cards-yolo"), ("AP50", "AP"),
        {"bccd-voc": ">= 0.60"}, (GLASSNET, YOLO, BOXES),
    ),
    Question(
        "dense_2_instances", "Instance segmentation", ("nuclei-instances", "nuts-coco"), ("AP50", "AP"),
        {"nuclei-instances": ">= 0.55"}, (GLASSNET, YOLO_SEG, MASKS),
    ),
    Question(
        "dense_3_semantic", "Semantic segmentation", ("camvid-semantic",), ("mean IoU", "pixel accuracy"),
        {"camvid-semantic": ">= 0.35"}, (GLASSNET, UNET),
    ),
    Question(
        "dense_4_localization", "Localization", ("pets-heads-voc",), ("mean IoU", "IoU ≥ 0.5 and class"),
        {}, (GLASSNET, ONE_BOX),
    ),
)  # fmt: skip
SETS = tuple(name for question in QUESTIONS for name in question.sets)


class Records:
    """What was measured, one JSON file per set, side, way and seed."""

    def __init__(self, folder: Path, about: dict[str, Any], any_version: bool) -> None:
        self.folder, self.about, self.any_version = folder, about, any_version

    def find(self, name: str, side: Contestant, way: str, seed: int) -> dict[str, Any] | None:
        """Return the record of the same minutes, threads (of any, for a summary) and versions, or None."""
        path = self._path(name, side, way, seed)
        if not path.exists():
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
        same = found["minutes"] == self.about["minutes"] and self.about["threads"] in (None, found["threads"])
        return found if same and (self.any_version or found["versions"] == self.versions(side)) else None

    def write(self, name: str, side: Contestant, way: str, seed: int, found: dict[str, Any]) -> None:
        """Keep a record."""
        self.folder.mkdir(parents=True, exist_ok=True)
        told = {"set": name, "side": side.name, "way": way, "seed": seed, "minutes": self.about["minutes"]}
        told |= {"threads": self.about["threads"], "versions": self.versions(side), **found}
        text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        self._path(name, side, way, seed).write_text(text, encoding="utf-8")

    def versions(self, side: Contestant) -> dict[str, str]:
        """Return what must be the same for a record to count."""
        return {"glassnet": self.about["glassnet"]} if side.own else self.about["peers"]

    def best_way(self, name: str, side: Contestant, ranks: str, seeds: Sequence[int]) -> str | None:
        """Return the way that did best with the first seed among those tried, None before any was."""
        tried = {way: self.find(name, side, way, seeds[0]) for way in side.ways}
        done = {way: record["scores"][ranks] for way, record in tried.items() if record}
        return max(done, key=lambda way: done[way]) if done else None

    def any_threads(self, name: str, seeds: Sequence[int]) -> int | None:
        """Return with how many threads our own side was last measured on a set, None where it was not."""
        kept = self.about["threads"]
        try:
            self.about["threads"] = None
            found = next((r for seed in seeds if (r := self.find(name, GLASSNET, "", seed))), None)
        finally:
            self.about["threads"] = kept
        return None if found is None else found["threads"]

    def _path(self, name: str, side: Contestant, way: str, seed: int) -> Path:
        words = "-".join(f"{side.name} {way}".lower().replace(",", "").split())
        return self.folder / f"{name}--{words}--{seed}.json"


def main() -> None:
    options = _options()
    sets = options.sets.split(",")
    if unknown := sorted(set(sets) - set(SETS)):
        sys.exit(f"There is no set {', '.join(unknown)}. There are {', '.join(SETS)}.")
    seeds = list(range(1 if options.quick else options.seeds))
    about = {"minutes": QUICK_MINUTES if options.quick else options.minutes}
    about["threads"] = None if options.summary else options.threads
    about |= {"peers": dense_versions(), "glassnet": _own_version()}
    with tempfile.TemporaryDirectory(prefix="glassnet-bench-quick-") as quick:
        records = Records(Path(quick) if options.quick else RESULTS / "dense", about, options.any_version)
        failed = [] if options.summary else run(options, records, sets, seeds)
        for question in QUESTIONS:
            if set(question.sets) & set(sets):
                summarise(question, records, seeds, options)
    if failed:
        sys.exit(f"{len(failed)} of the trainings failed: {'; '.join(failed)}. Their messages stand above.")


def _options() -> argparse.Namespace:
    parser = arguments(__doc__ or "", repeats=1)
    parser.add_argument("--minutes", type=float, default=10.0, help="minutes for every side (default: 10)")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds, from 0 (default: 3)")
    parser.add_argument("--sets", default=",".join(SETS), help="names with commas between (default: all six)")
    parser.add_argument("--sides", default="", help="only sides whose name has one of these words, with commas between")
    parser.add_argument("--ways", default="", help="only ways that have one of these words, with commas between")
    parser.add_argument("--any-version", action="store_true", help="records of other versions count too")
    parser.add_argument("--summary", action="store_true", help="train nothing; make the results from the records")
    parser.add_argument(
        "--glassnet-options", default="", help="words for `glassnet train`, to try things; use with --quick"
    )
    return parser.parse_args()


def run(options: argparse.Namespace, records: Records, sets: Sequence[str], seeds: Sequence[int]) -> list[str]:
    """Do what is not recorded yet, sides in turn. Returns the names of what failed."""
    folder = data_folder(options.data, *sets)
    failed: list[str] = []
    for question, name, side, way, seed in _turns(records, sets, seeds, options.sides, options.ways):
        told = f"{name}, {side.name}{' ' + way if way else ''}, seed {seed}"
        if records.find(name, side, way, seed):
            print(f"{told}: recorded", flush=True)
            continue
        print(f"{told}: begins {datetime.now(UTC):%H:%M} UTC", flush=True)
        words = (*side.ways[way], "--options", options.glassnet_options) if side.own else side.ways[way]
        found = trained(folder, name, words, seed, records.about, side.own)
        if found is None:
            failed.append(told)
            continue
        records.write(name, side, way, seed, found)
        ranks = question.figures[0]
        speed = f"{found['images_per_second']:.1f} images/s, {found['peak_mb']:.0f} MB"
        print(f"{told}: {ranks} {found['scores'][ranks]:.3f}, {speed}", flush=True)
    return failed


def _turns(
    records: Records, sets: Sequence[str], seeds: Sequence[int], wanted: str, ways: str
) -> Iterator[tuple[Question, str, Contestant, str, int]]:
    """Yield what is to be done. Which way goes on after the first seed is looked up when its turn comes."""
    parts, words = ([part.strip().lower() for part in said.split(",")] for said in (wanted, ways))
    for seed in seeds:
        for question in QUESTIONS:
            for name in (n for n in question.sets if n in sets):
                for side in (s for s in question.sides if any(part in s.name.lower() for part in parts)):
                    best = records.best_way(name, side, question.figures[0], seeds)
                    for way in side.ways if seed == seeds[0] or best is None else [best]:
                        if way and not any(word in way.lower() for word in words):
                            continue
                        yield question, name, side, way, seed


def trained(
    folder: Path, name: str, words: Sequence[str], seed: int, about: dict[str, Any], own: bool
) -> dict[str, Any] | None:
    """Let one side train and answer, and score it. None when it failed; its last lines are printed."""
    python = sys.executable if own else str(dense_python())
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="glassnet-bench-answers-") as place:
        started = time.time()
        given = ["--minutes", str(about["minutes"]), "--seed", str(seed), "--started", f"{started:.3f}"]
        script = [python, str(SIDES / words[0]), name, str(folder), place, *words[1:], *given]
        ran = whole(script, about["threads"], check=False, every=1.0)
        line = ran.output.strip().rpartition("\n")[2]
        if ran.code or not line.startswith("{"):
            print("\n".join(ran.output.splitlines()[-15:]), file=sys.stderr, flush=True)
            return None
        judge = [str(dense_python()), str(SIDES / "dense_scores.py"), name, str(folder), place]
        judged = subprocess.run(judge, capture_output=True, text=True)
        if judged.returncode:
            print(judged.stderr, file=sys.stderr, flush=True)
            return None
        scores = json.loads(judged.stdout)
    told = json.loads(line)
    return {
        "scores": scores, "images_per_second": told["images"] / told["training seconds"], "training_seconds": told["training seconds"],
        "process_seconds": ran.seconds, "peak_mb": ran.peak_mb, "told": told, "load_before": load,
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
    }  # fmt: skip


def summarise(question: Question, records: Records, seeds: Sequence[int], options: argparse.Namespace) -> None:
    """Make one result of a task's records: scores, speed and memory of every side, and Glassnet against each peer."""
    minutes = records.about["minutes"]
    title = f"{question.title}: {minutes:g} minutes each, random weights"
    result = Result(question.name, title, options.threads, options.quick)
    result.versions = dict(records.about["peers"])
    result.command = f"python benchmarks/dense.py --minutes {minutes:g} --seeds {len(seeds)}"
    for name in question.sets:
        medians = {}
        # Two sides are only put beside each other when they had the same threads: those of our own record.
        own = records.any_threads(name, seeds)
        if own is None:
            continue
        records.about["threads"] = own
        for side in question.sides:
            best = records.best_way(name, side, question.figures[0], seeds)
            for way in side.ways:
                found = [r for seed in seeds if (r := records.find(name, side, way, seed))]
                if found:
                    place = f"{name}, {own} threads"
                    middle = _figures(result, question, place, side, way, found, best in (way, None))
                    medians |= {side.name: middle} if best == way else {}
        _ratios(result, question, name, medians)
    if result.figures:
        result.notes += _notes(question)
        result.write()


def _figures(
    result: Result, question: Question, place: str, side: Contestant, way: str, found: list[dict], full: bool
) -> dict[str, float]:
    """Put one side's figures into the result; of a way that did not go on, only the scores. Returns the medians of the scores."""
    label = f"{side.name} {way}".strip()
    medians = {}
    for figure in question.figures:
        floor = question.floors.get(place.partition(",")[0]) if side.own and figure == question.figures[0] else None
        medians[figure] = result.figure(label, f"{place}: {figure}", "", [r["scores"][figure] for r in found], floor)
    if full:
        result.figure(label, f"{place}: training", "images/s", [r["images_per_second"] for r in found])
        result.figure(label, f"{place}: peak memory", "MB", [r["peak_mb"] for r in found])
    return medians


def _ratios(result: Result, question: Question, name: str, medians: dict[str, dict[str, float]]) -> None:
    own = medians.get(GLASSNET.name)
    for peer, held in medians.items():
        if own is None or peer == GLASSNET.name:
            continue
        # AP is promised beside AP50 for boxes alone; everywhere else the second figure is only told.
        promised = question.figures if question.name == "dense_1_detection" else question.figures[:1]
        for figure in question.figures:
            if held[figure] > 0:
                goal = "> 1" if figure in promised else None
                result.ratio(f"{name}, {figure}: Glassnet / {peer}", own[figure] / held[figure], goal)
            else:
                result.notes.append(f"{name}, {figure}: {peer} reached 0, so there is no ratio.")


def _notes(question: Question) -> list[str]:
    notes = [
        "The clock runs from the start of the process to the last step of training, for every side. Scores are those of the val "
        "pictures, on which every side also chose its best weights, so all of them flatter a little.",
    ]
    if any(len(side.ways) > 1 for side in question.sides):
        notes.append(
            "A peer with several ways tried all of them with the first seed, and the best went on with the others."
        )
    return notes


def _own_version() -> str:
    """Return what the product's score depends on: its version and the tree of its source, so that a commit to the docs costs no hour."""
    import glassnet

    source = HERE.parent
    tree = subprocess.run(["git", "rev-parse", "HEAD:src/glassnet"], cwd=source, capture_output=True, text=True).stdout
    changed = subprocess.run(
        ["git", "status", "--porcelain", "src/glassnet"], cwd=source, capture_output=True, text=True
    )
    return f"{glassnet.__version__}+{tree.strip()[:12]}{'.modified' if changed.stdout.strip() else ''}"


if __name__ == "__main__":
    main()
