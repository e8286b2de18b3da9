"""Findings about the same picture in several places: copies, near copies, two labels or annotations, leaks between given splits."""

import numpy as np

from glassnet.data.audit.duplicates import Twins, families
from glassnet.data.audit.findings import Finding, pictures
from glassnet.data.audit.groups import Groups
from glassnet.data.catalog import SPLITS, Catalog
from glassnet.data.truths import annotation_digest

_LISTED = 20


def leaking_rows(twins: Twins, splits: np.ndarray) -> dict[str, tuple[int, ...]]:
    """Return, for validation and test, the rows whose family (copies and near copies) has a member in train."""
    trained = np.zeros(len(splits), bool)
    trained[twins.family[splits == 0]] = True
    return {
        name: tuple(np.flatnonzero((splits == SPLITS.index(name)) & trained[twins.family]).tolist())
        for name in ("validation", "test")
    }


def duplicate_findings(catalog: Catalog, twins: Twins, labels: np.ndarray, splits: np.ndarray) -> list[Finding]:
    """Return leaks between given splits, conflicting labels, exact and near duplicates, and families of look-alikes."""
    keys = [example.key for example in catalog.examples]
    copies = _exact_pairs(twins)
    near = (
        twins.pairs[twins.family[twins.pairs[:, 0]] == twins.family[twins.pairs[:, 1]]]
        if len(twins.pairs)
        else twins.pairs
    )
    return [
        *_shared(keys, twins, splits, copies),
        *(
            _two_labels(catalog, keys, labels, copies, near)
            if catalog.task == "classify"
            else _two_annotations(catalog, keys, copies)
        ),
        *_repeated(keys, copies, near, twins),
    ]


def group_findings(catalog: Catalog, groups: Groups, splits: np.ndarray) -> list[Finding]:
    """Return the groups in use, and groups that given splits tear apart."""
    found = []
    if groups.names and (splits >= 0).any():
        torn, keys = _torn(groups, splits), [example.key for example in catalog.examples]
        if torn:
            rows = [row for row, group in enumerate(groups.of) if group in set(torn)]
            found.append(
                Finding(
                    "group_in_several_splits",
                    "leak" if groups.source in ("given", "regex") else "warning",
                    f"{len(torn):,} group{'s are' if len(torn) > 1 else ' is'} in more than one given split",
                    tuple(keys[row] for row in rows),
                    "Pictures of one group resemble each other, so the score on the other side is too good.",
                    "Let Glassnet cut the splits (remove the split folders or column)"
                    + ("; not real groups? group_by: none." if groups.source == "guessed" else "."),
                    {
                        "shown": [groups.names[group] for group in torn],
                        "groups": [groups.names[group] for group in torn],
                    },
                )
            )
    if groups.source != "none":
        found.append(Finding("groups", "note", f"Groups: {groups.reason}", details={"source": groups.source}))
    return found


def _torn(groups: Groups, splits: np.ndarray) -> list[int]:
    of = groups.numbers
    inside = (of >= 0) & (splits >= 0)
    both = np.unique(np.stack([of[inside], splits[inside]], axis=1), axis=0)
    numbers, sides = np.unique(both[:, 0], return_counts=True)
    return numbers[sides > 1].tolist()


def _exact_pairs(twins: Twins) -> np.ndarray:
    """int64 (m, 2): every copy with the first picture of its bytes."""
    later = np.flatnonzero(twins.exact != np.arange(len(twins.exact)))
    return np.stack([twins.exact[later], later], axis=1)


def _shared(keys: list[str], twins: Twins, splits: np.ndarray, copies: np.ndarray) -> list[Finding]:
    found = []
    for other, base in ((2, 0), (1, 0), (2, 1)):
        if not ((splits == other).any() and (splits == base).any()):
            continue
        pairs = _across(twins, splits, base, other)
        if not len(pairs):
            continue
        rows = np.unique(pairs[:, 1])
        exact = int((twins.exact[pairs[:, 0]] == twins.exact[pairs[:, 1]]).sum())
        a, b = SPLITS[base], SPLITS[other]
        share = len(rows) / int((splits == other).sum())
        kinds = "all exactly" if exact == len(rows) else f"{exact:,} exactly, {len(rows) - exact:,} nearly"
        found.append(
            Finding(
                f"shared_{a}_{b}",
                "leak",
                f"{pictures(len(rows))} of {b} ({share:.1%}) {'is' if len(rows) == 1 else 'are'} also in {a}, {kinds}",
                tuple(keys[i] for i in rows),
                f"The network has seen the answer, so the score on {b} is too good."
                if base == 0
                else "What is chosen on validation then already knows the test.",
                f"Delete them from {b}; until then read the score without leaked pictures beside the whole one.",
                {
                    "shown": [f"{keys[j]} = {keys[i]}" for i, j in pairs[:_LISTED]],
                    "count": len(rows),
                    "pairs": [[keys[i], keys[j]] for i, j in pairs],
                    "exact": exact,
                },
            )
        )
    return found


