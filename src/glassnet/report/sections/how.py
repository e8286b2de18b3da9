"""How it was made: every choice with its reason, the recipe, the machine, and the command that makes it again."""

from typing import Any

from glassnet.report.markup import Markup, tag
from glassnet.report.material import Material
from glassnet.report.page import Section, table


def section(material: Material) -> Section:
    """Return choices, recipe, environment and commands."""
    rows = [(choice.field, _short(choice.value), choice.reason) for choice in material.choices]
    parts: list[Markup] = [
        tag("p", "This makes it again; with the same pictures, versions, processor and thread count to the same bits:"),
        tag("pre", material.reproduce),
        tag("h3", "Chosen automatically"),
        table(("setting", "value", "why"), rows, words=3) if rows else tag("p", "Nothing: everything was set by hand."),
        tag("details", tag("summary", "The whole recipe"), tag("pre", material.recipe.as_yaml())),
        tag("details", tag("summary", "The machine"), _environment(material.environment)),
        tag("p", f"All files of this run lie in {material.folder}.", cls="note"),
    ]
    return Section(
        "how", "How it was made", "What was chosen for you, and why; each can be set by hand.", tag("div", parts)
    )


def _environment(values: dict[str, Any]) -> Markup:
    rows = []
    for name, value in values.items():
        if isinstance(value, dict):
            rows += [(f"{name}: {key}", _short(part)) for key, part in value.items() if part not in (None, "", [])]
        elif value not in (None, "", []):
            rows.append((name, _short(value)))
    return table(("", "value"), rows, "Environment", words=2)


def _short(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
