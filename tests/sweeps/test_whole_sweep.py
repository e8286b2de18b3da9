"""A sweep from its first row to its page: what is on record, what the test set sees, how it ends early and goes on."""

import numpy as np
import pytest
from PIL import Image

from glassnet.cli import main
from glassnet.data.lock import read_lock
from glassnet.runs.ledger import Ledger
from glassnet.sweeps.finish import report
from glassnet.sweeps.start import resume_sweep


@pytest.fixture(scope="module")
def mixed(photos, sweep, book, tiny, tmp_path_factory):
    """Two rates, of which one is hopeless, by two sizes, each with two seeds."""
    out = tmp_path_factory.mktemp("mixed")
    assert (
        sweep(
            "xo",
            "--set",
            "train.lr=0.01,1e30",
            "--set",
            "data.size=8,16",
            "--repeats",
            "2",
            *tiny,
            "--on",
            "here",
            "--out",
            out,
        )
        == 0
    )
    return book(out)


def test_a_combination_that_fails_is_on_record_and_the_others_go_on(mixed):
    rows = mixed.rows()
    failed = [row for row in rows if row.chosen["train.lr"] == 1e30]
    assert [row.status for row in failed] == ["failed"] * 4
    assert {row.exit_code for row in failed} == {7} and all("NaN" in row.sentence for row in failed)
    assert all(row.status == "done" and row.headline("validation") for row in rows if row not in failed)
    found = mixed.ledger.sweep()
    assert found.status == "done" and found.winner in {row.id for row in rows if row not in failed}
    page = (mixed.out / found.name / "report.html").read_text()
    assert failed[0].sentence.partition(".")[0][:30] in page


def test_repeats_and_sizes_are_judged_on_the_same_pictures(mixed):
    locks = [read_lock(mixed.folder(row).lock) for row in mixed.rows()]
    for lock in locks[1:]:
        for split in ("train", "validation", "test"):
            assert [lock.keys[i] for i in lock.rows(split)] == [locks[0].keys[i] for i in locks[0].rows(split)]


def test_repeats_differ_in_their_seed_alone(mixed):
    first, second = mixed.rows()[:2]
    assert (first.combination, first.repeat) == (1, 1) and (second.combination, second.repeat) == (1, 2)
    one, two = (mixed.folder(row).read_recipe() for row in (first, second))
    assert two.train.seed == one.train.seed + 1
    assert two.changed({"train.seed": one.train.seed}) == one
    assert mixed.folder(first).model.read_bytes() != mixed.folder(second).model.read_bytes()


def test_the_test_set_is_opened_once_for_the_winner_alone(mixed, sweep):
    def opened():
        return {row.name: row.test_opened for row in mixed.rows() if row.test_opened}

    winner = mixed.ledger.row(mixed.ledger.sweep().winner)
    assert opened() == {winner.name: 1}
    assert sweep("--resume", "--on", "here", "--out", mixed.out) == 0
    report(out=mixed.out)
    assert main(["report", "--sweep", "last", "--out", str(mixed.out)]) == 0
    assert opened() == {winner.name: 1}
    assert [row.name for row in mixed.rows() if row.headline("test")] == [winner.name]


def test_no_test_set_is_open_while_runs_are_left(photos, sweep, book, tiny, tmp_path):
    options = [
        photos,
        "--set",
        "train.lr=0.01,0.03,0.1",
        *tiny,
        "--on",
        "here",
        "--minutes",
        "0.0001",
        "--out",
        tmp_path,
    ]
    assert sweep(*options) == 0
    assert not any(row.test_opened for row in book(tmp_path).rows())
    assert not (tmp_path / "bars-sweep-001" / "report.html").exists()
    report(out=tmp_path)
    assert not any(row.test_opened for row in book(tmp_path).rows())


def test_what_is_given_up_is_on_record_and_its_other_seed_too(photos, sweep, book, tiny, tmp_path):
    settings = ["--set", "train.lr=0.01,0.03,1e-7", "--repeats", "2", "--prune", "median"]
    options = [*tiny, "--epochs", "5", "--on", "here", "--out", tmp_path]
    assert sweep(photos, *settings, *options) == 0
    rows = book(tmp_path).rows()
    first, second = rows[4:]
    assert (first.status, second.status) == ("pruned", "pruned")
    assert 0 < first.epochs_done < 5 and f"Given up after epoch {first.epochs_done}" in first.sentence
    assert second.epochs_done == 0 and first.name in second.sentence and first.sentence in second.sentence
    assert first.exit_code == 0 and first.headline("validation") is None
    page = (tmp_path / "bars-sweep-001" / "report.html").read_text()
    assert "Given up after epoch" in page