def _across(twins: Twins, splits: np.ndarray, base: int, other: int) -> np.ndarray:
    """int64 (m, 2): each row of split `other` that has family in `base`, with one such relative, an exact copy where there is one."""
    n = len(splits)
    relative, copy = np.full(n, -1), np.full(n, -1)
    rows = np.flatnonzero(splits == base)[::-1]  # the first one wins
    relative[twins.family[rows]] = rows
    copy[twins.exact[rows]] = rows
    asking = np.flatnonzero(splits == other)
    partner = np.where(copy[twins.exact[asking]] >= 0, copy[twins.exact[asking]], relative[twins.family[asking]])
    return np.stack([partner, asking], axis=1)[partner >= 0]


def _two_labels(
    catalog: Catalog, keys: list[str], labels: np.ndarray, copies: np.ndarray, near: np.ndarray
) -> list[Finding]:
    found = []
    for code, rank, pairs, what in (
        ("two_labels", "error", copies, "exactly the same picture"),
        ("near_two_labels", "warning", near, "nearly the same picture"),
    ):
        differ = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]] if len(pairs) else pairs
        if len(differ):
            rows = np.unique(differ)
            found.append(
                Finding(
                    code,
                    rank,
                    f"{len(differ):,} pair{'s' if len(differ) > 1 else ''} of {what} under two labels",
                    tuple(keys[i] for i in rows),
                    "One of the two labels is wrong, or the classes are not distinct; no network can be right on both.",
                    "Look at them, correct the label, and delete one of the two.",
                    {
                        "shown": [
                            f"{keys[i]} ({_name(catalog, labels[i])}) = {keys[j]} ({_name(catalog, labels[j])})"
                            for i, j in differ[:_LISTED]
                        ],
                        "count": len(differ),
                        "pairs": [[keys[i], keys[j]] for i, j in differ],
                    },
                )
            )
    return found


def _two_annotations(catalog: Catalog, keys: list[str], copies: np.ndarray) -> list[Finding]:
    """Exact copies whose boxes or masks differ. Near copies may be turned or cut, so theirs may differ and both be right."""
    digests = {row: annotation_digest(catalog, row) for row in np.unique(copies).tolist()}
    differ = [(i, j) for i, j in copies.tolist() if digests[i] != digests[j]]
    if not differ:
        return []
    return [
        Finding(
            "two_annotations",
            "error",
            f"{len(differ):,} pair{'s' if len(differ) > 1 else ''} of exactly the same picture with different boxes or masks",
            tuple(dict.fromkeys(keys[i] for pair in differ for i in pair)),
            "What one of them marks is background in the other; no network can be right on both.",
            "Look at them, keep the better annotation, and delete the other picture.",
            {
                "shown": [f"{keys[i]} ≠ {keys[j]}" for i, j in differ[:_LISTED]],
                "count": len(differ),
                "pairs": [[keys[i], keys[j]] for i, j in differ],
            },
        )
    ]


def _repeated(keys: list[str], copies: np.ndarray, near: np.ndarray, twins: Twins) -> list[Finding]:
    found = []
    for code, pairs, what in (
        ("exact_duplicates", copies, "exact copies"),
        ("near_duplicates", near, "nearly the same as another"),
    ):
        if not len(pairs):
            continue
        rows = np.unique(pairs)
        n = len(pairs) if code == "exact_duplicates" else len(rows)
        found.append(
            Finding(
                code,
                "warning",
                pictures(
                    n,
                    what.replace("copies", "copy").replace("exact", "is an exact").replace("nearly", "is nearly"),
                    f"are {what}",
                ),
                tuple(keys[i] for i in rows),
                "Copies count twice in training, and a copy on each side of a split lets the score lie.",
                "Nothing has to be done: a split cut by Glassnet keeps them on one side. Delete copies that mean nothing.",
                {
                    "shown": [f"{keys[j]} = {keys[i]}" for i, j in pairs[:_LISTED]],
                    "count": len(pairs),
                    "pairs": [[keys[i], keys[j]] for i, j in pairs],
                    "families": len(families(twins)),
                },
            )
        )
    if twins.lookalikes:
        sizes = [len(family) for family in twins.lookalikes]
        found.append(
            Finding(
                "lookalikes",
                "warning",
                f"{sum(sizes):,} pictures in {len(sizes)} large famil{'y' if len(sizes) == 1 else 'ies'} look nearly the same",
                tuple(keys[i] for family in twins.lookalikes for i in family),
                "A fixed camera or a video looks like this. They are not treated as copies, so neighbours may be on both sides of a split.",
                "If they are frames of one recording, name the recording with data.group_by.",
                {"sizes": sizes},
            )
        )
    if twins.note:
        found.append(
            Finding(
                "narrow_search",
                "warning",
                twins.note,
                (),
                "Copies that were edited may have been missed, also across splits.",
                "If the pictures come in recordings or series, name them with data.group_by.",
            )
        )
    return found


def _name(catalog: Catalog, label: int) -> str:
    return catalog.classes[label] if label >= 0 else "no class"
