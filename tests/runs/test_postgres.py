"""PostgreSQL for real: it crashes, forgets to answer, refuses; nothing acknowledged is lost and nothing is written twice."""

import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import threading
import time
import traceback
from pathlib import Path
from urllib.parse import quote

import numpy as np
import psycopg
import pytest
from tests.postgres import PASSWORD, Forgetful
from tests.runs.test_sweeps import epoch

from glassnet.errors import LedgerError, RecipeError
from glassnet.runs import postgres as postgres_module
from glassnet.runs.folder import LEDGER
from glassnet.runs.ledger import Ledger, Planned
from glassnet.runs.schema import Schema


@pytest.fixture
def url(server):
    return server.new_database("glassnet")


READER = "reader-" + "secret"
WRONG = "wr0ng/" + "guess"
FORK = multiprocessing.get_context("fork")  # no connection outlives its transaction, so none goes through a fork


def _write(out, url, writer, recipe, told, enough):
    ledger, i = Ledger(out, url), 0
    while not enough.is_set():
        number = ledger.plan(f"{writer}-{i}", recipe)
        claim = ledger.claim(number)
        ledger.beat(claim, 1)
        ledger.finish(claim, 2)
        told.send((number, f"{writer}-{i}", claim.token))
        i += 1
    told.send(None)


@contextlib.contextmanager
def _writing(out, url, writer, recipe):
    enough, (here, there) = FORK.Event(), FORK.Pipe(duplex=False)
    process = FORK.Process(target=_write, args=(out, url, writer, recipe, there, enough))
    process.start()
    there.close()
    try:
        yield process, here, enough
    finally:
        process.kill()
        process.join()


def _heard(here):
    said = []
    with contextlib.suppress(EOFError):
        while (one := here.recv()) is not None:
            said.append(one)
    return said


def test_a_server_that_crashes_while_many_write_loses_and_doubles_nothing(server, url, tmp_path, recipe):
    ledger = Ledger(tmp_path, url)
    with contextlib.ExitStack() as stack:
        working = [stack.enter_context(_writing(tmp_path, url, writer, recipe)) for writer in range(4)]
        heard = [here.recv() for _, here, _ in working]  # everybody writes by now
        for seed in range(3):
            time.sleep(random.Random(seed).uniform(0.1, 0.6))
            server.stop("immediate")
            time.sleep(0.2 * seed)
            server.start()
        for _, here, enough in working:
            enough.set()
            heard += _heard(here)
    rows = ledger.rows()
    assert sorted((r.id, r.name, r.token) for r in rows) == sorted(heard) and len(rows) > 4
    assert {(r.status, r.epochs_done, r.token) for r in rows} == {("done", 2, 1)} and ledger.check() == []


def test_a_writer_that_is_killed_holds_nobody_up(server, url, tmp_path, recipe):
    ledger = Ledger(tmp_path, url)
    for seed in range(4):
        with _writing(tmp_path, url, f"w{seed}", recipe) as (process, here, _):
            heard = [here.recv()]
            time.sleep(random.Random(seed).uniform(0.0, 0.2))
            os.kill(process.pid, signal.SIGKILL)
            heard += _heard(here)
            assert ledger.claim(ledger.plan(f"after-{seed}", recipe)).token == 1
            held = {row.name: row for row in ledger.rows()}
            assert all(held[name].status == "done" for _, name, _ in heard)
    assert ledger.check() == []


@pytest.fixture
def forgetful(server):
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="glassnet-forgets-"))  # a socket's path may have 107 bytes
    proxy = Forgetful(server, folder)
    yield proxy
    proxy.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("when", ["before", "at once", "after"])
def test_a_commit_whose_answer_is_lost_is_done_once(server, forgetful, tmp_path, recipe, scores, when):
    server.new_database("glassnet")
    ledger = Ledger(tmp_path, server.url("glassnet", folder=forgetful.folder))
    forgetful.when = when
    ledger.new_sweep("s", {}, {}, {})

    def forgetting(times):
        forgetful.times = times

    forgetting(1)
    number = ledger.plan("a", recipe)
    forgetting(2)  # and the second attempt is forgotten as well
    claim = ledger.claim(number)
    forgetting(1)
    ledger.epoch(claim, epoch(1))
    forgetting(1)
    opened = ledger.opened_test(number)
    forgetting(1)
    ledger.finish(claim, 1, (scores(),), {"validation": np.ones(3)})
    forgetting(1)
    planned = ledger.plan_combinations("s", [Planned(1, 1, "s-001", {"train.lr": 0.1}, recipe)])
    assert forgetful.times == 0
    rows = ledger.rows()
    assert (number, claim.token, opened, planned) == (rows[0].id, 1, 1, 1)
    assert [(r.name, r.status, r.token, r.test_opened) for r in rows] == [
        ("a", "done", 1, 1),
        ("s-001", "planned", 0, 0),
    ]


def test_a_client_that_falls_asleep_in_the_middle_is_put_out_and_tries_again(url, tmp_path, recipe, monkeypatch):
    sooner = postgres_module._BEGINNING.replace(
        "transaction_session_timeout = '20s'", "transaction_session_timeout = '1s'"
    )
    monkeypatch.setattr(postgres_module, "_BEGINNING", sooner)
    ledger, slept = Ledger(tmp_path, url), []

    def asleep(connection):
        if not slept:
            slept.append(time.sleep(1.8))
        connection.exec_driver_sql("UPDATE meta SET value = value || 'x' WHERE key = 'product'")

    sleeper = threading.Thread(target=ledger.database.write, args=(asleep,))
    sleeper.start()
    time.sleep(0.5)
    ledger.database.write(lambda c: c.exec_driver_sql("UPDATE meta SET value = value || 'y' WHERE key = 'product'"))
    sleeper.join()
    product = ledger.database.read(lambda c: c.exec_driver_sql("SELECT value FROM meta WHERE key = 'product'").scalar())
    assert product == "glassnet ledgeryx"


