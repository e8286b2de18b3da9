"""The page Ledger: every run and combination, sorted and filtered, and two runs side by side."""

from typing import Any

from anyio import CapacityLimiter
from fastapi import APIRouter
from fastapi.responses import Response

from glassnet.evaluation.show import name_of
from glassnet.runs.folder import RunFolder
from glassnet.runs.listing import Beside, to_csv
from glassnet.runs.rows import WORDS
from glassnet.studio import changed
from glassnet.studio.kept import in_turns
from glassnet.studio.records import Gone, run_id, shown, sweep_id
from glassnet.studio.workplace import Workplace

_LONGEST = 500


def router(work: Workplace) -> APIRouter:
    """Return the addresses of this page."""
    api = APIRouter(prefix="/api")

    def asked(where: str, sort: str, sweep: str) -> list[Any]:
        name = work.records.find_sweep(sweep).name if sweep else None
        return work.records.rows(where[:_LONGEST], sort[:_LONGEST], name)

    @api.get("/ledger")
    def ledger(where: str = "", sort: str = "", sweep: str = "", limit: int = 100) -> dict[str, Any]:
        """The rows that fit, with the sweeps there are and the names that a filter knows."""
        rows = asked(where, sort, sweep)
        settings = dict.fromkeys(name for row in rows[:1] for name in row.settings)
        return {
            "total": len(rows),
            "rows": [shown(row, work.records) for row in rows[: max(1, min(limit, 5000))]],
            "sweeps": [_sweep(found) for found in work.records.sweeps()],
            "words": [*WORDS, *settings],
        }

    def _sweep(found: Any) -> dict[str, Any]:
        book = work.records.book()
        winner = None if found.winner is None or book is None else book.row(found.winner)
        return {
            "id": sweep_id(found),
            "name": found.name,
            "status": found.status,
            "planned": found.planned_at,
            "winner": None if winner is None else {"id": run_id(winner), "name": winner.name},
            "report": RunFolder(work.out / found.name).report.is_file(),
        }

    @api.get("/ledger.csv")
    def table(where: str = "", sort: str = "", sweep: str = "") -> Response:
        """The rows that fit with every setting, as CSV."""
        headers = {"Content-Disposition": 'attachment; filename="ledger.csv"'}
        return Response(to_csv(asked(where, sort, sweep)), media_type="text/csv; charset=utf-8", headers=headers)

    @api.get("/compare/{left}/{right}")
    def compare(left: str, right: str) -> dict[str, Any]:
        """Two runs: settings that differ, every figure, what must be known first, and the pictures whose answer changed."""
        rows = work.records.find(left), work.records.find(right)
        found = Beside(*rows).as_dict()
        for score in found["scores"]:
            score["title"] = name_of(score["name"])
        both = [shown(row, work.records) for row in rows]
        return found | {"runs": both, "pictures": changed.pictures(work, *rows)}

    @api.get("/compare/{left}/{right}/answers")
    @in_turns(CapacityLimiter(1))
    def answers(left: str, right: str) -> dict[str, Any]:
        """What both networks say of the pictures shown. Loads both networks, so it is asked for after the page is there."""
        return changed.answers(work, work.records.find(left), work.records.find(right))

    @api.get("/runs/{given}/pictures/{number}.png")
    def picture(given: str, number: int) -> Response:
        """A picture of the run's data set, by its place in the run's lock."""
        found = changed.picture(work, work.records.find(given), number)
        if found is None:
            raise Gone("This picture is not where it was when the run was trained.")
        return Response(found, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})

    return api
