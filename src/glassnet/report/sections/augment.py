"""What the network really sees: training pictures as they are stored, and varied as each epoch varies them."""

from glassnet.report.markup import Markup, tag
from glassnet.report.material import Data, Varied
from glassnet.report.page import Section
from glassnet.report.pictures import image


def section(data: Data) -> Section | None:
    """Return one line of pictures per original; None where nothing was prepared to be shown."""
    if not data.varied:
        if not data.varies:
            return None
        return Section("varied", "What the network sees", data.varies, tag("div"))
    lines = [_line(data, found) for found in data.varied]
    lead = "At the left the picture as it is stored, then the same picture as different epochs show it, made by the code that trains."
    return Section("varied", "What the network sees", lead, tag("div", tag("p", data.varies), lines))


def _line(data: Data, found: Varied) -> Markup:
    name = data.name(found.row)
    shown = [image(found.original, f"{name}, as stored"), *(image(draw, f"{name}, varied") for draw in found.draws)]
    return tag(
        "div",
        tag("p", tag("strong", name), " ", data.keys[found.row], cls="note"),
        tag("div", [tag("figure", s) for s in shown], cls="draws"),
    )
