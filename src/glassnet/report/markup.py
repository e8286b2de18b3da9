"""HTML that is escaped by construction: plain text becomes text, only what `tag` built is markup.

tag("td", name, cls="number", colspan=2)   # name may be anything, "<script>" too
"""

from collections.abc import Iterable
from html import escape

# Elements without an end; everything else is closed.
_VOID = frozenset({"img", "br", "hr", "meta", "input", "link"})


class Markup(str):
    """Text that is HTML already. Only `tag`, `join` and the page's own constants make it."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Return a value as text that no browser can take for markup."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def join(parts: Iterable[object], between: str = "") -> Markup:
    """Return parts side by side; None is left out, lists are opened, plain text is escaped."""
    return Markup(text(between).join(_flat(parts)))


def prose(sentence: str) -> Markup:
    """Return a sentence in which `what stands between backticks` is code."""
    return join(tag("code", part) if i % 2 else part for i, part in enumerate(sentence.split("`")))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element. `cls` is its class, `for_` its for; underscores become hyphens; None and False leave an attribute out."""
    written = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        word = {"cls": "class", "for_": "for"}.get(key, key.replace("_", "-"))
        written.append(f" {word}" if value is True else f' {word}="{escape(str(value))}"')
    if name in _VOID:
        return Markup(f"<{name}{''.join(written)}/>")
    return Markup(f"<{name}{''.join(written)}>{join(children)}</{name}>")


def _flat(parts: Iterable[object]) -> Iterable[str]:
    for part in parts:
        if part is None:
            continue
        if isinstance(part, str):
            yield text(part)
        elif isinstance(part, Iterable):
            yield from _flat(part)
        else:
            yield text(part)
