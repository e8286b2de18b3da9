"""The learning curve: one row per epoch, in memory, in the checkpoint and as `history.csv`."""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from glassnet import durable
from glassnet.errors import StorageError


@dataclass(frozen=True)
class Row:
    """One epoch. `epoch` counts from 1, `step` is the number of steps taken until its end, `lr` the rate of its last step.

    `loss` and `train_score` are means over the examples as they were visited (varied, with dropout); `validation_loss` and
    `validation_score` are NaN without validation pictures. `seconds` is the time since training began, pauses left out, to the end of
    this epoch's validation; `images_per_second` counts training steps alone. `rejected` steps held a NaN or infinity.
    """

    epoch: int
    step: int
    lr: float
    loss: float
    train_score: float
    validation_loss: float
    validation_score: float
    seconds: float
    images_per_second: float
    rejected: int


COLUMNS = tuple(f.name for f in fields(Row))
_WHOLE = ("epoch", "step", "rejected")
_FIRST_SHOWN, _LAST_SHOWN = 3, 8  # epochs that a notebook shows of a long history


class History:
    """Rows in order, readable by column: `history.loss` is the list of losses, `history[-1]` the last row."""

    def __init__(self, rows: tuple[Row, ...] = ()) -> None:
        self.rows = list(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> Row:
        return self.rows[place]

    def __getattr__(self, name: str) -> list:
        if name in COLUMNS:
            return [getattr(row, name) for row in self.rows]
        raise AttributeError(f"History has no column {name!r}; it has {', '.join(COLUMNS)}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and self.to_csv() == other.to_csv()

    __hash__ = None

    def add(self, row: Row) -> None:
        """Append the next epoch."""
        self.rows.append(row)

    def to_csv(self) -> str:
        """Return the rows as CSV with a heading; numbers read back to the same bits, a figure that does not exist is empty."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self.rows:
            values = (getattr(row, name) for name in COLUMNS)
            writer.writerow("" if isinstance(v, float) and math.isnan(v) else repr(v) for v in values)
        return out.getvalue()

    def write(self, path: str | Path) -> None:
        """Replace the file at `path` by the whole history: never half a row."""
        durable.write_text(path, self.to_csv())

    def as_list(self) -> list[dict[str, Any]]:
        """Return strict JSON values: one dict per epoch, None for what does not exist."""
        return [
            {
                name: None if isinstance(v := getattr(row, name), float) and not math.isfinite(v) else v
                for name in COLUMNS
            }
            for row in self.rows
        ]

    def _repr_html_(self) -> str:
        from glassnet.training.sparklines import sparkline

        head = "".join(f"<th>{name.replace('_', ' ')}</th>" for name in COLUMNS)
        body = [
            "<tr>" + "".join(f"<td>{_shown(getattr(row, name))}</td>" for name in COLUMNS) + "</tr>"
            for row in self.rows
        ]
        if len(body) > _FIRST_SHOWN + _LAST_SHOWN + 1:
            left_out = len(body) - _FIRST_SHOWN - _LAST_SHOWN
            body[_FIRST_SHOWN:-_LAST_SHOWN] = [f"<tr><td colspan='{len(COLUMNS)}'>… {left_out} more epochs …</td></tr>"]
        loss = sparkline("loss", self.loss, self.validation_loss)
        score = sparkline("score", self.train_score, self.validation_score)
        key = "<div>training solid, validation dashed</div>" if any(map(math.isfinite, self.validation_score)) else ""
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
        return f"<div class='glassnet-history'>{loss} {score}{key}{table}</div>"


def from_csv(text: str) -> History:
    """Read what `to_csv` gave. Raises StorageError for other columns or values that are no numbers."""
    lines = list(csv.reader(io.StringIO(text)))
    if not lines or tuple(lines[0]) != COLUMNS:
        raise StorageError(f"This is no history: its first line should be {','.join(COLUMNS)}.")
    return History(
        tuple(_row(dict(zip(COLUMNS, line, strict=False)), number) for number, line in enumerate(lines[1:], 2))
    )


def from_list(values: list[dict[str, Any]]) -> History:
    """Read what `as_list` gave. Raises StorageError for missing or wrong values."""
    return History(tuple(_row(value, number) for number, value in enumerate(values, 1)))


def _row(values: dict[str, Any], number: int) -> Row:
    try:
        found: dict[str, Any] = {name: _number(name, values[name]) for name in COLUMNS}
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(f"Line {number} of the history is damaged: {error}.") from error
    return Row(**found)


def _number(name: str, value: Any) -> float:
    if name in _WHOLE:
        return int(value)
    return math.nan if value in ("", None) else float(value)


def _shown(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return "" if math.isnan(value) else f"{value:.4g}"
