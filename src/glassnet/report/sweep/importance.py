"""How much each setting mattered, as bars, with the caveat that belongs to the way it was measured."""

from glassnet.report.markup import Markup, prose, tag
from glassnet.report.page import Section
from glassnet.report.sweep.view import View

_WIDTH, _ROW = 150, 14


def section(view: View) -> Section | None:
    """Return a bar for each share; None where too few combinations are done to say anything."""
    found = view.material.importance
    if found is None or not found.shares:
        return None
    shares = sorted(found.shares.items(), key=lambda item: (item[0] not in view.material.named, -item[1]))
    rows = [_row(view, name, share) for name, share in shares]
    head = tag(
        "tr",
        [tag("th", word, scope="col", cls=cls) for word, cls in (("setting", None), ("share", "number"), ("", None))],
    )
    whole = tag("table", tag("caption", found.method), tag("thead", head), tag("tbody", rows), cls="shares")
    body = tag(
        "div",
        tag("div", whole, cls="scroll", tabindex="0", role="region", aria_label="How much each setting mattered"),
        tag("p", prose(found.caveat), cls="note") if found.caveat else None,
    )
    lead = "The share of the differences between scores that goes with each setting, within the values that were tried."
    return Section("mattered", "How much each setting mattered", lead, body)


def _row(view: View, name: str, share: float) -> Markup:
    known = name in view.material.named
    wide = max(0.0, min(1.0, share)) * _WIDTH
    bar = tag("rect", x=0, y=1, width=f"{wide:.1f}", height=_ROW - 2, cls="bar" if known else "rest")
    drawn = tag("svg", bar, viewBox=f"0 0 {_WIDTH} {_ROW}", width=_WIDTH, height=_ROW, aria_hidden="true", cls="patch")
    return tag(
        "tr", tag("th", name, scope="row"), tag("td", f"{share * 100:.0f}\u00a0%", cls="number"), tag("td", drawn)
    )
