"""COCO: `images/<split>/…` and one `annotations/instances_<split>.json` per split, with boxes, polygons and run lengths.

Holds everything that things can have. Polygons stay polygons; masks become run lengths, not compressed, which keep every pixel.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from glassnet.data.catalog import Polygon
from glassnet.data.shapes import rle_of
from glassnet.data.writers.files import Files
from glassnet.data.writers.record import Loss, Losses, Written, as_things, plain, split_word, thing_classes


def write(folder: Path, pictures: Iterable[Written], classes: Sequence[str], task: str) -> list[Loss]:
    """Write pictures and annotations below `folder` and return what COCO could not hold. Raises StorageError."""
    losses = Losses()
    numbers = {name: number for number, name in enumerate(thing_classes(classes, task), 1)}
    lists: dict[str | None, tuple[list[dict], list[dict]]] = {}
    annotation = 0
    with Files(folder) as files:
        for image, picture in enumerate(pictures, 1):
            if picture.data is not None:
                files.put(f"images/{picture.place}{picture.name}", picture.data)
            written = as_things(picture, classes, losses)
            images, annotations = lists.setdefault(picture.split, ([], []))
            images.append({"id": image, "file_name": picture.name, "height": picture.height, "width": picture.width})
            for place in range(len(written.things)):
                annotation += 1
                annotations.append({"id": annotation, "image_id": image, **_record(written, place, numbers)})
        categories = [{"id": number, "name": name} for name, number in numbers.items()]
        for split, (images, annotations) in lists.items():
            end = f"_{split_word(split)}" if split else ""
            parts = {"images": images, "categories": categories, "annotations": annotations}
            files.put(f"annotations/instances{end}.json", _text(parts))
    return list(losses)


def _record(picture: Written, place: int, numbers: dict[str, int]) -> dict[str, Any]:
    thing = picture.things[place]
    x1, y1, x2, y2 = picture.box(place)
    area = (x2 - x1) * (y2 - y1)
    segmentation: Any = []
    if thing.shape is not None:
        mask = picture.truth.mask(place)
        area = int(mask.sum())
        if isinstance(thing.shape, Polygon):
            segmentation = [[plain(value) for value in part] for part in thing.shape.parts]
        else:
            segmentation = {"counts": list(rle_of(mask).counts), "size": [picture.height, picture.width]}
    score = picture.score(place)
    return {
        "category_id": numbers[thing.label],
        "bbox": [plain(x1), plain(y1), plain(x2 - x1), plain(y2 - y1)],
        "area": plain(area),
        "iscrowd": int(thing.crowd),
        "segmentation": segmentation,
        **({} if score is None else {"score": score}),
    }


def _text(parts: dict[str, list[dict]]) -> str:
    """Return JSON with one record per line, which people and their tools can compare."""
    lists = []
    for name, records in parts.items():
        lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records]
        lists.append(f'"{name}": [\n' + ",\n".join(lines) + "\n]")
    return "{\n" + ",\n".join(lists) + "\n}\n"
