"""The audit: what is wrong with these pictures, before anything is trained on them.

`audit(catalog, store, recipe.data)` looks at every picture of a store (nothing is decoded again) and returns an `Audit`. Where boxes or
masks were asked for it looks at every annotation too; mask files are read for that, each once.
"""

import numpy as np

from glassnet.data.audit.annotations import Annotations, audit_annotations
from glassnet.data.audit.classes import class_findings, members, members_of_labels
from glassnet.data.audit.duplicates import Twins, families, find_twins
from glassnet.data.audit.findings import RANKS, Audit, Finding, audit_from_dict, worst_first
from glassnet.data.audit.groups import Groups, find_groups
from glassnet.data.audit.leaks import duplicate_findings, group_findings, leaking_rows
from glassnet.data.audit.pictures import bad_pictures, odd_pictures, statistics
from glassnet.data.audit.recordings import recording_findings
from glassnet.data.catalog import Catalog
from glassnet.data.labels import label_numbers, split_numbers
from glassnet.data.store import Store
from glassnet.recipe import DataRecipe

__all__ = ["RANKS", "Audit", "Finding", "Groups", "Twins", "audit", "audit_from_dict", "find_groups", "find_twins"]

_SAID = "look-alike classes"  # the readers' note; the finding similar_names says it with the number of things


def audit(catalog: Catalog, store: Store, recipe: DataRecipe) -> Audit:
    """Return everything that was found, worst first. Raises RecipeError when `recipe.group_by` makes no sense for these pictures."""
    labels, splits = label_numbers(catalog), split_numbers(catalog)
    dense = catalog.task != "classify"
    groups = find_groups(catalog, recipe.group_by)
    twins = find_twins(store)
    marked = audit_annotations(catalog, store) if dense else Annotations()
    kept_out = {row: problem.reason for row, problem in store.problems.items()}
    kept_out = dict(sorted((marked.quarantined | kept_out).items()))
    usable = store.good & ~np.isin(np.arange(len(catalog)), list(marked.quarantined))
    shows = members(marked.present) if dense else members_of_labels(labels)
    findings = [
        *duplicate_findings(catalog, twins, labels, splits),
        *bad_pictures(catalog, store),
        *marked.findings,
        *class_findings(catalog, shows, splits, usable),
        *odd_pictures(catalog, store, store.settings.fit),
        *group_findings(catalog, groups, splits),
        *(recording_findings(catalog, store, groups, splits, usable, recipe) if dense else ()),
        *(Finding("layout", "note", note) for note in catalog.notes if not (dense and note.startswith(_SAID))),
    ]
    return Audit(
        worst_first(findings),
        kept_out,
        groups,
        leaking_rows(twins, splits),
        tuple(tuple(rows.tolist()) for rows in families(twins)),
        statistics(catalog, store, shows, splits) | marked.statistics,
        marked.present,
    )
