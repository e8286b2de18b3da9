"""The door of the studio: who may come in, how much may be brought in, and what the browser is told to forbid.

The server hears loopback only, but every page in the user's browser can send requests there too, and so can other programs. So each
request must name the studio as its host (a rebound DNS name does not), carry the cookie that the launch address sets, and come from the
studio's own page. The cookie is strict and of one port by its name; the browser's Fetch metadata tells apart the ports of one host.
"""

import hashlib
import hmac
import html
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PICTURE_BYTES = 32 << 20
"""The largest picture that may be dropped on a page."""
OTHER_BYTES = 64 << 10
"""The largest body of any other request: settings, ids, a few words."""
LESSON_BYTES = 2 << 20
"""The largest body for a lesson: a small picture's numbers, or the state of a small network that goes on learning."""
PICTURES = "/api/pictures"
LESSONS = "/api/lessons/"

POLICY = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For the studio's own pages: no inline script, nothing from elsewhere."""
STRANGE_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""For files from a run folder, as report.html: in a sandbox without the studio's origin, so without its cookie and its data. Each such
page narrows its own scripts down to one by its hash."""

_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), usb=()",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered: an HTTP status and a sentence."""

    status: int
    sentence: str


@dataclass(frozen=True)
class Gate:
    """Tells who may come in. `token` is what the launch address carries, `port` the one the server hears on."""

    token: str = field(repr=False)
    port: int

    @property
    def address(self) -> str:
        """The studio's address without the token."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def launch(self) -> str:
        """The address to open, with the token."""
        return f"{self.address}?token={self.token}"

    @property
    def cookie_name(self) -> str:
        """The cookie's name; browsers keep cookies by host and not by port, so the port is in it."""
        return f"glassnet-studio-{self.port}"

    @property
    def cookie_value(self) -> str:
        """What the cookie holds; the token cannot be read out of it."""
        return hmac.new(self.token.encode(), b"studio cookie", hashlib.sha256).hexdigest()

    @property
    def hosts(self) -> tuple[str, ...]:
        """What may stand in the Host header."""
        return tuple(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", "[::1]"))

    def host_refusal(self, headers: dict[str, str]) -> Refusal | None:
        """Refuse a request that was sent to another name: some page made its own host name point here (DNS rebinding)."""
        if headers.get("host", "") in self.hosts:
            return None
        return Refusal(421, "This is a Glassnet studio, and it answers to its own address only.")

    def origin_refusal(self, method: str, headers: dict[str, str]) -> Refusal | None:
        """Refuse what another page sent: any request it makes from a script, and any that would change something."""
        refused = Refusal(403, "Another page sent this request. The studio answers to its own pages only.")
        own = f"http://{headers.get('host', '')}"
        if "origin" in headers and headers["origin"] != own:
            return refused
        if method not in ("GET", "HEAD"):
            return None if headers.get("origin") == own else refused
        loads = headers.get("sec-fetch-mode", "navigate") == "navigate" and headers.get("sec-fetch-dest") in (
            None,
            "document",
        )
        if not loads and headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return refused
        return None

    def is_known(self, headers: dict[str, str]) -> bool:
        """Tell whether the request carries the cookie."""
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.cookie_name)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(found.value.encode(), self.cookie_value.encode())

    def opens(self, token: str) -> bool:
        """Tell whether this is the token of the launch address."""
        return hmac.compare_digest(token.encode(), self.token.encode())


class Guard:
    """Wraps the application: nothing reaches it that the gate refuses, or that is too large; every answer gets the headers."""

    def __init__(self, app: Any, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        method, path = scope["method"], scope["path"]
        refusal = self.gate.host_refusal(headers) or self.gate.origin_refusal(method, headers)
        if refusal is None and method == "GET" and (let_in := self._let_in(scope)) is not None:
            await _answer(send, *let_in)
            return
        if refusal is None and not self.gate.is_known(headers):
            refusal = Refusal(
                403, "Open the studio by the address that `glassnet studio` printed: it lets your browser in."
            )
        body = b""
        if refusal is None and method not in ("GET", "HEAD"):
            body, refusal = await _whole(receive, headers, _most(path))
        if refusal is not None:
            await _refuse(send, refusal, path)
            return
        await self.app(scope, _replayed(body, receive), _with_headers(send))

    def _let_in(self, scope: MutableMapping[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes] | None:
        """Return the answer to the launch address: the cookie, and a page that goes on to the same address without the token.

        A page, because after a redirect the browser would still count the request as begun elsewhere, and keep a strict cookie back.
        """
        asked = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in asked if name == "token"]
        if not given or not self.gate.opens(given[-1]):
            return None
        rest = urlencode([(name, value) for name, value in asked if name != "token"])
        path = "/" + scope["path"].lstrip("/\\")  # `//elsewhere` would lead out
        target = html.escape(quote(path) + (f"?{rest}" if rest else ""), quote=True)
        cookie = f"{self.gate.cookie_name}={self.gate.cookie_value}; Path=/; HttpOnly; SameSite=Strict"
        page = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Glassnet studio</title>'
            f'<meta http-equiv="refresh" content="0;url={target}"></head><body><p><a href="{target}">Open the studio</a></p></body></html>'
        )
        return 200, [(b"content-type", b"text/html; charset=utf-8"), (b"set-cookie", cookie.encode())], page.encode()


def _most(path: str) -> int:
    """How many bytes may be sent to an address."""
    if path == PICTURES:
        return PICTURE_BYTES
    return LESSON_BYTES if path.startswith(LESSONS) else OTHER_BYTES


async def _whole(receive: Receive, headers: dict[str, str], limit: int) -> tuple[bytes, Refusal | None]:
    """Return the body of a request, or why it is refused. No more than `limit` bytes are ever held."""
    shown = f"{limit >> 20} MiB" if limit >> 20 else f"{limit >> 10} KiB"
    refusal = Refusal(413, f"This is too large: {shown} may be sent here.")
    said = headers.get("content-length", "0")
    if not said.isdigit() or int(said) > limit:
        return b"", refusal
    parts, held = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"", Refusal(400, "The request broke off.")
        part = message.get("body", b"")
        held += len(part)
        if held > limit:
            return b"", refusal
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts), None


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", ()))
            there = {name.lower() for name, _ in given}
            own = ((name.encode(), value.encode()) for name, value in _HEADERS.items())
            message = {**message, "headers": [*given, *((name, value) for name, value in own if name not in there)]}
        await send(message)

    return sending


async def _refuse(send: Send, refusal: Refusal, path: str) -> None:
    if path.startswith("/api/"):
        body, kind = json.dumps({"error": refusal.sentence}).encode(), b"application/json"
    else:
        text = html.escape(refusal.sentence)
        body = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Glassnet studio</title><p>{text}</p></html>'.encode()
        kind = b"text/html; charset=utf-8"
    await _answer(send, refusal.status, [(b"content-type", kind), (b"connection", b"close")], body)


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    sending = _with_headers(send)
    await sending(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", str(len(body)).encode())],
        }
    )
    await sending({"type": "http.response.body", "body": body})
