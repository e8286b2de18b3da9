"""The page's script: the files of script/ as one, each in a scope of its own, without a build step or a bundler.

They are written as ES modules, so that a page with a server can load them as they are. Here `import { a } from "./b.js"` becomes
`const { a } = b`, and what a file exports is what its scope gives back.
"""

import re

from glassnet.report.page import own

FILES = (
    "values", "numbers", "elements", "combining", "changing", "arithmetic", "field", "place", "colours", "seen", "layers", "maps", "stage",
    "windows", "sums", "filters", "workbench", "main",
)  # fmt: skip
"""In an order in which every file comes after those that it imports."""

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:class|const|function) (\w+))", re.MULTILINE)


def script() -> str:
    """Return the whole script."""
    return '"use strict";\n' + "\n".join(_scoped(name, own(f"glass/script/{name}.js")) for name in FILES)


def _scoped(name: str, written: str) -> str:
    given = ", ".join(_EXPORT.findall(written))
    body = _EXPORT.sub("", _IMPORT.sub(r"const \1 = \2_file;", written))
    return f"const {name}_file = (() => {{\n{body}\nreturn {{ {given} }};\n}})();"
