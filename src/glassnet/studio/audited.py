"""Data sets that were looked at whole: catalog, pixels, audit and split of each, as `glassnet audit` and the start of a training make them.

Looking takes seconds or minutes, so it is an errand. A second look reads the names and times of the files alone, and when nothing changed
what was found stays.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from glassnet.errors import DataError, RecipeError
from glassnet.studio import forms, ids
from glassnet.studio.errands import Errand, Errands, Telling, Told
from glassnet.studio.kept import Kept
from glassnet.studio.records import Gone
from glassnet.studio.workplace import Workplace

if TYPE_CHECKING:
    import numpy as np

    from glassnet.pipeline.prepare import Prepared
    from glassnet.recipe import Recipe
    from glassnet.report.material import Data

_KEPT = 3
_SPLITS = ("train", "validation", "test")
TASKS = ("classify", "localize", "detect", "segment", "instances")
SETTINGS = (*(name for name in forms.names() if name.startswith("augment.")), "train.mixup", "train.seed", "network")
"""What may be set when pictures are shown as training varies them. The network is among them because it recommends settings."""


@dataclass(frozen=True)
class Looked:
    """One data set. Row i everywhere is picture i of its catalog. `stamp` changes whenever the pictures or their annotations do."""

    prepared: "Prepared"
    stamp: str

    @cached_property
    def data(self) -> "Data":
        """What a page says about the pictures."""
        from glassnet.pipeline.reporting import data_of

        return data_of(self.prepared, self.prepared.recipe, shown=0)

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of every key."""
        return {key: row for row, key in enumerate(self.data.keys)}

    @cached_property
    def sides(self) -> dict[int, str]:
        """The side of every row that has one."""
        lock = self.prepared.lock
        return {row: split for split in _SPLITS for row in lock.rows(split).tolist()}

    @property
    def shows(self) -> tuple[tuple[int, ...], ...]:
        """The classes, by number, that each row shows."""
        present = self.prepared.audit.present
        return present or tuple((label,) if label >= 0 else () for label in self.data.labels.tolist())

    def picture(self, row: int, drawn: bool, side: int) -> "np.ndarray":
        """Return a picture as it came, uint8 (h, w, C), `drawn` with what its annotation says. Raises Gone, DataError."""
        from glassnet.report.annotated import annotated, shrunk

        self._check(row)
        if drawn and self.prepared.catalog.task != "classify":
            found = annotated(self.data, row, side)
            if found is None:
                raise Gone("This picture cannot be read.")
            return found
        assert self.data.original is not None
        return shrunk(self.data.original(row), side)

    def resolved(self, settings: dict[str, str]) -> tuple["Prepared", "Recipe"]:
        """Return the pictures and the whole recipe that a training with these settings would have. Raises RecipeError."""
        from glassnet.data.split import split
        from glassnet.pipeline.choices import resolve_for
        from glassnet.tasks import task as task_of

        unknown = sorted(set(settings) - set(SETTINGS))
        if unknown:
            raise RecipeError(f"{unknown[0][:60]!r} does not change what training shows of a picture.")
        asked = self.prepared.recipe.changed(forms.values(forms.checked(settings)))
        if asked.train.mixup and not task_of(self.prepared.catalog.task).one_class:
            raise RecipeError(
                "train.mixup mixes pictures that have one class each. Leave it at 0 where boxes or masks are asked for."
            )
        prepared = replace(self.prepared, recipe=asked)
        if asked.train.seed != self.prepared.recipe.train.seed:  # another seed draws other sides
            lock = split(prepared.catalog, prepared.store, prepared.audit, asked.data, asked.train.seed)
            prepared = replace(prepared, lock=lock)
        return prepared, resolve_for(prepared)[0]

    def varied(self, row: int, epoch: int, settings: dict[str, str]) -> "np.ndarray":
        """Return a training picture uint8 (h, w, C) as an epoch, counted from 1, shows it; 0: as it is stored. Raises Gone."""
        import numpy as np

        from glassnet.pipeline.varied import at_epochs

        self._check(row)
        prepared, recipe = self.resolved(settings)
        if row not in prepared.lock.train:
            raise Gone("This picture is not among those that are trained on, so it is never varied.")
        found = at_epochs(prepared, recipe, np.array([row]), [epoch - 1] if epoch else [])[0]
        return found.draws[0] if epoch else found.original

    def _check(self, row: int) -> None:
        if not 0 <= row < len(self.data.keys):
            raise Gone("There is no such picture in this data set.")


class Looks:
    """The data sets that were looked at lately."""

    def __init__(self, work: Workplace) -> None:
        self._work = work
        self._errands = Errands(_KEPT)
        self._found: Kept[Looked] = Kept(_KEPT)

    def start(self, given: str, task: str) -> Errand:
        """Look at a data set, or see whether it is still what it was. Raises DataError for what is not there, RecipeError."""
        if task and task not in TASKS:
            raise RecipeError(f"{task[:40]!r} is no question. There are: {', '.join(TASKS)}.")
        root, key = self._work.folders.root_of(given), (given, task)
        return self._errands.start(key, lambda tell: self._look(root, key, tell), again=True)

    def standing(self, given: str, task: str) -> Errand | None:
        """Return how a look stands, None where nobody asked for one."""
        return self._errands.find((given, task))

    def of(self, given: str, task: str) -> Looked:
        """Return a data set that was looked at. Raises Gone."""
        found = self._found.find((given, task))
        if found is None:
            raise Gone("These pictures were not looked at yet. Load the page anew.")
        return found

    def _look(self, root: str, key: tuple[str, str], tell: Told) -> None:
        from glassnet.data.readers import recognise
        from glassnet.pipeline.auditing import audit
        from glassnet.recipe import recipe_from

        tell("reading names", 0, 0)
        catalog = recognise(root, task=key[1] or None)
        stamp = _stamp(catalog)
        held = self._found.find(key)
        if held is None or held.stamp != stamp:
            recipe = recipe_from({"data": {"root": root} | ({"task": key[1]} if key[1] else {})})
            tell("looking for faults", 0, 0)
            held = Looked(audit(recipe, self._work.out, Telling(tell), catalog), stamp)
        self._found.put(key, held)


def _stamp(catalog: Any) -> str:
    """Return what stands for a catalog and the sizes and times of all files that it names."""
    keys = [example.key for example in catalog.examples]
    keys += sorted({key for example in catalog.examples for key in _files(example.annotation)})
    stamps = [_sign(catalog, key) for key in keys]
    return ids.of("look", repr(catalog.examples), repr((catalog.classes, catalog.quarantined, catalog.skipped, stamps)))


def _sign(catalog: Any, key: str) -> tuple[int, int]:
    try:
        return catalog.source.stamp(key)
    except DataError:  # an annotation may name a file that is not there: the audit tells it
        return 0, 0


def _files(annotation: Any) -> list[str]:
    from glassnet.data.catalog import Mask, MaskFile, Things

    if isinstance(annotation, Mask):
        return [annotation.key]
    if isinstance(annotation, Things):
        return [thing.shape.key for thing in annotation.things if isinstance(thing.shape, MaskFile)]
    return []
