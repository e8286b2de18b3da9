"""What the charts of a sweep have in common: numbers of few letters, an SVG that says what it is, and the place below that says more."""

from collections.abc import Sequence

from glassnet.report.markup import Markup, tag


def short(value: float) -> str:
    """Return a coordinate with one decimal."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def drawing(title: str, said: str, size: tuple[int, int], parts: Sequence[object], cls: str = "chart") -> Markup:
    """Return an SVG of `size` (width, height) with its title and, for those who cannot see it, a sentence."""
    inside = [tag("title", title), tag("desc", said), *parts]
    return tag("svg", inside, viewBox=f"0 0 {size[0]} {size[1]}", role="img", aria_label=title, cls=cls)


def words(text: object, x: float, y: float, anchor: str = "middle", cls: str | None = None, hover: str = "") -> Markup:
    """Return text in a chart, with the whole of it on hover where it was cut."""
    whole = tag("title", hover) if hover and hover != text else None
    return tag("text", whole, text, x=short(x), y=short(y), text_anchor=anchor, cls=cls)


def rule(x1: float, y1: float, x2: float, y2: float, cls: str = "axis") -> Markup:
    """Return a straight line."""
    return tag("line", x1=short(x1), y1=short(y1), x2=short(x2), y2=short(y2), cls=cls)


def linked(name: str, body: Markup) -> Markup:
    """Return charts whose points and lines carry `data-n`, with the place where the script says what is pointed at.

    With the script, the up and down keys walk through the combinations by score. Without it the charts stand as they are.
    """
    hint = "Point at a combination, or press the up and down keys here, to see it in all charts."
    return tag(
        "div",
        tag(
            "div",
            body,
            cls="marks",
            tabindex="0",
            role="group",
            aria_label=f"{name}, up and down go through the combinations",
        ),
        tag("p", hint, cls="readout note", aria_live="polite", hidden=True),
        cls="linked",
    )
