"""What the network really sees: training pictures as they are stored, and varied as each epoch varies them."""

from glassnet.report.markup import Markup, tag
from glassnet.report.material import Data, Varied
from glassnet.report.page import Section
from glassnet.report.pictures import figure

_TITLE = "What the network sees"


def section(data: Data) -> Section | None:
    """Return one line of pictures per original; None where nothing was prepared to be shown."""
    if not data.varied:
        return Section("varied", _TITLE, data.varies, tag("div")) if data.varies else None
    lines = [_line(data, found) for found in data.varied]
    lead = (
        "At the left the picture as it is stored, then as training shows it in one epoch after the other: the same code, the same draws. "
        "Whatever you could not name in them, the network has to learn nevertheless; then vary less."
    )
    return Section("varied", _TITLE, lead, tag("div", tag("p", data.varies), lines))


def _line(data: Data, found: Varied) -> Markup:
    name = data.name(found.row)
    shown = [figure(found.original, "stored", f"{name}, as stored")]
    shown += [
        figure(seen, f"epoch {epoch}", f"{name}, varied, epoch {epoch}") for epoch, seen in enumerate(found.draws, 1)
    ]
    return tag(
        "div",
        tag("p", tag("strong", name), " ", data.keys[found.row], cls="note"),
        tag("div", shown, cls="draws"),
    )
