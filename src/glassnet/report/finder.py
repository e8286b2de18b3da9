"""The plot of a learning-rate sweep, as a page and for a notebook."""

import math
from pathlib import Path

from glassnet import durable
from glassnet.report.charts import Line, curves
from glassnet.report.markup import Markup, tag
from glassnet.report.page import Section, page
from glassnet.training.finder import Sweep


def chart(sweep: Sweep) -> Markup:
    """Return loss over the logarithm of the rate, the suggestion marked. The smoothed curve decides, so the frame fits it."""
    powers = [math.log10(rate) for rate in sweep.rates]
    roof = 1.15 * max(sweep.smoothed[0], min(sweep.smoothed) * 1.5)
    clipped = [min(loss, roof) for loss in sweep.losses]
    lines = [
        Line("smoothed", powers, [min(loss, roof) for loss in sweep.smoothed]),
        Line("each step", powers, clipped, "second"),
    ]
    mark = (math.log10(sweep.suggestion), f"suggested: {sweep.suggestion:.2g}")
    return curves("Loss while the learning rate rises", lines, "rate, power of ten", "loss", mark)


def write_sweep(sweep: Sweep, title: str, command: str, path: str | Path) -> Path:
    """Write the page of a sweep and return its path. Raises StorageError when it cannot be written."""
    body = tag(
        "div",
        chart(sweep),
        tag("p", f"Suggested: {sweep.suggestion:.2g}, {sweep.rule}."),
        tag("pre", command),
    )
    lead = "Every step took a batch at a higher rate. Where the smoothed loss is lowest, training is about to break; below that it is fast."
    durable.write_text(path, page(title, [Section("sweep", "The sweep", lead, body)]))
    return Path(path)