def test_what_the_server_refuses_is_a_sentence_without_the_password(server, url, tmp_path, recipe, monkeypatch):
    monkeypatch.setattr(postgres_module, "_OPENING_S", 0.3)
    ledger = Ledger(tmp_path, url)
    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{READER}'")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    reading = url.replace(url.split("//")[1].split("@")[0], f"reader:{READER}")
    assert Ledger(tmp_path, reading).rows() == []
    monkeypatch.setattr(postgres_module, "PATIENCE_S", 0.3)
    silent = Ledger(tmp_path, url)
    cases = {
        "password authentication failed": lambda: Ledger(tmp_path, server.url("glassnet", password=WRONG)),
        "does not exist": lambda: Ledger(tmp_path, server.url("nothing")),
        "could not be reached": lambda: Ledger(tmp_path, server.url("glassnet", folder=tmp_path)),
        "read-only copy": lambda: Ledger(tmp_path, reading).plan("a", recipe),
    }
    for said, case in cases.items():
        _refused(said, case)
    server.stop("immediate")
    try:
        _refused("could not be reached", lambda: silent.plan("b", recipe))
    finally:
        server.start()
    silent.plan("b", recipe)
    assert [row.name for row in ledger.rows()] == ["b"]


def _refused(said, case):
    with pytest.raises(LedgerError, match=said) as caught:
        case()
    told = "".join(traceback.format_exception(caught.value))
    assert (
        not any(secret in told for secret in (PASSWORD, quote(PASSWORD, safe=""), READER, WRONG))
        and caught.value.exit_code == 8
    )


@pytest.mark.parametrize(
    "bad", ["postgresql://u:p@ss:s3cret@h:port/db", "mysql://u:s3cret@h/db", "s3cret", "postgresql://u:s3cret@h:99x/d"]
)
def test_an_address_that_cannot_be_read_is_not_repeated(tmp_path, bad):
    with pytest.raises(RecipeError, match="postgresql://USER") as caught:
        Ledger(tmp_path, bad)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_the_password_may_stand_in_the_surroundings(server, url, tmp_path, recipe, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    Ledger(tmp_path, server.url("glassnet", password=None)).plan("a", recipe)
    assert [row.name for row in Ledger(tmp_path, url).rows()] == ["a"]
    assert PASSWORD not in Ledger(tmp_path, url).database.shown


def test_somebody_elses_database_and_a_newer_ledger_are_left_alone(server, url, tmp_path):
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE recipes (cake TEXT)")
    with pytest.raises(LedgerError, match=r"no ledger of Glassnet's \(its tables: recipes\).*createdb"):
        Ledger(tmp_path, url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (1,)
    url = server.new_database("glassnet")
    Ledger(tmp_path, url, schema=Schema(version=9))
    with pytest.raises(LedgerError, match="newer Glassnet"):
        Ledger(tmp_path, url)


def _open(arguments):
    return len(Ledger(*arguments).rows())


def test_many_open_an_empty_database_at_the_same_moment(url, tmp_path, recipe):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert pool.map(_open, [(tmp_path, url)] * 4, chunksize=1) == [0] * 4
    assert Ledger(tmp_path, url).plan("a", recipe) == 1


def test_a_backup_is_a_whole_ledger_in_a_file(url, tmp_path, recipe, scores):
    ledger = _filled(Ledger(tmp_path, url), recipe, scores)
    (tmp_path / "b").mkdir()
    ledger.backup(tmp_path / "b" / LEDGER)
    copy = Ledger(tmp_path / "b")
    assert copy.rows() == ledger.rows() and copy.sweeps() == ledger.sweeps() and copy.curves("s") == ledger.curves("s")
    assert np.array_equal(copy.marks("s", "validation")[1], ledger.marks("s", "validation")[1]) and copy.check() == []
    assert copy.plan("next", recipe) == 3


def test_an_older_ledger_is_copied_then_migrated_once(url, tmp_path, recipe, scores):
    before = _filled(Ledger(tmp_path, url), recipe, scores).rows()
    steps = {2: lambda connection: connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN note TEXT")}
    for _ in range(2):
        Ledger(tmp_path, url, schema=Schema(version=3, migrations=steps))
    (copy,) = tmp_path.glob("ledger-version-2-*.backup.db")
    assert Ledger(tmp_path, f"sqlite:///{copy}").rows() == before


def _filled(ledger, recipe, scores):
    ledger.new_sweep("s", {"a": [1, None]}, {}, {}, data_hash="d")
    ledger.plan_combinations("s", [Planned(n, 1, f"s-{n}", {"train.lr": 0.1 / n}, recipe) for n in (1, 2)])
    claim = ledger.claim(sweep="s")
    ledger.epoch(claim, epoch(1, 1 / 3))
    ledger.finish(claim, 1, (scores(),), {"validation": np.random.default_rng(0).random(50).astype(np.float32)})
    return ledger
