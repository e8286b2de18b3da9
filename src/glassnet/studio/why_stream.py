"""An answer that takes a while, as lines of JSON: how far it is, again and again, and in the end the result or a sentence of failure."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi.responses import StreamingResponse

from glassnet.errors import GlassnetError

_EVERY_S = 0.1  # between two lines that say how far it is


class Forsaken(Exception):  # noqa: N818  nobody did wrong
    """Raised inside work whose asker has gone, so that it ends."""


def told(
    work: Callable[[Callable[[str, int, int], None]], dict[str, Any]], limit: CapacityLimiter
) -> StreamingResponse:
    """Return the answer that `work(told)` makes in a thread of `limit`. When nobody waits any more, the work ends at its next step."""
    return StreamingResponse(_lines(work, limit), media_type="application/x-ndjson")


async def _lines(work: Callable[..., dict[str, Any]], limit: CapacityLimiter) -> AsyncIterator[str]:
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    loop, gone, last = asyncio.get_running_loop(), threading.Event(), [0.0]

    def say(line: dict[str, Any]) -> None:
        if not gone.is_set():
            loop.call_soon_threadsafe(heard.put_nowait, line)

    def tell(label: str, done: int, total: int) -> None:
        if gone.is_set():
            raise Forsaken
        if label and time.monotonic() - last[0] >= _EVERY_S:
            last[0] = time.monotonic()
            say({"label": label, "done": done, "total": total})

    def run() -> None:
        try:
            say({"result": work(tell)})
        except Forsaken:
            return
        except GlassnetError as error:
            say({"error": str(error)})
        except Exception as error:
            logging.getLogger("uvicorn.error").exception("A question of the page Glass failed.")
            say({"error": f"This is a bug in Glassnet: {type(error).__name__}: {error}. The terminal shows where."})

    task = asyncio.create_task(to_thread.run_sync(run, abandon_on_cancel=True, limiter=limit))
    try:
        while True:
            line = await heard.get()
            yield json.dumps(line, allow_nan=False) + "\n"
            if "result" in line or "error" in line:
                await task
                return
    finally:
        gone.set()
