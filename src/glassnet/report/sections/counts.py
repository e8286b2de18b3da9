"""The pictures in numbers: who is on which side, which belong together, how large and how coloured they are."""

from typing import Any

import numpy as np

from glassnet.report.markup import Markup, tag
from glassnet.report.material import Data
from glassnet.report.page import table
from glassnet.report.pictures import figure, file_name, grid

_MEMBERS, _SKIPPED = 6, 300


def sides(data: Data) -> Markup | None:
    """Return how many pictures of each class, or that show each class, are on each side; None before a split."""
    if data.lock is None:
        return None
    found = {split: data.lock.rows(split) for split in ("train", "validation", "test")}
    shows = data.audit.present or tuple((label,) for label in data.labels.tolist())
    rows = [
        (name, *(f"{n:,}" for n in _with_sum([sum(number in shows[row] for row in part) for part in found.values()])))
        for number, name in enumerate(data.classes)
    ]
    rows.append(("all", *(f"{n:,}" for n in _with_sum([len(part) for part in found.values()]))))
    said = "A picture counts for every class that it shows." if data.audit.present else ""
    parts = tag("h3", "Who is on which side"), tag("p", said, cls="note") if said else None
    return tag("div", *parts, table(("class", *found, "together"), rows))


def _with_sum(numbers: list[int]) -> list[int]:
    return [*numbers, sum(numbers)]


def groups(data: Data) -> Markup | None:
    """Return what stays on one side together, with the pictures of the largest group as example."""
    found = data.audit.groups
    if not found.reason:
        return None
    parts: list[Markup | None] = [tag("h3", "Groups"), tag("p", f"{found.reason[0].upper()}{found.reason[1:]}.")]
    numbers = found.numbers
    if found.names and (numbers >= 0).any():
        largest = int(np.bincount(numbers[numbers >= 0]).argmax())
        rows = [row for row in np.flatnonzero(numbers == largest).tolist() if row not in data.audit.quarantined]
        parts.append(
            tag("p", "The largest group is ", tag("strong", found.names[largest]), f" with {len(rows):,} pictures:")
        )
        parts.append(
            grid([figure(data.picture(row), file_name(data.keys[row]), data.name(row)) for row in rows[:_MEMBERS]])
        )
    return tag("div", parts)


def sizes(data: Data) -> Markup | None:
    """Return sizes, formats and colours of the pictures that can be read."""
    known = data.audit.statistics
    rows = [(name, said) for name, said in _lines(known) if said]
    if not rows:
        return None
    return tag("div", tag("h3", "Sizes and colours"), _swatch(known), table(("", "of all pictures"), rows, words=2))


def _lines(known: dict[str, Any]) -> list[tuple[str, str]]:
    stored = known.get("stored", {})
    size = f"{stored['width']} × {stored['height']} pixels" if stored else ""
    kind = {1: ", grey", 3: ", colour"}.get(stored.get("channels", 0), "")
    names = ("red", "green", "blue") if len(known.get("mean_colour", ())) == 3 else ("grey",)
    spread = zip(names, known.get("mean_colour", ()), known.get("std_colour", ()), strict=False)
    return [
        ("width", _range(known.get("width"))),
        ("height", _range(known.get("height"))),
        ("stored for the network", f"{size}{kind}"),
        ("file format", _counts(known.get("format"))),
        ("colour mode", _counts(known.get("mode"))),
        ("without colour", f"{known['grey']:,}" if known.get("grey") else ""),
        ("mean ± spread, 0 to 255", ", ".join(f"{name} {mean:.0f} ± {std:.0f}" for name, mean, std in spread)),
        ("on disk", _bytes(known.get("bytes", 0))),
    ]


def _range(found: dict[str, int] | None) -> str:
    if not found:
        return ""
    if found["smallest"] == found["largest"]:
        return f"{found['smallest']:,} pixels"
    return f"{found['smallest']:,} to {found['largest']:,} pixels, half of them at most {found['median']:,}"


def _counts(found: dict[str, int] | None) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in (found or {}).items())


def _bytes(n: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n >= size:
            return f"{n / size:.3g} {unit}"
    return f"{n:,} bytes" if n else ""


def _swatch(known: dict[str, Any]) -> Markup | None:
    """Return a patch of the mean colour."""
    mean = known.get("mean_colour", ())
    if not len(mean):
        return None
    red, green, blue = (round(value) for value in (mean if len(mean) == 3 else [mean[0]] * 3))
    patch = tag("rect", width=40, height=20, rx=4, fill=f"rgb({red},{green},{blue})")
    drawn = tag("svg", patch, viewBox="0 0 40 20", width=40, height=20, aria_hidden="true", cls="swatch")
    return tag("p", drawn, " the mean colour of all pictures", cls="note")


def skipped(data: Data) -> Markup | None:
    """Return the files that are hidden or no pictures, which were passed over."""
    if not data.skipped:
        return None
    lines = [tag("li", key) for key in data.skipped[:_SKIPPED]]
    more = len(data.skipped) - _SKIPPED
    rest = tag("p", f"… and {more:,} more.", cls="note") if more > 0 else None
    title = f"Passed over, hidden or no pictures ({len(data.skipped):,})"
    return tag("details", tag("summary", title), tag("ul", lines, cls="files"), rest)
