"""What the network sees: training pictures as they are stored, and as augmentation varies them from epoch to epoch."""

from glassnet.report.annotated import legend
from glassnet.report.markup import Markup, tag
from glassnet.report.material import Data, Varied
from glassnet.report.page import Section
from glassnet.report.pictures import figure

_TITLE = "What the network sees"


def section(data: Data) -> Section | None:
    """Return one line of pictures per original; None where nothing was prepared to be shown."""
    if not data.varied:
        return Section("varied", _TITLE, data.varies, tag("div")) if data.varies else None
    lead = "At the left the picture as it is stored, then as training shows it epoch by epoch: the same code, the same draws. "
    if data.truth is None:
        lead += "Whatever you could not name in them, the network has to learn nevertheless; then vary less."
    else:
        lead += "Drawn is what training is taught: it follows the picture."
        if "things" in data.audit.statistics:
            lead += (
                " The box of a turned box is the box around it; a thing that is nearly out of the picture is grey: "
                "it is neither taught nor counted as background."
            )
    lines = [_line(data, found) for found in data.varied]
    colours = None if data.truth is None else legend(data.classes)
    return Section("varied", _TITLE, lead, tag("div", tag("p", data.varies), colours, lines))


def _line(data: Data, found: Varied) -> Markup:
    name = data.name(found.row) if data.truth is None else ""
    longest = 112 if data.truth is None else max(found.original.shape)
    shown = [figure(found.original, "stored", f"{name or data.keys[found.row]}, as stored", longest)]
    shown += [
        figure(seen, f"epoch {epoch}", f"{name or data.keys[found.row]}, varied, epoch {epoch}", longest)
        for epoch, seen in enumerate(found.draws, 1)
    ]
    return tag(
        "div",
        tag("p", tag("strong", name) if name else None, " ", data.keys[found.row], cls="note"),
        tag("div", shown, cls="draws" if data.truth is None else "draws drawn"),
    )
