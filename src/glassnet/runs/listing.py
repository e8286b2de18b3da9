"""Runs as a person reads them: a table, two runs beside each other, and CSV with every setting. Imports nothing heavy."""

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glassnet.runs.rows import SPLITS, WORDS, Row, changed_settings

if TYPE_CHECKING:
    from glassnet.evaluation.scores import Figure

# A spreadsheet takes a cell that begins so for a formula, also in full width (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_COLUMNS = ("name", "status", "network", "epochs", "validation", "test", "seconds", "started")


@dataclass(frozen=True)
class Listing:
    """Rows of the ledger as a table; shows itself in a terminal (`str`) and in a notebook."""

    rows: tuple[Row, ...]

    def __str__(self) -> str:
        if not self.rows:
            return "No runs fit."
        table = [self._columns, *(self._line(row) for row in self.rows)]
        widths = [max(len(line[i]) for line in table) for i in range(len(self._columns))]
        shown = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
        ]
        notes = [f"  {row.name}: {row.sentence}" for row in self.rows if row.sentence and row.status != "done"]
        return "\n".join([*shown, *notes])

    def _repr_html_(self) -> str:
        return _html_table(self._columns, [self._line(row) for row in self.rows])

    @property
    def _chosen(self) -> tuple[str, ...]:
        """Return the settings that sweeps chose for these rows; none where a row belongs to no sweep."""
        if not all(row.chosen for row in self.rows):
            return ()
        return tuple(dict.fromkeys(name for row in self.rows for name in row.chosen if name != "network"))

    @property
    def _columns(self) -> tuple[str, ...]:
        return (*_COLUMNS, *(name.rpartition(".")[2] for name in self._chosen))

    def _line(self, row: Row) -> tuple[str, ...]:
        return (*_cells(row), *(_plain(row.chosen[name]) if name in row.chosen else "" for name in self._chosen))

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values with everything the ledger holds of these rows."""
        return {"runs": [row.as_dict() | {"seconds": row.seconds} for row in self.rows]}


@dataclass(frozen=True)
class Beside:
    """Two runs beside each other: the settings that differ, and every figure that either has."""

    left: Row
    right: Row

    @property
    def settings(self) -> list[tuple[str, Any, Any]]:
        """(name, left, right) for the settings that differ; a setting that a run does not have is None."""
        names = changed_settings(self.left.settings, self.right.settings)
        return [(name, self.left.settings.get(name), self.right.settings.get(name)) for name in names]

    @property
    def figures(self) -> list[tuple[str, str, "Figure | None", "Figure | None"]]:
        """(split, name, left, right) for every figure of a whole split, the headline first."""
        rows = [s for s in (*self.left.scores, *self.right.scores) if s.kind == "figure"]
        order = {split: place for place, split in enumerate(SPLITS)}
        rows.sort(key=lambda s: (order.get(s.split, 9), not s.headline, s.name))
        names = dict.fromkeys((s.split, s.name) for s in rows)
        return [(split, name, self.left.figure(name, split), self.right.figure(name, split)) for split, name in names]

    @property
    def notes(self) -> list[str]:
        """What must be known before the scores are compared, in plain words."""
        notes = []
        a, b = self.left, self.right
        if a.data_hash != b.data_hash:
            notes.append(
                "These runs did not see the same pictures in the same splits, so their scores rest on different test sets."
            )
        if a.code_version != b.code_version:
            notes.append(f"They were made by different versions of the code: {a.code_version} and {b.code_version}.")
        if a.machine != b.machine:
            notes.append(f"They ran on different machines ({a.machine}; {b.machine}), so their times do not compare.")
        if not self.settings:
            notes.append("All settings are equal.")
        elif [name for name, *_ in self.settings] == ["train.seed"]:
            notes.append("Only the seed differs: the difference of the scores is what chance alone does.")
        return notes

    def __str__(self) -> str:
        return "\n\n".join([_text_table(self._setting_lines()), _text_table(self._figure_lines()), *self.notes])

    def _repr_html_(self) -> str:
        tables = [_html_table(lines[0], lines[1:]) for lines in (self._setting_lines(), self._figure_lines())]
        return "".join(tables) + "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        figures = [(s, n, a and a.as_dict(), b and b.as_dict()) for s, n, a, b in self.figures]
        return {
            "runs": [self.left.name, self.right.name],
            "settings": [{"name": n, "values": [a, b]} for n, a, b in self.settings],
            "scores": [{"split": s, "name": n, "figures": [a, b]} for s, n, a, b in figures],
            "notes": self.notes,
        }

    def _setting_lines(self) -> list[tuple[str, ...]]:
        head = ("setting", self.left.name, self.right.name)
        return [head, *((name, _plain(a), _plain(b)) for name, a, b in self.settings)]

    def _figure_lines(self) -> list[tuple[str, ...]]:
        head = ("score", self.left.name, self.right.name)
        return [head, *((f"{split} {name}", _figure(a), _figure(b)) for split, name, a, b in self.figures)]


def to_csv(rows: Sequence[Row]) -> str:
    """Return RFC 4180 text: one line per run, a column for every setting and for every figure with its interval and count.

    Numbers are written so that they read back to the same bits. Text that a spreadsheet would run as a formula gets an apostrophe.
    """
    values = [row.values() for row in rows]
    settings = dict.fromkeys(name for row in rows for name in row.settings)
    scores = dict.fromkeys(
        n for v in values for n in v if "." in n and n.partition(".")[0] in SPLITS and n not in settings
    )
    own = [word for word in WORDS if word != "score"]
    columns = [*own, *settings, *scores]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([cell(name) for name in columns])
    for row in values:
        writer.writerow([cell(row.get(name)) for name in columns])
    return file.getvalue()


def cell(value: Any) -> str:
    """Return a value as a cell of CSV: numbers read back to the same bits, and no text runs as a formula in a spreadsheet."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = value if isinstance(value, str) else _plain(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cells(row: Row) -> tuple[str, ...]:
    epochs = f"{row.epochs_done}/{row.epochs_planned}" if row.epochs_planned else str(row.epochs_done)
    seconds = "" if row.seconds is None else f"{row.seconds:,.0f}"
    started = (row.started_at or "")[:16].replace("T", " ")
    scores = (_figure(row.headline("validation")), _figure(row.headline("test")))
    return (row.name, row.status, row.network or "", epochs, *scores, seconds, started)


def _figure(figure: "Figure | None") -> str:
    return "" if figure is None else f"{figure.value:.4f} [{figure.low:.3f}, {figure.high:.3f}]"


def _plain(value: Any) -> str:
    import json

    if value is None:
        return "auto"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text_table(lines: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def _html_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
