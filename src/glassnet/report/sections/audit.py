"""What is wrong with the pictures: findings with the pictures concerned, what was kept out, groups, who is on which side."""

from collections import Counter

from glassnet.data.audit import Finding
from glassnet.report.markup import Markup, prose, tag
from glassnet.report.material import Data
from glassnet.report.page import Section, table
from glassnet.report.pictures import figure, file_name, grid, image

_PAIRS, _PICTURES, _KEPT_OUT = 6, 12, 50
_COUNTED = ("classes", "splits", "without_split")  # these stand in the table of sides


def section(data: Data) -> Section:
    """Return the findings, worst first."""
    places = {key: row for row, key in enumerate(data.keys)}
    parts: list[Markup | None] = [tag("p", data.layout), tag("p", tag("strong", data.audit.summary()))]
    parts += [_finding(data, finding, places) for finding in data.audit.findings]
    parts += [_kept_out(data), _sides(data), _groups(data), _statistics(data)]
    lead = "Leaks first, then errors, warnings and notes. Nothing was dropped without being listed here."
    return Section("pictures", "The pictures", lead, tag("div", parts))


def _finding(data: Data, finding: Finding, places: dict[str, int]) -> Markup:
    parts: list[Markup | None] = [
        tag("h3", tag("span", finding.rank, cls=f"rank rank-{finding.rank}"), " ", finding.title),
        tag("p", prose(finding.why)) if finding.why else None,
        tag("p", prose(finding.todo)) if finding.todo else None,
    ]
    pairs = [pair for pair in finding.details.get("pairs", []) if all(key in places for key in pair[:2])]
    keys = [key for key in finding.keys if key in places and places[key] not in data.audit.quarantined]
    if pairs:
        parts.append(grid([_pair(data, places[a], places[b]) for a, b, *_ in pairs[:_PAIRS]]))
        parts.append(_more(len(pairs), _PAIRS, "pairs"))
    elif keys:
        parts.append(grid([_picture(data, places[key]) for key in keys[:_PICTURES]]))
        parts.append(_more(len(keys), _PICTURES, "pictures"))
    lines = [str(line) for line in finding.details.get("shown", finding.keys)]
    if len(lines) > 3 or (lines and not pairs and not keys):
        total = int(finding.details.get("count", len(lines)))
        listed = tag("ul", [tag("li", line) for line in lines[:200]])
        parts.append(
            tag("details", tag("summary", f"Files ({total:,})"), listed, _more(total, min(len(lines), 200), "files"))
        )
    return tag("div", parts)


def _picture(data: Data, row: int) -> Markup:
    return figure(data.picture(row), file_name(data.keys[row]), data.name(row))


def _pair(data: Data, first: int, second: int) -> Markup:
    both = tag("div", [image(data.picture(row), data.name(row)) for row in (first, second)], cls="pair")
    return tag("figure", both, tag("figcaption", file_name(data.keys[first]), tag("br"), file_name(data.keys[second])))


def _more(total: int, shown: int, what: str) -> Markup | None:
    return tag("p", f"… and {total - shown:,} more {what}.", cls="note") if total > shown else None


def _kept_out(data: Data) -> Markup | None:
    reasons = data.audit.quarantined
    if not reasons:
        return None
    rows = [(data.keys[row], reason) for row, reason in list(reasons.items())[:_KEPT_OUT]]
    shown = table(("file", "why"), rows, f"Kept out of everything: {len(reasons):,}", words=2)
    return tag("div", shown, _more(len(reasons), _KEPT_OUT, "files"))


def _sides(data: Data) -> Markup | None:
    """Return how many pictures of each class are on each side."""
    if data.lock is None:
        return None
    sides = {split: data.lock.rows(split) for split in ("train", "validation", "test")}
    counts = {split: Counter(data.labels[rows].tolist()) for split, rows in sides.items()}
    rows = [(name, *(f"{counts[split][number]:,}" for split in sides)) for number, name in enumerate(data.classes)]
    rows.append(("all", *(f"{len(found):,}" for found in sides.values())))
    return table(("class", *sides), rows, "Who is on which side")


def _groups(data: Data) -> Markup | None:
    found = data.audit.groups
    return tag("p", "Groups: ", found.reason) if found.reason else None


def _statistics(data: Data) -> Markup | None:
    rows = [
        (name.replace("_", " "), _value(value)) for name, value in data.audit.statistics.items() if name not in _COUNTED
    ]
    if not rows:
        return None
    return tag("details", tag("summary", "Sizes and colours"), table(("", "value"), rows, "Statistics", words=2))


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(part) for part in value)
    return str(value)
