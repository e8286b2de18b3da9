"""Findings about sound things: how many, how large in the picture the network sees, cut off, uneven, overlapping, absent."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet.data.audit.boxes import by_row
from glassnet.data.audit.findings import Finding, pictures
from glassnet.data.catalog import Catalog, Things
from glassnet.data.dense_sizing import ENOUGH, shortest_tenth
from glassnet.data.extents import ThingTable
from glassnet.data.pixels import PixelSettings
from glassnet.data.store import Store
from glassnet.data.truths import truth_of
from glassnet.errors import DataError

LOST = 4.0
"""Pixels in the fitted picture below which a thing is hardly more than noise."""
_BINS = (4, 8, 16, 32, 64)
_UNEVEN, _VERY_UNEVEN = 3.0, 10.0
_MANY_EMPTY, _EMPTY_LEAST = 0.5, 5
_OVERLAP_PICTURES, _OVERLAP_THINGS, _OVERLAP_SHARE = 200, 3000, 0.02


def fitted_boxes(table: ThingTable, sizes: np.ndarray, settings: PixelSettings) -> np.ndarray:
    """Return float64 (m, 4): the boxes in the picture that the network sees, not cut at its edges. `sizes` (n, 2) as in the store."""
    height, width = sizes[table.row].T
    rows, columns = float(settings.height), float(settings.width)
    if settings.fit == "stretch":
        scale_x, scale_y = columns / width, rows / height
        left = top = np.zeros(len(table))
    else:
        least = np.minimum if settings.fit == "pad" else np.maximum
        scale_x = scale_y = least(rows / height, columns / width)
        left, top = (columns - width * scale_x) / 2, (rows - height * scale_y) / 2
    x1, y1, x2, y2 = table.box.T
    return np.stack([x1 * scale_x + left, y1 * scale_y + top, x2 * scale_x + left, y2 * scale_y + top], axis=1)


def size_findings(catalog: Catalog, table: ThingTable, sizes: np.ndarray, settings: PixelSettings) -> list[Finding]:
    """Return what the fitted size does to the things: too small to be found, cut off. The table holds sound things only."""
    table = table.where(~table.crowd)
    if not len(table):
        return []
    fitted = fitted_boxes(table, sizes, settings)
    short = np.minimum(fitted[:, 2] - fitted[:, 0], fitted[:, 3] - fitted[:, 1])
    found = []
    if (lost := short < LOST).any():
        found.append(_small(catalog, table, short, lost, sizes, settings))
    kept = shortest_tenth(short)
    if catalog.task in ("detect", "instances", "localize") and kept < ENOUGH - 0.5:
        found.append(_tenth(table, kept, sizes, settings))
    if settings.fit == "crop":
        found += _cut(catalog, table, fitted, settings)
    return found


def count_findings(catalog: Catalog, table: ThingTable, usable: np.ndarray) -> list[Finding]:
    """Return uneven classes, pictures without things, crowds, and classes whose names look alike."""
    return [
        *_look_alikes(catalog, table),
        *_uneven(catalog, table.where(~table.crowd)),
        *_without(catalog, usable),
        *_crowds(catalog, table),
    ]


def overlap_findings(catalog: Catalog, store: Store, usable: np.ndarray) -> list[Finding]:
    """Return the note that things with shapes overlap, from at most 200 pictures, evenly spaced."""
    if catalog.task != "instances":
        return []
    rows = [
        row
        for row in np.flatnonzero(usable).tolist()
        if len(getattr(catalog.examples[row].annotation, "things", ())) > 1
    ]
    rows = [rows[i] for i in np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _OVERLAP_PICTURES)).astype(int))]
    found, looked, things = [], 0, 0
    for row in rows:
        share = _overlap(catalog, store, row)
        looked, things = looked + 1, things + len(catalog.examples[row].annotation.things)  # type: ignore[union-attr]
        if share > _OVERLAP_SHARE:
            found.append((row, share))
        if things > _OVERLAP_THINGS:
            break
    if not found:
        return []
    shown = [
        f"{catalog.examples[row].key} ({share:.0%} of the covered pixels belong to several)" for row, share in found
    ]
    title = f"Things overlap in {len(found):,} of {looked:,} pictures looked at"
    why = "Every pixel is learnt as part of one thing only; where things overlap the smaller one lies on top."
    keys = tuple(catalog.examples[row].key for row, _ in found)
    return [Finding("overlapping_things", "note", title, keys, why, "Nothing, if that is right.", _details(shown))]


def statistics_of(
    catalog: Catalog, table: ThingTable, sizes: np.ndarray, settings: PixelSettings, usable: np.ndarray
) -> dict[str, Any]:
    """Return counts and sizes of the sound things, as plain JSON values. `usable` are the pictures that are not kept out."""
    things = table.where(~table.crowd)
    names = {name: int((things.label == i).sum()) for i, name in enumerate(catalog.classes)}
    each = np.bincount(things.row, minlength=len(catalog))[usable]
    found: dict[str, Any] = {
        "count": len(things),
        "crowd": int(table.crowd.sum()),
        "per_class": {name: count for name, count in names.items() if count or name != "background"},
        "per_picture": _spread(each, (0, 50, 100), ("smallest", "median", "largest")) if len(each) else {},
        "without": int((each == 0).sum()),
    }
    if len(things):
        fitted = fitted_boxes(things, sizes, settings)
        short = np.minimum(fitted[:, 2] - fitted[:, 0], fitted[:, 3] - fitted[:, 1])
        for name, values in (("short_side", things.short), ("fitted_short_side", short)):
            found[name] = _spread(values, (0, 10, 50, 100), ("smallest", "tenth", "median", "largest"))
        counts = np.bincount(np.digitize(short, _BINS), minlength=len(_BINS) + 1).tolist()
        found["fitted_histogram"] = {"edges": list(_BINS), "counts": counts}
    return found


def _small(
    catalog: Catalog, table: ThingTable, short: np.ndarray, lost: np.ndarray, sizes: np.ndarray, settings: PixelSettings
) -> Finding:
    rows, first = np.unique(table.row[lost], return_index=True)
    counts = np.bincount(table.row[lost], minlength=len(catalog))
    least = np.minimum.reduceat(short[lost], first)
    shown = [
        f"{catalog.examples[row].key} ({counts[row]:,} below {LOST:.0f} px, the smallest {value:.1f})"
        for row, value in zip(rows.tolist(), least.tolist(), strict=True)
    ]
    n = int(lost.sum())
    classes = np.bincount(table.label[lost], minlength=len(catalog.classes))
    return Finding(
        "small_things",
        "warning",
        f"{n:,} of {len(table):,} things {'is' if n == 1 else 'are'} less than {LOST:.0f} pixels wide or high at {_size(settings)}",
        tuple(catalog.examples[row].key for row in rows),
        "So little is left of them that they are hardly found, and each one missed counts.",
        _larger(table, shortest_tenth(short), sizes, settings),
        _details(shown)
        | {"things": n, "per_thing_class": {c: int(k) for c, k in zip(catalog.classes, classes, strict=True) if k}},
    )


def _tenth(table: ThingTable, kept: float, sizes: np.ndarray, settings: PixelSettings) -> Finding:
    original = shortest_tenth(table.short)
    return Finding(
        "size_too_small",
        "warning" if original >= ENOUGH else "note",  # a note where the pictures themselves have no more
        f"The smallest tenth of the things are {original:.0f} pixels wide or less, and {kept:.0f} at {_size(settings)}",
        (),
        f"Below about {ENOUGH:.0f} pixels a thing is found less often and its place is less exact.",
        _larger(table, kept, sizes, settings),
        {"original": round(original, 2), "fitted": round(kept, 2)},
    )


def _larger(table: ThingTable, kept: float, sizes: np.ndarray, settings: PixelSettings) -> str:
    """What to do about small things: a larger size where the pictures have the pixels, else tiles or other pictures."""
    seen = sizes[np.unique(table.row)]
    most = float(np.median(np.maximum(seen[:, 0] / settings.height, seen[:, 1] / settings.width)))
    factor = min(ENOUGH / max(kept, 0.1), most, 2048 / max(settings.height, settings.width))
    if factor > 1.1:
        height, width = (int(np.ceil(side * factor / 32)) * 32 for side in (settings.height, settings.width))
        size = str(width) if height == width else f"[{height},{width}]"
        return f"Set --data.size {size} (slower), or crop the pictures into tiles."
    return (
        "They are small in the pictures themselves: take larger pictures, or crop these into tiles and set --data.size."
    )


def _cut(catalog: Catalog, table: ThingTable, fitted: np.ndarray, settings: PixelSettings) -> list[Finding]:
    inside = np.maximum(
        np.minimum(fitted[:, 2:], (settings.width, settings.height)) - np.maximum(fitted[:, :2], 0), 0
    ).prod(axis=1)
    seen = inside / np.maximum((fitted[:, 2:] - fitted[:, :2]).prod(axis=1), 1e-9)
    cut = seen < 0.5
    if not cut.any():
        return []
    rows = np.unique(table.row[cut])
    counts = np.bincount(table.row[cut], minlength=len(catalog))
    shown = [f"{catalog.examples[row].key} ({counts[row]:,})" for row in rows.tolist()]
    n = int(cut.sum())
    return [
        Finding(
            "things_cut",
            "warning",
            f"{n:,} of {len(table):,} things {'lies' if n == 1 else 'lie'} at least half outside the part that data.fit: crop keeps",
            tuple(catalog.examples[row].key for row in rows),
            "What is cut away is neither learnt nor found.",
            "Set data.fit: pad, which keeps everything.",
            _details(shown) | {"things": n, "wholly": int((seen <= 0).sum())},
        )
    ]


def _look_alikes(catalog: Catalog, table: ThingTable) -> list[Finding]:
    alike: dict[str, list[int]] = {}
    for i, name in enumerate(catalog.classes):
        alike.setdefault(re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", name).casefold()), []).append(i)
    groups = [numbers for numbers in alike.values() if len(numbers) > 1]
    if not groups:
        return []
    counts = np.bincount(table.label[table.label >= 0], minlength=len(catalog.classes))
    shown = [" and ".join(f"{catalog.classes[i]!r} ({counts[i]:,})" for i in numbers) for numbers in groups]
    return [
        Finding(
            "similar_names",
            "warning",
            f"{len(groups):,} class{'' if len(groups) == 1 else 'es'} may stand under two names",
            (),
            "Names that differ only in case, spaces, hyphens or the encoding of accents count as different classes, and right answers "
            "under the other name as mistakes.",
            "Give them one name in the annotations.",
            {"shown": shown, "classes": [[catalog.classes[i] for i in numbers] for numbers in groups]},
        )
    ]


def _uneven(catalog: Catalog, table: ThingTable) -> list[Finding]:
    counts = np.bincount(table.label[table.label >= 0], minlength=len(catalog.classes))
    present = np.flatnonzero(counts)
    if len(present) < 2:
        return []
    large, small = int(present[counts[present].argmax()]), int(present[counts[present].argmin()])
    ratio = counts[large] / counts[small]
    if ratio < _UNEVEN:
        return []
    names = catalog.classes
    return [
        Finding(
            "imbalance",
            "warning" if ratio >= _VERY_UNEVEN else "note",
            f"There are {ratio:.1f} times as many things of {names[large]!r} as of {names[small]!r}",
            (),
            "Rare classes are learnt last; a score averaged over classes gives them the same weight as the others.",
            "Read the table per class; add pictures that show the rare ones.",
            {
                "shown": [f"{names[i]} {counts[i]:,}" for i in present[np.argsort(-counts[present], kind="stable")]],
                "ratio": round(float(ratio), 3),
                "counts": {names[i]: int(counts[i]) for i in present},
            },
        )
    ]


def _without(catalog: Catalog, usable: np.ndarray) -> list[Finding]:
    marked = [isinstance(e.annotation, Things) for e in catalog.examples]
    empty = [
        row
        for row in np.flatnonzero(usable & np.array(marked, bool)).tolist()
        if not catalog.examples[row].annotation.things  # type: ignore[union-attr]
    ]
    if not empty:
        return []
    keys, n, total = tuple(catalog.examples[row].key for row in empty), len(empty), int(usable.sum())
    if n >= _EMPTY_LEAST and n > _MANY_EMPTY * total:
        return [
            Finding(
                "many_without_things",
                "warning",
                f"{pictures(n, 'has', 'have')} no thing, of {total:,}",
                keys,
                "If their annotations are missing, the network is taught that what it sees there is background.",
                "Look at some of them; take out those that were never annotated.",
            )
        ]
    return [
        Finding(
            "without_things",
            "note",
            f"{pictures(n, 'has', 'have')} no thing and {'is' if n == 1 else 'are'} learnt as background",
            keys,
            "They teach the network where nothing is to be found.",
            "Nothing, if they really show none of the classes.",
        )
    ]


def _crowds(catalog: Catalog, table: ThingTable) -> list[Finding]:
    if not table.crowd.any():
        return []
    n, rows = int(table.crowd.sum()), np.unique(table.row[table.crowd])
    return [
        Finding(
            "crowds",
            "note",
            f"{n:,} region{' is' if n == 1 else 's are'} marked as crowd or difficult: neither learnt nor counted",
            tuple(catalog.examples[row].key for row in rows),
            details={"things": n},
        )
    ]


def _overlap(catalog: Catalog, store: Store, row: int) -> float:
    """The share of the covered pixels that belong to more than one thing."""
    record = store.rows[row]
    truth = truth_of(catalog, row, int(record["height"]), int(record["width"]))
    times = np.zeros((truth.height, truth.width), np.uint16)
    try:
        for number in np.flatnonzero(~truth.crowd).tolist():
            times += truth.mask(number)
    except DataError:  # found and named elsewhere
        return 0.0
    return float((times > 1).sum() / max(1, (times > 0).sum()))


def _spread(values: np.ndarray, at: Sequence[int], names: Sequence[str]) -> dict[str, float]:
    found = np.percentile(values, at, method="lower").tolist()
    return {name: round(float(value), 2) for name, value in zip(names, found, strict=True)}


def _size(settings: PixelSettings) -> str:
    return f"{settings.width}×{settings.height}"


def _details(shown: list[str]) -> dict[str, Any]:
    return {"shown": shown[:20], "count": len(shown)}


def by_picture(table: ThingTable) -> dict[int, ThingTable]:
    """Return the things of each picture by its row."""
    return {int(part.row[0]): part for part in by_row(table)}
