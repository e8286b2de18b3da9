"""A real server in a thread, as `glassnet studio` starts it, and plain HTTP to it."""

import contextlib
import http.client
import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from glassnet.studio.app import create_app
from glassnet.studio.launch import listening
from glassnet.studio.security import Gate
from glassnet.studio.workplace import Workplace


@dataclass
class Served:
    """A studio that answers. `ask` is the studio's own page in a browser; other headers make it somebody else."""

    work: Workplace
    gate: Gate

    @property
    def own(self) -> dict[str, str]:
        address = f"127.0.0.1:{self.gate.port}"
        cookie = f"{self.gate.cookie_name}={self.gate.cookie_value}"
        return {
            "Host": address,
            "Origin": f"http://{address}",
            "Cookie": cookie,
            "Sec-Fetch-Site": "same-origin",
            "Sec-Fetch-Mode": "cors",
        }

    def ask(
        self, path: str, value: Any = None, method: str | None = None, body: bytes | None = None, **headers: str | None
    ):
        """Return (status, headers, body); a header given as None is left out."""
        sent = self.own | {name.replace("_", "-"): text for name, text in headers.items()}
        if value is not None:
            body = json.dumps(value).encode()
            sent.setdefault("Content-Type", "application/json")
        line = http.client.HTTPConnection("127.0.0.1", self.gate.port, timeout=30)
        line.putrequest(method or ("GET" if body is None else "POST"), path, skip_host=True)
        for name, text in sent.items():
            if text is not None:
                line.putheader(name, text)
        if body is not None and "Content-Length" not in sent:
            line.putheader("Content-Length", str(len(body)))
        with contextlib.closing(line):
            line.endheaders(body)
            answer = line.getresponse()
            return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()

    def json(self, path: str, value: Any = None) -> Any:
        status, _, body = self.ask(path, value)
        assert status == 200, body
        return json.loads(body)


@contextlib.contextmanager
def served(out: Path, *roots: Path, port: int = 0, token: str = "a-token-for-tests"):
    heard = listening(port)
    gate = Gate(token, heard.getsockname()[1])
    work = Workplace(out, roots)
    server = uvicorn.Server(uvicorn.Config(create_app(work, gate), log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [heard]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield Served(work, gate)
    finally:
        for job in work.jobs.all():
            work.jobs.stop(job)
        work.closing = True
        server.should_exit = True
        thread.join(10)
        heard.close()
