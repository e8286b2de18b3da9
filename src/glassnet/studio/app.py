"""The server of the studio: the page's files, the addresses under /api/, and the guard around both.

Run it with `glassnet studio`; `create_app` is what a test or another server takes.
"""

import importlib
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from glassnet.errors import DataError, GlassnetError, LedgerError, ModelFileError, RecipeError, StorageError
from glassnet.studio.api import PARTS
from glassnet.studio.records import Gone
from glassnet.studio.security import Gate, Guard
from glassnet.studio.workplace import Workplace

STATIC = Path(str(files("glassnet.studio"))) / "static"
SCRIPT = Path(str(files("glassnet.report"))) / "glass" / "script"
"""The scripts that open a network's numbers; explain.html and the page Glass share them."""
_STATUS: dict[type[GlassnetError], int] = {
    Gone: 404,
    RecipeError: 422,
    DataError: 422,
    LedgerError: 409,
    ModelFileError: 409,
    StorageError: 507,
}


def create_app(workplace: Workplace, gate: Gate) -> Guard:
    """Return the whole application (ASGI). `gate` holds the token and the port it will be heard on."""
    app = FastAPI(title="Glassnet studio", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(GlassnetError, _sentence)
    app.add_exception_handler(RequestValidationError, _misasked)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _bug)
    for part in PARTS:
        app.include_router(importlib.import_module(f"glassnet.studio.api.{part}").router(workplace))
    app.mount("/static", _Files(directory=STATIC))
    app.mount("/script", _Files(directory=SCRIPT))

    @app.get("/{path:path}")
    def page(path: str) -> Response:
        """The shell, whatever the address: the page's own router reads it."""
        if path.startswith("api/"):
            return JSONResponse({"error": "There is nothing at this address."}, 404)
        return FileResponse(STATIC / "index.html", media_type="text/html")

    return Guard(app, gate)


class _Files(StaticFiles):
    """The page's files, asked for anew each time by their tag, so that an update is never mixed with what a browser kept."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        found = super().file_response(*args, **options)
        found.headers["cache-control"] = "no-cache"
        return found


def _sentence(request: Request, error: Exception) -> JSONResponse:
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    return JSONResponse({"error": str(error), "exit_code": getattr(error, "exit_code", 70)}, status)


def _misasked(request: Request, error: Exception) -> JSONResponse:
    lines = error.errors() if isinstance(error, RequestValidationError) else []
    where = "; ".join(f"{'.'.join(str(part) for part in line['loc'][1:])}: {line['msg']}" for line in lines[:3])
    return JSONResponse({"error": f"The page asked for something that does not fit: {where}."}, 422)


def _refused(request: Request, error: Exception) -> JSONResponse:
    status, said = getattr(error, "status_code", 500), getattr(error, "detail", "")
    return JSONResponse({"error": "There is nothing at this address." if status == 404 else f"{said}."}, status)


def _bug(request: Request, error: Exception) -> JSONResponse:
    text = f"This is a bug in Glassnet: {type(error).__name__}: {error}. The terminal of the studio shows where it happened."
    return JSONResponse({"error": text, "exit_code": 70}, 500)
