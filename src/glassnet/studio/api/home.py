"""The page Home: data sets that may be trained on, the form of a recipe, and news of whatever changes."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from glassnet.studio import forms, sweeps_told
from glassnet.studio.folders import BUILT_IN, Place
from glassnet.studio.news import changes
from glassnet.studio.records import shown
from glassnet.studio.workplace import Workplace

_RECENT = 12


def router(work: Workplace) -> APIRouter:
    """Return the addresses of this page."""
    api = APIRouter(prefix="/api")

    @api.get("/data")
    def data() -> dict[str, Any]:
        """Built-in sets, what lies directly in the roots, and the roots to look around in."""
        return {
            "built_in": [{"id": name, "name": name, "text": text} for name, text in BUILT_IN.items()],
            "sets": [place.as_dict() for place in work.folders.sets()],
            "roots": [{"id": Place(root, root).id, "name": str(root)} for root in work.folders.roots],
        }

    @api.get("/data/{given}/inside")
    def inside(given: str) -> dict[str, Any]:
        """What lies in a folder."""
        place = work.folders.find(given)
        way = [Place(place.root, place.root)]
        for part in place.path.relative_to(place.root).parts:
            way.append(Place(way[-1].path / part, place.root))
        return {
            **place.as_dict(),
            "way": [{"id": step.id, "name": step.name} for step in way],
            "inside": [child.as_dict() for child in work.folders.inside(place)],
        }

    @api.get("/data/{given}")
    def recognised(given: str) -> dict[str, Any]:
        """What a data set turns out to be: layout, question, classes, number of pictures. Nothing is decoded."""
        if given == "cifar10":  # its pictures may not be here yet, and a look is no reason to download them
            return {"id": given, "name": given, "text": BUILT_IN[given]}
        root = work.folders.root_of(given)
        catalog = work.sets.catalog(root, None)
        return {
            "id": given,
            "name": given if given in BUILT_IN else work.folders.find(given).name,
            "layout": catalog.layout,
            "task": catalog.task,
            "answers": sorted(catalog.answers),
            "classes": list(catalog.classes),
            "pictures": len(catalog.examples),
            "refused": len(catalog.quarantined),
            "notes": list(catalog.notes),
        }

    @api.get("/recipe")
    def recipe() -> dict[str, Any]:
        """Every field of a recipe with its help text: the form."""
        return {"parts": forms.parts()}

    @api.get("/recent")
    def recent() -> dict[str, Any]:
        """Trainings that run or could not begin, and the newest runs."""
        rows = [row for row in work.records.rows() if row.sweep is None or row.status != "planned"]
        running = [row for row in rows if row.status == "running"]
        names = {row.name for row in rows} | {sweep.name for sweep in work.records.sweeps()}
        jobs = [job for job in work.jobs.all() if work.jobs.run_of(job) not in names]
        sweeps = [one for one in sweeps_told.summaries(work) if one["status"] == "running"]
        at_work = {one["name"] for one in sweeps}
        return {
            "running": [shown(row, work.records) for row in running if row.sweep not in at_work],
            "sweeps": sweeps,
            "runs": [shown(row, work.records) for row in rows if row not in running][:_RECENT],
            "total": len(rows),
            "jobs": [work.jobs.as_dict(job) | {"said": ""} for job in jobs],
        }

    @api.get("/news")
    def news() -> StreamingResponse:
        """An event whenever the ledger or a training changes; the page asks again for what it shows."""
        return changes(work)

    return api
