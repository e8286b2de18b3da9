"""Groups: what must stay on one side of a split, because its pictures tell more of each other than of the world.

A group is given by the layout, named by a regular expression of the user, or guessed from names. A guess is conservative: a wrong one makes
the score pessimistic or the split impossible, so names like `IMG_1234` or `Abyssinian_12` (a breed, not an animal) are left alone.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from glassnet.data.catalog import SPLITS, Catalog
from glassnet.data.labels import label_numbers
from glassnet.errors import RecipeError

_WORDS = (
    "patient|subject|participant|person|case|specimen|slide|sample|animal|individual|video|vid|clip|movie|sequence|seq|scene|shot|"
    "session|burst|visit|study|series|plot|track"
)
_WORD = re.compile(
    rf"(?:^|[_\-. ])((?:{_WORDS})s?[_\- ]?(?=[a-z]?\d|[a-z](?:[_\-. ]|$))[a-z0-9]+)(?=[_\-. ]|$)", re.IGNORECASE
)
_ROBOFLOW = re.compile(r"^(.+)\.rf\.[0-9a-fA-F]{8,}$")
_COPY = re.compile(
    r"^(.+?)[_\-. ](?:aug(?:mented)?|copy|rot(?:ated)?|flip(?:ped)?|crop|tile|patch|slice|frame)[_\-. ]?\d*$",
    re.IGNORECASE,
)
_LAST = re.compile(r"^(.*\d[^_\-. ]*)[_\-. ]+(?:[a-z]{0,8}[_\- ]?\d+|[a-z]{1,8})$", re.IGNORECASE)
_LARGEST_SHARE, _PURE, _TOGETHER = 0.25, 0.9, 0.6


@dataclass(frozen=True)
class Groups:
    """Which group each picture is in. `of` has, for each row, a place in `names` or -1; `source` is given, regex, guessed or none.

    `pattern` is the regular expression or the name of the rule, `reason` the sentence to show, with an example.
    """

    source: str
    pattern: str
    reason: str
    names: tuple[str, ...] = ()
    of: tuple[int, ...] = ()

    @property
    def numbers(self) -> np.ndarray:
        """int64 (n,): the group of each row, -1 for none; empty where there are no groups at all."""
        return np.array(self.of, np.int64)

    def as_dict(self) -> dict:
        """Return plain JSON values; `from_dict` is the inverse."""
        return {
            "source": self.source,
            "pattern": self.pattern,
            "reason": self.reason,
            "names": list(self.names),
            "of": list(self.of),
        }

    @classmethod
    def from_dict(cls, values: dict) -> "Groups":
        """Rebuild from what `as_dict` gave."""
        return cls(values["source"], values["pattern"], values["reason"], tuple(values["names"]), tuple(values["of"]))


def find_groups(catalog: Catalog, group_by: str) -> Groups:
    """Return the groups of a catalog: given ones first, then what `group_by` says (auto, none, or a regular expression).

    Raises RecipeError for an expression that is not valid, has no group to capture, or matches no picture.
    """
    keys = [example.key for example in catalog.examples]
    if group_by not in ("auto", "none", ""):
        return _by_expression(keys, group_by)
    if group_by == "none":
        return Groups("none", "none", "pictures are not grouped, as asked (group_by: none)")
    given = [example.group for example in catalog.examples]
    if any(group is not None for group in given):
        n = len({g for g in given if g is not None})
        return _groups("given", "group", f"the data set names {n:,} groups; each stays on one side", given)
    return guess(keys, label_numbers(catalog), catalog.classes)


def guess(keys: list[str], labels: np.ndarray, classes: tuple[str, ...] = ()) -> Groups:
    """Guess groups from names alone. The first rule that convinces wins; none convincing is the usual answer."""
    stems = [key.rpartition("/")[2].rpartition(".")[0] or key.rpartition("/")[2] for key in keys]
    rules: list[tuple[str, Iterable[str | None], bool]] = [
        ("augmented copies (….rf.…)", _matches(_ROBOFLOW, stems), False),
        ("a word such as patient, video or slide with its number", _words(stems), True),
        ("folder below the class", _folders(keys, classes), False),
        ("the name up to its last part", _prefixes(stems), False),
    ]
    for name, found, named in rules:
        groups = list(found)
        if _convincing(groups, labels, named):
            return _groups("guessed", name, _reason(name, groups, stems), groups)
    return Groups("none", "auto", "the names of the pictures show no groups")


def _by_expression(keys: list[str], expression: str) -> Groups:
    try:
        pattern = re.compile(expression)
    except re.error as error:
        raise RecipeError(
            f"data.group_by is not a valid regular expression: {expression!r} ({error}). Write auto, none, or an expression whose first "
            r"group names what belongs together, as 'patient_(\d+)'."
        ) from None
    if pattern.groups < 1:
        raise RecipeError(
            f"data.group_by {expression!r} has no group in round brackets, so it names nothing. Put brackets around the part that names "
            r"what belongs together, as 'patient_(\d+)'."
        )
    found = [match.group(1) if (match := pattern.search(key)) else None for key in keys]
    n, without = len({g for g in found if g is not None}), found.count(None)
    if n == 0:
        some = ", ".join(keys[:3])
        raise RecipeError(
            f"data.group_by {expression!r} matches none of the {len(keys):,} pictures ({some}, …), so nothing would be kept together. "
            "It is searched for in the path below the root; correct it, or write none."
        )
    rest = f"; {without:,} pictures match nothing and stand alone" if without else ""
    return _groups("regex", expression, f"{n:,} groups by {expression!r}; each stays on one side{rest}", found)


def _groups(source: str, pattern: str, reason: str, groups: list[str | None]) -> Groups:
    names = tuple(sorted({group for group in groups if group is not None}))
    number = {name: i for i, name in enumerate(names)} | {None: -1}
    return Groups(source, pattern, reason, names, tuple(number[group] for group in groups))


def _matches(pattern: re.Pattern, stems: list[str]) -> Iterable[str | None]:
    return (match.group(1) if (match := pattern.match(stem)) else None for stem in stems)


def _words(stems: list[str]) -> Iterable[str | None]:
    return (match.group(1).lower() if (match := _WORD.search(stem)) else None for stem in stems)


def _folders(keys: list[str], classes: tuple[str, ...]) -> Iterable[str | None]:
    """The folders that are neither a class nor a split nor an archive: `train/cat/animal7/1.jpg` → animal7."""
    known = {name.lower() for name in (*classes, *SPLITS, "val", "valid", "images", "img", "data")}
    for key in keys:
        folders = [f for f in key.split("/")[:-1] if f.lower() not in known]
        classed = any(f in classes for f in key.split("/")[:-1])
        below = key.split("/")[:-1][-1:] if classed else []
        yield "/".join(folders) if folders and below and below[0].lower() not in known else None


def _prefixes(stems: list[str]) -> Iterable[str | None]:
    """`s012_cam3_0004` → `s012_cam3`: the part before the last number or short word, when it holds a digit itself."""
    for stem in stems:
        match = _COPY.match(stem) or _LAST.match(stem)
        prefix = match.group(1) if match else None
        yield prefix if prefix and any(c.isdigit() for c in prefix) else None


def _convincing(groups: list[str | None], labels: np.ndarray, named: bool) -> bool:
    """Whether these may be groups: most pictures share one with others, every class has several, none is large, few cross classes."""
    members: dict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        if group is not None:
            members[group].append(row)
    several = {group: rows for group, rows in members.items() if len(rows) > 1}
    together = sum(map(len, several.values()))
    if not several or together < _TOGETHER * len(groups) or len(several) < 4:
        return False
    if max(map(len, several.values())) > _LARGEST_SHARE * len(groups):
        return False
    crossing = sum(len(rows) - max(Counter(labels[rows].tolist()).values()) for rows in several.values())
    if not named and crossing > (1 - _PURE) * together:
        return False
    in_class: dict[int, set[str]] = defaultdict(set)
    for group, rows in members.items():
        for label in set(labels[rows].tolist()):
            in_class[label].add(group)
    present = set(labels.tolist())
    return sum(len(in_class[label]) >= 3 for label in present) >= 0.75 * len(present)


def _reason(rule: str, groups: list[str | None], stems: list[str]) -> str:
    sizes = Counter(group for group in groups if group is not None)
    largest = min((g for g in sizes if sizes[g] == max(sizes.values())), key=str)
    shown = [stem for stem, group in zip(stems, groups, strict=True) if group == largest][:2]
    return (
        f"guessed from names by {rule}: {len(sizes):,} groups, for example {largest!r} with {sizes[largest]:,} pictures "
        f"({', '.join(shown)}); each stays on one side of the split. Not right? group_by: none"
    )
