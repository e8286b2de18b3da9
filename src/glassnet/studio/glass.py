"""A run's network as the page Glass looks into it: taken apart once, with the last few pictures that it looked at."""

from functools import cached_property
from typing import TYPE_CHECKING

from glassnet.studio.glass_source import picture_of
from glassnet.studio.kept import Kept
from glassnet.studio.networks import Opened
from glassnet.studio.workplace import Workplace

if TYPE_CHECKING:
    from glassnet.pipeline.explained import Explained
    from glassnet.report.glass.material import Anatomy
    from glassnet.report.glass.packing import Plan

_PICTURES = 3


class Glass:
    """One run that lies open. Hold `lock` while the network, or what was explained by it, is used."""

    def __init__(self, work: Workplace, opened: Opened) -> None:
        self.id, self.run, self.stamp, self.lock = opened.id, opened.run, opened.stamp, opened.lock
        self._work = work
        self._looked: Kept[Explained] = Kept(_PICTURES)

    def explained(self, words: str) -> "Explained":
        """Return the picture that the words of an address mean, explained. Raises DataError, Gone."""
        with self.lock:
            return self._looked.of(words, lambda: self._look(words))

    def _look(self, words: str) -> "Explained":
        from glassnet.pipeline.explained import Explained

        picture = picture_of(self._work, self.run, words)
        found = Explained(self.run, picture, self.run.taught, self.run.taught.observer)
        found.seen  # noqa: B018  a picture is kept once the network has looked at it
        return found

    @cached_property
    def anatomy(self) -> "Anatomy":
        """The network taken apart, with what it saw of a picture of noise: what a page holds is planned with it, once for all pictures."""
        import numpy as np
        import torch

        from glassnet.explain.seen import look
        from glassnet.report.glass.anatomy import still

        model = self.run.predictor.model
        noise = np.random.default_rng(0).integers(0, 256, (1, *model.network.shape), dtype=np.uint8)
        with self.lock:
            seen = look(model.network, torch.from_numpy(noise).float() / 255, model.temperature)
            return still(model.network, seen)

    @cached_property
    def plan(self) -> "Plan":
        """What of the network's numbers the page gets; a value of any other layer is opened here."""
        from glassnet.report.glass.packing import plan_page

        return plan_page(self.anatomy.layers)


def glass_of(work: Workplace, given: str) -> Glass:
    """Return the run of an id, open. Raises Gone where it, or its network, is not here."""
    return work.networks.of(given).part(Glass, lambda opened: Glass(work, opened))
