"""The combinations of a sweep as CSV, with every setting, score and reason."""

import csv
import io
from typing import Any

from glassnet.report.sweep.labels import full
from glassnet.report.sweep.material import CombinationLine, SweepMaterial
from glassnet.runs.listing import cell

_FIRST = ("combination", "status")
_LAST = ("score", "low", "high", "seconds", "epochs", "best", "equal_to_best", "sentence", "runs")


def sweep_csv(material: SweepMaterial) -> str:
    """Return RFC 4180 text: a line per combination by number, a column per setting and per repeat.

    Numbers read back to the same bits. An empty cell is a setting that is off, or a score that is not there. Text that a spreadsheet
    would run as a formula gets an apostrophe.
    """
    repeats = max((len(line.repeats) for line in material.lines), default=0)
    columns = [f"repeat_{number}" for number in range(1, repeats + 1)] if repeats > 1 else []
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([cell(name) for name in (*_FIRST, *material.named, *_LAST[:3], *columns, *_LAST[3:])])
    for line in sorted(material.lines, key=lambda line: line.number):
        writer.writerow([cell(value) for value in _values(line, material.named, len(columns))])
    return file.getvalue()


def _values(line: CombinationLine, settings: tuple[str, ...], repeats: int) -> list[Any]:
    chosen = [_setting(line.values[setting]) if setting in line.values else None for setting in settings]
    scores = [line.repeats[i] if i < len(line.repeats) else None for i in range(repeats)]
    end = [line.seconds, line.epochs, line.best, line.equal_to_best, line.sentence, " ".join(line.runs)]
    return [line.number, line.status, *chosen, line.score, line.low, line.high, *scores, *end]


def _setting(value: Any) -> Any:
    """Return a setting as a cell; none is a value and no empty cell."""
    return value if isinstance(value, bool | int | float | str) else full(value)
