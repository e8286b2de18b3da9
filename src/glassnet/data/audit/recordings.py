"""Frames of recordings: pictures whose neighbours in the order of names resemble each other far more than others do.

Cutting a test out of them gives every test picture a neighbour in train, and a score that no other recording will reach.
"""

import numpy as np

from glassnet.data.audit.duplicates import similarity_of
from glassnet.data.audit.findings import Finding
from glassnet.data.audit.groups import Groups
from glassnet.data.catalog import SPLITS, Catalog
from glassnet.data.store import Store
from glassnet.recipe import DataRecipe

_LEAST, _MOST = 30, 2000
# How much less neighbours differ, as a share of what pictures far apart do: 0.53 for every third frame of CamVid, from 0.72 on for
# collections of photographs.
_CLOSER = 0.65


def recording_findings(
    catalog: Catalog, store: Store, groups: Groups, splits: np.ndarray, usable: np.ndarray, recipe: DataRecipe
) -> list[Finding]:
    """Return the warning where a split is still to be cut from such pictures and nothing says what belongs together."""
    shares = {"validation": recipe.validation, "test": recipe.test}
    cut = [name for name, share in shares.items() if share > 0 and not (splits == SPLITS.index(name)).any()]
    pool = np.flatnonzero(usable & (splits <= 0)).tolist()
    if groups.source != "none" or not cut or len(pool) < _LEAST:
        return []
    order = np.array(sorted(pool, key=lambda row: catalog.examples[row].key))
    some = np.unique(np.linspace(0, len(order) - 2, min(len(order) - 1, _MOST)).astype(int))
    half = (some + len(order) // 2) % len(order)
    near = float(np.median(1 - similarity_of(store, order[some], order[some + 1])))
    far = float(np.median(1 - similarity_of(store, order[some], order[half])))
    if near >= _CLOSER * far:
        return []
    name = " and ".join(cut)
    return [
        Finding(
            "recordings",
            "warning",
            "Pictures whose names follow each other resemble each other: they may be frames of recordings",
            (),
            f"{name.capitalize()} cut from them {'has' if len(cut) == 1 else 'have'} neighbours in train, so the score is too good.",
            f"Give {name} of other recordings, name what belongs together with data.group_by, or cut none (data.{cut[-1]}: 0).",
            {
                "shown": [f"neighbours differ by {near:.2f}, pictures far apart by {far:.2f}"],
                "near": round(near, 4),
                "far": round(far, 4),
            },
        )
    ]
