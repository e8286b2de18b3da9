"""A table of boxes: `images/…` and `boxes.csv` with the columns file, label, x1, y1, x2, y2, and split where there are splits.

Corners are edges in pixels, to the last digit. A picture without any thing has one row with an empty label.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from glassnet import durable
from glassnet.data.writers.files import Files
from glassnet.data.writers.record import Loss, Losses, Written, plain

CROWDS = "Crowd regions left out, since the table has no mark for them; what they cover now counts as background"
OUTLINES = "Outlines left out, of which only the box is kept, since a table of boxes has no place for them"


def write(folder: Path, pictures: Iterable[Written], classes: Sequence[str], task: str) -> list[Loss]:
    """Write pictures and the table below `folder` and return what the table could not hold. Raises StorageError."""
    losses = Losses()
    rows: list[list[object]] = []
    splits = scores = False
    with Files(folder) as files:
        for picture in pictures:
            file = picture.name if picture.data is None else f"images/{picture.place}{picture.name}"
            if picture.data is not None:
                files.put(file, picture.data)
            splits, scores = splits or picture.split is not None, scores or bool(picture.scores)
            rows += _rows(picture, file, losses)
    columns = ["file", "label", "x1", "y1", "x2", "y2", *["split"] * splits, *["confidence"] * scores]
    keep = [*range(6), *[6] * splits, *[7] * scores]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows([row[column] for column in keep] for row in rows)
    durable.write_text(folder / "boxes.csv", text.getvalue())
    return list(losses)


def _rows(picture: Written, file: str, losses: Losses) -> list[list[object]]:
    kept = [place for place, thing in enumerate(picture.things) if not thing.crowd]
    losses.add(CROWDS, picture, len(picture.things) - len(kept))
    losses.add(OUTLINES, picture, sum(picture.things[place].shape is not None for place in kept))
    split = picture.place.rstrip("/")
    if not kept:
        return [[file, "", "", "", "", "", split, ""]]
    corners = [[plain(value) for value in picture.box(place)] for place in kept]
    return [
        [file, picture.things[place].label, *four, split, picture.score(place)]
        for place, four in zip(kept, corners, strict=True)
    ]
