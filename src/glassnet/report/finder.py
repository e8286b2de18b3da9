"""The plot of a learning-rate sweep, as a page and for a notebook."""

import math
from pathlib import Path

from glassnet import durable
from glassnet.report.charts import Line, curves
from glassnet.report.inline import Shown
from glassnet.report.markup import Markup, tag
from glassnet.report.page import Section, page
from glassnet.training.finder import Sweep

_LEAD = "Every step took a batch at a higher rate. Where the smoothed loss turns up, the rate is too high; well below that it learns fast."


class Plotted(Sweep):
    """A sweep that shows its curve in a notebook."""

    def _repr_html_(self) -> str:
        return self.plot()._repr_html_()

    def plot(self) -> Shown:
        """Return the curve with the suggestion, to look at in a notebook."""
        said = f"Suggested rate: {self.suggestion:.2g}, {self.rule}."
        return Shown(said, tag("div", chart(self), tag("p", said)))


def plotted(sweep: Sweep) -> Plotted:
    """Return the same sweep, able to show itself."""
    return Plotted(sweep.rates, sweep.losses, sweep.smoothed, sweep.suggestion, sweep.rule)


def chart(sweep: Sweep) -> Markup:
    """Return loss over the logarithm of the rate, the suggestion marked. The smoothed curve decides, so the frame fits it."""
    powers = [math.log10(rate) for rate in sweep.rates]
    roof = 1.15 * max(sweep.smoothed[0], min(sweep.smoothed) * 1.5)
    lines = [
        Line("smoothed", powers, [min(loss, roof) for loss in sweep.smoothed]),
        Line("each step", powers, [min(loss, roof) for loss in sweep.losses], "faint"),
    ]
    mark = (math.log10(sweep.suggestion), f"suggested: {sweep.suggestion:.2g}")
    return curves("Loss while the learning rate rises", lines, "learning rate", "loss", mark, x_text=rate_text)


def rate_text(power: float) -> str:
    """Return a rate as people write it, from its power of ten: 1e-6, 0.01, 1."""
    return f"{10**power:.2g}".replace("e-0", "e-").replace("e+0", "e")


def write_sweep(sweep: Sweep, title: str, beside: str, command: str, path: str | Path) -> Path:
    """Write the page of a sweep and return its path. `beside` says what it was made with, `command` is what to type next.

    Raises StorageError when it cannot be written.
    """
    body = tag(
        "div",
        chart(sweep),
        tag("p", tag("strong", f"Suggested: {sweep.suggestion:.2g}"), f", {sweep.rule}."),
        tag("p", beside),
        tag("p", "Next:"),
        tag("pre", command),
    )
    durable.write_text(path, page(title, [Section("sweep", "The sweep", _LEAD, body)]))
    return Path(path)
