"""What the pages are told: data sets, the form, the ledger, two runs, trainings. And that opening the studio is light."""

import json
import signal
import subprocess
import sys
from importlib.resources import files

import pytest
from tests.studio.conftest import NASTY

from glassnet.cli.options import parser_for
from glassnet.errors import NetworkError, RecipeError
from glassnet.recipe import fields
from glassnet.studio import forms, ids, launch


def tokens(text):
    return text.partition("* {")[0].partition("--cell")[0].partition("--paper")[2]


def test_colours_are_those_of_the_report():
    studio = (files("glassnet.studio") / "static" / "style.css").read_text(encoding="utf-8")
    report = (files("glassnet.report") / "style.css").read_text(encoding="utf-8")
    assert tokens(studio) == tokens(report) != ""


def test_asking_for_help_loads_no_server_and_no_torch():
    code = (
        "import argparse, sys; from glassnet.cli import verb_module; "
        "verb_module('studio').arguments(argparse.ArgumentParser()); import glassnet.studio.launch; "
        "print([m for m in ('torch', 'fastapi', 'uvicorn', 'sqlalchemy', 'numpy', 'PIL') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_a_server_has_no_torch_until_something_needs_it():
    code = "import sys, glassnet.studio.app as a, glassnet.studio.workplace as w, glassnet.studio.security as s; "
    code += "a.create_app(w.Workplace('nowhere', ()), s.Gate('t', 1)); print('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        == "False"
    )


def test_a_taken_port_is_a_sentence_and_code_9(studio):
    with pytest.raises(NetworkError, match=f"Port {studio.gate.port} is taken") as caught:
        launch.listening(studio.gate.port)
    assert caught.value.exit_code == 9


def test_only_loopback_is_heard():
    heard = launch.listening(0)
    assert heard.getsockname()[0] == "127.0.0.1"
    heard.close()


def test_a_root_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="is no folder"):
        launch.checked_roots([str(tmp_path / "none")])


def test_data_sets_below_the_roots_and_built_in_ones_are_listed(studio):
    found = studio.json("/api/data")
    assert [one["id"] for one in found["built_in"]] == ["xo", "shapes", "digits", "cifar10"]
    (only,) = found["sets"]
    assert (only["name"], only["pictures"]) == ("photos", 40)
    seen = studio.json(f"/api/data/{only['id']}")
    assert (seen["task"], seen["classes"], seen["pictures"]) == ("classify", ["across", "along"], 40)


def test_the_form_has_every_field_with_its_help(studio):
    found = [field for part in studio.json("/api/recipe")["parts"] for field in part["fields"]]
    assert {field["name"] for field in found} == set(fields()) - {"data.root"}
    assert all(field["help"] for field in found)
    epochs = next(field for field in found if field["name"] == "train.epochs")
    assert (epochs["numeric"], epochs["min"], epochs["default"]) == (True, 1, "auto")
    task = next(field for field in found if field["name"] == "data.task")
    assert [choice["value"] for choice in task["choices"]] == ["classify", "localize", "detect", "segment", "instances"]


def test_every_default_of_the_form_is_taken(studio):
    found = [field for part in forms.parts() for field in part["fields"]]
    assert forms.checked({field["name"]: field["default"] for field in found})


def test_the_ledger_filters_and_sorts_in_its_own_language(studio):
    assert [run["name"] for run in studio.json("/api/ledger")["rows"]] == [NASTY, "first"]
    assert [run["name"] for run in studio.json("/api/ledger?where=epochs%3E1")["rows"]] == [NASTY]
    assert [run["name"] for run in studio.json("/api/ledger?sort=epochs")["rows"]] == ["first", NASTY]
    status, _, body = studio.ask("/api/ledger?where=nonsense%3D%3D%3D")
    assert status == 422
    assert b"filter" in body
    assert studio.ask("/api/ledger.csv")[2].count(b"\r\n") == 3


def test_two_runs_are_compared_by_settings_scores_and_pictures(studio):
    second, first = studio.json("/api/ledger")["rows"]
    found = studio.json(f"/api/compare/{first['id']}/{second['id']}")
    assert {one["name"] for one in found["settings"]} >= {"train.epochs", "train.lr"}
    assert any(one["split"] == "validation" and one["name"] == "accuracy" for one in found["scores"])
    assert "calibration error (ECE)" in [one["title"] for one in found["scores"]], "named as in the report"
    seen = found["pictures"]
    assert seen["n"] == first["scores"]["validation"]["n"]
    right = [round(run["scores"]["validation"]["value"] * seen["n"]) for run in (first, second)]
    assert seen["gained"] - seen["lost"] == right[1] - right[0]
    for one in seen["changed"]:
        status, headers, _ = studio.ask(f"/api/runs/{one['id']}/pictures/{one['number']}.png")
        assert (status, headers["content-type"]) == (200, "image/png")
    said = studio.json(f"/api/compare/{first['id']}/{second['id']}/answers")["answers"]
    assert all(len(said[str(one["number"])]) == 2 for one in seen["changed"])


def test_sealed_pictures_stay_sealed(studio):
    from glassnet.data.lock import read_lock

    run = studio.json("/api/ledger")["rows"][0]
    lock = read_lock(studio.work.out / "first" / "data.lock.json")
    assert len(lock.test)
    for number in (*lock.test.tolist(), -1, 10_000):
        assert studio.ask(f"/api/runs/{run['id']}/pictures/{number}.png")[0] == 404


def test_ids_say_nothing_and_stay_the_same():
    assert ids.of("run", "a", "b") == ids.of("run", "a", "b") != ids.of("run", "ab", "")
    assert ids.is_id(ids.of("place", "/home"))
    assert not ids.is_id("../x")


def test_the_verb_has_its_options():
    from glassnet.cli import verb_module

    parser = parser_for("studio", "x")
    verb_module("studio").arguments(parser)
    found = parser.parse_args(["--port", "0", "--no-browser", "--root", "a", "--root", "b"])
    assert (found.port, found.no_browser, found.root) == (0, True, ["a", "b"])


def hears_ctrl_c():
    """Undo what a background job of a shell inherits, which is deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_the_command_prints_its_address_and_closes_on_ctrl_c(tmp_path):
    words = [sys.executable, "-m", "glassnet", "studio", "--no-browser", "--json", "--out", "runs"]
    studio = subprocess.Popen(
        [*words, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        preexec_fn=hears_ctrl_c,
    )
    try:
        address = json.loads(studio.stdout.readline())["address"]
        port = address.partition("127.0.0.1:")[2].partition("/")[0]
        taken = subprocess.run(
            [*words, "--port", port], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False
        )
        assert taken.returncode == 9
        assert json.loads(taken.stdout)["error"].startswith(f"Port {port} is taken")
        studio.send_signal(signal.SIGINT)
        assert studio.wait(30) == 0
        assert studio.stderr.read() == ""
    finally:
        if studio.poll() is None:
            studio.kill()
