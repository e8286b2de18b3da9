"""What a binary run answered its validation pictures, for the lesson on precision and recall."""

from typing import Any

from fastapi import APIRouter

from glassnet.studio.records import Gone
from glassnet.studio.workplace import Workplace


def router(work: Workplace) -> APIRouter:
    """Return the address of a run's answers."""
    api = APIRouter(prefix="/api/lesson-answers")

    @api.get("/{given}")
    def answers(given: str) -> dict[str, Any]:
        """The share that each validation picture got, and whether it is truly of that class; a note where there are none."""
        from glassnet.lessons.precision import answers_of

        folder = work.records.folder(work.records.find(given))
        if folder is None:
            raise Gone("The folder of this run is gone.")
        return answers_of(folder.read_scores().get("validation"))

    return api
