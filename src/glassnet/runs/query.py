"""Asking the ledger: filter terms and sort keys, parsed as data and never run as code.

A filter is terms that must all hold: `train.lr>0.001 network=fast,tutorial status=done accuracy>=0.8 name~"first try"`. A term is a
name, one of = != > >= < <= ~ (contains), and a value: a number, a word, a quoted text, `none` for what is not set, or several with
commas, one of which must fit. Names are the columns (rows.WORDS), every dotted recipe field, its last word where only one field
ends so, and scores: `accuracy` is that of the validation split, `test.accuracy.low` the lower end of the test split's interval.
A sort is names with commas; `-accuracy,name` puts the best first. What has no value comes last either way.
"""

import difflib
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from glassnet.errors import RecipeError
from glassnet.runs.rows import SPLITS, WORDS, Row

Value = int | float | bool | str | None

_TERM = re.compile(r"\s*(?P<name>[^\W\d][\w.\-/]*)\s*(?P<op>!=|>=|<=|==|=|>|<|~)\s*")
_VALUE = re.compile(
    r"\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[^\s,\"'=<>!~]+)", re.DOTALL
)
_NUMBER = re.compile(r"[+-]?(?:\d+(?P<point>\.\d*)?|(?P<lead>\.\d+))(?P<exponent>[eE][+-]?\d+)?")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_EXAMPLE = 'For example: "train.lr>0.001 network=fast status=done".'


@dataclass(frozen=True)
class Term:
    """One condition: `name` `op` any of `values`. `op` is one of = != > >= < <= ~."""

    name: str
    op: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Key:
    """One sort key."""

    name: str
    descending: bool


def parse_filter(text: str) -> tuple[Term, ...]:
    """Read a filter. Raises RecipeError that shows the place for anything else."""
    terms: list[Term] = []
    at = 0
    while text[at:].strip():
        head = _TERM.match(text, at)
        if head is None:
            raise RecipeError(
                f"The filter cannot be read at {text[at:].strip()[:30]!r}: a name, a sign and a value are wanted. {_EXAMPLE}"
            )
        values, at = _values(text, head.end(), head["name"])
        op = "=" if head["op"] == "==" else head["op"]
        if op in _ORDER and len(values) > 1:
            raise RecipeError(f"{head['name']}{op} takes one value; several make sense with = and != only.")
        terms.append(Term(head["name"], op, values))
        if text[at:] and not text[at].isspace():
            raise RecipeError(
                f"The filter cannot be read at {text[at:][:30]!r}: put a space between two terms. {_EXAMPLE}"
            )
    return tuple(terms)


def parse_sort(text: str) -> tuple[Key, ...]:
    """Read sort keys: names with commas, each with an optional minus for descending."""
    words = [word.strip() for word in text.split(",")] if text.strip() else []
    keys = tuple(Key(word.lstrip("-+"), word.startswith("-")) for word in words)
    if any(not key.name for key in keys):
        raise RecipeError(f"The sort {text!r} has an empty name. For example: --sort -accuracy,name.")
    return keys


def pick(rows: Sequence[Row], terms: Iterable[Term] = (), keys: Iterable[Key] = ()) -> list[Row]:
    """Return the rows that fit all terms, sorted. Raises RecipeError for a name that no row and no recipe has."""
    valued = [(row, row.values()) for row in rows]
    known = _known(rows)
    for term in terms:
        name = resolve_name(term.name, known)
        valued = [(row, values) for row, values in valued if fits(values.get(name), term)]
    for key in reversed(tuple(keys)):
        name = resolve_name(key.name, known)
        there = [pair for pair in valued if pair[1].get(name) is not None]
        there.sort(key=lambda pair, name=name: _rank(pair[1][name]), reverse=key.descending)
        valued = there + [pair for pair in valued if pair[1].get(name) is None]
    return [row for row, _ in valued]


def fits(held: Any, term: Term) -> bool:
    """Tell whether a value that a row holds (None: it has none) satisfies a term."""
    if term.op == "=":
        return any(_equal(held, value) for value in term.values)
    if term.op == "!=":
        return not any(_equal(held, value) for value in term.values)
    if held is None:
        return False
    if term.op == "~":
        return any(str(value).casefold() in str(held).casefold() for value in term.values)
    (wanted,) = term.values
    if _is_number(held) != _is_number(wanted):
        if _is_number(held):
            raise RecipeError(
                f"{term.name} is a number, so {term.name}{term.op}{wanted} cannot be decided. Give a number."
            )
        held, wanted = str(held), str(wanted)
    return _ORDER[term.op](held, wanted)


def resolve_name(name: str, known: dict[str, bool]) -> str:
    """Return the full name for what a person typed: itself, or the one dotted setting that ends in it."""
    if name in known:
        return name
    ends = [full for full, setting in known.items() if setting and full.rpartition(".")[2] == name]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise RecipeError(f"{name!r} can be {' or '.join(ends)}. Write it out.")
    if re.fullmatch(rf"({'|'.join(s for s in SPLITS if s != 'train')})\..+", name):
        return name  # a score that no run has yet: the column is empty
    near = difflib.get_close_matches(name, [*known, *{full.rpartition(".")[2] for full in known}], n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(WORDS)}, every recipe field, and scores."
    raise RecipeError(f"No run has anything called {name!r}. {hint}")


def _known(rows: Iterable[Row]) -> dict[str, bool]:
    """Return every name that can be asked for, and whether it is a setting (only settings go by their last word)."""
    from glassnet.recipe import fields

    known = dict.fromkeys(fields(), True)
    for row in rows:
        known |= dict.fromkeys(row.values(), False) | dict.fromkeys(row.settings, True)
    return known | dict.fromkeys([*WORDS, "accuracy"], False)


def _values(text: str, at: int, name: str) -> tuple[tuple[Value, ...], int]:
    values: list[Value] = []
    while True:
        found = _VALUE.match(text, at)
        if found is None:
            shown = text[at : at + 20] or "the end"
            raise RecipeError(f"The filter has no value for {name!r} at {shown!r}. {_EXAMPLE}")
        quoted = found["double"] if found["double"] is not None else found["single"]
        values.append(_plain(found["bare"]) if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
        at = found.end()
        if text[at : at + 1] != ",":
            return tuple(values), at
        at += 1


def _plain(word: str) -> Value:
    constants: dict[str, Value] = {"none": None, "null": None, "auto": None, "true": True, "false": False}
    if word.lower() in constants:
        return constants[word.lower()]
    if (number := _NUMBER.fullmatch(word)) is None:
        return word
    if number["point"] is None and number["lead"] is None and number["exponent"] is None:
        plain = str(int(word)) == word.lstrip("+") if len(word) < 400 else False
        return int(word) if plain else word  # 007 and a long row of digits are names
    return float(word)


def _equal(held: Any, wanted: Value) -> bool:
    if held is None or wanted is None:
        return held is None and wanted is None
    if isinstance(held, bool) or isinstance(wanted, bool):
        return held is wanted
    if _is_number(held) or isinstance(held, str):
        return held == wanted or (isinstance(held, str) and held == str(wanted))
    return str(held) == str(wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rank(value: Any) -> tuple[int, Any]:
    return (0, value) if _is_number(value) else (1, str(value))
