"""Layout: pictures and masks of the same stem, where the value of a pixel is its class.

images/1.jpg  masks/1.png         train/images/1.jpg  train/masks/1.png         1.jpg  1_mask.png         JPEGImages  SegmentationClass

What the values mean stands in a classes.csv (index,name and colour), or is counted: 0 and one more value are background and foreground.
"""

from collections.abc import Sequence

from glassnet.data.catalog import Catalog, Example, Fault, Mask, class_list
from glassnet.data.readers import pairs
from glassnet.data.readers.class_table import names_classes, read_table
from glassnet.data.readers.layout import Layout, sentence, some
from glassnet.data.readers.listing import Listing
from glassnet.data.readers.meaning import Meaning, by_table, counted
from glassnet.data.readers.numbering import numbers_things
from glassnet.errors import DataError

_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif")


def claims(listing: Listing) -> bool:
    """Most pictures have a file of the same stem on the side of the masks, and its values do not number things."""
    found = pairs.pair(listing)
    if not found.mostly or not (found.masks or found.double):
        return False
    paths = list(found.masks.values())
    if not pairs.are_masks(listing, paths):
        return False
    return names_classes(listing) or not numbers_things(pairs.look(listing, paths))


def read(listing: Listing) -> Catalog:
    """Build the catalog. Raises DataError when it cannot be known what the values mean, with the file to write."""
    found = pairs.pair(listing)
    notes = pairs.set_aside(listing, found)
    if not found.masks:
        raise DataError(f"{listing.root} was read as pictures and masks, but no mask belongs to exactly one picture.")
    exact = [path for path in found.masks.values() if not path.lower().endswith(_JPEG)]
    if not exact:
        raise DataError(
            f"{listing.root}: all {len(found.masks):,} masks are JPEG files ({some(list(found.masks.values()), 1)}). JPEG changes values, "
            "so nobody knows any more which class a pixel had. Write the masks as PNG, from what they were made of."
        )
    table = read_table(listing)
    meaning = by_table(listing, table, exact) if table else counted(listing, exact)
    examples = [_example(listing, path, mask, meaning) for path, mask in found.masks.items()]
    fault = Fault("no_mask", "There is no mask of the same name, so nobody knows what its pixels are.")
    examples += [
        Example(listing.pictures[path], Mask("", meaning.names, meaning.ignore, (fault,)), pairs.split_of(path))
        for path in found.lonely
    ]
    splits = pairs.listed_splits(listing)
    if splits:
        stems = {listing.pictures[path]: pairs.stem_of(path) for path in (*found.masks, *found.lonely)}
        examples = [Example(e.key, e.annotation, splits[stems[e.key]]) for e in examples]
    pairs.skip_rest(listing, {*found.masks, *found.masks.values(), *found.lonely}, *([table.path] if table else []))
    return _finish(listing, sorted(examples, key=pairs.by_key), meaning, notes)


LAYOUT = Layout("masks of classes", claims, read, tasks=("segment",))


def _example(listing: Listing, path: str, mask: str, meaning: Meaning) -> Example:
    faults: tuple[Fault, ...] = ()
    if mask.lower().endswith(_JPEG):
        faults = (Fault("lossy_mask", f"{mask} is a JPEG file, which changes values; write the mask as PNG."),)
    annotation = Mask(listing.pictures[mask], meaning.names, meaning.ignore, faults)
    return Example(listing.pictures[path], annotation, pairs.split_of(path))


def _finish(listing: Listing, examples: Sequence[Example], meaning: Meaning, notes: Sequence[str]) -> Catalog:
    classes = class_list([name for _, name in meaning.names])
    if len(classes) < 2:
        raise DataError(
            f"{listing.root} was read as pictures and masks, whose pixels are all of one class ({some(classes)}). There is nothing "
            "to tell apart; are these the right masks?"
        )
    splits = {example.split for example in examples}
    if splits != {None} and "train" not in splits:
        raise DataError(
            f"{listing.root} gives pictures for {' and '.join(sorted(filter(None, splits)))} but none for train, so there is nothing "
            "to learn from."
        )
    return Catalog(
        root=listing.root,
        layout=sentence("pictures and masks of classes", classes, examples),
        task="segment",
        classes=classes,
        examples=tuple(examples),
        source=listing.source,
        quarantined=tuple(listing.quarantined),
        skipped=tuple(listing.skipped),
        notes=(*listing.notes, *notes, *meaning.notes),
        answers=("segment",),
    )
