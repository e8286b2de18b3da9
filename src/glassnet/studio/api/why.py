"""The panels under "Why" of the page Glass. Each question names a run, and a picture as the glass names it (`glass_source`)."""

from collections.abc import Callable
from typing import Annotated, Any

from anyio import CapacityLimiter
from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from glassnet.errors import RecipeError
from glassnet.studio import pictures
from glassnet.studio import why_answers as answers
from glassnet.studio.glass_source import LONGEST
from glassnet.studio.kept import in_turns
from glassnet.studio.why import Desk, Desks
from glassnet.studio.why_stream import told
from glassnet.studio.workplace import Workplace

_AT_ONCE = 4
"""Questions that run or wait for a network; more wait without a thread."""
Picture = Annotated[str, Query(max_length=LONGEST)]
Word = Annotated[str, Query(max_length=400)]


def router(work: Workplace) -> APIRouter:
    """Return the addresses of these panels."""
    api = APIRouter(prefix="/api/why/{given}")
    desks = Desks(work)
    limit = CapacityLimiter(_AT_ONCE)
    turns = in_turns(limit)

    def in_a_while(desk: Desk, made: Callable[[], dict[str, Any]]) -> StreamingResponse:
        def run(tell: Callable[[str, int, int], None]) -> dict[str, Any]:
            with desk.asked(tell):
                return made()

        return told(run, limit)

    @api.get("/about")
    @turns
    def about(given: str, picture: Picture) -> dict[str, Any]:
        """What can be asked about a picture."""
        desk = desks.of(given)
        with desk.asked():
            return answers.about(desk.look(picture))

    @api.get("/features")
    @turns
    def features(given: str, picture: Picture) -> dict[str, Any]:
        """Low-, middle- and high-level features side by side."""
        desk = desks.of(given)
        with desk.asked():
            return answers.features(desk.look(picture))

    @api.get("/what-if")
    @turns
    def what_if(given: str, picture: Picture, kind: Word, amount: Word = "", box: Word = "") -> dict[str, Any]:
        """The answer to the picture changed. `amount` is one number or two, `box` four, with commas."""
        desk = desks.of(given)
        by, where = _numbers("amount", amount, (0, 1, 2)), _numbers("box", box, (0, 4))
        with desk.asked():
            return answers.what_if(desk.look(picture), kind, by, where)

    @api.get("/heat")
    def heat(given: str, picture: Picture, method: Word, target: Word = "", layer: Word = "") -> StreamingResponse:
        """How much each pixel did for a target, told while it is made."""
        desk = desks.of(given)
        return in_a_while(desk, lambda: answers.heat(desk.look(picture), method, target, layer))

    @api.get("/exciting")
    def exciting(given: str, picture: Picture, layer: Word, channel: int) -> StreamingResponse:
        """Crops of training pictures that excite a channel most, told while they are looked for."""
        desk = desks.of(given)
        return in_a_while(desk, lambda: answers.exciting(desk, desk.look(picture), layer, channel))

    @api.get("/nearest")
    def nearest(given: str, picture: Picture) -> StreamingResponse:
        """The nearest training pictures, told while they are looked for."""
        desk = desks.of(given)
        return in_a_while(desk, lambda: answers.nearest(desk, desk.look(picture)))

    @api.get("/taught/{number}.png")
    @turns
    def taught(given: str, number: int, box: Word = "") -> Response:
        """A training picture as the network saw it, or the part of it that lies in `box`."""
        desk = desks.of(given)
        with desk.asked():
            found = desk.training_picture(number)
        if box:
            x1, y1, x2, y2 = (int(each) for each in _numbers("box", box, (4,)))
            found = found[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)]
        if not found.size:
            raise RecipeError(f"The box {box} holds no pixel of this picture.")
        headers = {"Cache-Control": "private, max-age=3600"}
        return Response(pictures.png(found), media_type="image/png", headers=headers)

    return api


def _numbers(name: str, text: str, counts: tuple[int, ...]) -> list[float]:
    try:
        found = [float(each) for each in text.split(",")] if text else []
    except ValueError:
        found = None
    if found is None or len(found) not in counts:
        raise RecipeError(f"{name} {text!r} is not what is asked for: numbers with commas between them.")
    return found
