"""Rows of the ledger, put together by combination."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from glassnet.runs.names import network_name
from glassnet.runs.rows import Row

if TYPE_CHECKING:
    from glassnet.sweeps.proposing import Tried

OPEN = ("planned", "running", "interrupted")
ENDED = ("done", "pruned", "failed")


def by_combination(rows: Sequence[Row]) -> dict[int, list[Row]]:
    """Return {number: its rows by repeat}, in the order of the numbers."""
    found: dict[int, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row.combination or 0, row.repeat or 0)):
        if row.combination is not None:
            found.setdefault(row.combination, []).append(row)
    return found


def score(row: Row) -> float | None:
    """Return the validation score that ranks a row, None while there is none."""
    figure = row.headline("validation")
    return figure.value if figure is not None and row.status == "done" and math.isfinite(figure.value) else None


def status(rows: Sequence[Row]) -> str:
    """Return the state of a combination: that of all its rows, or the first of these that one of them is in."""
    states = [row.status for row in rows]
    for one in ("running", "interrupted", "planned", "failed", "pruned"):
        if one in states:
            return one
    return "done"


def tried(rows: Sequence[Row], curves: Mapping[int, Sequence[Any]]) -> "list[Tried]":
    """Return what is known of every combination, for the proposer: the mean score of its repeats once all are done."""
    from glassnet.sweeps.proposing import Tried

    found = []
    for number, repeats in by_combination(rows).items():
        scores = [value for row in repeats if (value := score(row)) is not None]
        whole = len(scores) == len(repeats)
        by_epoch: dict[int, list[float]] = {}
        for row in repeats:
            for line in curves.get(row.id, ()):
                if line.validation_score is not None:
                    by_epoch.setdefault(line.epoch, []).append(line.validation_score)
        curve = tuple((epoch, fmean(values)) for epoch, values in sorted(by_epoch.items()))
        found.append(Tried(number, repeats[0].chosen, status(repeats), fmean(scores) if whole else None, curve))
    return found


def short(value: Any) -> str:
    """Return a setting's value as a line of a table shows it: layer lists by their short name."""
    if isinstance(value, list | tuple):
        return network_name(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
