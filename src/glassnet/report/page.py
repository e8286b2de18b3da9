"""The page around the sections: one file, no request to anywhere, nothing that runs but the script whose hash the page names."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from glassnet.report.markup import Markup, join, tag


@dataclass(frozen=True)
class Section:
    """One part of a page. `id` is its anchor, `title` its heading, `lead` says in one sentence how to read it."""

    id: str
    title: str
    lead: str
    body: Markup


def page(
    title: str,
    sections: Sequence[Section],
    data: dict[str, Any] | None = None,
    style: str | None = None,
    script: str | None = None,
) -> str:
    """Return the whole HTML file. `data` is plain JSON for the page's script (pictures by number). `style` is added to the style of all
    pages; `script` stands in the place of the report's own.
    """
    style = own("style.css") + (style or "")
    script = own("script.js") if script is None else script
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", Markup(style)),
    )
    body = tag(
        "body",
        tag("a", "Skip to the content", href="#content", cls="skip"),
        tag("header", tag("p", "Glassnet", cls="brand"), tag("h1", title)),
        _contents(sections),
        tag("main", [_section(section) for section in sections], id="content"),
        tag("footer", tag("p", "Written by Glassnet. This file needs no network and sends nothing anywhere.")),
        tag("script", Markup(_json(data or {})), type="application/json", id="data"),
        tag("script", Markup(script)),
    )
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"


def _section(section: Section) -> Markup:
    heading = f"{section.id}-title"
    return tag(
        "section",
        tag("h2", section.title, id=heading),
        tag("p", section.lead, cls="lead") if section.lead else None,
        section.body,
        id=section.id,
        aria_labelledby=heading,
    )


def _contents(sections: Sequence[Section]) -> Markup:
    links = [tag("li", tag("a", section.title, href=f"#{section.id}")) for section in sections]
    return tag("nav", tag("ul", links), aria_label="Contents")


def own(name: str) -> str:
    """Return the text of a file that lies in this room."""
    return files("glassnet.report").joinpath(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _json(data: dict[str, Any]) -> str:
    """Return JSON that cannot end the element it stands in."""
    written = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def table(
    head: Sequence[object], rows: Sequence[Sequence[object]], caption: str = "", words: int = 1, ending: int = 0
) -> Markup:
    """Return a table that scrolls sideways by itself on a narrow screen. The first `words` and the last `ending` columns are text, the
    others numbers.
    """
    last = len(head) - ending
    top = [
        tag("th", cell, scope="col", cls=None if i < words or i >= last else "number") for i, cell in enumerate(head)
    ]
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            [tag("td", cell, cls="word" if i < words or i >= last else "number") for i, cell in enumerate(row[1:], 1)],
        )
        for row in rows
    ]
    name = caption or join([str(cell) for cell in head if isinstance(cell, str)], ", ")
    return tag(
        "div",
        tag("table", tag("caption", caption) if caption else None, tag("thead", tag("tr", top)), tag("tbody", body)),
        cls="scroll",
        tabindex="0",
        role="region",
        aria_label=name,
    )
