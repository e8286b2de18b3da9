"""Two runs of the same recipe side by side, read from their folders.

What is compared is what training gave: the history (all but its clock), the weights, the scores on validation. What may explain a
difference is listed beside it, in the order in which it decides numbers: pictures, code, network, packages, machine, threads, precision.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from glassnet import durable
from glassnet.data.lock import read_lock
from glassnet.errors import RecipeError, StorageError
from glassnet.evaluation.scores import Figure, Scores
from glassnet.pipeline.decided import Decided, decided
from glassnet.pipeline.reproduced import Difference, Reproduced, counted, equal
from glassnet.runs.folder import RunFolder
from glassnet.training.history import COLUMNS, History, from_csv

_CLOCK = ("seconds", "images_per_second")  # the only columns that no run repeats


def compare(run: RunFolder, again: RunFolder, notes: tuple[str, ...] = ()) -> Reproduced:
    """Put two finished, pruned or failed runs side by side. Raises StorageError when one of them is damaged."""
    histories = _history(run), _history(again)
    weights = _weights(run), _weights(again)
    scores = run.read_scores().get("validation"), again.read_scores().get("validation")
    epochs = min(len(history) for history in histories)
    results = [_ends(run, again, epochs), _first_row(*histories, whole=_status(run) == _status(again))]
    results += [_first_tensor(*weights), _first_figure(*scores)]
    found = tuple(difference for difference in results if difference is not None)
    both = scores[0] is not None and scores[1] is not None and scores[0].headline == scores[1].headline
    headline = (scores[0].main, scores[1].main) if both and scores[0] and scores[1] else None
    verdict = "identical" if not found else "within" if headline and equal(*headline) else "different"
    return Reproduced(
        run=run.name,
        again=again.name,
        folder=again.path,
        verdict=verdict,
        around=tuple(_around(run, again)),
        results=found,
        epochs=epochs,
        tensors=len(weights[0]),
        numbers=sum(array.size for array in weights[0].values()),
        figures=0 if scores[0] is None else len(_figures(scores[0])),
        ends=(_ended(run), _ended(again)),
        headline=headline,
        headline_name=scores[0].headline if headline and scores[0] else "",
        weights=(_digest(weights[0]), _digest(weights[1])) if weights[0] and weights[1] else None,
        notes=(*notes, *_notes(run, again)),
    )


def _status(folder: RunFolder) -> tuple[str, int]:
    """How a run ended: its state, and the exit code of a failure."""
    return folder.state(), int(folder.read_record().get("exit_code") or 0)


def _history(folder: RunFolder) -> History:
    return from_csv(folder.history.read_text(encoding="utf-8")) if folder.history.exists() else History()


def _weights(folder: RunFolder) -> dict[str, np.ndarray]:
    """The arrays of model.safetensors by name, without what is written beside them; none for a run that was given up."""
    if not folder.model.exists():
        return {}
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(folder.model)
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{folder.model} is damaged, so its weights cannot be compared: {error}.") from error


def _digest(arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 of names, types, shapes and bytes, by name."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _ends(run: RunFolder, again: RunFolder, epochs: int) -> Difference | None:
    """How the two ended, where that belongs to the result: one met numbers that are none, or nothing else can be compared."""
    before, now = _status(run), _status(again)
    if before == now or (7 not in (before[1], now[1]) and epochs):
        return None
    return Difference("end", before[0], now[0], f"{_ended(run)} then; {_ended(again)} now")


def _ended(folder: RunFolder) -> str:
    state, code = _status(folder)
    sentence = folder.read_record().get("sentence") or ""
    if state == "failed":
        return f"failed with exit code {code}: {sentence}"
    return f"{state}: {sentence}" if sentence else state


def _first_row(before: History, now: History, whole: bool) -> Difference | None:
    """The first epoch and column that differ. With `whole`, a history that ends earlier differs too."""
    for old, new in zip(before, now, strict=False):
        for column in COLUMNS:
            a, b = getattr(old, column), getattr(new, column)
            if column not in _CLOCK and repr(a) != repr(b):  # repr tells every bit, and takes NaN for NaN
                gap = f", {abs(a - b):.2g} apart" if np.isfinite(a) and np.isfinite(b) else ""
                text = f"first in epoch {old.epoch}, {column.replace('_', ' ')}: {a!r} then, {b!r} now{gap}"
                return Difference("history", [old.epoch, column, _json(a)], [new.epoch, column, _json(b)], text)
    if whole and len(before) != len(now):
        return Difference("history", len(before), len(now), f"{len(before)} epochs then, {len(now)} now")
    return None


def _first_tensor(before: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> Difference | None:
    """The first tensor that differs, and by how much all of them do. Nothing where one of the two kept no network."""
    if not before or not now:
        return None
    if (strange := sorted(before.keys() ^ now.keys())) or _shapes(before) != _shapes(now):
        names = strange or [name for name in before if before[name].shape != now[name].shape]
        return Difference("weights", len(before), len(now), f"the networks have other tensors, as {names[0]}")
    other = [name for name in before if before[name].tobytes() != now[name].tobytes()]
    if not other:
        return None
    gap = max(float(np.max(np.abs(before[n].astype(np.float64) - now[n].astype(np.float64)))) for n in other)
    text = f"{len(other)} of {counted(len(before), 'tensor')} differ, by {gap:.2g} at most; the first is {other[0]}"
    return Difference("weights", _digest(before), _digest(now), text)


def _shapes(arrays: dict[str, np.ndarray]) -> dict[str, tuple]:
    return {name: (array.dtype.str, array.shape) for name, array in arrays.items()}


def _figures(scores: Scores) -> dict[str, Figure]:
    """Every figure by name: of the whole split, of each class, of trivial models."""
    classes = {f"{name} of {of}": figure for of, row in scores.per_class.items() for name, figure in row.items()}
    return scores.figures | classes | {f"{scores.headline} of {of}": figure for of, figure in scores.trivial.items()}


def _first_figure(before: Scores | None, now: Scores | None) -> Difference | None:
    if before is None or now is None:
        return None
    old, new = _figures(before), _figures(now)
    for name in dict.fromkeys([*old, *new]):
        a, b = old.get(name), new.get(name)
        if a != b:
            text = f"first {name}: {a or 'not there'} then, {b or 'not there'} now"
            return Difference("scores", a and a.as_dict(), b and b.as_dict(), text)
    if before.tables != now.tables:
        names = [name for name in before.tables if before.tables[name] != now.tables.get(name)] or [*now.tables]
        return Difference("scores", None, None, f"every figure is equal, and the table {names[0]} is not")
    return None


def _around(run: RunFolder, again: RunFolder) -> Iterator[Difference]:
    """What differs around the two, in the order in which it decides numbers."""
    locks = read_lock(run.lock).digest, read_lock(again.lock).digest
    yield from _other("data", *locks, "the data hash was {0:.12}… and is {1:.12}…")
    before, now = durable.read_json(run.environment), durable.read_json(again.environment)
    yield from _other("code", _code(before), _code(now))
    layers = _layers(run), _layers(again)
    if None not in layers:
        yield from _other("network", *layers, "the same name stands for other layers now")
    for name in dict.fromkeys([*before["packages"], *now["packages"]]):
        yield from _other(
            "packages", before["packages"].get(name), now["packages"].get(name), name + " {0} then, {1} now"
        )
    yield from _other("packages", before["python"]["version"], now["python"]["version"], "python {0} then, {1} now")
    yield from _other("machine", _system(before), _system(now))
    yield from _other("machine", before["processor"], now["processor"], _processors(before, now))
    made: tuple[Decided, Decided] = decided(run), decided(again)
    for name in ("device", "threads", "precision", "processes"):
        a, b = (getattr(each, name) for each in made)
        if a is not None and b is not None:
            yield from _other(name, a, b)


def _other(what: str, before: Any, now: Any, text: str = "{0} then, {1} now") -> Iterator[Difference]:
    if before != now:
        yield Difference(what, before, now, text.format(before, now) if "{0" in text else text)


def _code(environment: dict[str, Any]) -> str:
    found = environment["glassnet"]
    commit = f" commit {found['commit'][:12]}" if found.get("commit") else ""
    return f"{found['version']}{commit}{' with changes' if found.get('modified') else ''}"


def _system(environment: dict[str, Any]) -> str:
    found = environment["system"]
    return f"{found['name']}, {found['libc'] or 'unknown C library'}"


def _processors(before: dict[str, Any], now: dict[str, Any]) -> str:
    old, new = before["processor"], now["processor"]
    shown = [f"{p['model'] or p['architecture']}, {p['cores']} cores" for p in (old, new)]
    if shown[0] != shown[1]:
        return f"{shown[0]} then, {shown[1]} now"
    features = sorted(set(old["features"]) ^ set(new["features"]))
    return f"{shown[0]}, with other features: {', '.join(features)}"


def _layers(folder: RunFolder) -> Any:
    from glassnet.errors import ModelFileError
    from glassnet.networks.description import read_description

    with contextlib.suppress(ModelFileError):
        return read_description(folder.model_json).layers if folder.model_json.exists() else None
    return None


def _notes(run: RunFolder, again: RunFolder) -> Iterator[str]:
    environments = [durable.read_json(folder.environment) for folder in (run, again)]
    if all(each["glassnet"].get("modified") for each in environments) and _code(environments[0]) == _code(
        environments[1]
    ):
        yield "both times the code had changes that no commit holds, so whether it is the same code is not known"
    if _status(run) != _status(again):
        yield f"the first run ended as {_ended(run)}, this one as {_ended(again)}; what both have was compared"
    with contextlib.suppress(RecipeError, StorageError):
        device = decided(again).device
        if device not in (None, "cpu"):
            yield f"on {device} some sums are taken in another order each time, so the last bits may differ"


def _json(value: float) -> float | None:
    return value if np.isfinite(value) else None
