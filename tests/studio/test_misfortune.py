"""Files that are taken away, damaged or replaced while the studio runs: every answer is a sentence, and the next one is right again."""

import json
import shutil

import pytest
from tests.studio.serving import served


@pytest.fixture
def own(out, photos, tmp_path):
    """A studio over copies that a test may spoil."""
    runs, root = tmp_path / "runs", tmp_path / "root"
    shutil.copytree(out, runs)
    shutil.copytree(photos, root, symlinks=True)
    with served(runs, root) as studio:
        yield studio, runs


def run(studio, name="first"):
    return next(row["id"] for row in studio.json("/api/ledger")["rows"] if row["name"] == name)


def said(studio, path):
    status, _, body = studio.ask(path)
    return status, json.loads(body).get("error", "")


def test_a_ledger_that_goes_or_changes_is_noticed_at_the_next_question(own):
    studio, runs = own
    given, rows = run(studio), studio.json("/api/ledger")["total"]
    kept = (runs / "ledger.db").read_bytes()

    def put(data):
        for file in runs.glob("ledger.db*"):
            file.unlink()
        if data is not None:
            (runs / "ledger.new").write_bytes(data)
            (runs / "ledger.new").rename(runs / "ledger.db")

    put(None)  # made anew from the folders
    assert studio.json("/api/ledger")["total"] == rows
    put(b"no database" * 99)
    for path in ("/api/ledger", "/api/recent", f"/api/runs/{given}", f"/api/glass/{given}", "/api/lessons"):
        status, sentence = said(studio, path)
        assert status == 409
        assert "is damaged" in sentence and "--rebuild" in sentence
    put(b"")  # as a full disk may leave it: made anew, too
    assert studio.json("/api/ledger")["total"] == rows
    put(kept)
    assert studio.json(f"/api/runs/{given}")["run"]["name"] == "first"


@pytest.mark.parametrize(
    "spoil", [lambda data: data[: len(data) // 2], lambda data: bytes(len(data)), lambda data: b""]
)
def test_a_damaged_network_is_a_sentence_and_the_scores_stay(own, spoil):
    studio, runs = own
    file = runs / "first" / "model.safetensors"
    file.write_bytes(spoil(file.read_bytes()))
    status, sentence = said(studio, f"/api/glass/{run(studio)}")
    assert status == 409
    assert "damaged" in sentence
    assert studio.json(f"/api/results/{run(studio)}")["main"] == "validation"


def test_a_run_whose_folder_was_taken_away_is_told_by_the_ledger_alone(own):
    studio, runs = own
    given = run(studio)
    assert studio.json(f"/api/runs/{given}")["run"]["here"]
    assert studio.ask(f"/api/glass/{given}")[0] == 200
    shutil.rmtree(runs / "first")
    told = studio.json(f"/api/runs/{given}")
    assert not told["run"]["here"]
    assert told["curve"]
    for path in (f"/api/glass/{given}", f"/api/results/{given}", f"/api/why/{given}/about?picture=1"):
        assert said(studio, path) == (
            404,
            "The folder of first is not here any more, so there is no network to look into.",
        )
