"""Checkpoints: what a run needs to go on to the same bits, in two generations of which one is whole at any moment.

A generation is `<number>.safetensors` (the state, and the best weights so far) and `<number>.json`, which names it with its SHA-256 and is
written last: its rename is the moment the generation exists. Generations share no file, so that a damaged one leaves the other whole.
Everything goes through `durable`.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import durable
from glassnet.errors import StorageError

FORMAT = 1
GENERATIONS = 2
_BEST = "best/"
# A save may take this share of the time since the last one, so that a large network on a slow disk still trains.
MOST_SHARE = 0.05
SHORT_EPOCH = 10.0  # seconds; an epoch's end is saved when at least this much would be lost


@dataclass(frozen=True)
class Snapshot:
    """`info` is strict JSON, `tensors` the state by name, `best` the best weights by name (empty: none yet)."""

    info: dict[str, Any]
    tensors: dict[str, np.ndarray]
    best: dict[str, np.ndarray] = field(default_factory=dict)


class Keeper:
    """Writes the checkpoints of one run into `folder` and decides when one is due.

    Due in the middle of an epoch after `every_seconds`; at the end of an epoch after ten seconds (or `every_seconds`, if shorter). A save
    that took long waits longer for its next turn.
    """

    def __init__(
        self, folder: str | Path, every_seconds: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = Path(folder)
        self.every_seconds = every_seconds
        self._clock = clock
        self._last = clock()
        self._cost = 0.0

    def due(self, epoch_ends: bool = False) -> bool:
        """Tell whether a checkpoint is worth its time now."""
        wait = min(self.every_seconds, SHORT_EPOCH) if epoch_ends else self.every_seconds
        if self.every_seconds > 0:
            wait = max(wait, self._cost / MOST_SHARE)
        return self._clock() - self._last >= wait

    def save(self, snapshot: Snapshot) -> Path:
        """Write the next generation and remove what the newest two do not need. Returns its JSON file.

        Raises StorageError when the bytes cannot be made to stay; the generations before are then untouched.
        """
        from safetensors.numpy import save

        began = self._clock()
        number = max([*_numbers(self.folder), 0]) + 1
        tensors = snapshot.tensors | {f"{_BEST}{name}": array for name, array in snapshot.best.items()}
        data = save(tensors)
        name = f"{number:06d}.safetensors"
        durable.write_bytes(self.folder / name, data)
        content = {
            "format": FORMAT,
            "tensors": {"file": name, "sha256": hashlib.sha256(data).hexdigest()},
            "info": snapshot.info,
        }
        path = self.folder / f"{number:06d}.json"
        durable.write_json(path, {"digest": _digest(content), "content": content})
        self._tidy()
        self._last = self._clock()
        self._cost = self._last - began
        return path

    def _tidy(self) -> None:
        keep = set()
        for path in _manifests(self.folder)[:GENERATIONS]:
            try:
                keep |= {path.name, _content(path)["tensors"]["file"]}
            except StorageError:
                keep.add(path.name)  # what a damaged generation needs is not known; it stays until two newer ones exist
        for path in self.folder.iterdir():
            if path.is_file() and path.name not in keep:
                path.unlink(missing_ok=True)


def exists(folder: str | Path) -> bool:
    """Tell whether a run left a checkpoint here, damaged or not."""
    return bool(_manifests(Path(folder)))


def load(folder: str | Path, tell: Callable[[str], None]) -> Snapshot | None:
    """Read the newest generation that is whole, or None where there is none at all.

    A damaged newer one is told in a sentence and passed over. Raises StorageError when every generation is damaged, or a newer Glassnet
    wrote them.
    """
    folder = Path(folder)
    faults = []
    for path in _manifests(folder):
        try:
            snapshot = _read(path)
        except StorageError as error:
            faults.append(str(error))
            continue
        for fault in faults:
            tell(f"{fault} Going on from the checkpoint before it, {path.name}.")
        return snapshot
    if faults:
        raise StorageError(
            f"No checkpoint in {folder} can be read, so this run cannot go on: {faults[0]} "
            f"({len(faults)} of {len(faults)} generations are damaged). Start the run anew."
        )
    return None


def _read(path: Path) -> Snapshot:
    from safetensors import SafetensorError
    from safetensors.numpy import load as parse

    content = _content(path)
    file = path.with_name(content["tensors"]["file"])
    try:
        data = file.read_bytes()
    except OSError as error:
        raise StorageError(durable.why(file, error, "read")) from error
    if hashlib.sha256(data).hexdigest() != content["tensors"]["sha256"]:
        raise StorageError(f"{file} is damaged: its SHA-256 is not the one that was written down.")
    try:
        tensors = parse(data)
    except SafetensorError as error:
        raise StorageError(f"{file} is damaged: {error}.") from error
    best = {name.removeprefix(_BEST): array for name, array in tensors.items() if name.startswith(_BEST)}
    state = {name: array for name, array in tensors.items() if not name.startswith(_BEST)}
    return Snapshot(content["info"], state, best)


def _content(path: Path) -> dict[str, Any]:
    value = durable.read_json(path)
    content = value.get("content") if isinstance(value, dict) else None
    if not isinstance(content, dict) or value.get("digest") != _digest(content):
        raise StorageError(f"{path} is damaged: its SHA-256 is not the one that was written down.")
    if content.get("format") != FORMAT:
        raise StorageError(
            f"{path} has format {content.get('format')}; this Glassnet reads {FORMAT}. Resume with the newer one."
        )
    return content


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()


def _numbers(folder: Path) -> list[int]:
    """The numbers that any file of the folder bears: a number is never used twice, even by a generation that was cut off."""
    if not folder.is_dir():
        return []
    heads = (path.name.partition(".")[0] for path in folder.iterdir())
    return [int(head) for head in heads if head.isdecimal()]


def _manifests(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted((p for p in folder.glob("*.json") if p.stem.isdecimal()), key=lambda p: int(p.stem), reverse=True)
