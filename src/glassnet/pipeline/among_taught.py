"""What the training pictures say of an explained one: those that excite a channel most, and those that are nearest in the last features."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from glassnet.pipeline.taught import Crop, Neighbour

if TYPE_CHECKING:
    from glassnet.pipeline.explained import Explained


def exciting(
    explained: "Explained", asked: Mapping[str, Sequence[int]], top: int, pictures: int | None
) -> dict[str, dict[int, list[Crop]]]:
    """Return the crops that excite the channels of every layer of `asked` most, strongest first, in one pass.

    Raises DataError where the training pictures are gone or changed.
    """
    from glassnet.explain.exciting import most_exciting

    taught, told = explained.taught, partial(explained.observer.progress, "training pictures")
    network, rows = explained.predictor.model.network, taught.rows(pictures)
    found = most_exciting(network, taught.store.pixels, rows, asked, top, told)
    return {
        layer: {channel: [taught.crop(each) for each in crops] for channel, crops in of_layer.items()}
        for layer, of_layer in found.items()
    }


def nearest(explained: "Explained", top: int, pictures: int | None) -> list[Neighbour]:
    """Return the training pictures nearest to the explained one, without itself. Raises DataError where they are gone or changed."""
    from glassnet.explain.nearest import nearest as nearest_rows

    taught, told = explained.taught, partial(explained.observer.progress, "training pictures")
    network, rows = explained.predictor.model.network, taught.rows(pictures, without=explained.picture.key)
    found = nearest_rows(network, explained.x, taught.store.pixels, rows, top, told)
    return [taught.neighbour(each.row, each.similarity) for each in found]
