"""Sweeps: the form that begins one, how long it may take, how it comes along, and what came of it."""

import hashlib
import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from glassnet.errors import RecipeError
from glassnet.studio import ids, sweeps, sweeps_told
from glassnet.studio.errands import Errand, Errands
from glassnet.studio.news import of_job
from glassnet.studio.records import Gone, sweep_id
from glassnet.studio.sweeps_live import of_sweep
from glassnet.studio.workplace import Workplace

_KEPT = 16


class Wish(BaseModel):
    """What is to be tried: an id or built-in name, values by setting, all other settings, how to search, a name for the sweep."""

    model_config = ConfigDict(extra="forbid")

    data: str = Field("", max_length=64)
    tries: dict[str, str] = Field(default_factory=dict, max_length=40)
    settings: dict[str, str] = Field(default_factory=dict, max_length=100)
    how: dict[str, str] = Field(default_factory=dict, max_length=10)
    name: str = Field("", max_length=200)


def router(work: Workplace) -> APIRouter:
    """Return the addresses of these pages."""
    api = APIRouter(prefix="/api/sweeps")
    estimates, judgements = Errands(_KEPT), Errands(_KEPT)

    def job_of(given: str) -> Any:
        found = work.jobs.find(given)
        if found is None or not found.is_sweep:
            raise Gone("This sweep is not on record.")
        return found

    @api.get("")
    def all_of_them() -> dict[str, Any]:
        """Every sweep on record, and those that could not begin or are about to."""
        names = {sweep.name for sweep in work.records.sweeps()}
        jobs = [job for job in work.jobs.all() if job.is_sweep and work.jobs.run_of(job) not in names]
        return {
            "sweeps": sweeps_told.summaries(work),
            "jobs": [work.jobs.as_dict(job) | {"said": ""} for job in jobs],
        }

    @api.get("/form")
    def form() -> dict[str, Any]:
        """What may vary, and how it may be searched."""
        return sweeps.form()

    @api.post("/plan")
    def plan(wish: Wish) -> dict[str, Any]:
        """How many combinations a form stands for, or why it cannot be: half a form is no fault. No picture is opened."""
        try:
            sweeps.words(wish.tries, wish.settings, wish.how)
            return sweeps.plan(wish.tries, wish.how)
        except RecipeError as error:
            return {"refused": str(error)}

    @api.post("/estimate")
    def begin_estimate(wish: Wish) -> dict[str, Any]:
        """Begin to time steps of the networks of a form, and return where the answer will be."""
        options = sweeps.words(wish.tries, wish.settings, wish.how)
        root = work.folders.root_of(wish.data)
        key = hashlib.blake2b(json.dumps([root, options]).encode(), digest_size=8).hexdigest()
        estimates.start(key, lambda tell: sweeps.estimate(root, options, work.out, tell))
        return {"id": key}

    def errand(given: str) -> Errand:
        found = estimates.find(given) if ids.is_id(given) else None
        if found is None:
            raise Gone("This estimate is not kept any more.")
        return found

    @api.get("/estimate/{given}")
    def how_long(given: str) -> dict[str, Any]:
        """How an estimate stands, and what it says."""
        found = errand(given)
        return found.as_dict() | ({"found": found.result} if found.state == "done" else {})

    @api.post("/estimate/{given}/stop")
    def stop_estimate(given: str) -> dict[str, Any]:
        """Give an estimate up."""
        errand(given).stop()
        return {}

    @api.post("")
    def start(wish: Wish) -> dict[str, Any]:
        """Start a sweep and return the id of its process."""
        if not wish.data:
            raise RecipeError("Choose pictures first.")
        options = sweeps.words(wish.tries, wish.settings, wish.how)
        sweeps.plan(wish.tries, wish.how)
        root = work.folders.root_of(wish.data)
        name = wish.name.strip()
        if name:
            if Path(name).name != name or "\0" in name:
                raise RecipeError(
                    f"{name!r} cannot be the name of a sweep. Use letters, digits, dots, dashes and underscores."
                )
            if (work.out / name).exists():
                raise RecipeError(f"There is already a run or a sweep {name!r}. Choose another name.")
        return {"id": work.jobs.sweep(root, options, name or None).id}

    @api.get("/started/{given}/events")
    def started(given: str) -> StreamingResponse:
        """What a sweep says until it is on record."""

        def read() -> dict[str, Any]:
            found = work.jobs.as_dict(job_of(given))
            row = next((sweep for sweep in work.records.sweeps() if sweep.name == found["run"]), None)
            return found | {"run_id": None if row is None else sweep_id(row)}

        job_of(given)
        return of_job(work, read)

    @api.get("/{given}")
    def one(given: str) -> dict[str, Any]:
        """How a sweep stands."""
        return sweeps_told.state(work, work.records.find_sweep(given).name)

    @api.get("/{given}/events")
    def events(given: str) -> StreamingResponse:
        """How a sweep stands, whenever that changes."""
        name = work.records.find_sweep(given).name
        return of_sweep(work, lambda: sweeps_told.state(work, name))

    @api.post("/{given}/judged")
    def judge(given: str) -> dict[str, Any]:
        """Begin to judge a sweep, which resamples its pictures; done once for every state of the ledger."""
        name = work.records.find_sweep(given).name
        judgements.start((name, sweeps_told.stamp(work, name)), lambda tell: sweeps_told.judged(work, name))
        return {}

    @api.get("/{given}/judged")
    def judged(given: str) -> dict[str, Any]:
        """The winner, and what cannot be told from the best."""
        name = work.records.find_sweep(given).name
        found = judgements.find((name, sweeps_told.stamp(work, name)))
        if found is None:
            raise Gone("The sweep has changed since it was judged.")
        return found.as_dict() | ({"found": found.result} if found.state == "done" else {})

    @api.get("/{given}/combinations.csv")
    def table(given: str) -> Response:
        """The table that lies in the sweep's folder."""
        name = work.records.find_sweep(given).name
        path = work.out / name / "combinations.csv"
        if not path.is_file():
            raise Gone("There is no table yet: it is written at the end of the sweep.")
        return FileResponse(path, media_type="text/csv; charset=utf-8", filename=f"{name}.csv")

    @api.post("/{given}/stop")
    def stop(given: str) -> dict[str, Any]:
        """Ask a sweep to save and stop."""
        name = work.records.find_sweep(given).name
        job = work.jobs.of_sweep(name)
        if job is None:
            raise RecipeError(f"{name} was not started from the studio. Stop it in its terminal with Ctrl-C.")
        work.jobs.stop(job)
        return {}

    @api.post("/{given}/resume")
    def resume(given: str) -> dict[str, Any]:
        """Go on with a sweep that was stopped."""
        found = work.records.find_sweep(given)
        standing = next(one for one in sweeps_told.summaries(work) if one["name"] == found.name)
        if standing["status"] != "interrupted":
            raise RecipeError(f"{found.name} is {standing['status']}, so there is nothing to resume.")
        return {"id": work.jobs.resume_sweep(found.name, standing["data"]).id}

    return api
