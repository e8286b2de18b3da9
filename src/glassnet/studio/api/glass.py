"""The page Glass: any number in a run's network, for any picture, as fast as somebody draws."""

from typing import Annotated, Any

from anyio import CapacityLimiter
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from glassnet.studio import glass_pages as made
from glassnet.studio.glass import glass_of
from glassnet.studio.glass_source import LONGEST
from glassnet.studio.kept import in_turns
from glassnet.studio.records import shown
from glassnet.studio.workplace import Workplace

_AT_ONCE = 4
"""Looks into networks that run side by side."""
Words = Annotated[str, Query(max_length=LONGEST)]


def router(work: Workplace) -> APIRouter:
    """Return the addresses of this page."""
    api = APIRouter()
    turns = in_turns(CapacityLimiter(_AT_ONCE))

    @api.get("/script/scale.js")
    def scale() -> Response:
        """The colour scale of every map, as the module that the scripts read it from."""
        return Response(made.scale(), media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    @api.get("/api/glass")
    def runs() -> dict[str, Any]:
        """The runs that can be opened, finished ones first, the newest first."""
        rows = [(row, work.records.folder(row)) for row in work.records.rows()]
        there = [row for row, folder in rows if folder is not None and folder.model_json.is_file()]
        there.sort(key=lambda row: row.status != "done")
        return {"runs": [shown(row, work.records) for row in there]}

    @api.get("/api/glass/{given}")
    @turns
    def network(given: str, request: Request) -> Response:
        """The network of a run with its weights, without any value; it is sent once."""
        opened = glass_of(work, given)
        tag = f'"{opened.id}-{opened.stamp}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        about = shown(work.records.find(given), work.records)
        return Response(made.network(opened, about), media_type="application/json", headers=headers)

    @api.get("/api/glass/{given}/values")
    @turns
    def values(given: str, picture: Words) -> Response:
        """What the network makes of a picture: the answer, and the values of every layer as float32."""
        return Response(made.values(glass_of(work, given), picture), media_type="application/octet-stream")

    @api.get("/api/glass/{given}/arithmetic")
    @turns
    def arithmetic(
        given: str,
        picture: Words,
        layer: Annotated[str, Query(max_length=200)],
        channel: int,
        y: int | None = None,
        x: int | None = None,
    ) -> dict[str, Any]:
        """One value opened, of any layer of any network."""
        return made.arithmetic(glass_of(work, given), picture, layer, channel, y, x)

    @api.get("/api/glass/{given}/pictures")
    def pictures(given: str, of: Annotated[str, Query(max_length=500)] = "", page: int = 1) -> dict[str, Any]:
        """A page of the pictures of the run's data set, of one class or of all."""
        return made.pictures(glass_of(work, given), of, page)

    @api.get("/api/glass/{given}/pictures/{number}.png")
    def picture(given: str, number: int, side: int = made.LONGEST) -> Response:
        """One picture of the run's data set."""
        found = made.picture(work, glass_of(work, given), number, side)
        return Response(found, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})

    return api
