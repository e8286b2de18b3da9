"""Answers as people type them: 2,352 and 0,91 and 7/9 and 47 % and 4x4x64; and numbers as they are shown to people."""

import math
import re
from collections.abc import Sequence
from typing import Any

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def number_of(given: Any, unit: str = "") -> float | None:
    """Return the number that was typed; None where it is none. A per cent sign counts unless the unit is per cent itself."""
    if isinstance(given, bool) or given is None:
        return None
    if isinstance(given, int | float):
        return float(given) if math.isfinite(given) else None
    text = str(given)[:60].strip().replace("−", "-").replace(" ", " ").replace(" ", " ")
    if unit and unit != "%" and text.lower().endswith(unit.lower()):
        text = text[: -len(unit)].strip()
    percent = text.endswith("%")
    text = text.rstrip("%").strip()
    if "/" in text:
        above, _, below = text.partition("/")
        top, bottom = _number(above), _number(below)
        found = None if top is None or not bottom else top / bottom
    else:
        found = _number(text)
    return found / 100 if found is not None and percent and unit != "%" else found


def _number(text: str) -> float | None:
    text = text.replace(" ", "")
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if not _PLAIN.fullmatch(text):
        return None
    found = float(text)
    return found if math.isfinite(found) else None


def same_words(a: str, b: str) -> bool:
    """Whether two answers in words, or two shapes, are the same but for case, spaces, brackets and the sign between numbers."""
    return _bare(a) == _bare(b)


def _bare(text: str) -> str:
    text = text[:200].strip().lower().strip("[]().")
    text = re.sub(r"\s*(?:[×x*,]|by)\s*(?=\d)", "×", text) if re.match(r"\d", text) else text
    return re.sub(r"\s+", " ", text)


def shown(value: float | str, tolerance: float = 0.0) -> str:
    """Return a number with as many digits as its tolerance lets one see; words as they are."""
    if isinstance(value, str):
        return value
    if float(value).is_integer() and (tolerance == 0 or abs(value) >= 1000):
        return f"{value:,.0f}".replace("-", "−")
    if tolerance < 1e-4:
        return few(value, 8)
    digits = max(0, math.ceil(-math.log10(2.1 * tolerance)))
    return f"{value:,.{digits}f}".replace("-", "−")


def few(value: float, digits: int = 4) -> str:
    """Return a number with `digits` that count, a true minus sign, and commas between thousands."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:.{digits}g}".replace("-", "−")


def fixed(value: float, digits: int) -> str:
    """Return a number with `digits` decimals and a true minus sign."""
    return f"{value:,.{digits}f}".replace("-", "−")


def listed(values: Sequence[float], digits: int = 4) -> str:
    """Return numbers in a row."""
    return ", ".join(few(value, digits) for value in values)


def grid_text(rows: Sequence[Sequence[float]], digits: int = 4) -> str:
    """Return a small grid in one line: rows in brackets."""
    return " ".join(f"[{listed(row, digits)}]" for row in rows)


def cut(value: float, digits: int = 2) -> float:
    """Return a number truncated to `digits` decimals, as the documents print their maps: 0.777… is 0.77."""
    scale = 10**digits
    return math.trunc(round(value * scale, 4)) / scale + 0.0
