"""Server-sent events: the ledger's files are looked at, and read only when they changed. One stream per page that is in view."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from anyio import to_thread
from fastapi.responses import StreamingResponse

from glassnet.studio.workplace import Workplace

LOOK_S = 0.25  # between two looks at the files' times
AGAIN_S = 5.0  # a process that died wrote nothing: ask the ledger now and then all the same


def changes(work: Workplace) -> StreamingResponse:
    """Return a stream with an event `changed` whenever the ledger or a training has changed."""

    async def stream() -> AsyncIterator[str]:
        before: Any = None
        yield ": here\n\n"
        while not work.closing:
            now = await to_thread.run_sync(lambda: (work.records.stamp(), _jobs(work)))
            if before is not None and now != before:
                yield event("changed", {})
            before = now
            await asyncio.sleep(2 * LOOK_S)

    return streaming(stream())


def of_run(work: Workplace, read: Callable[[], dict[str, Any]]) -> StreamingResponse:
    """Return a stream of how a run stands, until it has ended. `read` gives {run, curve, job, log}.

    Each event `state` has all but those epochs that the page has already: `from` says where the sent ones begin.
    """

    async def stream() -> AsyncIterator[str]:
        sent: list[dict[str, Any]] = []
        last, stamp, since = "", None, 0.0
        while not work.closing:
            now = await to_thread.run_sync(lambda: (work.records.stamp(), _jobs(work)))
            since += LOOK_S
            if now != stamp or since >= AGAIN_S:
                stamp, since = now, 0.0
                state = await to_thread.run_sync(read)
                curve = state.pop("curve")
                same = next(
                    (i for i, (a, b) in enumerate(zip(sent, curve, strict=False)) if a != b), min(len(sent), len(curve))
                )
                text = json.dumps(state)
                if text != last or same < max(len(sent), len(curve)) or not last:
                    yield event("state", state | {"from": same, "epochs": curve[same:]})
                sent, last = curve, text
                if state["run"]["status"] not in ("running", "planned") and not state["job"]:
                    yield event("end", {})
                    return
            await asyncio.sleep(LOOK_S)

    return streaming(stream())


def of_job(work: Workplace, read: Callable[[], dict[str, Any]]) -> StreamingResponse:
    """Return a stream of what a training says until its run is on record, or it has ended."""

    async def stream() -> AsyncIterator[str]:
        last = ""
        while not work.closing:
            state = await to_thread.run_sync(read)
            text = json.dumps(state)
            if text != last:
                last = text
                yield event("state", state)
            if state["run_id"] or not state["alive"]:
                yield event("end", {})
                return
            await asyncio.sleep(LOOK_S)

    return streaming(stream())


def event(name: str, data: dict[str, Any]) -> str:
    """Return one event as it goes over the line."""
    return f"event: {name}\ndata: {json.dumps(data, allow_nan=False)}\n\n"


def streaming(stream: AsyncIterator[str]) -> StreamingResponse:
    """Return the answer around a stream of events."""
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _jobs(work: Workplace) -> tuple[Any, ...]:
    return tuple((job.id, work.jobs.is_alive(job)) for job in work.jobs.all())
