"""The audit of boxes, outlines and masks: what is wrong with each, what becomes of its picture, and what the sound ones are like.

A picture with a bad annotation is kept out of training and of every score: a thing that is there and not named must not be taught as
background. Everything that can be used in spite of what is odd about it is a warning or a note.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.data.audit.boxes import BoxCheck, check_boxes, doubles
from glassnet.data.audit.findings import Finding, pictures
from glassnet.data.audit.masks import Looks, boxes_of, class_pixels, faults_of_masks, look_at_masks, soft
from glassnet.data.audit.outlines import crosses_itself, faults_of_outlines
from glassnet.data.audit.things import count_findings, overlap_findings, size_findings, statistics_of
from glassnet.data.catalog import Catalog, ClassLabel, Mask, MaskFile, Polygon, Things
from glassnet.data.extents import ThingTable, extent, thing_table
from glassnet.data.headers import header
from glassnet.data.labels import Presence, presence
from glassnet.data.store import Store
from glassnet.errors import DataError

_WHY = (
    "What is wrongly marked is wrongly taught, and a thing that is not marked is taught as background; so these pictures are kept out of "
    "training and of every score."
)
_CORRECT = "Correct the annotations; the reason stands with each."
_AGAIN = "Export or download it again; the reason stands with each."
# code: what a picture has, and what to do. A code that is not here is told in general words.
_FAULTS: dict[str, tuple[str, str]] = {
    "missing_annotation": ("no annotation", "Add it (an empty one where nothing is to be seen), or take the picture away."),
    "no_mask": ("no mask", "Add the mask, or take the picture away."),
    "bad_xml": ("an annotation that cannot be read", _AGAIN),
    "bad_line": ("an annotation that cannot be read", _AGAIN),
    "not_utf8": ("an annotation that is not UTF-8 text", "Save it as UTF-8."),
    "missing_size": ("an annotation whose picture cannot be measured", "Copy or download the picture again."),
    "bad_number": ("coordinates that are no numbers", _CORRECT),
    "unknown_class": ("a thing of an unknown class", "Correct the class, or add it to the list of classes."),
    "unit": ("coordinates in the wrong unit", "Write pixels where pixels are expected, and fractions where fractions are (YOLO)."),
    "picture_size": ("another size than its annotation says", "Annotate the picture as it is now, or put the annotated one back."),
    "turned_picture": (
        "an annotation of it as it was before its EXIF rotation",
        "Save the pictures upright without EXIF rotation and annotate them anew, or turn the annotations with them.",
    ),
    "box_reversed": ("a reversed box", "Exchange its corners."),
    "box_empty": ("a box of no size", "Delete the box, or draw it again."),
    "box_outside": ("a box outside the picture", "Draw it again; are picture and annotation of one size?"),
    "no_place": ("a thing without box or shape", _CORRECT),
    "bad_polygon": ("an outline that cannot be used", "Draw it again with at least three points."),
    "bad_rle": ("run lengths that do not fit the picture", _CORRECT),
    "shape_empty": ("a shape that covers nothing", "Delete the thing, or draw it again."),
    "unreadable_mask": ("a mask that cannot be read", "Copy or export the mask again."),
    "colour_mask": ("a colour mask where numbers of things are expected", "Save the mask with one value per thing."),
    "mask_size": ("a mask of another size", "Export the mask at the size of its picture."),
    "mask_values": ("a mask with unknown values", "Name the values (classes.csv), or correct the mask."),
    "lossy_mask": ("a lossy mask", "Save the masks as PNG from the original; JPEG changes values along every edge."),
}  # fmt: skip
_OUTLINES_LOOKED_AT = 20_000
_DIFFER = 0.5


@dataclass(frozen=True, eq=False)
class Annotations:
    """What came of the annotations: findings, the reason for each row that is kept out, the classes in each picture, and counts."""

    findings: list[Finding] = field(default_factory=list)
    quarantined: dict[int, str] = field(default_factory=dict)
    present: Presence = ()
    statistics: dict[str, Any] = field(default_factory=dict)


class _Faults:
    """Everything that keeps pictures out: rows and reasons by code."""

    def __init__(self) -> None:
        self.by_code: dict[str, dict[int, list[str]]] = {}

    def add(self, code: str, row: int, reason: str) -> None:
        self.by_code.setdefault(code, {}).setdefault(row, []).append(reason.rstrip("."))

    def reasons(self) -> dict[int, str]:
        """One sentence per row: the first reason, and how many more there are."""
        every: dict[int, list[str]] = {}
        for rows in self.by_code.values():
            for row, reasons in rows.items():
                every.setdefault(row, []).extend(reasons)
        return {row: _first(reasons) + "." for row, reasons in sorted(every.items())}

    def findings(self, catalog: Catalog) -> list[Finding]:
        found = []
        for code, rows in self.by_code.items():
            what, todo = _FAULTS.get(code, ("an annotation that cannot be used", _CORRECT))
            keys = tuple(catalog.examples[row].key for row in rows)
            shown = [f"{key} ({_first(reasons)})" for key, reasons in zip(keys, rows.values(), strict=True)]
            title = pictures(len(rows), f"has {what}", f"have {what}")
            found.append(Finding(code, "error", title, keys, _WHY, todo, {"shown": shown[:20], "count": len(shown)}))
        return found


def audit_annotations(catalog: Catalog, store: Store) -> Annotations:
    """Look at every box, outline and mask of a catalog whose task is not classify. Mask files are read once, pictures are not."""
    sizes = np.stack([store.rows["height"], store.rows["width"]], axis=1).astype(np.float64)
    good = store.good
    sizes[~good] = np.nan
    looks = look_at_masks(catalog)
    faults = _Faults()
    for row, example in enumerate(catalog.examples):
        if good[row] and not isinstance(example.annotation, ClassLabel):
            _look_at(catalog, row, looks, store, faults)
    table = thing_table(catalog, None, boxes_of(looks))
    table = table.where(good[table.row])
    boxes = check_boxes(catalog, table, sizes)
    for code, row, reason in boxes.faults:
        faults.add(code, row, reason)
    quarantined = faults.reasons()
    usable = good & ~np.isin(np.arange(len(catalog)), list(quarantined))
    sound = table.where(usable[table.row])
    pixels = _pixels(catalog, looks, usable)
    present = presence(catalog, [sorted(set(counts) - {-1}) for counts in pixels])
    findings = [
        *faults.findings(catalog),
        *size_findings(catalog, sound, sizes, store.settings),
        *_odd_boxes(catalog, sound, boxes, usable),
        *_odd_shapes(catalog, usable, looks),
        *count_findings(catalog, sound, usable),
        *_uneven_pixels(catalog, pixels),
        *overlap_findings(catalog, store, usable),
    ]
    return Annotations(findings, quarantined, present, _statistics(catalog, sound, sizes, store, usable, pixels))


def _look_at(catalog: Catalog, row: int, looks: Looks, store: Store, faults: _Faults) -> None:
    """Put down what is wrong with the annotation of one readable picture, apart from its boxes."""
    example = catalog.examples[row]
    annotation = example.annotation
    assert not isinstance(annotation, ClassLabel), "the caller looks at boxes and masks only"
    height, width = int(store.rows["height"][row]), int(store.rows["width"][row])
    for fault in annotation.faults:
        faults.add(fault.code, row, fault.reason)
    known = {fault.code for fault in annotation.faults}
    if isinstance(annotation, Mask) and not annotation.key and not known:
        faults.add("no_mask", row, "it has no mask")
    if isinstance(annotation, Things) and annotation.size and annotation.size != (height, width):
        code, reason = _other_size(catalog, example.key, annotation.size, (height, width))
        faults.add(code, row, reason)
    if "unreadable_mask" not in known and "lossy_mask" not in known:
        for code, reason in faults_of_masks(annotation, looks, height, width):
            faults.add(code, row, reason)
    if isinstance(annotation, Things):
        for code, reason in faults_of_outlines(annotation, height, width):
            faults.add(code, row, reason)
        for thing in annotation.things:
            if thing.box is None and thing.shape is None:
                faults.add("no_place", row, f"{thing.label} has neither a box nor a shape")


def _other_size(catalog: Catalog, key: str, claimed: tuple[int, int], real: tuple[int, int]) -> tuple[str, str]:
    reason = f"the annotation says {claimed[1]}×{claimed[0]}, the picture is {real[1]}×{real[0]}"
    if claimed == real[::-1]:
        try:
            turned = header(catalog.source.read(key)).orientation > 4
        except DataError:
            turned = False
        if turned:
            return "turned_picture", f"{reason} upright: it was annotated as stored, before its EXIF rotation"
        return "picture_size", f"{reason}: height and width are exchanged"
    return "picture_size", reason


def _pixels(catalog: Catalog, looks: Looks, usable: np.ndarray) -> list[dict[int, int]]:
    """Return, per row, how many pixels each class has in a mask of classes; -1 counts ignored ones. Empty for other annotations."""
    number = {name: i for i, name in enumerate(catalog.classes)}
    return [
        class_pixels(example.annotation, looks[example.annotation.key], number)
        if usable[row] and isinstance(example.annotation, Mask) and example.annotation.key in looks
        else {}
        for row, example in enumerate(catalog.examples)
    ]


def _odd_boxes(catalog: Catalog, sound: ThingTable, boxes: BoxCheck, usable: np.ndarray) -> list[Finding]:
    found = []
    twice = doubles(catalog, sound)
    if twice:
        exact = sum(same for _, _, same in twice)
        kinds = "exactly" if exact == len(twice) else f"{exact:,} of them exactly" if exact else "nearly"
        lines = [(row, f"{what}{', exactly' if same else ''}") for row, what, same in twice]
        title = f"{len(twice):,} thing{'' if len(twice) == 1 else 's'} may be marked twice, {kinds}"
        why = "Each counts twice in training, and a network that finds it once is told that it missed one."
        found.append(_listed(catalog, "duplicate_boxes", "warning", title, lines, why, "Delete one of the two."))
    clipped = [(row, what) for row, what in boxes.clipped if usable[row]]
    if clipped:
        n = len(clipped)
        title = f"{n:,} box{' reaches' if n == 1 else 'es reach'} over the edge by a hair and {'is' if n == 1 else 'are'} cut there"
        found.append(_listed(catalog, "box_clipped", "note", title, clipped, "", ""))
    beyond = [(row, what) for row, what in boxes.outlines if usable[row]]
    if beyond:
        title = (
            f"{len(beyond):,} outline{' reaches' if len(beyond) == 1 else 's reach'} over the edge and are cut there"
        )
        why = "If they do not belong to things that leave the picture, picture and annotation do not fit."
        found.append(_listed(catalog, "outline_clipped", "warning", title, beyond, why, "Look at some of them."))
    return found


def _odd_shapes(catalog: Catalog, usable: np.ndarray, looks: Looks) -> list[Finding]:
    """Outlines that cross themselves or have several parts, boxes that are not around them, masks with soft edges."""
    crossing, parts, apart, soft_masks = [], [], [], []
    looked = 0
    for row in np.flatnonzero(usable).tolist():
        annotation = catalog.examples[row].annotation
        if not isinstance(annotation, Things):
            continue
        if soft(annotation, looks):
            soft_masks.append((row, "more than two values"))
        for thing in annotation.things:
            if thing.box is not None and thing.shape is not None and not isinstance(thing.shape, MaskFile):
                around = extent(thing.shape)
                if around is not None and _overlap(thing.box, around) < _DIFFER:
                    apart.append((row, thing.label))
            if isinstance(thing.shape, Polygon):
                looked += 1
                if looked <= _OUTLINES_LOOKED_AT and any(map(crosses_itself, thing.shape.parts)):
                    crossing.append((row, thing.label))
                if len(thing.shape.parts) > 1:
                    parts.append((row, f"{thing.label} in {len(thing.shape.parts)} parts"))
    found = []
    if crossing:
        of = f" of {_OUTLINES_LOOKED_AT:,} looked at" if looked > _OUTLINES_LOOKED_AT else ""
        title = f"{len(crossing):,} outline{' crosses itself' if len(crossing) == 1 else 's cross themselves'}{of}"
        why = "What lies between the crossings may count as outside."
        found.append(_listed(catalog, "crossing_outline", "warning", title, crossing, why, "Draw them again."))
    if apart:
        title = f"{len(apart):,} box{' is' if len(apart) == 1 else 'es are'} not around {'its' if len(apart) == 1 else 'their'} outline"
        why = "One of the two is wrong; boxes are learnt for detect, outlines for instances and segment."
        found.append(_listed(catalog, "box_apart", "warning", title, apart, why, "Look at them and correct one."))
    if soft_masks:
        title = pictures(len(soft_masks), "has", "have") + " masks of one thing with more than two values"
        why = "Everything that is not 0 counts as the thing; soft edges make it larger."
        todo = "If the values number things, put the mask beside the picture instead of into a folder per picture."
        found.append(_listed(catalog, "soft_mask", "warning", title, soft_masks, why, todo))
    if parts:
        title = f"{len(parts):,} thing{' has an outline' if len(parts) == 1 else 's have outlines'} in several parts"
        found.append(_listed(catalog, "several_parts", "note", title, parts, "", ""))
    return found


def _uneven_pixels(catalog: Catalog, pixels: Sequence[dict[int, int]]) -> list[Finding]:
    totals = _totals(catalog, pixels)
    present = np.flatnonzero(totals)
    if len(present) < 2 or totals[present].max() < 10 * totals[present].min():
        return []
    shares = totals / totals.sum()
    order = present[np.argsort(-totals[present], kind="stable")]
    large, small = catalog.classes[order[0]], catalog.classes[order[-1]]
    return [
        Finding(
            "pixel_imbalance",
            "warning" if shares[order[-1]] < 0.01 else "note",
            f"{large!r} covers {shares[order[0]]:.1%} of the pixels, {small!r} {shares[order[-1]]:.2%}",
            (),
            "Rare classes are learnt last, although mean IoU gives every class the same weight.",
            "Read the table per class; pictures that show the rare ones help most.",
            {
                "shown": [f"{catalog.classes[i]} {shares[i]:.2%}" for i in order],
                "shares": {catalog.classes[i]: round(float(shares[i]), 6) for i in order},
            },
        )
    ]


def _totals(catalog: Catalog, pixels: Sequence[dict[int, int]]) -> np.ndarray:
    totals = np.zeros(len(catalog.classes), np.int64)
    for counts in pixels:
        for label, count in counts.items():
            if label >= 0:
                totals[label] += count
    return totals


def _statistics(
    catalog: Catalog,
    sound: ThingTable,
    sizes: np.ndarray,
    store: Store,
    usable: np.ndarray,
    pixels: Sequence[dict[int, int]],
) -> dict[str, Any]:
    found: dict[str, Any] = {"annotated": int(usable.sum())}
    if any(isinstance(example.annotation, Things) for example in catalog.examples):
        found["things"] = statistics_of(catalog, sound, sizes, store.settings, usable)
    totals, ignored = _totals(catalog, pixels), sum(counts.get(-1, 0) for counts in pixels)
    if totals.sum():
        found["pixels"] = {
            "per_class": dict(zip(catalog.classes, (totals / totals.sum()).round(6).tolist(), strict=True)),
            "ignored": round(ignored / float(totals.sum() + ignored), 6),
        }
    return found


def _listed(
    catalog: Catalog, code: str, rank: str, title: str, lines: Sequence[tuple[int, str]], why: str, todo: str
) -> Finding:
    """A finding about things: its files each once, with what was found in each."""
    by_row: dict[int, list[str]] = {}
    for row, what in lines:
        by_row.setdefault(row, []).append(what)
    keys = tuple(catalog.examples[row].key for row in by_row)
    shown = [f"{key} ({_first(whats)})" for key, whats in zip(keys, by_row.values(), strict=True)]
    details = {"shown": shown[:20], "count": len(shown), "things": len(lines)}
    return Finding(code, rank, title, keys, why, todo, details)


def _first(reasons: Sequence[str]) -> str:
    return reasons[0] + (f"; and {len(reasons) - 1:,} more" if len(reasons) > 1 else "")


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(0.0, across) * max(0.0, down)
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / area if area > 0 else 0.0
