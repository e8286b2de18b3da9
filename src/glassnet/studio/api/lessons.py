"""The lessons: what each teaches, what its page computes, and questions made of the reader's own run where one is named."""

import json
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from glassnet.errors import NumericError, RecipeError
from glassnet.studio.kept import in_turns
from glassnet.studio.lessons import Desk
from glassnet.studio.records import Gone
from glassnet.studio.workplace import Workplace

_AT_ONCE = 2
"""Computations that run side by side; the others wait. Some train a small network."""
Seed = Annotated[int, Query(ge=0, lt=2**31)]


class Answer(BaseModel):
    """What a reader answered to one question, and which questions they were."""

    model_config = ConfigDict(extra="forbid")
    number: int = Field(ge=0, lt=100)
    answer: float | str
    run: str = Field("", max_length=80)
    seed: int = Field(0, ge=0, lt=2**31)


def router(work: Workplace) -> APIRouter:
    """Return the addresses of the lessons."""
    api = APIRouter(prefix="/api/lessons")
    desk, limit = Desk(work), CapacityLimiter(_AT_ONCE)

    @api.get("")
    def listed() -> dict[str, Any]:
        """Every lesson in order, and the runs whose numbers its questions may be made of."""
        from glassnet.lessons import lessons

        shown = [{"name": each.name, "title": each.title, "teaches": each.teaches} for each in lessons()]
        return {"lessons": shown, "runs": desk.runs()}

    @api.get("/{name}")
    def one(name: str) -> dict[str, Any]:
        """One lesson, with the values that each of its computations begins with."""
        return _found(name).as_dict()

    @api.post("/{name}/compute/{compute}")
    async def computed(name: str, compute: str, request: Request) -> Response:
        """What a computation of a lesson makes of the values in the body."""
        body = await request.body()
        return await to_thread.run_sync(work_out, name, compute, body, limiter=limit)

    def work_out(name: str, compute: str, body: bytes) -> Response:
        try:
            given = json.loads(body or b"null", parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise RecipeError("The values of a computation are JSON, and these are not.") from None
        try:
            made = _found(name).compute(compute, desk.filled(given))
        except NumericError as error:  # a learning rate too large is an answer, not a fault of the studio
            raise RecipeError(str(error)) from None
        return Response(json.dumps(made, allow_nan=False), media_type="application/json")

    def asked(name: str, run: str, seed: int) -> tuple[list[Any], dict[str, Any]]:
        lesson = _found(name)
        if not run:
            return lesson.questions(None, seed), {"run": "", "picture": "", "note": ""}
        with desk.asked(run).explained(seed) as (explained, note):
            picture = "" if explained is None else explained.picture.name
            about = {"run": work.records.find(run).name, "picture": picture, "note": note}
            return lesson.questions(explained, seed), about

    @api.get("/{name}/own")
    @in_turns(limit)
    def own(name: str, run: str, seed: Seed = 0) -> dict[str, Any]:
        """Values made of a run's own numbers, for the computations of a lesson that can begin with them."""
        lesson = _found(name)
        if lesson.scored is not None:
            return lesson.scored(desk.scores(run)) | {"picture": ""}
        with desk.asked(run).explained(seed) as (explained, note):
            picture = "" if explained is None else explained.picture.name
            return {"own": lesson.own(explained), "picture": picture, "note": note}

    @api.get("/{name}/questions")
    @in_turns(limit)
    def questions(name: str, run: str = "", seed: Seed = 0) -> dict[str, Any]:
        """The questions of a lesson, of a run's own numbers or of the built-in example's. No answers are among them."""
        found, about = asked(name, run, seed)
        return {**about, "seed": seed, "questions": [question.as_dict() for question in found]}

    @api.post("/{name}/check")
    @in_turns(limit)
    def checked(name: str, given: Answer) -> dict[str, Any]:
        """Whether an answer is right, why not, and the way to it."""
        from glassnet.lessons import check

        found, _ = asked(name, given.run, given.seed)
        if given.number >= len(found):
            raise Gone("There is no such question here.")
        answer = given.answer[:400] if isinstance(given.answer, str) else given.answer
        return check(found[given.number], answer).as_dict()

    return api


def _found(name: str) -> Any:
    from glassnet.lessons import NAMES, find

    if name not in NAMES:
        raise Gone("There is no such lesson.")
    return find(name)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON.")
