"""What is being explained: one number that the network's outputs make, with words for it, for each of the five tasks.

    found = targets(task, network, outputs, answer, frame)      # what the answer said, first what it is about
    one = target("pixel (120, 45) road", task, network, outputs, answer, frame)

Grad-CAM, integrated gradients and occlusion ask how this number comes to be. It is a logit where softmax follows, since a share also says
how the other classes do, and the heat in [0, 1] where things are found by their heat.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from glassnet.data.frames import Frame
from glassnet.errors import RecipeError
from glassnet.explain.in_answer import Asked
from glassnet.explain.target import Target, Views
from glassnet.networks.words import nearest
from glassnet.tasks.contract import Task

if TYPE_CHECKING:
    import torch

    from glassnet.networks.network import Network

_PIXEL = re.compile(r"(?:pixel\s*)?\(?\s*(-?\d+)\s*,\s*(-?\d+)\s*\)?(?:[\s:]+(.+))?$", re.IGNORECASE)


def targets(
    task: Task, network: "Network", outputs: Any, answer: Any, frame: Frame | None = None, views: Views = "one"
) -> list[Target]:
    """Return what can be explained of an answer, first what it is about.

    classify: the logit of every class, that of the answer first. localize and detect: the heat at each box's peak, then of every class that
    was not found the hottest place. segment: the mean logit of every answered class over its pixels, and the pixel in the middle.
    instances: the heat at each centre, which is how sure the instance is, then the mean foreground over its pixels, then as detect.

    `outputs` (1, …) are what the answer was read from, averaged over `views`. `frame` is the frame in which the answer was decoded, None
    for fitted pixels. Raises ValueError where the answer was not read from these outputs.
    """
    return Asked(task, network.classes, _one(outputs), network.shape[1:], frame, views).all(answer)


def target(
    words: str,
    task: Task,
    network: "Network",
    outputs: Any,
    answer: Any,
    frame: Frame | None = None,
    views: Views = "one",
) -> Target:
    """Return the target that a person means: a name that `targets` gives, the part of it before the colon, or "pixel (x, y) CLASS".

    A pixel is counted from 0 in the picture itself (fitted pixels without a frame); without a class it is that which the outputs favour
    there. Raises RecipeError with the names that there are.
    """
    asked = Asked(task, network.classes, _one(outputs), network.shape[1:], frame, views)
    pixel = _PIXEL.match(words.strip())
    if pixel and task.name != "classify":
        return asked.pixel(int(pixel[1]), int(pixel[2]), pixel[3])
    found, wanted = asked.all(answer), words.strip()
    for same in (_whole_name, _before_colon, _beginning, _within):
        fits = [each for each in found if same(each.name, wanted)]
        if len(fits) == 1:
            return fits[0]
    return _refuse(words, found, task, network.classes)


def _whole_name(name: str, wanted: str) -> bool:
    return name == wanted


def _before_colon(name: str, wanted: str) -> bool:
    return name.partition(":")[0].casefold() == wanted.casefold()


def _beginning(name: str, wanted: str) -> bool:
    return bool(wanted) and name.casefold().startswith(wanted.casefold())


def _within(name: str, wanted: str) -> bool:
    return bool(wanted) and wanted.casefold() in name.casefold()


def _refuse(words: str, found: Sequence[Target], task: Task, classes: Sequence[str]) -> Any:
    names = [each.name for each in found]
    shown = "; ".join(names[:8]) + ("; …" if len(names) > 8 else "")
    if task.name == "classify":
        raise RecipeError(f"There is no class {words!r} to explain. {nearest(words, names)}")
    pixel = f'A pixel is asked for as "pixel (x, y) {classes[0]}".'
    if task.name == "segment" and words.strip().casefold() in [name.casefold() for name in classes]:
        raise RecipeError(f"No pixel was answered as {words}, so there is nothing to average over. {pixel}")
    raise RecipeError(f"There is nothing called {words!r} to explain in this answer. There is: {shown}. {pixel}")


def _one(outputs: Any) -> "torch.Tensor":
    import torch

    found = torch.as_tensor(outputs)
    if len(found) != 1:
        raise ValueError(f"The outputs for one picture are needed, and there are {len(found)}.")
    return found.detach().float()
