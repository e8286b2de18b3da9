"""The door: who is kept out, what is too large, what cannot be asked for by tricks in an address."""

import io
import json

import pytest
from PIL import Image

from glassnet.studio import pictures, security

LISTS = ("/api/recent", "/api/ledger", "/api/data", "/api/recipe")
TRICKS = (
    "..%2f..%2fetc%2fpasswd",
    "../../etc/passwd",
    "first",
    "%2fetc",
    "0",
    "x" * 16,
    "A" * 16,
    "%00" * 16,
    "....//ledger.db",
)


def png(width=8, height=8):
    held = io.BytesIO()
    Image.new("L", (width, height)).save(held, "PNG")
    return held.getvalue()


@pytest.mark.parametrize("path", [*LISTS, "/", "/static/app.js", "/report/0000000000000000"])
def test_without_the_cookie_nothing_is_told(studio, path):
    for cookie in (None, "", f"{studio.gate.cookie_name}=wrong", f"{studio.gate.cookie_name}={studio.gate.token}"):
        status, _, body = studio.ask(path, Cookie=cookie)
        assert status == 403
        assert b"glassnet studio" in body


def test_the_launch_address_sets_a_strict_cookie_and_goes_on_without_the_token(studio):
    status, headers, body = studio.ask(
        f"/ledger?where=a%3D1&token={studio.gate.token}", Cookie=None, Origin=None, Sec_Fetch_Mode="navigate"
    )
    assert status == 200
    assert headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
    assert b"url=/ledger?where=a%3D1" in body
    assert studio.gate.token.encode() not in body
    assert studio.gate.token not in headers["set-cookie"]
    status, headers, _ = studio.ask("/?token=wrong", Cookie=None)
    assert status == 403
    assert "set-cookie" not in headers


def test_the_launch_address_leads_nowhere_else(studio):
    _, _, body = studio.ask(f"//elsewhere.example/?token={studio.gate.token}", Origin=None)
    assert b"url=//" not in body


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}.evil.example", ""]
)
def test_a_rebound_host_is_refused(studio, host):
    host = host.format(port=studio.gate.port)
    for path in LISTS:
        status, _, body = studio.ask(path, Host=host, Origin=f"http://{host}")
        assert status == 421
        assert b"runs" not in body
    assert studio.ask(f"/?token={studio.gate.token}", Host=host)[0] == 421


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}", "http://localhost:{port}"],
)
def test_another_origins_page_cannot_read_or_write(studio, origin):
    origin = origin.format(port=studio.gate.port)
    for path in LISTS:
        status, headers, body = studio.ask(path, Origin=origin)
        assert status == 403
        assert "access-control-allow-origin" not in headers
        assert b"first" not in body
    before = len(studio.work.jobs.all())
    assert studio.ask("/api/trainings", {"data": "xo"}, Origin=origin)[0] == 403
    assert len(studio.work.jobs.all()) == before


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_that_hides_its_origin_is_known_by_what_the_browser_says(studio, site):
    for mode, goal in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")):
        assert (
            studio.ask("/api/recent", Origin=None, Sec_Fetch_Site=site, Sec_Fetch_Mode=mode, Sec_Fetch_Dest=goal)[0]
            == 403
        )


def test_nothing_is_changed_without_an_origin(studio):
    assert studio.ask("/api/trainings", {"data": "xo"}, Origin=None)[0] == 403
    assert studio.ask("/api/trainings", method="OPTIONS", Origin="http://evil.example")[0] == 403


def test_every_answer_forbids_what_it_does_not_need(studio):
    for path in ("/", "/ledger", "/static/app.js", "/api/recent", "/api/nothing"):
        _, headers, _ = studio.ask(path)
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert b"<script>" not in studio.ask("/")[2]


def test_a_report_is_served_without_the_studios_rights(studio):
    run = studio.json("/api/recent")["runs"][0]
    status, headers, body = studio.ask(f"/report/{run['id']}")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert b"<!doctype html>" in body


@pytest.mark.parametrize("trick", TRICKS)
def test_an_address_holds_ids_and_never_a_path(studio, trick):
    ways = (
        "/api/runs/{}",
        "/report/{}",
        "/report/sweep/{}",
        "/api/data/{}/inside",
        "/api/pictures/{}.png",
        "/static/{}",
    )
    for way in (*ways, "/api/runs/{}/pictures/0.png", "/api/compare/{0}/{0}"):
        path = way.format(trick)
        status, _, body = studio.ask(path)
        assert status in (404, 422) or b'id="studio"' in body
        assert b"root:" not in body
        assert b"SQLite" not in body
    assert studio.ask("/api/trainings", {"data": trick})[0] == 422


def test_folders_outside_the_roots_and_links_to_them_are_not_there(studio, photos):
    top = studio.json(f"/api/data/{studio.json('/api/data')['roots'][0]['id']}/inside")
    assert [place["name"] for place in top["inside"]] == ["empty", "photos"]
    assert str(photos.parent) not in json.dumps(top["inside"])


@pytest.mark.parametrize("body", [b"{}" + b" " * security.OTHER_BYTES, b"[" * 40_000])
def test_a_large_body_is_refused(studio, body):
    status, _, said = studio.ask("/api/trainings", body=body, Content_Type="application/json")
    assert status in (400, 413, 422)
    assert b"error" in said


def test_a_large_upload_is_refused_before_it_is_sent(studio):
    status, _, said = studio.ask("/api/pictures", body=b"", Content_Length=str(security.PICTURE_BYTES + 1))
    assert status == 413
    assert b"32 MiB" in said


def test_a_picture_of_too_many_pixels_is_refused_by_its_header(studio, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 63)
    status, _, said = studio.ask("/api/pictures", body=png())
    assert status == 422
    assert b"64 pixels" in said


def test_a_dropped_picture_comes_back_drawn_anew(studio):
    data = png(20, 10) + b"<script>"
    status, _, body = studio.ask("/api/pictures", body=data)
    made = json.loads(body)
    assert (status, made["height"], made["width"]) == (200, 10, 20)
    status, headers, body = studio.ask(f"/api/pictures/{made['id']}.png")
    assert (status, headers["content-type"]) == (200, "image/png")
    assert b"<script>" not in body
    assert studio.ask("/api/pictures", body=b"no picture")[0] == 422


def test_settings_cannot_smuggle_options_or_paths(studio):
    for settings in (
        {"data.root": "/etc"},
        {"--out": "/"},
        {"train.epochs": "1 --out=/"},
        {"train.epochs": "0"},
        {"train.lr": "x" * 400},
    ):
        assert studio.ask("/api/trainings", {"data": "xo", "settings": settings})[0] == 422
    for name in ("../up", "a/b", "first", "<b>", ".hidden", "-x", "last", "x" * 121):
        assert studio.ask("/api/trainings", {"data": "xo", "name": name})[0] == 422
    assert studio.work.jobs.all() == []
