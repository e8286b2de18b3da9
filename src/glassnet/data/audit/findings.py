"""Findings, and the audit that holds them: what is wrong, which files, why it matters and what to do; worst first."""

import html
from dataclasses import asdict, dataclass, field
from typing import Any

from glassnet.data.audit.groups import Groups
from glassnet.errors import StorageError

RANKS = ("leak", "error", "warning", "note")
_SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or worth knowing.

    `code` is stable and short (near_duplicates), `rank` one of RANKS, `title` a sentence with the count, `keys` every file concerned,
    `why` it matters, `todo` what to do. `details` are plain JSON values: `shown` holds lines to print instead of bare keys, `pairs`
    all pairs of keys.
    """

    code: str
    rank: str
    title: str
    keys: tuple[str, ...] = ()
    why: str = ""
    todo: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def examples(self, most: int = _SHOWN) -> str:
        """Return some of the files in one line, ending in `…and 12 more`."""
        lines = [str(line) for line in self.details.get("shown", self.keys)]
        more = int(self.details.get("count", len(lines))) - most
        return ", ".join(lines[:most]) + (f" …and {more:,} more" if more > 0 else "")


@dataclass(frozen=True)
class Audit:
    """What was found in a data set. Row numbers are places in `catalog.examples`.

    `quarantined` maps rows that are kept out to the reason. `groups` names what stays on one side of a split. `leaks` has, for
    validation and test, the rows whose picture (or nearly the same one) is also in train. `twins` are the families of rows that show the
    same picture, exactly or nearly. `statistics` are plain JSON values. `present` names the classes that each row shows, where boxes or
    masks were asked for; it is empty for classify.
    """

    findings: tuple[Finding, ...]
    quarantined: dict[int, str]
    groups: Groups
    leaks: dict[str, tuple[int, ...]]
    twins: tuple[tuple[int, ...], ...]
    statistics: dict[str, Any]
    present: tuple[tuple[int, ...], ...] = ()

    def __getitem__(self, code: str) -> Finding:
        """Return the finding of this code. Raises KeyError where there is none."""
        for finding in self.findings:
            if finding.code == code:
                return finding
        raise KeyError(code)

    def __contains__(self, code: object) -> bool:
        return any(finding.code == code for finding in self.findings)

    def text(self) -> str:
        """Return the audit for a terminal: one line of summary, then every finding, worst first, in at most four lines each."""
        lines = [f"audit: {self.summary()}"]
        for finding in self.findings:
            lines.append(f"  {finding.rank.upper():8}{finding.title}")
            indent = " " * 10
            if shown := finding.examples():
                lines.append(f"{indent}{shown}")
            if finding.rank != "note":
                lines += [f"{indent}why: {finding.why}"] if finding.why else []
                lines += [f"{indent}do:  {finding.todo}"] if finding.todo else []
        return "\n".join(lines)

    def summary(self) -> str:
        """Return one line: how many pictures and classes, and how many findings of each rank."""
        counts = [(rank, sum(f.rank == rank for f in self.findings)) for rank in RANKS]
        found = ", ".join(f"{count} {rank}{'s' if count > 1 else ''}" for rank, count in counts if count)
        kept_out = f", {len(self.quarantined):,} kept out" if self.quarantined else ""
        pictures, classes = self.statistics.get("pictures", 0), self.statistics.get("classes", {})
        things = self.statistics.get("things", {}).get("count")
        marked = f", {things:,} things" if things is not None else ""
        kinds = f"{len(classes)} class{'' if len(classes) == 1 else 'es'}"
        return f"{pictures:,} pictures, {kinds}{marked}{kept_out}; {found or 'nothing found'}"

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        rows = []
        for finding in self.findings:
            cells = (finding.rank, finding.title, finding.examples(), finding.why, finding.todo)
            rows.append("<tr>" + "".join(f"<td style='text-align:left'>{html.escape(c)}</td>" for c in cells) + "</tr>")
        head = "".join(f"<th>{name}</th>" for name in ("rank", "what", "files", "why it matters", "what to do"))
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>" if rows else ""
        return f"<p><b>Audit</b>: {html.escape(self.summary())}</p>{table}"

    def as_dict(self) -> dict:
        """Return plain JSON values; `audit_from_dict` is the inverse."""
        return {
            "findings": [asdict(f) | {"keys": list(f.keys)} for f in self.findings],
            "quarantined": {str(row): reason for row, reason in self.quarantined.items()},
            "groups": self.groups.as_dict(),
            "leaks": {split: list(rows) for split, rows in self.leaks.items()},
            "twins": [list(family) for family in self.twins],
            "statistics": self.statistics,
            **({"present": [list(labels) for labels in self.present]} if self.present else {}),
        }


def audit_from_dict(values: dict) -> Audit:
    """Rebuild an audit from what `as_dict` gave. Raises StorageError when something is missing."""
    try:
        return Audit(
            tuple(Finding(**f | {"keys": tuple(f["keys"])}) for f in values["findings"]),
            {int(row): reason for row, reason in values["quarantined"].items()},
            Groups.from_dict(values["groups"]),
            {split: tuple(rows) for split, rows in values["leaks"].items()},
            tuple(tuple(family) for family in values["twins"]),
            values["statistics"],
            tuple(tuple(labels) for labels in values.get("present", ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(f"This is not an audit that Glassnet wrote ({type(error).__name__}: {error}).") from None


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sort by rank; within a rank keep the order in which the findings were made."""
    return tuple(sorted(findings, key=lambda finding: RANKS.index(finding.rank)))


def pictures(n: int, one: str = "", many: str | None = None) -> str:
    """Return `1 picture is …` or `12 pictures are …`: the count, the noun, then `one` or `many`."""
    rest = one if n == 1 or many is None else many
    return f"{n:,} picture{'' if n == 1 else 's'} {rest}".rstrip()
