"""Parts of the report inside a notebook: charts and pictures that bring their own small style and fit dark and light pages."""

from glassnet.report.markup import Markup, tag

# Colours that stand out on white and on the dark grey of notebooks alike; everything else is the page's own.
_STYLE = """
.glassnet-inline .chart{max-width:30rem;width:100%;height:auto;font:12px system-ui,sans-serif}
.glassnet-inline .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem}
.glassnet-inline .chart text{fill:currentColor;opacity:.8}
.glassnet-inline .chart .axis{stroke:currentColor;opacity:.18}
.glassnet-inline .chart .mark{stroke:currentColor;opacity:.5;stroke-dasharray:2 3}
.glassnet-inline .chart .first{stroke:#2b8ad6;fill:none;stroke-width:2}
.glassnet-inline .chart .second{stroke:#d9772b;fill:none;stroke-width:2;stroke-dasharray:6 3}
.glassnet-inline .chart text.first{fill:#2b8ad6;stroke:none;opacity:1}
.glassnet-inline .chart text.second{fill:#d9772b;stroke:none;opacity:1}
.glassnet-inline .chart .faint{stroke:currentColor;fill:none;stroke-width:1;opacity:.4}
.glassnet-inline .chart text.faint{stroke:none;fill:currentColor;opacity:.7}
.glassnet-inline .chart .dot{fill:transparent}
.glassnet-inline .chart .alone.first{fill:#2b8ad6;stroke:none}
.glassnet-inline .chart .alone.second{fill:#d9772b;stroke:none}
.glassnet-inline .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(5.5rem,1fr));gap:.6rem}
.glassnet-inline figure{margin:0}
.glassnet-inline figure img{width:100%;aspect-ratio:1;object-fit:contain;display:block}
.glassnet-inline img.pixels{image-rendering:pixelated}
.glassnet-inline figcaption{font-size:.8rem;text-align:center}
"""


class Shown:
    """Something to look at in a notebook; elsewhere `str()` says what it is."""

    def __init__(self, said: str, body: Markup) -> None:
        self.said = said
        self.body = body

    def _repr_html_(self) -> str:
        return tag("div", tag("style", Markup(_STYLE)), self.body, cls="glassnet-inline")

    def __str__(self) -> str:
        return self.said

    __repr__ = __str__
