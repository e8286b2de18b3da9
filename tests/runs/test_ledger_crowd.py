"""Many processes, and processes that die: no commit lost, no lock error, no half-written row."""

import multiprocessing
import os
import random
import signal
import sqlite3
import time

import pytest

from glassnet.runs.ledger import Ledger, Planned
from glassnet.runs.names import create
from glassnet.runs.schema import Schema

WRITERS, RUNS_EACH, BEATS = (
    8,
    6,
    22,
)  # 8 × 6 × (plan, claim, 22 beats, finish) = 1,200 commits; benchmarks/ledger_writes.py: 80,000


def _write(arguments):
    out, writer, recipe, scores = arguments
    ledger = Ledger(out)
    acknowledged = []
    for i in range(RUNS_EACH):
        number = ledger.plan(f"{writer}-{i}", recipe)
        claim = ledger.claim(number)
        for epoch in range(BEATS):
            ledger.beat(claim, epoch + 1)
        ledger.finish(claim, BEATS, (scores,))
        acknowledged.append((number, f"{writer}-{i}"))
    return acknowledged


def test_eight_writers_lose_nothing_and_see_no_lock_error(tmp_path, recipe, scores):
    jobs = [(tmp_path, writer, recipe, scores()) for writer in range(WRITERS)]
    with multiprocessing.get_context("spawn").Pool(WRITERS) as pool:  # all open the new ledger at the same moment
        acknowledged = [pair for part in pool.map(_write, jobs, chunksize=1) for pair in part]
    ledger = Ledger(tmp_path)
    rows = {row.id: row for row in ledger.rows()}
    assert len(acknowledged) == len(rows) == WRITERS * RUNS_EACH
    assert all(rows[number].name == name for number, name in acknowledged)
    assert {(row.status, row.epochs_done, len(row.scores)) for row in rows.values()} == {("done", BEATS, 5)}
    assert ledger.check() == []


def _take(books):
    ledger = books()
    taken = []
    while (claim := ledger.claim(sweep="s")) is not None:
        taken.append(claim.run)
        ledger.finish(claim, 1)
    return taken


def test_a_combination_is_claimed_by_one_process_only(books, recipe):
    ledger = books()
    ledger.new_sweep("s", {}, {}, {})
    ledger.plan_combinations("s", [Planned(n, 1, f"c{n}", {"train.lr": n}, recipe) for n in range(1, 61)])
    with multiprocessing.get_context("fork").Pool(6) as pool:
        taken = sorted(run for part in pool.map(_take, [books] * 6, chunksize=1) for run in part)
    assert taken == list(range(1, 61))
    assert {row.token for row in ledger.rows()} == {1}


def _propose(arguments):
    books, recipe, writer = arguments
    ledger, new = books(), 0
    while len(rows := ledger.rows(sweep="s")) < 30:  # as workers do that look for the next number at the same moment
        number = max((row.combination for row in rows), default=0) + 1
        new += ledger.plan_combinations("s", [Planned(number, r, f"c{number}", {"by": writer}, recipe) for r in (1, 2)])
    return new


def test_two_machines_that_propose_the_same_number_do_not_double_it(books, recipe):
    ledger = books()
    ledger.new_sweep("s", {}, {}, {})
    with multiprocessing.get_context("fork").Pool(3) as pool:
        new = sum(pool.map(_propose, [(books, recipe, writer) for writer in range(3)], chunksize=1))
    rows = ledger.rows(sweep="s")
    assert new == len(rows) == len({(row.combination, row.repeat) for row in rows})
    assert all(
        len({row.chosen["by"] for row in rows if row.combination == n}) == 1 for n in range(1, len(rows) // 2 + 1)
    )


def _write_until_killed(out, recipe, scores, told):
    ledger = Ledger(out)
    while True:
        folder = create(out, "k", ledger.names())
        number = ledger.plan(folder.name, recipe, folder=folder)
        claim = ledger.claim(number)
        ledger.finish(claim, 1, (scores,))
        told.send(number)


@pytest.mark.parametrize("seed", range(6))
def test_sigkill_while_writing_leaves_every_acknowledged_row_whole(tmp_path, recipe, scores, seed):
    Ledger(tmp_path)
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_write_until_killed, args=(tmp_path, recipe, scores(), there))
    child.start()
    there.close()
    assert here.recv() == 1
    time.sleep(random.Random(seed).uniform(0.0, 0.25))
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    told = [1]
    try:
        while here.poll():
            told.append(here.recv())
    except EOFError:
        pass
    ledger = Ledger(tmp_path)
    assert ledger.check() == []
    rows = {row.id: row for row in ledger.rows()}
    assert all(rows[number].status == "done" and len(rows[number].scores) == 5 for number in told)
    assert all(len(row.scores) == (5 if row.status == "done" else 0) for row in rows.values())
    assert ledger.claim(ledger.plan("after", recipe)) is not None


def test_a_reader_that_lingers_delays_a_writer_and_breaks_nothing(tmp_path, recipe):
    ledger = Ledger(tmp_path)
    reader = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM runs").fetchall()
    context = multiprocessing.get_context("spawn")  # an open SQLite connection must not go through a fork
    writer = context.Process(target=_plan_one, args=(tmp_path, recipe))
    writer.start()
    time.sleep(0.3)
    reader.execute("COMMIT")
    reader.close()
    writer.join(30)
    assert writer.exitcode == 0
    assert [row.name for row in ledger.rows()] == ["late"]


def _plan_one(out, recipe):
    Ledger(out).plan("late", recipe)


def _migrate(out):
    def add(connection):
        connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN note TEXT")

    Ledger(out, schema=Schema(version=3, migrations={2: add})).check()
    return True


def test_a_migration_is_done_once_when_many_open_at_the_same_moment(tmp_path, recipe):
    Ledger(tmp_path).plan("a", recipe)
    with multiprocessing.get_context("fork").Pool(6) as pool:
        assert pool.map(_migrate, [tmp_path] * 6, chunksize=1) == [True] * 6
    assert len(list(tmp_path.glob("*.backup.db"))) == 1
