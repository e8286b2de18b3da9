"""Networks opened for the page Glass: each loaded once, and the last few pictures that it looked at. Passes over one are serialised."""

import threading
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING

from glassnet.studio.glass_source import picture_of
from glassnet.studio.records import Gone
from glassnet.studio.workplace import Workplace

if TYPE_CHECKING:
    from glassnet.pipeline.explained import Explained
    from glassnet.pipeline.run import Run
    from glassnet.report.glass.material import Anatomy
    from glassnet.report.glass.packing import Plan

_RUNS, _PICTURES = 3, 3


class Opened:
    """One run with its network. Hold `lock` while the network, or what was explained by it, is used."""

    def __init__(self, work: Workplace, given: str, run: "Run", stamp: int) -> None:
        self.id = given
        self.run = run
        self.stamp = stamp
        self.lock = threading.RLock()
        self._work = work
        self._looked: OrderedDict[str, Explained] = OrderedDict()

    def explained(self, words: str) -> "Explained":
        """Return the picture that the words of an address mean, explained. Raises DataError, Gone."""
        from glassnet.pipeline.explained import Explained

        with self.lock:
            if words not in self._looked:
                picture = picture_of(self._work, self.run, words)
                found = Explained(self.run, picture, self.run.taught, self.run.taught.observer)
                found.seen  # noqa: B018  a picture is kept once the network has looked at it
                self._looked[words] = found
            self._looked.move_to_end(words)
            while len(self._looked) > _PICTURES:
                self._looked.popitem(last=False)
            return self._looked[words]

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


class Glasses:
    """The last few runs that were opened. A run that was trained on since is opened anew."""

    def __init__(self, work: Workplace) -> None:
        self._work = work
        self._held: OrderedDict[str, Opened] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, given: str) -> Opened:
        """Return the run of an id. Raises Gone where it, or its network, is not here."""
        from glassnet.pipeline.run import Run

        folder = self._work.records.folder(self._work.records.find(given))
        if folder is None or not folder.model_json.is_file():
            raise Gone("This run has no network here, so there is nothing to look into.")
        stamp = folder.model_json.stat().st_mtime_ns
        with self._lock:
            found = self._held.get(given)
            if found is None or found.stamp != stamp:
                found = self._held[given] = Opened(self._work, given, Run(folder), stamp)
            self._held.move_to_end(given)
            while len(self._held) > _RUNS:
                self._held.popitem(last=False)
            return found
