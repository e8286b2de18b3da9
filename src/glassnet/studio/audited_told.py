"""What the page Data is told of a data set that was looked at: findings with their pictures, who is on which side, sizes and colours."""

from typing import TYPE_CHECKING, Any

from glassnet.studio import pictures as drawing

if TYPE_CHECKING:
    from glassnet.data.audit import Finding
    from glassnet.studio.audited import Looked

_PICTURES, _LINES, _KEPT_OUT = 240, 300, 500
_SPLITS = ("train", "validation", "test")


def told(looked: "Looked") -> dict[str, Any]:
    """Return everything but the pictures themselves, as plain JSON values."""
    data, audit = looked.data, looked.prepared.audit
    catalog = looked.prepared.catalog
    known = audit.statistics
    return {
        "stamp": looked.stamp,
        "name": data.root.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or data.root,
        "layout": data.layout,
        "task": data.task,
        "answers": sorted(catalog.answers),
        "classes": list(data.classes),
        "summary": audit.summary(),
        "findings": [_finding(looked, finding) for finding in audit.findings],
        "sides": _sides(looked),
        "reasons": [str(choice) for choice in looked.prepared.lock.reasons],
        "groups": _groups(looked),
        "statistics": {
            name: known[name]
            for name in ("width", "height", "format", "mode", "mean_colour", "std_colour", "grey", "bytes", "stored")
            if name in known
        },
        "things": known.get("things"),
        "pixels": known.get("pixels"),
        "colours": _colours(looked),
        "kept_out": [[drawing.short(data.keys[row]), why] for row, why in list(audit.quarantined.items())[:_KEPT_OUT]]
        + [[drawing.short(key), why] for key, why in data.refused[:_KEPT_OUT]],
        "kept_out_total": len(audit.quarantined) + len(data.refused),
        "skipped": [drawing.short(key) for key in data.skipped[:_LINES]],
        "skipped_total": len(data.skipped),
        "total": len(data.keys),
    }


def line(looked: "Looked", row: int, remark: str = "") -> dict[str, Any]:
    """Return what stands below a picture."""
    data = looked.data
    shown = ", ".join(data.classes[i] for i in looked.shows[row]) if looked.shows else ""
    return {
        "row": row,
        "name": drawing.short(data.keys[row]),
        "key": data.keys[row],
        "label": shown or ("no class" if data.task == "classify" else "nothing"),
        "side": looked.sides.get(row, ""),
        "remark": remark,
        "whole": bool(looked.prepared.store.good[row]),
    }


def listed(looked: "Looked", shows: str, side: str, start: int, count: int) -> dict[str, Any]:
    """Return some pictures, those of a class and of a side where these are named."""
    classes = looked.data.classes
    number = classes.index(shows) if shows in classes else -1
    rows = [
        row
        for row in range(len(looked.data.keys))
        if (not shows or number in looked.shows[row]) and (not side or looked.sides.get(row, "none") == side)
    ]
    start = max(0, start)
    return {"total": len(rows), "start": start, "pictures": [line(looked, row) for row in rows[start : start + count]]}


def _finding(looked: "Looked", finding: "Finding") -> dict[str, Any]:
    pairs = [(a, b) for a, b, *_ in finding.details.get("pairs", ())]
    shown = [str(one) for one in finding.details.get("shown", ())]
    remarks = {
        key: one.removeprefix(f"{key} ")
        for key, one in zip(finding.keys, shown, strict=False)
        if one.startswith(f"{key} (")
    }
    rows = looked.rows
    return {
        "code": finding.code,
        "rank": finding.rank,
        "title": finding.title,
        "why": finding.why,
        "todo": finding.todo,
        "lines": [] if remarks or pairs or finding.keys else shown[:_LINES],
        "pairs": [
            [line(looked, rows[a]), line(looked, rows[b])] for a, b in pairs[:_PICTURES] if a in rows and b in rows
        ],
        "pairs_total": len(pairs),
        "pictures": []
        if pairs
        else [line(looked, rows[key], remarks.get(key, "")) for key in finding.keys[:_PICTURES] if key in rows],
        "others": [key for key in finding.keys if key not in rows][:_LINES],
        "total": len(finding.keys),
        "per_class": _per_class(looked, finding),
    }


def _per_class(looked: "Looked", finding: "Finding") -> list[list[Any]]:
    """Return name, pictures concerned, pictures of the class; for a finding that counts by class."""
    sizes = looked.prepared.audit.statistics.get("classes", {})
    counts = finding.details.get("per_class") or {}
    return [[name, n, sizes.get(name, 0)] for name, n in counts.items()]


def _sides(looked: "Looked") -> list[dict[str, Any]]:
    """Return for each class how many pictures that show it are on each side, and how many on none."""
    classes = looked.data.classes
    found = [dict.fromkeys((*_SPLITS, "none"), 0) for _ in classes]
    for row, shown in enumerate(looked.shows):
        side = looked.sides.get(row, "none")
        for number in set(shown):
            found[number][side] += 1
    return [{"name": name, **counts} for name, counts in zip(classes, found, strict=True)]


def _groups(looked: "Looked") -> dict[str, Any]:
    """Return what stays on one side together, with the pictures of the largest group."""
    import numpy as np

    found = looked.prepared.audit.groups
    numbers = found.numbers
    if not found.names or not (numbers >= 0).any():
        return {"reason": found.reason, "name": "", "total": 0, "pictures": []}
    largest = int(np.bincount(numbers[numbers >= 0]).argmax())
    rows = np.flatnonzero(numbers == largest).tolist()
    return {
        "reason": found.reason,
        "name": found.names[largest],
        "total": len(rows),
        "pictures": [line(looked, row) for row in rows[:6]],
    }


def _colours(looked: "Looked") -> dict[str, list[int]]:
    """Return the colour of each class as it is drawn, where annotations are places in pictures."""
    from glassnet.data.catalog import BACKGROUND
    from glassnet.tasks.palette import colour_of

    if looked.data.task == "classify":
        return {}
    classes = looked.data.classes
    return {name: list(colour_of(number)) for number, name in enumerate(classes) if name != BACKGROUND}
