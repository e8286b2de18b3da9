"""The page of a sweep, put together and written."""

from pathlib import Path
from typing import Any

from glassnet import durable
from glassnet.evaluation.show import number
from glassnet.report.page import page
from glassnet.report.sweep import (
    alike,
    combinations,
    heat,
    importance,
    learning,
    optimism,
    parallel,
    result,
    slices,
    unfinished,
)
from glassnet.report.sweep.material import SweepMaterial
from glassnet.report.sweep.view import View, interval

_SECTIONS = (result, combinations, alike, importance, slices, heat, parallel, learning, optimism, unfinished)


def sweep_page(material: SweepMaterial) -> str:
    """Return the page of a sweep as one HTML file."""
    view = View(material)
    sections = [part.section(view) for part in _SECTIONS]
    return page(f"Sweep {material.name}", [part for part in sections if part is not None], {"sweep": _data(view)})


def write_sweep_report(material: SweepMaterial, path: str | Path) -> Path:
    """Write the page of a sweep and return its path. Raises StorageError when it cannot be written."""
    durable.write_text(path, sweep_page(material))
    return Path(path)


def _data(view: View) -> dict[str, Any]:
    """Return what the script says of a combination that is pointed at, and in which order the keys go through them."""
    drawn = [
        *view.ranked,
        *(line for line in view.material.lines if not line.known and line.number in view.material.curves),
    ]
    said = {}
    for line in drawn:
        score = "no score" if line.score is None else f"{view.score_name} {number(line.score)}"
        score += f" ({interval(line)})" if interval(line) else ""
        state = "" if line.status == "done" else f", {line.status}"
        said[str(line.number)] = f"Combination {line.number}: {score}{state}. {view.labels.said(line.values)}"
    return {"order": [line.number for line in drawn], "said": said}
