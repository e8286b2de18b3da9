"""Makes the tables in README.md from results/*.json: python benchmarks/table.py [--check]

With --check nothing is written, and the exit code says whether README.md holds what the results say.
"""

import json
import sys
from typing import Any

from measure import HERE, RESULTS

BEGIN, END = "<!-- results: made by table.py -->", "<!-- end of results -->"
README = HERE / "README.md"


def main() -> int:
    text = README.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        sys.exit(f"{README.name} must hold the lines {BEGIN} and {END} once each.")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    body = "\n\n".join(section(result) for result in found) or "Nothing was measured yet."
    made = f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}"
    if "--check" in sys.argv[1:]:
        return 0 if made == text else 1
    README.write_text(made, encoding="utf-8")
    return 0


def section(result: dict[str, Any]) -> str:
    """One result as a heading, a table of medians, a table of ratios and where it was measured."""
    lines = [
        f"### {result['title']}",
        "",
        "| side | what | median | n | from – to | promised |",
        "|---|---|---|---|---|---|",
    ]
    for f in result["figures"]:
        spread = f"{number(f['min'])} – {number(f['max'])}"
        lines.append(
            f"| {f['side']} | {f['what']} | {number(f['median'])} {f['unit']} | {f['n']} | {spread} | {kept(f)} |"
        )
    if result["ratios"]:
        lines += ["", "| ratio of medians | | promised |", "|---|---|---|"]
        lines += [f"| {r['what']} | **{r['value']:.2f}×** | {kept(r)} |" for r in result["ratios"]]
    machine, versions = result["machine"], ", ".join(f"{name} {v}" for name, v in result["versions"].items())
    lines += ["", f"`{result['command']}` on {result['date']}: {machine['model'] or machine['architecture']}, "
              f"{machine['cores']} cores, {result['threads']} threads each; {versions}."]  # fmt: skip
    return "\n".join([*lines, *(f"- {note}" for note in result["notes"])])


def kept(entry: dict[str, Any]) -> str:
    """The promise and whether it holds."""
    return (
        ""
        if entry["goal"] is None
        else f"{entry['goal'].replace('>=', '≥').replace('<=', '≤')}: {'yes' if entry['kept'] else '**no**'}"
    )


def number(value: float) -> str:
    """Three or four telling digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) >= 1 else f"{value:.4f}"


if __name__ == "__main__":
    sys.exit(main())
