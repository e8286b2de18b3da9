"""The page Data: what is wrong with the pictures of a data set, what they are, and what training makes of each of them."""

from typing import Any

from anyio import CapacityLimiter
from fastapi import APIRouter, Request
from fastapi.responses import Response

from glassnet.errors import RecipeError
from glassnet.studio import audited_told, pictures
from glassnet.studio.audited import SETTINGS, Looks
from glassnet.studio.kept import in_turns
from glassnet.studio.workplace import Workplace

_PAGE, _SIDE, _LARGEST, _EPOCHS = 48, 260, 720, 100_000
_AT_ONCE = 3  # pictures that are varied at one time


def router(work: Workplace) -> APIRouter:
    """Return the addresses of this page."""
    api = APIRouter(prefix="/api/audit")
    looks = Looks(work)
    turns = in_turns(CapacityLimiter(_AT_ONCE))

    @api.post("/{given}")
    def start(given: str, task: str = "") -> dict[str, Any]:
        """Look at a data set, or see whether it is still what it was when it was looked at."""
        return looks.start(given, task).as_dict()

    @api.get("/{given}")
    def standing(given: str, task: str = "") -> dict[str, Any]:
        """How the look stands, and once it is done what was found."""
        errand = looks.standing(given, task)
        if errand is None:
            return {"state": "none", "label": "", "done": 0, "total": 0, "error": ""}
        found = errand.as_dict()
        return found | ({"found": audited_told.told(looks.of(given, task))} if errand.state == "done" else {})

    @api.post("/{given}/stop")
    def stop(given: str, task: str = "") -> dict[str, Any]:
        """End a look at its next step. What was read of the pictures is kept for the next one."""
        errand = looks.standing(given, task)
        if errand is not None:
            errand.stop()
        return {}

    @api.get("/{given}/pictures")
    def listed(given: str, task: str = "", shows: str = "", side: str = "", start: int = 0) -> dict[str, Any]:
        """Some pictures of the set, all or those of a class and a side."""
        return audited_told.listed(looks.of(given, task), shows, side, start, _PAGE)

    @api.get("/{given}/pictures/{row}.png")
    @turns
    def picture(given: str, row: int, task: str = "", drawn: bool = False, side: int = _SIDE) -> Response:
        """A picture as it came, drawn with what is marked in it."""
        side = max(16, min(side, _LARGEST))
        return _png(looks.of(given, task).picture(row, drawn, side), side)

    @api.get("/{given}/varied")
    @turns
    def varied(given: str, request: Request, task: str = "", row: int = -1) -> dict[str, Any]:
        """What a training with these settings varies, in words and as its recipe has it, and training pictures to look at."""
        from glassnet.pipeline.varied import chosen, said_of

        looked = looks.of(given, task)
        settings = _settings(request)
        prepared, recipe = looked.resolved(settings)
        rows = chosen(prepared, recipe.train.seed, 12).tolist()
        shown = [name for name in SETTINGS if name != "network"]
        return {
            "settings": settings,
            "said": said_of(recipe),
            "auto": {name: _value(recipe, name) for name in shown},
            "network": recipe.network if isinstance(recipe.network, str) else "a list of layers",
            "rows": [audited_told.line(looked, each) for each in rows],
            "picture": audited_told.line(looked, row) if 0 <= row < len(looked.data.keys) else None,
            "trained": row in prepared.lock.train,
        }

    @api.get("/{given}/varied/{row}/{epoch}.png")
    @turns
    def at_epoch(given: str, row: int, epoch: int, request: Request, task: str = "") -> Response:
        """One training picture as an epoch shows it to the network, 0: as it is stored."""
        if not 0 <= epoch <= _EPOCHS:
            raise RecipeError(f"Epochs go from 1 to {_EPOCHS:,}.")
        return _png(looks.of(given, task).varied(row, epoch, _settings(request)), _LARGEST)

    return api


def _settings(request: Request) -> dict[str, str]:
    """Return the recipe's fields in a query; other words of it are the page's own."""
    return {name: text for name, text in request.query_params.items() if name in SETTINGS and text.strip()}


def _value(recipe: Any, dotted: str) -> str:
    part, _, name = dotted.partition(".")
    value = getattr(getattr(recipe, part), name)
    return (
        "0" if value in (None, 0, 0.0) and name != "flip" else f"{value:g}" if isinstance(value, float) else str(value)
    )


def _png(pixels: Any, longest: int) -> Response:
    return Response(
        pictures.png(pixels, longest), media_type="image/png", headers={"Cache-Control": "private, max-age=600"}
    )
