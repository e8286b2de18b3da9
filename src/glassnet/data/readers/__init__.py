"""From a name to a catalog: which layout a folder or archive has is found out, not asked.

A new layout is one new file here and one line in `LAYOUTS`.
"""

from collections.abc import Callable
from pathlib import Path

from glassnet.data.builtin import BUILTIN
from glassnet.data.catalog import Catalog
from glassnet.data.readers import cifar, dense, folders, table
from glassnet.data.readers.arrays import from_arrays, to_bytes
from glassnet.data.readers.layout import Layout, some
from glassnet.data.readers.listing import Listing, list_files
from glassnet.errors import DataError

__all__ = ["BUILTIN", "LAYOUTS", "Layout", "from_arrays", "recognise", "to_bytes"]

LAYOUTS: tuple[Layout, ...] = (
    cifar.LAYOUT,
    table.LAYOUT,  # a table of labels is the user's own word, so it comes before anything guessed from folders
    dense.LAYOUT,
    folders.LAYOUT,
)


def recognise(
    root: str | Path,
    task: str | None = None,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Catalog:
    """Return the catalog of a folder, an archive, a folder of archives, or a built-in name (xo, digits, cifar10).

    `cache` is where a download asked for by name is kept (default: the platform's cache folder), `progress(done, total)` counts its
    bytes. A path that exists wins over a built-in name. Raises DataError when nothing usable is there, NetworkError when a download fails.
    """
    if task not in (None, "classify"):
        raise DataError(f"This version answers only classify (which class a picture is); {task!r} was asked for.")
    name = str(root)
    if not name.strip():
        raise DataError("No pictures were named: give a folder, an archive, or a built-in name (xo, digits, cifar10).")
    builtin = BUILTIN.get(name)
    if builtin is not None and not Path(name).exists():
        return builtin(cache, progress)
    listing = list_files(root)
    if builtin is not None:
        listing.notes.append(
            f"the folder {name} was read; to get the built-in set of that name, start from another folder"
        )
    for layout in LAYOUTS:
        if layout.claims(listing):
            return layout.read(listing)
    raise DataError(_nothing(listing))


def _nothing(listing: Listing) -> str:
    if listing.pictures:
        return (
            f"{listing.root} holds {len(listing.pictures):,} pictures ({some(sorted(listing.pictures))}) but neither class folders nor a "
            "labels.csv, so nobody knows what they show. Put each kind into a folder of its own, or write a labels.csv with the columns "
            "file,label."
        )
    if listing.quarantined:
        shown = some([f"{fault.key}: {fault.reason}" for fault in listing.quarantined], 2)
        return f"{listing.root} holds no picture that can be read. {len(listing.quarantined):,} were kept out: {shown}."
    if listing.others:
        return (
            f"{listing.root} holds {len(listing.others):,} files ({some(sorted(listing.others))}) but no pictures. "
            "JPEG, PNG, WebP, BMP, GIF and TIFF are read."
        )
    return f"{listing.root} is empty: no pictures were found in it or in its {len(listing.folders)} folders."
