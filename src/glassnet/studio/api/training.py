"""Starting a training from the page, stopping it, going on with it."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from glassnet.errors import RecipeError
from glassnet.runs.names import check_name
from glassnet.studio import forms
from glassnet.studio.jobs import Job
from glassnet.studio.news import of_job
from glassnet.studio.records import Gone, run_id
from glassnet.studio.workplace import Workplace


class Wish(BaseModel):
    """What is to be trained: an id or built-in name, recipe fields as typed, a name for the run."""

    model_config = ConfigDict(extra="forbid")

    data: str = Field(max_length=64)
    settings: dict[str, str] = Field(default_factory=dict, max_length=100)
    name: str = Field("", max_length=200)


def router(work: Workplace) -> APIRouter:
    """Return the addresses of this page."""
    api = APIRouter(prefix="/api")

    def job_of(given: str) -> Job:
        found = work.jobs.find(given)
        if found is None:
            raise Gone("This training is not on record.")
        return found

    @api.post("/trainings")
    def start(wish: Wish) -> dict[str, Any]:
        """Start a training and return its id. Settings are checked before, as the command line would."""
        settings = forms.checked(wish.settings)
        root = work.folders.root_of(wish.data)
        name = wish.name.strip()
        if name:
            check_name(name)
            if (work.out / name).exists():
                raise RecipeError(f"There is already a run {name!r}. Choose another name.")
        return {"id": work.jobs.train(root, settings, name or None).id}

    @api.get("/trainings/{given}/events")
    def events(given: str) -> StreamingResponse:
        """How a training comes along until its run is on record."""

        def read() -> dict[str, Any]:
            found = work.jobs.as_dict(job_of(given))
            row = next((row for row in work.records.rows() if row.name == found["run"]), None) if found["run"] else None
            return found | {"run_id": None if row is None else run_id(row)}

        job_of(given)
        return of_job(work, read)

    @api.post("/trainings/{given}/stop")
    def stop(given: str) -> dict[str, Any]:
        """Ask a training to save and stop."""
        work.jobs.stop(job_of(given))
        return {}

    @api.post("/trainings/{given}/forget")
    def forget(given: str) -> dict[str, Any]:
        """Take a training that has ended off the page."""
        work.jobs.forget(job_of(given))
        return {}

    @api.post("/runs/{given}/stop")
    def stop_run(given: str) -> dict[str, Any]:
        """Ask the training of a run to save and stop."""
        row = work.records.find(given)
        job = work.jobs.of_run(row.name)
        if job is None:
            raise RecipeError(f"{row.name} was not started from the studio. Stop it in its terminal with Ctrl-C.")
        work.jobs.stop(job)
        return {}

    @api.post("/runs/{given}/resume")
    def resume(given: str) -> dict[str, Any]:
        """Go on with a run that was stopped."""
        row = work.records.find(given)
        folder = work.records.folder(row)
        if folder is None or row.sweep is not None or not folder.can_resume():
            raise RecipeError(f"{row.name} is {row.status}, so there is nothing to resume.")
        return {"id": work.jobs.resume(row.name, str(row.settings.get("data.root") or "")).id}

    return api
