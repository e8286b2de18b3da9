"""The table people know: layer, output shape, parameters, with receptive field and multiply-adds. Needs no torch.

glassnet summary --network tutorial --size 32
"""

import html
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from glassnet.networks.layers import parse
from glassnet.networks.shapes import Step, plan, text, trunk


@dataclass(frozen=True)
class Row:
    """One step. `output` is the shape as people write it (height×width×channels), `receptive_field` (height, width) in pixels."""

    name: str
    kind: str
    number: str
    output: str
    shape: tuple[int, ...]
    parameters: int
    receptive_field: tuple[int, int]
    multiply_adds: int
    depth: int


@dataclass(frozen=True)
class Summary:
    """The steps of a network and their sums. `trainable` leaves out what is frozen. `str()` is the table."""

    rows: tuple[Row, ...]
    shape: tuple[int, int, int]
    classes: int
    parameters: int
    trainable: int
    multiply_adds: int

    def __getitem__(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values = asdict(self)
        for row in values["rows"]:
            row["shape"], row["receptive_field"] = list(row["shape"]), list(row["receptive_field"])
        return {**values, "rows": list(values["rows"]), "shape": list(self.shape)}

    def text(self) -> str:
        """Return the table for a terminal."""
        table = [_HEAD, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[column]) for line in table) for column in range(len(_HEAD))]
        lines = [
            "  ".join(
                cell.ljust(width) if column < 2 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in table
        ]
        lines.insert(1, "  ".join("─" * width for width in widths))
        channels, height, width = self.shape
        lines += ["", f"input {height}×{width}×{channels}, {self.classes} classes", self._total()]
        return "\n".join(lines)

    def _total(self) -> str:
        frozen = f" ({self.parameters - self.trainable:,} frozen)" if self.trainable != self.parameters else ""
        return f"{self.parameters:,} parameters{frozen}, {_short(self.multiply_adds)} multiply-adds per picture"

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in _HEAD)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(row)) + "</tr>" for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{html.escape(self._total())}</p>"


_HEAD = ("layer", "output", "parameters", "sees", "multiply-adds")


def summarise(layers: Sequence[Any], shape: Sequence[int], classes: int) -> Summary:
    """Return the summary of a list of layers for pictures of `shape` (C, H, W). Raises RecipeError where shapes do not fit."""
    channels, height, width = shape
    return _summary(plan(parse(layers), (channels, height, width), classes), (channels, height, width), classes)


def so_far(layers: Sequence[Any], shape: Sequence[int], classes: int) -> Summary:
    """As `summarise`, for a list that somebody is still writing: it need not end in one value per class. Raises RecipeError."""
    channels, height, width = shape
    return _summary(trunk(parse(layers), (channels, height, width), classes), (channels, height, width), classes)


def _summary(steps: Sequence[Step], shape: tuple[int, int, int], classes: int) -> Summary:
    return Summary(
        rows=tuple(_rows(steps, 0)),
        shape=shape,
        classes=classes,
        parameters=sum(step.parameters for step in steps),
        trainable=sum(_trainable(step) for step in steps),
        multiply_adds=sum(step.multiply_adds for step in steps),
    )


def _rows(steps: Sequence[Step], depth: int) -> list[Row]:
    rows: list[Row] = []
    for step in steps:
        rows += [*_rows(step.inner, depth + 1), *_rows(step.shortcut, depth + 1)]
        # A residual's weights are counted at the layers inside it; its own row is the sum that it computes.
        inside = (*step.inner, *step.shortcut)
        parameters = step.parameters - sum(each.parameters for each in inside)
        adds = step.multiply_adds - sum(each.multiply_adds for each in inside)
        rows.append(
            Row(
                step.name,
                step.kind,
                step.layer.number,
                text(step.after),
                step.after,
                parameters,
                step.fields.size,
                adds,
                depth,
            )
        )
    return rows


def _trainable(step: Step) -> int:
    inside = (*step.inner, *step.shortcut)
    own = step.parameters - sum(each.parameters for each in inside)
    return (0 if getattr(step.layer, "frozen", False) else own) + sum(_trainable(each) for each in inside)


def _cells(row: Row) -> tuple[str, ...]:
    sees = f"{row.receptive_field[0]}×{row.receptive_field[1]}"
    return ("  " * row.depth + row.name, row.output, f"{row.parameters:,}", sees, _short(row.multiply_adds))


def _short(n: int) -> str:
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if n >= size:
            return f"{n / size:.3g} {unit}"
    return str(n)
