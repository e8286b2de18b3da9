"""Pictures of validation whose answer is another one in the other run, found by how right each was; networks are loaded only on demand."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from glassnet.errors import GlassnetError
from glassnet.runs.rows import Row
from glassnet.studio import pictures as drawing
from glassnet.studio.records import run_id
from glassnet.studio.workplace import Workplace

SHOWN = 48
_LONGEST = 240
_MOVED = 0.1  # of a box's or mask's score; of a class any change is one


def pictures(work: Workplace, left: Row, right: Row) -> dict[str, Any]:
    """Return {n, both_right, both_wrong, gained, lost, changed: […], note}: pictures that both runs validated on, by their content."""
    a, b = _side(work, left), _side(work, right)
    if a is None or b is None:
        missing = " and ".join(row.name for row, side in ((left, a), (right, b)) if side is None)
        return {"n": 0, "changed": [], "note": f"Of {missing} it is not on record how right each picture was."}
    shared = [digest for digest in a if digest in b]
    if not shared:
        return {"n": 0, "changed": [], "note": "The two runs did not validate on the same pictures."}
    classes = left.task == right.task == "classify"
    least = 0.5 if classes else _MOVED
    moved = [(b[d][1] - a[d][1], d) for d in shared if abs(b[d][1] - a[d][1]) >= least]
    moved.sort(key=lambda pair: (-abs(pair[0]), a[pair[1]][0]))
    gained = sum(1 for change, _ in moved if change > 0)
    shown = [
        {
            "number": a[d][0],
            "name": drawing.short(a[d][2]),
            "truth": a[d][3] if classes else "",
            "marks": [a[d][1], b[d][1]],
            "id": run_id(left),
        }
        for _, d in _both_kinds(moved)
    ]
    return {
        "n": len(shared),
        "classes": classes,
        "gained": gained,
        "lost": len(moved) - gained,
        "changed": shown,
        "note": "" if len(shared) == len(a) == len(b) else f"{len(shared):,} pictures are in the validation of both.",
    }


def answers(work: Workplace, left: Row, right: Row) -> dict[str, Any]:
    """Return what both networks answer for the pictures shown, in words, by the picture's number. Raises what loading a model raises."""
    import numpy as np

    found = pictures(work, left, right)["changed"]
    said: dict[str, list[str]] = {str(one["number"]): [] for one in found}
    read = {one["number"]: _bytes(work, left, one["number"]) for one in found}
    there = [number for number, data in read.items() if data is not None]
    for row in (left, right):
        if work.records.folder(row) is None or not there:
            continue
        opened = work.networks.of(run_id(row))
        predictor = opened.run.predictor
        fitted = [predictor.fitted(read[number]) for number in there]
        sizes = [size for _, size in fitted]
        with opened.lock:
            told = predictor.answer([str(n) for n in there], np.stack([p for p, _ in fitted]), sizes)
        for number, answer in zip(there, told, strict=True):
            said[str(number)].append(answer.text())
    return {"answers": said}


def picture(work: Workplace, row: Row, number: int) -> bytes | None:
    """Return a picture of the run's data set as PNG, None when it is not there any more as it was."""
    data = _bytes(work, row, number)
    return None if data is None else drawing.png(drawing.read(data), _LONGEST)


def _bytes(work: Workplace, row: Row, number: int) -> bytes | None:
    lock = _lock(work, row)
    if lock is None or not 0 <= number < len(lock.keys) or number not in set(lock.validation.tolist()):
        return None  # the test set stays sealed here too
    root, task = str(row.settings.get("data.root") or ""), row.task
    try:
        data = work.sets.read(root, task, lock.keys[number])
    except (GlassnetError, OSError):
        return None
    return data if hashlib.sha256(data).hexdigest()[:32] == lock.hashes[number] else None


def _side(work: Workplace, row: Row) -> dict[str, tuple[int, float, str, str]] | None:
    """Return (number, mark, key, label) of each validation picture by the hash of its bytes and its label."""
    marks, lock = work.records.marks(row, "validation"), _lock(work, row)
    if marks is None or lock is None or len(marks) != len(lock.validation):
        return None
    return {
        f"{lock.hashes[r]} {lock.labels[r]}": (r, float(mark), lock.keys[r], lock.labels[r])
        for r, mark in zip(lock.validation.tolist(), marks, strict=True)
    }


def _lock(work: Workplace, row: Row) -> Any:
    folder = work.records.folder(row)
    if folder is None or not folder.lock.is_file():
        return None
    try:
        return _read(folder.lock, folder.lock.stat().st_mtime_ns)
    except GlassnetError:
        return None


@lru_cache(maxsize=4)
def _read(path: Path, changed_at: int) -> Any:
    from glassnet.data.lock import read_lock

    return read_lock(path)


def _both_kinds(moved: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Return at most SHOWN, of better ones and of worse ones alike where there are too many."""
    better, worse = [m for m in moved if m[0] > 0], [m for m in moved if m[0] < 0]
    half = SHOWN // 2
    return better[: max(half, SHOWN - len(worse))] + worse[: max(half, SHOWN - len(better))]
