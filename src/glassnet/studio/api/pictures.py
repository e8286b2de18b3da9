"""Pictures that somebody drops on a page. The glass and the lessons take them from here."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from glassnet.studio import pictures
from glassnet.studio.workplace import Workplace


def router(work: Workplace) -> APIRouter:
    """Return the addresses of dropped pictures."""
    api = APIRouter(prefix="/api/pictures")

    @api.post("")
    async def drop(request: Request) -> dict[str, Any]:
        """Keep the picture that is the request's body, and return its id and size. The guard has counted its bytes."""
        data = await request.body()
        return await to_thread.run_sync(work.tray.put, data)

    @api.get("/{given}.png")
    def dropped(given: str) -> Response:
        """A dropped picture, drawn anew."""
        return Response(pictures.png(pictures.read(work.tray.get(given))), media_type="image/png")

    return api
