"""What an explained picture is asked about: its answer without the mirror image, the outputs behind it, and which number is meant."""

from typing import TYPE_CHECKING, Any

from glassnet.data.catalog import BACKGROUND
from glassnet.errors import RecipeError
from glassnet.pipeline.predict import Answered

if TYPE_CHECKING:
    from glassnet.explain.target import Target
    from glassnet.pipeline.explained import Explained


def without_mirror(explained: "Explained") -> Answered:
    """Return the answer to the picture alone, where the network's own is averaged with that to its mirror image."""
    from glassnet.training.answers import answers

    predictor, picture = explained.predictor, explained.picture
    read = answers(predictor.model.network, predictor.task, picture.fitted[None])
    decoded = predictor.task.decode(
        read,
        predictor.classes,
        temperature=predictor.model.temperature,
        threshold=predictor.threshold,
        frames=[explained.frame],
    )
    return Answered(picture.name, decoded[0])


def outputs_of(explained: "Explained") -> tuple[Any, ...]:
    """Return what `explain.targets` needs: the task, the network, its outputs, the answer, the frame, the views."""
    from glassnet.training.answers import outputs

    predictor = explained.predictor
    network, task = predictor.model.network, predictor.task
    made = outputs(network, task, explained.picture.fitted[None], views=predictor.views)
    return task, network, made, explained.answer.answer, explained.frame, predictor.views


def meant(explained: "Explained", words: "str | Target | None") -> "Target":
    """Return what is meant by `words`; None is what the answer is about. Raises RecipeError with the nearest."""
    from glassnet.explain.target import Target
    from glassnet.explain.targets import target

    if isinstance(words, Target):
        return words
    if words is not None:
        return target(words, *explained.asked)
    if not explained.targets:
        raise RecipeError("Nothing was answered for this picture, so there is nothing to explain.")
    area = hasattr(explained.answer.answer, "shares")  # what covers most of a picture is seldom what is asked about
    return next((each for each in explained.targets if not (area and each.name == BACKGROUND)), explained.targets[0])