def test_minutes_end_the_beginning_of_runs_and_changed_pictures_are_refused(
    sweep, book, tiny, photos, tmp_path, capsys
):
    options = ["--set", "train.lr=0.01,0.03,0.001", *tiny, "--on", "here", "--out", tmp_path]
    assert sweep(photos, *options, "--minutes", "0.0001") == 0
    said = capsys.readouterr().out
    records = book(tmp_path)
    assert [row.status for row in records.rows()] == ["done", "planned", "planned"]
    assert f"glassnet sweep --resume bars-sweep-001 --out {tmp_path}" in said and "2 runs are left" in said

    picture = photos / "down" / "03.png"
    before = picture.read_bytes()
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(picture)
    assert sweep("--resume", "--on", "here", "--out", tmp_path) == 3
    assert "changed (down/03.png)" in capsys.readouterr().err
    assert [row.status for row in records.rows()] == ["done", "planned", "planned"]

    picture.write_bytes(before)
    assert sweep("--resume", "--on", "here", "--out", tmp_path) == 0
    assert [row.status for row in records.rows()] == ["done", "done", "planned"], "each command begins one run at least"
    assert sweep("--resume", "--on", "here", "--out", tmp_path) == 0
    assert records.ledger.sweep().status == "done"


def test_a_folder_that_cannot_be_made_stops_the_sweep_and_resume_goes_on(photos, sweep, book, tiny, tmp_path, capsys):
    options = [photos, "--set", "train.lr=0.01,0.03,0.1", "--name", "night", *tiny, "--on", "here", "--out", tmp_path]
    (tmp_path / "night-002").write_text("in the way")
    assert sweep(*options) == 5
    said = capsys.readouterr().err
    assert "Could not write" in said and "night-002" in said and "glassnet sweep --resume night" in said
    records = book(tmp_path)
    assert [row.status for row in records.rows()] == ["done", "failed", "planned"]
    assert records.rows()[1].exit_code == 5
    (tmp_path / "night-002").unlink()
    assert sweep("--resume", "night", "--on", "here", "--out", tmp_path) == 0
    assert [row.status for row in records.rows()] == ["done"] * 3


def test_a_combination_that_does_not_fit_fails_alone_and_is_announced(photos, sweep, book, tiny, tmp_path, capsys):
    options = [photos, "--set", "network.maxpool1.size=2,64", *tiny, "--on", "here", "--out", tmp_path]
    assert sweep(*options) == 0
    assert "1 of 2 combinations that were looked at cannot be trained" in capsys.readouterr().out
    good, bad = book(tmp_path).rows()
    assert (good.status, bad.status, bad.exit_code) == ("done", "failed", 2)
    assert "maxpool" in bad.sentence


def test_a_sampled_sweep_is_not_over_before_its_last_proposal(photos, sweep, book, tiny, tmp_path):
    options = ["--set", "train.lr=0.001..0.1:log", "--method", "random", "--combinations", "2", "--minutes", "0.0001"]
    assert sweep(photos, *options, *tiny, "--on", "here", "--out", tmp_path) == 0
    records = book(tmp_path)
    assert (len(records.rows()), records.ledger.sweep().status) == (1, "open")
    result = resume_sweep(out=tmp_path, on="here")
    assert (len(records.rows()), records.ledger.sweep().status, result.left) == (2, "done", 0)


def test_where_every_combination_fails_the_sweep_ends_without_a_winner(photos, sweep, book, tiny, tmp_path, capsys):
    assert sweep(photos, "--set", "train.lr=1e30,1e31", *tiny, "--on", "here", "--out", tmp_path) == 0
    found = book(tmp_path).ledger.sweep()
    assert (found.status, found.winner) == ("done", None)
    assert "2 failed" in capsys.readouterr().out
    assert (tmp_path / found.name / "combinations.csv").exists()


def test_the_statistics_of_a_sweep_are_made_once(photos, sweep, book, tiny, tmp_path, monkeypatch):
    from glassnet.sweeps import gathering

    made = []
    whole = gathering.optimism
    monkeypatch.setattr(gathering, "optimism", lambda *given: made.append(len(given[0])) or whole(*given))
    words = ["--set", "train.lr=0.1,0.01", *tiny, "--epochs", "1", "--on", "here", "--out", tmp_path]
    assert sweep(photos, *words) == 0
    assert made == [2]
    found = book(tmp_path).ledger
    winner = found.row(found.sweep().winner)
    page = (tmp_path / found.sweep().name / "report.html").read_text()
    assert f"{winner.headline('test').value:.3f}" in page


def test_answers_without_a_network_are_found_once_and_are_those_of_a_single_run(
    photos, sweep, book, tiny, tmp_path, monkeypatch
):
    from glassnet.evaluation import arithmetic

    found = []
    whole = arithmetic.trivial
    monkeypatch.setattr(arithmetic, "trivial", lambda *given: found.append(given[-1]) or whole(*given))
    words = [*tiny, "--epochs", "1", "--on", "here", "--out", tmp_path]
    assert sweep(photos, "--set", "train.lr=0.1,0.01,0.001", "--repeats", "2", *words) == 0
    assert sorted(found) == ["test", "validation", "validation"]  # a seed draws which pictures are compared with
    monkeypatch.undo()
    row = book(tmp_path).rows()[0]
    assert main(["train", str(photos), *tiny, "--epochs", "1", "--out", str(tmp_path / "alone")]) == 0
    (alone,) = Ledger(tmp_path / "alone", create=False).rows()
    assert _trivial(alone) == _trivial(row) and len(_trivial(row)) == 4
    assert all(_trivial(other) == _trivial(row) for other in book(tmp_path).rows())


def _trivial(row):
    return [(s.of, s.figure) for s in row.scores if s.kind == "trivial" and s.split == "validation"]
