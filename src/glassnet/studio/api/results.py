"""The page Results: scores with their intervals, what is taken for what, every picture behind a number, and the sealed test set."""

from typing import Any

from anyio import CapacityLimiter
from fastapi import APIRouter
from fastapi.responses import Response

from glassnet.errors import RecipeError
from glassnet.studio import pictures, results_told
from glassnet.studio.kept import in_turns
from glassnet.studio.records import Gone, shown
from glassnet.studio.results import Judgements
from glassnet.studio.workplace import Workplace

_SIDE, _LARGEST = 112, 720
_AT_ONCE = 4  # pictures that are read or drawn side by side
_DRAWN = {"truth": "truth", "answer": "answer", "wrong": "wrong pixels", "heat": "heat map"}


def router(work: Workplace) -> APIRouter:
    """Return the addresses of this page."""
    api = APIRouter(prefix="/api/results")
    judgements = Judgements(work)
    turns = in_turns(CapacityLimiter(_AT_ONCE))

    def sealed(given: str) -> dict[str, Any]:
        """How the test set of a run stands, and the process that opens it."""
        row = work.records.find(given)
        run = judgements.of(given).run
        asked = [job for job in work.jobs.all() if job.words[:2] == ["eval", row.name]]
        opening = bool(asked) and work.jobs.is_alive(asked[0])
        told = "" if opening or not asked else work.jobs.as_dict(asked[0])["error"] or ""
        return {"pictures": int(run.lock.test.size), "opened": run.test_opened, "opening": opening, "error": told}

    @api.get("/{given}")
    def results(given: str) -> dict[str, Any]:
        """Everything that lies in the run's folder about how good it is."""
        row = work.records.find(given)
        judged = judgements.of(given)
        return {"run": shown(row, work.records), "test": sealed(given), **results_told.told(judged)}

    @api.get("/{given}/test")
    def test(given: str) -> dict[str, Any]:
        """How the test set stands."""
        return sealed(given)

    @api.post("/{given}/test")
    def open_test(given: str) -> dict[str, Any]:
        """Open the sealed test set, as `glassnet eval` does, which counts it."""
        row = work.records.find(given)
        now = sealed(given)
        if not now["pictures"]:
            raise RecipeError(f"{row.name} has no test set: no pictures were set aside.")
        if now["opened"]:
            raise RecipeError(f"The test set of {row.name} was opened already. Its scores are on this page.")
        work.jobs.open_test(row.name, shown(row, work.records)["data"])
        return sealed(given)

    @api.post("/{given}/answers/{split}")
    def ask(given: str, split: str) -> dict[str, Any]:
        """Ask the network about every picture of a split."""
        if split not in judgements.of(given).splits:
            raise Gone(f"There is nothing to be seen of {split[:20]}.")
        return judgements.start(given, split).as_dict()

    @api.get("/{given}/answers/{split}")
    def answers(given: str, split: str) -> dict[str, Any]:
        """What the network answers for every picture of a split, once it has."""
        errand = judgements.standing(given, split)
        if errand is None:
            return {"state": "none", "label": "", "done": 0, "total": 0, "error": ""}
        return errand.as_dict() | ({"found": errand.result} if errand.state == "done" else {})

    @api.get("/{given}/pictures/{number}.png")
    @turns
    def picture(given: str, number: int, side: int = _SIDE) -> Response:
        """A picture that the run was judged by, as it came."""
        side = max(16, min(side, _LARGEST))
        return _png(judgements.of(given).picture(number, side), side)

    @api.get("/{given}/drawn/{number}/{what}.png")
    @turns
    def drawn(given: str, number: int, what: str, side: int = 360) -> Response:
        """A picture with its truth, its answer, what is wrong, or its heat map drawn into it."""
        beside = judgements.of(given).beside(number)
        found = dict(beside.drawn(max(64, min(side, _LARGEST)))).get(_DRAWN.get(what, ""))
        if found is None:
            raise Gone("This is not drawn for this run.")
        return _png(found, _LARGEST)

    @api.get("/{given}/lit/{number}/{truth}-{answer}.png")
    @turns
    def lit(given: str, number: int, truth: int, answer: int, side: int = 360) -> Response:
        """A picture with the pixels light that are of one class and were given another."""
        beside = judgements.of(given).beside(number)
        if not (0 <= truth < len(beside.classes) and 0 <= answer < len(beside.classes)) or not hasattr(
            beside.answer, "pixels"
        ):
            raise Gone("There are no such classes.")
        return _png(beside.lit(beside.classes[truth], beside.classes[answer], max(64, min(side, _LARGEST))), _LARGEST)

    return api


def _png(pixels: Any, longest: int) -> Response:
    return Response(
        pictures.png(pixels, longest), media_type="image/png", headers={"Cache-Control": "private, max-age=600"}
    )
