"""What is wrong with the pictures: every finding with its reason, what to do, and the pictures; what was kept out; who is where."""

from dataclasses import dataclass
from itertools import islice

from glassnet.data.audit import Finding
from glassnet.report.annotated import annotated
from glassnet.report.markup import Markup, prose, tag
from glassnet.report.material import Data
from glassnet.report.page import Section, table
from glassnet.report.pictures import figure, file_name, grid
from glassnet.report.sections.annotations import counted, drawn
from glassnet.report.sections.counts import groups, sides, sizes, skipped

_SHOWN, _LISTED, _KEPT_OUT = 12, 300, 1000
_FEW = 3  # files that are listed without a click


@dataclass(frozen=True)
class _View:
    """The data with what each finding looks up: the row of a key, and the side of a row."""

    data: Data
    rows: dict[str, int]
    sides: dict[int, str]

    @property
    def drawn(self) -> bool:
        """Whether annotations are places in pictures, and drawn into them."""
        return self.data.truth is not None

    def is_whole(self, key: str) -> bool:
        """Whether there may be pixels to show: also of a picture that is kept out because of what is marked in it."""
        return key in self.rows and (self.drawn or self.rows[key] not in self.data.audit.quarantined)

    def picture(self, key: str, remark: str = "", plain: bool = False) -> Markup | None:
        """Return the picture with its class or what is marked in it, its side and name below; None where it cannot be read.

        `plain` leaves out what is marked, which would hide whether two pictures are the same.
        """
        row = self.rows[key]
        side = self.sides.get(row, "")
        name = side if self.drawn else ", ".join(filter(None, (self.data.name(row), side)))
        head = [tag("strong", name), tag("br")] if name else []
        caption = tag("span", head, file_name(key), f" {remark}" if remark else "")
        if plain or not self.drawn:
            return figure(self.data.picture(row), caption, name or key)
        pixels = annotated(self.data, row)
        return None if pixels is None else figure(pixels, caption, key, max(pixels.shape))


def section(data: Data) -> Section:
    """Return the findings, worst first."""
    view = _View(data, {key: row for row, key in enumerate(data.keys)}, _sides(data))
    findings = data.audit.findings
    parts: list[Markup | None] = [
        tag("p", tag("code", data.root), ": ", data.layout),
        tag("p", tag("strong", data.audit.summary())),
    ]
    if len(findings) > _FEW:
        parts.append(tag("ul", [tag("li", _link(i, found)) for i, found in enumerate(findings)], cls="found"))
    parts += [_finding(view, i, finding) for i, finding in enumerate(findings)]
    parts += [drawn(data), counted(data), _kept_out(data), sides(data), groups(data), sizes(data), skipped(data)]
    lead = "Leaks first, then errors, warnings and notes. Nothing was dropped without being listed here."
    return Section("pictures", "The pictures", lead, tag("div", parts))


def _sides(data: Data) -> dict[int, str]:
    if data.lock is None:
        return {}
    return {row: split for split in ("train", "validation", "test") for row in data.lock.rows(split).tolist()}


def _rank(finding: Finding) -> Markup:
    return tag("span", finding.rank, cls=f"rank rank-{finding.rank}")


def _link(number: int, finding: Finding) -> Markup:
    return tag("a", _rank(finding), " ", finding.title, href=f"#finding-{number}")


def _finding(view: _View, number: int, finding: Finding) -> Markup:
    pairs = [(a, b) for a, b, *_ in finding.details.get("pairs", [])]
    whole = [(a, b) for a, b in pairs if view.is_whole(a) and view.is_whole(b)]
    remarks = _remarks(finding)
    parts: list[Markup | None] = [
        tag("h3", _rank(finding), " ", finding.title, id=f"finding-{number}"),
        tag("p", tag("strong", "Why it matters: "), prose(finding.why)) if finding.why else None,
        tag("p", tag("strong", "What to do: "), prose(finding.todo)) if finding.todo else None,
        _told(finding, remarks),
        _per_class(view.data, finding),
    ]
    if whole:
        shown = [
            tag("div", view.picture(a, plain=True), view.picture(b, plain=True), cls="pair") for a, b in whole[:_SHOWN]
        ]
        parts.append(tag("div", shown, cls="pairs"))
        parts.append(_more(len(whole), "pairs"))
    else:
        keys = [key for key in finding.keys if view.is_whole(key)]
        shown = list(islice(filter(None, (view.picture(key, remarks.get(key, "")) for key in keys)), _SHOWN))
        if shown:
            parts.append(grid(shown, wide=view.drawn))
            parts.append(_more(len(keys), "pictures"))
    parts.append(_files(finding, pairs, remarks))
    return tag("div", parts, cls="finding")


def _remarks(finding: Finding) -> dict[str, str]:
    """Return what the finding says of single files: `a.png (12×9)` becomes {a.png: (12×9)}."""
    lines = [str(line) for line in finding.details.get("shown", ())]
    found = {}
    for key, line in zip(finding.keys, lines, strict=False):
        if line.startswith(f"{key} ("):
            found[key] = line.removeprefix(f"{key} ")
    return found


def _told(finding: Finding, remarks: dict[str, str]) -> Markup | None:
    """Return the finding's own examples where they are about something else than files or pairs: classes, groups, counts."""
    lines = finding.details.get("shown", ())
    if not lines or remarks or "pairs" in finding.details:
        return None
    return tag("ul", [tag("li", str(line)) for line in lines])


def _per_class(data: Data, finding: Finding) -> Markup | None:
    counts = finding.details.get("per_class")
    if not counts:
        return None
    sizes = data.audit.statistics.get("classes", {})
    rows = [(name, f"{n:,}", f"{n / sizes[name]:.0%}" if sizes.get(name) else "") for name, n in counts.items()]
    return table(("class", "pictures", "of its class"), rows)


def _files(finding: Finding, pairs: list[tuple[str, str]], remarks: dict[str, str]) -> Markup | None:
    """Return every file concerned, up to a page that can still be opened; few are listed at once, more behind a click."""
    lines = [f"{b} = {a}" for a, b in pairs] or [f"{key} {remarks.get(key, '')}".rstrip() for key in finding.keys]
    if not lines:
        return None
    listed = tag("ul", [tag("li", line) for line in lines[:_LISTED]], cls="files")
    if len(lines) <= _FEW:
        return listed
    what = "pairs" if pairs else "files"
    rest = _more(len(lines), f"{what}; `glassnet audit --json` lists them all", _LISTED)
    return tag("details", tag("summary", f"All {what} ({len(lines):,})"), listed, rest)


def _more(total: int, what: str, shown: int = _SHOWN) -> Markup | None:
    return tag("p", prose(f"… and {total - shown:,} more {what}."), cls="note") if total > shown else None


def _kept_out(data: Data) -> Markup | None:
    rows = [(data.keys[row], reason) for row, reason in data.audit.quarantined.items()] + list(data.refused)
    if not rows:
        return None
    said = "They are in no split, so nothing was trained or scored with them."
    shown = table(("file", "why"), rows[:_KEPT_OUT], f"{len(rows):,} of all files", words=2)
    return tag("div", tag("h3", "Kept out of everything"), tag("p", said), shown, _more(len(rows), "files", _KEPT_OUT))
