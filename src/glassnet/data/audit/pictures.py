"""Findings about single pictures: unreadable, truncated, too large, wrong extension, odd mode, tiny, blank, odd shape, grey."""

from collections import Counter
from typing import Any

import numpy as np

from glassnet.data.audit.classes import Members
from glassnet.data.audit.duplicates import BLANK_CONTRAST
from glassnet.data.audit.findings import Finding, pictures
from glassnet.data.catalog import Catalog
from glassnet.data.store import Store

_PLAIN_MODES = {"RGB", "L", "1", "P"}
_BAD = {
    "unreadable": ("cannot be read", "Look at the files; export or download them again."),
    "unsupported": ("have a format that is not read", "Convert them to JPEG or PNG."),
    "empty": ("are empty files", "Copy or download them again."),
    "truncated": ("end before all pixels are there", "Copy or download them again."),
    "corrupt": ("are damaged", "Copy or download them again."),
    "too_large": ("have more pixels than allowed", "Make them smaller, or raise data.max_pixels."),
    "crashed": ("made the decoder crash", "Open and save them again with an image editor."),
}


def bad_pictures(catalog: Catalog, store: Store) -> list[Finding]:
    """Return one finding per kind of fault for pictures that are kept out, with the reason of each file."""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for row, problem in sorted(store.problems.items()):
        kinds.setdefault(problem.code, []).append((catalog.examples[row].key, problem.reason))
    why = "They are kept out of training and of every score, so the numbers are about the others only."
    found = []
    for code, files in kinds.items():
        what, todo = _BAD.get(code, _BAD["unreadable"])
        one = what.replace("have ", "has ").replace("are ", "is ").replace("end ", "ends ")
        shown = [f"{key} ({reason.rstrip('.')})" for key, reason in files]
        title = pictures(len(files), one, what)
        details = {"shown": shown[:20], "count": len(files)}
        found.append(Finding(code, "error", title, tuple(key for key, _ in files), why, todo, details))
    if catalog.quarantined:
        shown = [f"{q.key} ({q.reason.rstrip('.')})" for q in catalog.quarantined]
        keys = tuple(q.key for q in catalog.quarantined)
        todo = "Correct or delete them; the reason stands with each."
        found.append(
            Finding(
                "kept_out",
                "error",
                f"{len(keys):,} file{'' if len(keys) == 1 else 's'} could not be taken in",
                keys,
                why,
                todo,
                {"shown": shown[:20], "count": len(keys)},
            )
        )
    return found


