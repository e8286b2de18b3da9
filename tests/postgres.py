"""A real PostgreSQL server of one's own: made in a temporary folder, reached through a socket there, stopped and killed at will.

PostgreSQL refuses to run as root, so root starts it as the user `postgres` (Debian's package makes it) or `nobody`.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

from glassnet import errors

PASSWORD = "s3cret/of:t@ests"
_MISSING = (
    "PostgreSQL's server is needed for these tests and was not found. On Debian and Ubuntu: apt-get install postgresql"
)


class Server:
    """One server with one superuser, `glass`, and a password. `start` and `stop` may be called any number of times."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._owner = _owner()
        self.folder = Path(tempfile.mkdtemp(prefix="glassnet-postgres-"))
        self.folder.chmod(0o755)  # clients come through here; the data folder keeps the mode that the server wants
        secret = self.folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if self._owner is not None:
            shutil.chown(self.folder, self._owner)
        words = ["-D", self._data, "-U", "glass", "--pwfile", str(secret), "-A", "scram-sha-256", "-E", "UTF8"]
        self._run("initdb", *words, "--locale=C", "--no-sync", "--no-instructions")
        settings = {"listen_addresses": "", "unix_socket_directories": self.folder, "max_connections": 40}
        settings["recovery_init_sync_method"] = "syncfs"  # after a crash, a second less than file by file
        with (self.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.start()

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def url(self, database: str = "postgres", folder: Path | None = None, password: str | None = PASSWORD) -> str:
        """Return the address of a database; `folder` is that of another socket that leads here."""
        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql://glass{secret}@/{database}?host={quote(str(folder or self.folder), safe='')}"

    def new_database(self, name: str) -> str:
        """Make an empty database in place of one of that name, and return its address."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def start(self) -> None:
        """Start it and wait until it answers; after a crash it recovers first."""
        self._run("pg_ctl", "-D", self._data, "-l", str(self.folder / "log"), "-w", "-t", "60", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast`, or `immediate`, which is a crash."""
        self._run("pg_ctl", "-D", self._data, "-m", mode, "-w", "-t", "60", "stop")

    def close(self) -> None:
        """Stop it and delete its folder."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._programs / program), *words]
        if self._owner is not None:
            who = pwd.getpwnam(self._owner)
            command = ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups", *command]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, env=kept, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            log = self.folder / "log"
            said = log.read_text(encoding="utf-8", errors="replace")[-2000:] if log.exists() else ""
            raise errors.LedgerError(f"{program} left with {done.returncode}: {done.stdout}{done.stderr}{said}")


class Forgetful:
    """Stands between client and server, and cuts the connection at the next `times` commits: before, at once, or after the answer."""

    def __init__(self, server, folder):
        self.folder, self.times, self.when = folder, 0, "after"
        self._to = str(server.folder / ".s.PGSQL.5432")
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / ".s.PGSQL.5432"))
        self._door.listen(20)
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self):
        with contextlib.suppress(OSError):
            while True:
                client = self._door.accept()[0]
                there = socket.socket(socket.AF_UNIX)
                there.connect(self._to)
                threading.Thread(target=self._ask, args=(client, there), daemon=True).start()

    def _ask(self, client, there):
        answers = threading.Thread(target=self._pass_on, args=(there, client), daemon=True)
        forgetting = False
        while not forgetting:
            data = client.recv(65536)
            if not data:
                break
            forgetting = b"COMMIT" in data and self.times > 0
            if forgetting:
                self.times -= 1
                client.shutdown(socket.SHUT_RDWR)  # whatever comes back is not heard any more
                if self.when == "before":
                    break
            there.sendall(data)
            if answers.ident is None:
                answers.start()
        if forgetting and self.when == "after":
            time.sleep(0.2)
        there.shutdown(socket.SHUT_RDWR)  # closing alone would not wake the thread that reads from it
        client.close()

    def _pass_on(self, there, client):
        with contextlib.suppress(OSError):
            while data := there.recv(65536):
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._door.close()


def _programs() -> Path:
    """Return the folder of initdb and pg_ctl. Raises RuntimeError that says what to install."""
    places = [Path(found).resolve().parent for found in (shutil.which("initdb"),) if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    for place in places:
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            return place
    raise RuntimeError(_MISSING)


def _owner() -> str | None:
    """Return as whom the server has to be started; None is as ourselves."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)
