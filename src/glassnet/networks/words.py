"""How the values of layer options are read. Each reader returns the clean value or raises ValueError that ends the sentence
«Layer 3 (conv): kernel …».
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from glassnet.errors import RecipeError

Pair = tuple[int, int]

_EXAMPLES = {
    "conv": "{conv: 32, kernel: 3}",
    "dense": "{dense: 64}, or {dense: classes}",
    "dropout": "{dropout: 0.3}",
    "residual": "{residual: [{conv: 32, padding: same}, relu, {conv: 32, padding: same}]}",
    "scale": "{scale: 0.1}",
    "backbone": "{backbone: resnet18}",
}


def example(word: str) -> str:
    """Return how a layer is written, for the end of a sentence."""
    return f"write {_EXAMPLES.get(word, word)}"


def nearest(wrong: str, known: Iterable[str]) -> str:
    """Return «Did you mean …?», or the list of what is known."""
    known = list(known)
    near = difflib.get_close_matches(wrong.lower(), known, n=1, cutoff=0.55)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."


def count(most: int) -> Callable[[Any], int]:
    """Read a whole number from 1 to `most`."""

    def read(value: Any) -> int:
        if not _is_int(value) or not 1 <= value <= most:
            raise ValueError(f"must be a whole number from 1 to {most:,}")
        return value

    return read


def pair(least: int, most: int) -> Callable[[Any], Pair]:
    """Read one whole number for both directions, or [height, width]."""

    def read(value: Any) -> Pair:
        both = (value, value) if _is_int(value) else tuple(value) if isinstance(value, list | tuple) else ()
        if len(both) != 2 or not all(_is_int(each) and least <= each <= most for each in both):
            raise ValueError(f"must be a whole number from {least} to {most}, or [height, width]")
        return both[0], both[1]

    return read


def padding(value: Any) -> str | Pair:
    """Read valid, same, a number, or [rows, columns]."""
    if value in ("valid", "same"):
        return value
    try:
        return pair(0, 1024)(value)
    except ValueError:
        raise ValueError("must be valid, same, a number of pixels from 0 to 1024, or [rows, columns]") from None


def number(least: float, most: float) -> Callable[[Any], float]:
    """Read a number from `least` to `most`."""

    def read(value: Any) -> float:
        if not _is_number(value) or not least <= value <= most:
            raise ValueError(f"must be a number from {least:g} to {most:g}")
        return float(value)

    return read


def numbers(value: Any) -> tuple[float, ...]:
    """Read a list of numbers, one per channel."""
    if (
        not isinstance(value, list | tuple)
        or not 1 <= len(value) <= 64
        or not all(_is_number(v) and abs(v) < 1e6 for v in value)
    ):
        raise ValueError("must be a list of numbers, one per channel")
    return tuple(float(each) for each in value)


def positive_numbers(value: Any) -> tuple[float, ...]:
    """Read a list of numbers above zero, one per channel."""
    found = numbers(value)
    if min(found) < 1e-6:
        raise ValueError("must be above zero for every channel")
    return found


def flag(value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def one_of(*names: str, none: bool = False) -> Callable[[Any], str | None]:
    """Read one of `names`; null too where `none` says so."""

    def read(value: Any) -> str | None:
        if (value is None and none) or (isinstance(value, str) and value in names):
            return value
        near = difflib.get_close_matches(str(value), names, n=1, cutoff=0.55)
        raise ValueError(f"must be one of {', '.join(names)}" + (f" (did you mean {near[0]}?)" if near else ""))

    return read


def units(value: Any) -> int | str:
    """Read a number of outputs, or the word classes."""
    if value == "classes":
        return value
    try:
        return count(10_000_000)(value)
    except ValueError:
        raise ValueError("must be a whole number of outputs, or the word classes") from None


def text(value: Any) -> str:
    """Read a short piece of text."""
    if not isinstance(value, str) or not value or len(value) > 4096:
        raise ValueError("must be a name")
    return value


def nested(value: Any) -> Any:
    """Read a list of layers, which the caller parses."""
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("must be a list of layers")
    return value


def nested_or(word: str) -> Callable[[Any], Any]:
    """Read `word` or a list of layers."""

    def read(value: Any) -> Any:
        if value == word:
            return value
        if not isinstance(value, list | tuple) or not value:
            raise ValueError(f"must be {word} or a list of layers")
        return value

    return read


def identifier(value: Any, label: str) -> str:
    """Read a layer's name: it must serve in a sweep (network.conv1.filters) and as a file name."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", value):
        raise RecipeError(
            f"{label}: name must be letters, digits and underscores, beginning with a letter; got {value!r}."
        )
    return value


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
