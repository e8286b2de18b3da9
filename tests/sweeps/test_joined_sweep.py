"""Two folders of runs, as on two machines, share one ledger in PostgreSQL; the server crashes in the middle."""

import shutil
import time

import pytest
from tests.postgres import Server

from glassnet.runs.ledger import Ledger

GRID = ("--set", "train.lr=0.1,0.05,0.03,0.02,0.01,0.005", "--set", "train.dropout=0,0.3")


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="module")
def joined(server, nursery, tiny, tmp_path_factory):
    """A grid of twelve begun on one machine, joined from another, with a crash of the server while both train."""
    url = server.new_database("joined")
    here, there = (tmp_path_factory.mktemp(name) for name in ("here", "there"))
    shared = ("--ledger", url, "--on", "here")
    one = nursery.start("sweep", "digits", *GRID, *tiny, *shared, "--out", here)
    ledger = Ledger(here, url)
    wait_for(ledger, lambda rows: any(row.status == "done" for row in rows), one)
    two = nursery.start("sweep", "digits", "--join", url, "--on", "here", "--out", there)
    wait_for(ledger, lambda rows: any((there / row.name / "history.csv").exists() for row in rows), two)
    server.stop("immediate")
    time.sleep(0.5)
    server.start()
    codes = [one.wait(), two.wait()]
    return url, here, there, codes, [one.said(), two.said()]


def wait_for(ledger, holds, command):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if ledger.sweeps() and holds(ledger.rows(sweep=ledger.sweep("last").name)):
            return
        time.sleep(0.02)
    pytest.fail(f"it never came so far: {command.said()}")


def test_both_machines_did_their_share_and_every_combination_once(joined):
    url, here, there, codes, said = joined
    assert codes == [0, 0], said
    rows = Ledger(here, url).rows()
    assert [row.combination for row in rows] == list(range(1, 13))
    assert {row.status for row in rows} == {"done"}
    mine, theirs = ({row.name for row in rows if (out / row.name).is_dir()} for out in (here, there))
    assert mine and theirs and not mine & theirs and len(mine | theirs) == 12


def test_no_run_was_begun_twice(joined):
    url, here, _, _, _ = joined
    assert {row.token for row in Ledger(here, url).rows()} == {1}


def test_the_machine_that_has_the_winner_opens_its_test_set(joined, sweep):
    url, here, there, _, _ = joined
    ledger = Ledger(here, url)
    found = ledger.sweep("last")
    winner = ledger.row(found.winner)
    owner = here if (here / winner.name).is_dir() else there
    assert sweep("digits", "--resume", "--ledger", url, "--out", owner) == 0
    assert ledger.row(found.winner).test_opened == 1
    assert (owner / found.name / "report.html").exists()


def test_the_same_numbers_as_on_one_machine_alone(joined, sweep, book, tiny, tmp_path):
    url, here, _, _, _ = joined
    assert sweep("digits", *GRID, *tiny, "--on", "here", "--out", tmp_path) == 0
    alone = book(tmp_path).rows()
    both = Ledger(here, url).rows()
    headline = [(row.chosen, row.headline("validation")) for row in both]
    assert headline == [(row.chosen, row.headline("validation")) for row in alone]


def test_a_machine_with_other_pictures_is_refused(joined, sweep, tiny, tmp_path, capsys):
    url = joined[0]
    assert sweep("xo", *GRID[:2], *tiny, "--on", "here", "--ledger", url, "--minutes", "0.0001", "--out", tmp_path) == 0
    shutil.rmtree(tmp_path)
    assert sweep("digits", "--join", url, "--out", tmp_path) == 3
    assert "not those of the sweep" in capsys.readouterr().err
