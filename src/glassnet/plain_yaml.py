"""YAML as plain data: no tags, no aliases, no key twice; 1e-3 is a number and only true and false are booleans."""

import re
from typing import Any

import yaml

from glassnet.errors import RecipeError


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML without tags, aliases or duplicate keys, that reads 1e-3 as a number and only true and false as booleans."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise RecipeError(
                f"Line {event.start_mark.line + 1}: aliases (*{event.anchor}) are not read in a recipe; write the value out."
            )
        event = self.peek_event()
        if getattr(event, "tag", None) is not None:
            raise RecipeError(
                f"Line {event.start_mark.line + 1}: the tag {event.tag} is not read in a recipe; write a plain value."
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict:
        seen: set = set()
        for key_node, _ in node.value:
            name = self.construct_object(key_node, deep=True)
            if not isinstance(name, str | int | float | bool | None):
                raise RecipeError(
                    f"Line {key_node.start_mark.line + 1}: a key must be a plain word, not a {type(name).__name__}."
                )
            if name in seen:
                raise RecipeError(
                    f"Line {key_node.start_mark.line + 1}: the key {name!r} stands twice; one of the two would be lost."
                )
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


_StrictLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in rules
        if tag
        not in (
            "tag:yaml.org,2002:bool",
            "tag:yaml.org,2002:float",
            "tag:yaml.org,2002:timestamp",
            "tag:yaml.org,2002:merge",
        )
    ]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False)$"), list("tTfF"))
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\d[\d_]*\.[\d_]*|\.\d[\d_]*|\d[\d_]*(?=[eE]))(?:[eE][-+]?\d+)?$"),
    list("-+0123456789."),
)


def read_yaml(text: str, name: str = "the text") -> Any:
    """Read strict YAML. Raises RecipeError with the line for anything that is not plain data."""
    try:
        return yaml.load(text, Loader=_StrictLoader)  # a subclass of SafeLoader that refuses more
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise RecipeError(f"{name} is not valid YAML at {where}: {getattr(error, 'problem', None) or error}.") from None
    except RecursionError:
        raise RecipeError(f"{name} is nested too deeply to be a recipe.") from None


def parse_value(text: str) -> Any:
    """Read one command-line value as YAML would: numbers, true, false, null, lists; anything else stays text."""
    try:
        return read_yaml(text, f"the value {text!r}")
    except RecipeError:
        return text
