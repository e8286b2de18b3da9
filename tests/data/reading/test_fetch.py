import hashlib
import http.server
import threading

import pytest

from glassnet.data.fetch import cache_folder, fetch
from glassnet.errors import NetworkError, StorageError

BODY = bytes(range(256)) * 4000
SHA = hashlib.sha256(BODY).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """Serves BODY. The path says how: /ranges honours Range, /plain ignores it, /short breaks off, /gone is 404, /more sends too much."""

    seen: list[tuple[str, str | None]]

    def do_GET(self):
        wanted = self.headers.get("Range")
        self.server.seen.append((self.path, wanted))
        if self.path == "/gone":
            self.send_error(404)
            return
        body = BODY + b"more" if self.path == "/more" else BODY
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.path in ("/ranges", "/short") else 0
        if start >= len(body):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if self.path != "/more":
            self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        end = len(body) // 2 if self.path == "/short" and not start else len(body)
        self.wfile.write(body[start:end])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    httpd.seen = []
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    httpd.url = f"http://127.0.0.1:{httpd.server_port}"
    yield httpd
    httpd.shutdown()
    httpd.server_close()


def test_a_download_is_checked_counted_and_done_once(server, tmp_path):
    counted = []
    goal = tmp_path / "deep" / "file.bin"
    for _ in range(2):
        assert fetch(f"{server.url}/plain", goal, SHA.upper(), len(BODY), lambda d, t: counted.append((d, t))) == goal
    assert goal.read_bytes() == BODY
    assert counted[-1] == (len(BODY), len(BODY))
    assert len(server.seen) == 1
    assert [p.name for p in goal.parent.iterdir()] == ["file.bin"]


def test_a_download_that_broke_off_continues_where_it_stopped(server, tmp_path):
    goal = tmp_path / "file.bin"
    with pytest.raises(NetworkError, match="broke off"):
        fetch(f"{server.url}/short", goal, SHA, len(BODY))
    assert not goal.exists()
    assert fetch(f"{server.url}/short", goal, SHA, len(BODY)).read_bytes() == BODY
    assert server.seen[1] == ("/short", f"bytes={len(BODY) // 2}-")


def test_a_server_that_cannot_resume_is_read_from_the_start(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(BODY[:1000])
    assert fetch(f"{server.url}/plain", tmp_path / "file.bin", SHA, len(BODY)).read_bytes() == BODY


def test_a_complete_part_needs_no_server(tmp_path):
    (tmp_path / "file.bin.part").write_bytes(BODY)
    assert fetch("http://127.0.0.1:9/x", tmp_path / "file.bin", SHA, len(BODY)).read_bytes() == BODY


def test_a_complete_part_of_unknown_size_is_recognised(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(BODY)
    assert fetch(f"{server.url}/ranges", tmp_path / "file.bin", SHA).read_bytes() == BODY


@pytest.mark.parametrize("start", [b"", b"something else"])
def test_other_bytes_are_deleted_and_refused(server, tmp_path, start):
    (tmp_path / "file.bin.part").write_bytes(start)
    with pytest.raises(NetworkError, match="SHA-256") as caught:
        fetch(f"{server.url}/ranges", tmp_path / "file.bin", "0" * 64)
    assert caught.value.exit_code == 9
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_in_the_cache_is_replaced(server, tmp_path):
    goal = tmp_path / "file.bin"
    goal.write_bytes(BODY[:-1] + b"?")
    assert fetch(f"{server.url}/plain", goal, SHA, len(BODY)).read_bytes() == BODY


def test_more_bytes_than_expected_are_never_taken(server, tmp_path):
    with pytest.raises(NetworkError, match="more than"):
        fetch(f"{server.url}/more", tmp_path / "file.bin", SHA, len(BODY))
    with pytest.raises(NetworkError, match="announces"):
        fetch(f"{server.url}/plain", tmp_path / "file.bin", SHA, 17)


def test_offline_and_refused_are_plain_sentences(server, tmp_path):
    goal = tmp_path / "file.bin"
    with pytest.raises(NetworkError, match=r"Is this machine online\?.*continues there"):
        fetch("http://127.0.0.1:9/file.bin", goal, SHA)
    with pytest.raises(NetworkError, match="HTTP 404"):
        fetch(f"{server.url}/gone", goal, SHA)
    with pytest.raises(NetworkError, match="not a web address"):
        fetch("file:///etc/passwd", goal, SHA)


def test_a_cache_that_cannot_be_written_is_a_storage_error(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        fetch(f"{server.url}/plain", tmp_path / "file" / "x.bin", SHA)


def test_two_processes_do_not_write_one_part(server, tmp_path):
    fcntl = pytest.importorskip("fcntl")
    with (tmp_path / "file.bin.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(NetworkError, match="Another process"):
            fetch(f"{server.url}/plain", tmp_path / "file.bin", SHA)


def test_the_cache_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("GLASSNET_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("GLASSNET_CACHE")
    assert cache_folder().name in ("glassnet", "cache")
