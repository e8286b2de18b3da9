"""Opening the studio: a loopback port, a token, the browser; and what is said when it closes. Imports the server when all is ready."""

import contextlib
import errno
import importlib
import os
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

from glassnet.errors import NetworkError, RecipeError, StorageError

PORT = 8420


def listening(port: int) -> socket.socket:
    """Return a socket that hears on loopback only; port 0 takes any free one. Raises NetworkError (exit code 9) when it is taken."""
    heard = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # there it would let two programs share the port
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        heard.bind(("127.0.0.1", port))
        heard.listen(128)
    except OSError as error:
        heard.close()
        if error.errno == errno.EADDRINUSE:
            raise NetworkError(
                f"Port {port} is taken: another program, or another studio, hears there. Choose another: "
                f"`glassnet studio --port {port + 1}`, or any free one with `--port 0`."
            ) from None
        raise NetworkError(f"Port {port} cannot be opened: {error.strerror or error}.") from None
    return heard


def checked_roots(given: list[str] | None) -> tuple[Path, ...]:
    """Return the folders that may be read, the current one if none is named. Raises RecipeError for what is no folder."""
    roots = tuple(Path(root) for root in given or ["."])
    for root in roots:
        if not root.is_dir():
            raise RecipeError(f"{root} is no folder. --root names a folder with pictures in it or below.")
    return roots


def serve(
    out: str | Path,
    roots: tuple[Path, ...],
    port: int,
    browser: bool,
    say: Callable[[str], None],
    token: str | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM. `say` is told the address once pages can be opened."""
    heard = listening(port)
    with contextlib.closing(heard):
        import uvicorn

        from glassnet.studio.app import create_app
        from glassnet.studio.security import Gate
        from glassnet.studio.workplace import Workplace

        if Path(out).exists() and not Path(out).is_dir():
            raise StorageError(f"{out} is a file; the folder of runs must be a folder.")
        gate = Gate(token or secrets.token_urlsafe(32), heard.getsockname()[1])
        workplace = Workplace(Path(out), roots)

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                say(gate.launch)
                if browser:
                    _open(gate.launch)
                threading.Thread(target=_warm_up, name="warm up", daemon=True).start()

            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                workplace.closing = True
                await super().shutdown(sockets)

        settings = uvicorn.Config(
            create_app(workplace, gate),
            access_log=False,  # addresses would be written down with the token
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
            lifespan="off",
            ws="none",
        )
        with contextlib.suppress(KeyboardInterrupt):
            Server(settings).run(sockets=[heard])
        _say_goodbye(workplace, say)


def _warm_up() -> None:
    """Import what the first picture or lesson needs, some seconds' worth, while the first page is being looked at."""
    importlib.import_module("torch")


def _open(address: str) -> None:
    """Open the browser; without one the address in the terminal is enough."""
    with contextlib.suppress(webbrowser.Error, OSError):
        webbrowser.open(address)


def _say_goodbye(workplace: object, say: Callable[[str], None]) -> None:
    jobs = workplace.jobs  # type: ignore[attr-defined]
    going = [job for job in jobs.all() if jobs.is_alive(job)]
    for job in going:
        say(
            f"{jobs.run_of(job) or job.data} goes on training. To stop it: kill -INT {job.pid}, or open the studio again."
        )
