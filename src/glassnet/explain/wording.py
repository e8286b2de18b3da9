"""The arithmetic of one value as lines of text, for a terminal."""

from glassnet.explain.graph import Place
from glassnet.explain.terms import Arithmetic, Change, Term

MOST, FIRST = 27, 9
"""Up to MOST terms are all shown; of more, the FIRST."""


def text(found: Arithmetic, every: bool = False, largest_first: bool = False) -> str:
    """Return the sum term by term; `every`: all terms however many; `Arithmetic.text` says the rest."""
    terms = list(found.terms)
    if (
        found.how == "largest" and len(terms) > MOST
    ):  # where one value is taken of many, the first nine of a map say nothing
        terms.sort(key=lambda term: -term.value)
    elif largest_first:
        terms.sort(key=lambda term: -abs(term.product))
    shown = terms if every or len(terms) <= MOST else terms[:FIRST]
    named = f" ({found.class_name})" if found.class_name else ""
    head = f"{found.layer}, {where((found.channel, found.y, found.x))}{named}, of {_shape(found.shape)}"
    lines = [head, *_table(found, shown)]
    if len(shown) < len(terms):
        rest = terms[len(shown) :]
        together = number(sum(term.product for term in rest))
        what = "none of them larger" if found.how == "largest" else f"together {together}"
        lines.append(f"  … {len(rest):,} more terms, {what}")
    lines += _combined(found)
    for change in found.changes:
        lines += _change(change)
    off = abs(found.result - found.own)
    lines.append(f"result {number(found.result)}; the network's own value {number(found.own, 8)}, {off:.0e} apart")
    if not found.agrees:
        lines.append(f"That is more than float32 rounding explains ({found.rounding:.1e}). Please report it.")
    if found.note:
        lines.append(found.note)
    for change in found.after:
        lines.append(f"next, {change.layer} makes {number(change.after)} of {number(change.before)}")
    return "\n".join(lines)


def number(value: float, digits: int = 6) -> str:
    """Return a number as it is shown: `digits` that count, a true minus sign."""
    return f"{value:.{digits}g}".replace("-", "−")


def where(place: Place) -> str:
    """Return a place in words."""
    channel, y, x = place
    return f"value {channel}" if y is None else f"channel {channel}, row {y}, column {x}"


def _table(found: Arithmetic, terms: list[Term]) -> list[str]:
    if not terms:
        return []
    heads = {
        "share": ("value", "1 ÷ temperature", "exponential"),
        "largest": ("value", "taken", "gives"),
        "mean": ("value", "share", "product"),
        "pixel": ("byte", "scale", "value"),
    }
    rows = [("from", *heads.get(found.how, ("value", "weight", "product")))]
    rows += [(_origin(term), number(term.value), number(term.weight), number(term.product)) for term in terms]
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    return ["  " + "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]


def _origin(term: Term) -> str:
    own = f"{term.layer}, {where((term.channel, term.y, term.x))}"
    if term.opens is None or (term.opens[0] == term.layer):
        return own
    return f"{own} = {term.opens[0]}, {where(term.opens[1:])}"


def _combined(found: Arithmetic) -> list[str]:
    lines = []
    count = len(found.terms)
    match found.how:
        case "sum" if count > 1 or found.bias is not None:
            lines.append(f"  sum of {count:,} product{'s' * (count != 1)} = {number(found.total)}")
        case "mean":
            lines.append(f"  mean of {count:,} = {number(found.total)}")
        case "largest":
            lines.append(f"  largest of {count:,} = {number(found.total)}")
        case "share":
            lines.append(f"  sum of {count:,} exponentials = {number(found.total)}")
            lines.append(f"  {number(found.combined * found.total)} ÷ {number(found.total)} = {number(found.combined)}")
    if found.bias is not None:
        lines.append(f"  + bias {number(found.bias)} = {number(found.combined)}")
    return lines


def _change(change: Change) -> list[str]:
    lines = [f"{change.layer}: {number(change.before)}"]
    for line in change.lines:
        shown = "" if line.number is None else f" {number(line.number)}"
        lines.append(f"  {line.what}{shown} = {number(line.after)}")
    return lines


def _shape(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}×{shape[2]}×{shape[0]}" if len(shape) == 3 else f"{shape[0]:,} values"
