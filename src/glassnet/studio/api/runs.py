"""One run: how it stands, live; its settings and scores; and its report, in a sandbox."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response, StreamingResponse

from glassnet.errors import StorageError
from glassnet.evaluation.show import name_of
from glassnet.runs.folder import RunFolder
from glassnet.runs.rows import SPLITS
from glassnet.studio.news import of_run
from glassnet.studio.records import Gone, shown
from glassnet.studio.security import STRANGE_POLICY
from glassnet.studio.workplace import Workplace

_TAIL = 24 << 10


def router(work: Workplace) -> APIRouter:
    """Return the addresses of this page."""
    api = APIRouter()

    def state(given: str) -> dict[str, Any]:
        row = work.records.find(given)
        job = work.jobs.of_run(row.name)
        folder = work.records.folder(row)
        return {
            "run": shown(row, work.records),
            "curve": work.records.curve(row),
            "job": None if job is None else job.id,
            "log": "" if folder is None else _tail(folder),
        }

    @api.get("/api/runs/{given}")
    def one(given: str) -> dict[str, Any]:
        """Everything on record of a run."""
        row = work.records.find(given)
        folder = work.records.folder(row)
        figures = [
            {
                "split": s.split,
                "title": name_of(s.name),
                "headline": s.headline,
                "kind": s.kind,
                "of": s.of,
                **s.figure.as_dict(),
            }
            for s in sorted(row.scores, key=lambda s: SPLITS.index(s.split))
        ]
        return state(given) | {
            "settings": row.settings,
            "figures": figures,
            "verdict": {} if folder is None else _verdict(folder),
            "choices": [] if folder is None else _choices(folder),
            "machine": row.machine,
            "code": row.code_version,
            "test_opened": row.test_opened,
        }

    @api.get("/api/runs/{given}/events")
    def events(given: str) -> StreamingResponse:
        """How a run stands, whenever that changes."""
        work.records.find(given)
        return of_run(work, lambda: state(given))

    @api.get("/report/{given}")
    def report(given: str) -> Response:
        """The report of a run, as it lies in its folder."""
        folder = work.records.folder(work.records.find(given))
        return sandboxed(None if folder is None else folder)

    @api.get("/report/sweep/{given}")
    def sweep_report(given: str) -> Response:
        """The report of a sweep, as it lies in its folder."""
        return sandboxed(RunFolder(work.out / work.records.find_sweep(given).name))

    return api


def sandboxed(folder: RunFolder | None) -> Response:
    """Return a folder's report.html without the rights of the studio's pages. Raises Gone when there is none."""
    if folder is None or not folder.report.is_file():
        raise Gone("There is no report: `glassnet report` writes it.")
    return FileResponse(folder.report, media_type="text/html", headers={"Content-Security-Policy": STRANGE_POLICY})


def _tail(folder: RunFolder) -> str:
    try:
        with folder.log.open("rb") as file:
            file.seek(max(0, folder.log.stat().st_size - _TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _verdict(folder: RunFolder) -> dict[str, Any]:
    from glassnet import durable

    path = folder.path / "verdict.json"
    try:
        return durable.read_json(path) if path.is_file() else {}
    except StorageError:
        return {}


def _choices(folder: RunFolder) -> list[dict[str, Any]]:
    try:
        return [choice.as_dict() for choice in folder.read_choices()] if folder.choices.is_file() else []
    except (StorageError, TypeError):
        return []