def odd_pictures(catalog: Catalog, store: Store, fit: str) -> list[Finding]:
    """Return findings about pictures that can be used but may not be what the user thinks."""
    rows, good = store.rows, store.good
    short = np.minimum(rows["height"], rows["width"])
    size = min(store.settings.height, store.settings.width)
    tiny = good & (short < max(4, size // 2))
    blank = good & (rows["contrast"] < BLANK_CONTRAST)
    frames = good & (rows["frames"] > 1)
    grey = good & rows["grey"]
    found = [
        _about(catalog, "wrong_extension", "warning", good & rows["mismatch"], "has", "have", "an extension of another format",
               "Other programs may refuse or misread them; here the content decides.", "Rename them.",
               lambda i: f"{catalog.examples[i].key} (is {rows['format'][i].decode()})"),
        _about(catalog, "blank", "warning", blank, "is", "are", "one even colour",
               "There is nothing to learn from them, and they teach the network to guess.",
               "Look whether they are failed exposures or exports; delete them or make `empty` a class.", None),
        _about(catalog, "tiny", "warning", tiny, "is", "are", f"less than half as large as the {size} pixels the network sees",
               "Enlarged pictures are blurred, and the network may learn blur instead of content.",
               "Use larger originals, or a smaller data.size.",
               lambda i: f"{catalog.examples[i].key} ({rows['width'][i]}×{rows['height'][i]})"),
        _about(catalog, "several_frames", "note", frames, "holds", "hold", "several frames or pages; the first is used",
               "Whatever only later frames show is not seen.", "Save the wanted frame as a picture of its own.",
               lambda i: f"{catalog.examples[i].key} ({rows['frames'][i]} frames)"),
    ]  # fmt: skip
    if 0 < grey.sum() < 0.5 * good.sum() and store.settings.channels == 3:
        found.append(
            _about(catalog, "grey_among_colour", "note", grey, "has", "have", "no colour, among coloured ones",
                   "If one class has most of them, colour gives the class away.", "Compare the share per class in the details.", None,
                   {"per_class": _per_class(catalog, grey)} if catalog.task == "classify" else None)
        )  # fmt: skip
    return [f for f in (*found, _modes(catalog, store), _shapes(catalog, store, fit)) if f is not None]


def _modes(catalog: Catalog, store: Store) -> Finding | None:
    modes = np.array([mode.decode() for mode in store.rows["mode"].tolist()])
    odd = store.good & ~np.isin(modes, list(_PLAIN_MODES))
    kinds = ", ".join(f"{n:,} {mode}" for mode, n in Counter(modes[odd].tolist()).most_common())
    return _about(catalog, "odd_mode", "note", odd, "has", "have", f"an unusual colour mode ({kinds})",
                  "Transparency is laid over white, 16 bits are scaled to 8, CMYK becomes RGB without its profile.",
                  "Nothing, if that is right for these pictures.", lambda i: f"{catalog.examples[i].key} ({modes[i]})")  # fmt: skip


def _shapes(catalog: Catalog, store: Store, fit: str) -> Finding | None:
    height, width = (np.maximum(store.rows[side].astype(float), 1) for side in ("height", "width"))
    wanted = store.settings.width / store.settings.height
    lost = 1 - np.minimum(width / height / wanted, wanted * height / width)
    far = store.good & (lost > 0.4)
    if fit == "crop":
        what, todo = "loses more than 40 % of its area to the square crop", "Try data.fit: pad, which keeps everything."
    elif fit == "pad":
        what, todo = "is more than 40 % border after padding", "Try data.fit: crop, if the subject is in the middle."
    else:
        what, todo = "is stretched by more than 1.6", "Try data.fit: crop or pad, which keep shapes."
    many = what.replace("loses", "lose").replace("its area", "their area").replace("is ", "are ", 1)
    n = int(far.sum())
    rank = "warning" if n > 0.2 * store.good.sum() else "note"
    return _about(catalog, "odd_shape", rank, far, what, many, "", "What is cut away or bent cannot be learnt.", todo,
                  lambda i: f"{catalog.examples[i].key} ({int(width[i])}×{int(height[i])})")  # fmt: skip


def _about(
    catalog: Catalog,
    code: str,
    rank: str,
    which: np.ndarray,
    one: str,
    many: str,
    what: str,
    why: str,
    todo: str,
    show: Any,
    details: dict[str, Any] | None = None,
) -> Finding | None:
    rows = np.flatnonzero(which)
    if not len(rows):
        return None
    keys = tuple(catalog.examples[i].key for i in rows)
    details = dict(details or {})
    if show is not None:
        details |= {"shown": [show(i) for i in rows[:20]], "count": len(rows)}
    return Finding(code, rank, pictures(len(rows), f"{one} {what}", f"{many} {what}"), keys, why, todo, details)


def _per_class(catalog: Catalog, which: np.ndarray) -> dict[str, int]:
    counts = Counter(getattr(catalog.examples[i].annotation, "name", "") for i in np.flatnonzero(which))
    return dict(sorted(counts.items()))


def statistics(catalog: Catalog, store: Store, shows: Members, splits: np.ndarray) -> dict[str, Any]:
    """Return sizes, formats, modes, colours, and the pictures of each class and split, as plain JSON values."""
    good = store.good
    counts = shows.counts(len(catalog.classes), np.ones(len(catalog), bool)).tolist()
    rows = store.rows[good]
    found: dict[str, Any] = {
        "pictures": len(catalog),
        "usable": int(good.sum()),
        "classes": dict(zip(catalog.classes, counts, strict=True)),
        "splits": {name: int((splits == i).sum()) for i, name in enumerate(("train", "validation", "test"))},
        "without_split": int((splits < 0).sum()),
        "stored": {"height": store.settings.height, "width": store.settings.width, "channels": store.settings.channels},
    }
    if len(rows):
        for side in ("height", "width"):
            low, middle, high = np.percentile(rows[side], (0, 50, 100), method="nearest")
            found[side] = {"smallest": int(low), "median": int(middle), "largest": int(high)}
        for name in ("format", "mode"):
            found[name] = {k.decode(): n for k, n in Counter(rows[name].tolist()).most_common()}
        channels = store.settings.channels
        found["mean_colour"] = [round(float(v), 2) for v in rows["mean"].mean(axis=0)[:channels]]
        found["std_colour"] = [round(float(v), 2) for v in rows["std"].mean(axis=0)[:channels]]
        found["grey"] = int(rows["grey"].sum())
        found["bytes"] = int(rows["size"].sum())
    return found
