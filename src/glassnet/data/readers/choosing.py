"""Which of several layouts is meant: the most natural one, or the one that can answer the question that was asked. Said aloud."""

from collections.abc import Sequence
from dataclasses import replace

from glassnet.data.catalog import Catalog
from glassnet.data.readers.finding import STRUCTURE
from glassnet.data.readers.layout import SPLIT_NAMES, Layout, ask, some, things_of
from glassnet.data.readers.listing import Listing
from glassnet.errors import DataError

TASKS = ("classify", "localize", "detect", "segment", "instances")
_NEEDS = {
    "classify": "one class per picture: add a labels.csv with the columns file,label, or sort the pictures into one folder per class",
    "localize": "exactly one box in every picture",
    "detect": "boxes around the things in the pictures, as VOC, COCO or YOLO files or a table file,label,x1,y1,x2,y2",
    "segment": "a mask for every picture, or the outline of every thing",
    "instances": "the outline or a mask of every single thing",
}


def choose(listing: Listing, layouts: Sequence[Layout], task: str | None) -> Catalog | None:
    """Return the catalog of the first layout that claims the files and can answer `task`; None when no layout claims them.

    Raises DataError when the files are wrong, or when what is there can answer other questions only.
    """
    claiming = [layout for layout in layouts if layout.claims(listing)]
    if not claiming:
        return None
    if any(not layout.guessed for layout in claiming) and task is None:
        claiming = [layout for layout in claiming if not layout.guessed]
    if task is None:
        catalog = claiming[0].read(_fresh(listing))
        return _with_others(catalog, claiming[0], claiming[1:])
    unfit: Catalog | None = None
    fault: DataError | None = None
    for layout in claiming:
        if task not in layout.tasks:
            continue
        try:
            catalog = layout.read(_fresh(listing))
        except DataError as error:
            fault = fault or (None if layout.guessed and len(claiming) > 1 else error)
            continue
        if task in catalog.answers and not (layout.guessed and _is_structure(catalog)):
            return ask(catalog, task)
        unfit = unfit or (None if layout.guessed else catalog)
    if fault is not None and unfit is None:
        raise fault
    raise DataError(refusal(unfit or claiming[0].read(_fresh(listing)), task))


def refusal(catalog: Catalog, task: str) -> str:
    """Return the sentences that say what the annotations can answer, and what the question that was asked needs."""
    name = catalog.layout.removeprefix("recognised: ")
    needs = _NEEDS[task]
    if task == "localize":
        others = [e.key for e in catalog.examples if len([t for t in things_of(e) if not t.crowd]) != 1]
        if others and any(things_of(example) for example in catalog.examples):
            needs += f"; {len(others):,} pictures have none or several: {some(others)}"
    return f"{catalog.root} was read as {name}. That can answer {' or '.join(catalog.answers)}, not {task}, which needs {needs}."


def _with_others(catalog: Catalog, taken: Layout, others: Sequence[Layout]) -> Catalog:
    """Add a note on every other layout that claims the same files, with the way to get it."""
    notes = []
    for other in others:
        tasks = [task for task in other.tasks if task not in catalog.answers]
        how = f"--task {tasks[0]} takes {other.name}" if tasks else f"To use {other.name}, move the others away"
        notes.append(f"two layouts fit: {taken.name}, and {other.name}; {taken.name} are taken ({catalog.task}). {how}")
    return replace(catalog, notes=(*catalog.notes, *notes))


def _is_structure(catalog: Catalog) -> bool:
    """Tell whether the classes are nothing but the folders of another layout, such as images and masks."""
    names = {name.lower() for name in catalog.classes}
    return bool(names & (STRUCTURE | {"mask", "masks"})) or names <= SPLIT_NAMES.keys()


def _fresh(listing: Listing) -> Listing:
    """Return the listing with lists of its own, which a reader adds to."""
    return replace(
        listing, skipped=list(listing.skipped), quarantined=list(listing.quarantined), notes=list(listing.notes)
    )
