"""One pass over the mask files: can they be read, how large are they, which values do they hold, and where.

Only a few files are in memory at a time; what is kept of each is a small table.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from glassnet.data.catalog import Catalog, Mask, MaskFile, Things
from glassnet.data.extents import Box, Regions, regions
from glassnet.data.mask_files import Value, is_lossy, mask_values
from glassnet.data.scan import cores
from glassnet.data.sources import read_each
from glassnet.errors import DataError

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class MaskLook:
    """What one mask file holds. `problem` says why nothing is known of it; the rest is then empty."""

    height: int
    width: int
    lossy: bool
    regions: Regions
    problem: str = ""


Looks = dict[str, MaskLook]


def look_at_masks(catalog: Catalog) -> Looks:
    """Read every mask file of a catalog once and return what each holds, by key. Decoders work side by side."""
    keys = list(dict.fromkeys(key for example in catalog.examples for key in mask_keys(example.annotation)))
    if not keys:
        return {}
    found: Looks = {}
    waiting: deque[tuple[str, Future[MaskLook]]] = deque()
    workers = cores()
    with ThreadPoolExecutor(workers) as pool:
        for key, data in read_each(catalog.source, keys):
            waiting.append((key, pool.submit(_look, data)))
            while len(waiting) > 2 * workers:
                name, future = waiting.popleft()
                found[name] = future.result()
        found.update({name: future.result() for name, future in waiting})
    return found


def mask_keys(annotation: object) -> list[str]:
    """Return the mask files that an annotation needs, each once, in its order."""
    if isinstance(annotation, Mask):
        return [annotation.key] if annotation.key else []
    if isinstance(annotation, Things):
        return list(dict.fromkeys(t.shape.key for t in annotation.things if isinstance(t.shape, MaskFile)))
    return []


def boxes_of(looks: Looks) -> Callable[[MaskFile], Box | None]:
    """Return the function that `thing_table` asks where a mask has its pixels."""

    def of_mask(shape: MaskFile) -> Box | None:
        look = looks.get(shape.key)
        return None if look is None or look.problem else look.regions.box(shape.value)

    return of_mask


def faults_of_masks(annotation: Mask | Things, looks: Looks, height: int, width: int) -> Iterator[tuple[str, str]]:
    """Yield (code, reason) of what is wrong with the masks of one picture of this size."""
    for key in mask_keys(annotation):
        look = looks[key]
        if look.problem:
            yield "unreadable_mask", f"its mask {key} cannot be read ({look.problem.rstrip('.')})"
        elif (look.height, look.width) != (height, width):
            turned = (look.width, look.height) == (height, width)
            hint = ": it is turned, as the picture was before its EXIF orientation is applied" if turned else ""
            yield (
                "mask_size",
                f"its mask {key} is {look.width}×{look.height} pixels, the picture {width}×{height}{hint}",
            )
        elif isinstance(annotation, Mask):
            yield from _strange_values(annotation, key, look)
        else:
            yield from _faults_of_shapes(annotation, key, look)


def class_pixels(annotation: Mask, look: MaskLook, number: dict[str, int]) -> dict[int, int]:
    """Return how many pixels of a mask each class number has; -1 counts ignored ones. Values without a name are left out."""
    counts: dict[int, int] = {}
    named = {_code(value): number.get(name, -1) for value, name in annotation.names}
    named |= {_code(value): -1 for value in annotation.ignore}
    for value, pixels in zip(look.regions.values.tolist(), look.regions.pixels.tolist(), strict=True):
        if value in named:
            counts[named[value]] = counts.get(named[value], 0) + pixels
    return counts


def soft(annotation: Things, looks: Looks) -> bool:
    """Whether a mask of one thing holds more than two values although nothing lost them: soft edges, or numbered things."""
    for thing in annotation.things:
        if isinstance(thing.shape, MaskFile) and thing.shape.value is None:
            look = looks[thing.shape.key]
            if not look.problem and not look.lossy and len(look.regions.values) > 2:
                return True
    return False


def _strange_values(annotation: Mask, key: str, look: MaskLook) -> Iterator[tuple[str, str]]:
    known = [_code(value) for value, _ in annotation.names] + [_code(value) for value in annotation.ignore]
    strange = ~np.isin(look.regions.values, known)
    if not strange.any():
        return
    n, share = int(strange.sum()), look.regions.pixels[strange].sum() / look.regions.pixels.sum()
    if look.lossy:
        yield (
            "lossy_mask",
            (
                f"its mask {key} has {n:,} values that no class has: JPEG (or another lossy format) made them up at the edges"
            ),
        )
        return
    names = ", ".join(_shown_value(value) for value in look.regions.values[strange][:_SHOWN].tolist())
    more = ", …" if n > _SHOWN else ""
    what = "value" if n == 1 else "values"
    yield "mask_values", f"its mask {key} has the {what} {names}{more}, which no class has ({share:.1%} of its pixels)"


def _faults_of_shapes(annotation: Things, key: str, look: MaskLook) -> Iterator[tuple[str, str]]:
    shapes = [t.shape for t in annotation.things if isinstance(t.shape, MaskFile) and t.shape.key == key]
    if look.lossy and len(look.regions.values) > len({shape.value for shape in shapes}) + 1:
        yield (
            "lossy_mask",
            (
                f"its mask {key} has {len(look.regions.values):,} values: JPEG (or another lossy format) made some up at the edges"
            ),
        )
        return
    for shape in shapes:
        if look.regions.count(shape.value) == 0:
            what = "no pixels" if shape.value is None else f"no pixel of the value {shape.value}"
            yield "shape_empty", f"its mask {key} has {what}"


def _look(data: bytes | DataError) -> MaskLook:
    nothing = np.zeros(0, np.int64)
    empty = Regions(nothing, nothing, np.zeros((0, 4)))
    if isinstance(data, DataError):
        return MaskLook(0, 0, False, empty, str(data))
    try:
        values, lossy = mask_values(data), is_lossy(data)
    except DataError as error:
        return MaskLook(0, 0, False, empty, str(error))
    except MemoryError:
        return MaskLook(0, 0, False, empty, "There is not enough memory to decode it.")
    return MaskLook(values.shape[0], values.shape[1], lossy, regions(values))


def _code(value: Value) -> int:
    """The number under which `regions` has this value."""
    if isinstance(value, int):
        return value
    red, green, blue = value
    return red if red == green == blue else 1 << 24 | red << 16 | green << 8 | blue


def _shown_value(code: int) -> str:
    return f"({code >> 16 & 255}, {code >> 8 & 255}, {code & 255})" if code >= 1 << 24 else str(code)
