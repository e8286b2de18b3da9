"""A stream of how a sweep stands: what changed since the last look, and no oftener than reading it can bear."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from anyio import to_thread
from fastapi.responses import StreamingResponse

from glassnet.studio.news import AGAIN_S, LOOK_S, event, streaming
from glassnet.studio.workplace import Workplace

_REST = 4  # a ledger of many thousand rows takes a while to read: so many times as long it is left alone


def of_sweep(work: Workplace, read: Callable[[], dict[str, Any]]) -> StreamingResponse:
    """Return a stream of how a sweep stands, until it is over and nobody works on it.

    Each event `state` has in `lines` those combinations that changed, and in `order` the numbers of all that are shown.
    """

    async def stream() -> AsyncIterator[str]:
        sent: dict[int, str] = {}
        last, stamp, since, rest = "", None, 0.0, 2 * LOOK_S
        while not work.closing:
            now = await to_thread.run_sync(
                lambda: (work.records.stamp(), [(job.id, work.jobs.is_alive(job)) for job in work.jobs.all()])
            )
            since += rest
            if now != stamp or since >= AGAIN_S:
                stamp, since, began = now, 0.0, time.monotonic()
                state = await to_thread.run_sync(read)
                rest = max(2 * LOOK_S, _REST * (time.monotonic() - began))
                lines = {line["number"]: line for line in state.pop("lines")}
                texts = {number: json.dumps(line) for number, line in lines.items()}
                changed = [lines[number] for number, text in texts.items() if sent.get(number) != text]
                state["order"] = list(lines)
                text = json.dumps(state)
                if text != last or changed:
                    yield event("state", state | {"lines": changed})
                sent, last = texts, text
                if state["sweep"]["status"] != "running" and not state["job"]:
                    yield event("end", {})
                    return
            await asyncio.sleep(rest)

    return streaming(stream())
