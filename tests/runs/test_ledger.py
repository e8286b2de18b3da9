"""The ledger: nothing lost, nothing overwritten by the late, every fault a sentence with exit code 8."""

import contextlib
import json
import shutil
import sqlite3
from dataclasses import replace

import pytest

from glassnet import errors
from glassnet.errors import LedgerError
from glassnet.runs import claims as claims_module
from glassnet.runs import sqlite as sqlite_module
from glassnet.runs.folder import LEDGER, RunFolder
from glassnet.runs.ledger import Ledger, rebuild
from glassnet.runs.names import create
from glassnet.runs.schema import Schema
from glassnet.runs.sqlite import SqliteDatabase


@pytest.fixture
def ledger(books):
    return books()


def trained(ledger, recipe, scores, name="a", folder=None, value=0.5):
    number = ledger.plan(name, recipe, folder=folder)
    claim = ledger.claim(number)
    ledger.begin(claim, data_hash="d" * 64, code_version="1", machine="m", task="classify")
    ledger.finish(claim, 3, (scores("validation", value),))
    return number


def test_a_run_from_plan_to_scores(ledger, recipe, scores):
    number = ledger.plan("a", recipe)
    assert ledger.row(number).status == "planned"
    claim = ledger.claim(number)
    ledger.begin(claim, recipe.changed({"train.batch": 16}), data_hash="abc", epochs_planned=9)
    ledger.beat(claim, 1)
    running = ledger.row(number)
    assert (running.status, running.epochs_done, running.epochs_planned) == ("running", 1, 9)
    ledger.finish(claim, 3, (scores("validation"),))
    row = ledger.row("a")
    assert (row.status, row.exit_code, row.seed, row.network, row.data_hash) == ("done", 0, 7, "mini", "abc")
    assert row.settings["train.batch"] == 16 and row.settings["train.lr"] == 0.1 and row.settings["network"] == "mini"
    assert row.planned_at <= row.started_at <= row.ended_at and row.seconds >= 0
    assert row.headline("validation") == scores("validation").main
    kinds = {(s.kind, s.of, s.name): s.figure for s in row.scores}
    assert kinds["figure", "", "log_loss"].threshold == 0.1 + 0.2
    assert kinds["class", "dog", "recall"].value == 2 / 3 and kinds["trivial", "majority", "accuracy"].value == 1 / 3


def test_the_test_set_is_counted_each_time_it_is_opened(ledger, recipe, scores):
    number = trained(ledger, recipe, scores)
    assert [ledger.opened_test(number), ledger.opened_test(number)] == [1, 2]
    ledger.record_scores(number, scores("test", 0.25))
    ledger.record_scores(number, scores("test", 0.75))
    row = ledger.row(number)
    assert row.test_opened == 2 and row.headline("test").value == 0.75 and row.headline("validation").value == 0.5


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.NumericError("too many NaN"), "failed", 7),
        (errors.InterruptedRun("saved"), "interrupted", 75),
        (KeyboardInterrupt(), "interrupted", 75),
        (MemoryError(), "failed", 6),
        (ZeroDivisionError("division by zero"), "failed", 70),
    ],
)
def test_a_failure_stays_on_record_with_code_and_sentence(ledger, recipe, error, status, code):
    claim = ledger.claim(ledger.plan("a", recipe))
    ledger.beat(claim, 2)
    ledger.fail(claim, error)
    row = ledger.row("a")
    assert (row.status, row.exit_code, row.epochs_done) == (status, code, 2)
    assert row.sentence == (str(error) or type(error).__name__)
    again = ledger.claim(row.id)
    assert ledger.row("a").sentence is None and again.epochs_done == 2


def test_pruned_says_why_and_is_not_trained_again(ledger, recipe):
    claim = ledger.claim(ledger.plan("a", recipe))
    ledger.prune(claim, "worse than the median at epoch 2", 2)
    assert (ledger.row("a").status, ledger.row("a").sentence) == ("pruned", "worse than the median at epoch 2")
    with pytest.raises(LedgerError, match="nothing left to train"):
        ledger.claim(1)


def test_a_zombie_is_refused_whatever_it_writes(ledger, recipe, scores, monkeypatch):
    zombie = ledger.claim(ledger.plan("a", recipe))
    with pytest.raises(LedgerError, match="being trained right now"):
        ledger.claim(1)
    monkeypatch.setattr(claims_module, "LEASE_S", 0.0)
    heir = ledger.claim(1)
    monkeypatch.undo()
    assert heir.token > zombie.token
    for late in (
        lambda: ledger.begin(zombie, data_hash="late"),
        lambda: ledger.beat(zombie, 99),
        lambda: ledger.finish(zombie, 99, (scores("validation", 0.95),)),
        lambda: ledger.fail(zombie, "late"),
        lambda: ledger.prune(zombie, "late"),
        lambda: ledger.record_scores(1, scores("validation", 0.95), zombie),
    ):
        with pytest.raises(LedgerError, match="does not belong to this process any more"):
            late()
    row = ledger.row(1)
    assert (row.status, row.data_hash, row.epochs_done, row.scores) == ("running", None, 0, ())
    ledger.finish(heir, 3)
    with pytest.raises(LedgerError):
        ledger.beat(heir, 4)  # an ended run takes no more signs of life


def test_a_dead_process_known_by_its_lock_is_taken_over_at_once(ledger, recipe):
    first = ledger.claim(ledger.plan("a", recipe))
    assert ledger.claim(1, abandoned=True).token == first.token + 1


def test_a_run_whose_process_was_killed_is_shown_as_interrupted(tmp_path, recipe, monkeypatch):
    ledger = Ledger(tmp_path)
    folder = create(tmp_path, "p")
    ledger.claim(ledger.plan(folder.name, recipe, folder=folder))
    assert ledger.row(1).status == "running"
    monkeypatch.setattr(claims_module, "QUIET_S", 0.0)
    with folder.held():
        assert ledger.row(1).status == "running"
    assert ledger.row(1).status == "interrupted"  # the lock is free again, though the heartbeat is young
    monkeypatch.setattr(claims_module, "LEASE_S", 0.0)
    ledger.claim(ledger.plan("elsewhere", recipe))
    assert [row.name for row in ledger.rows("status=interrupted sentence~'sign of life'")] == ["p-001", "elsewhere"]
    assert ledger.claim(1, abandoned=True).token == 2 and folder.read_record()["status"] == "running"


def test_beats_are_cheap_between_epochs(ledger, recipe):
    claim = ledger.claim(ledger.plan("a", recipe))
    before = ledger.row(1).heartbeat_at
    for _ in range(1000):
        ledger.beat(claim)
    assert ledger.row(1).heartbeat_at == before
    ledger.beat(claim, 1)
    assert ledger.row(1).heartbeat_at > before


def test_a_sweep_hands_out_each_combination_once(ledger, recipe):
    for i in range(3):
        ledger.plan(f"s{i}", recipe, sweep="s")
    ledger.plan("alone", recipe)
    taken = [ledger.claim(sweep="s").name for _ in range(3)]
    assert taken == ["s0", "s1", "s2"] and ledger.claim(sweep="s") is None
    assert [row.name for row in ledger.rows("status=planned")] == ["alone"]


def test_scores_of_a_running_run_are_not_taken_from_outside(ledger, recipe, scores):
    ledger.claim(ledger.plan("a", recipe))
    with pytest.raises(LedgerError, match="not final"):
        ledger.record_scores(1, scores())


def test_numbers_come_back_to_the_last_bit(ledger, recipe, scores):
    values = [0.1 + 0.2, 1 / 3, 5e-324, 1 - 2**-53]
    for i, value in enumerate(values):
        trained(
            ledger,
            recipe.changed({"train.lr": max(value, 5e-324), "train.seed": 2**63 - 1 - i}),
            scores,
            f"r{i}",
            value=value,
        )
    rows = ledger.rows(sort="name")
    assert [row.headline("validation").value for row in rows] == values
    assert [row.settings["train.lr"] for row in rows] == values
    assert [row.seed for row in rows] == [2**63 - 1 - i for i in range(4)]


def test_names_of_deleted_folders_are_remembered(ledger, recipe, tmp_path):
    folder = create(tmp_path, "p", ledger.names())
    ledger.plan(folder.name, recipe, folder=folder)
    shutil.rmtree(folder.path)
    assert create(tmp_path, "p", ledger.names()).name == "p-002"


def _several(tmp_path, recipe, scores):
    ledger = Ledger(tmp_path)
    for i in range(3):
        folder = create(tmp_path, "p", ledger.names())
        folder.write_recipe(recipe)
        trained(ledger, recipe.changed({"train.lr": 0.1 / 3**i}), scores, folder.name, folder, value=0.1 + 0.2 * i)
    ledger.opened_test(2)
    ledger.record_scores(2, scores("test"))
    folder = create(tmp_path, "p", ledger.names())
    folder.write_recipe(recipe)
    claim = ledger.claim(ledger.plan(folder.name, recipe, folder=folder))
    ledger.beat(claim, 1)
    ledger.fail(claim, errors.StorageError("disk full"))
    return ledger


def test_a_deleted_ledger_comes_back_equal_from_the_run_folders(tmp_path, recipe, scores):
    before = _several(tmp_path, recipe, scores).rows()
    (tmp_path / LEDGER).unlink()
    assert Ledger(tmp_path, create=False).rows() == before
    again, aside = rebuild(tmp_path)
    assert again.rows() == before and aside.exists()
    assert again.plan("new", recipe) == 5


def test_a_damaged_ledger_is_named_and_rebuilt(tmp_path, recipe, scores):
    before = _several(tmp_path, recipe, scores).rows()
    (tmp_path / LEDGER).write_bytes(b"not a database at all" * 100)
    with pytest.raises(LedgerError, match=r"damaged.*rebuild") as caught:
        Ledger(tmp_path)
    assert caught.value.exit_code == 8
    again, aside = rebuild(tmp_path)
    assert again.rows() == before and aside.read_bytes().startswith(b"not a database")


def test_a_page_overwritten_in_the_middle_is_found(tmp_path, recipe, scores):
    ledger = _several(tmp_path, recipe, scores)
    assert ledger.check() == []
    data = bytearray((tmp_path / LEDGER).read_bytes())
    data[4096 : len(data) - 4096] = b"\xff" * (len(data) - 8192)
    (tmp_path / LEDGER).write_bytes(data)
    assert ledger.check() != []
    with pytest.raises(LedgerError, match="damaged"):
        ledger.rows()


def test_folders_without_their_record_are_said_to_be_so(tmp_path, recipe, scores):
    _several(tmp_path, recipe, scores)
    RunFolder(tmp_path / "p-001").record.unlink()
    RunFolder(tmp_path / "p-002").record.write_text("{")
    shutil.copytree(tmp_path / "p-003", tmp_path / "copy")
    rows = {row.name: row for row in rebuild(tmp_path)[0].rows()}
    assert set(rows) == {"p-001", "p-002", "p-003", "p-004", "copy"}
    assert "missing or damaged" in rows["p-001"].sentence and rows["p-001"].settings["train.lr"] == 0.1
    assert rows["p-003"].id == 3 and rows["copy"].id == 5 and rows["copy"].scores == rows["p-003"].scores


def test_a_rebuild_waits_for_what_is_training(tmp_path, recipe, scores):
    _several(tmp_path, recipe, scores)
    with RunFolder(tmp_path / "p-004").held(), pytest.raises(LedgerError, match="p-004 is being trained"):
        rebuild(tmp_path)


def test_a_foreign_database_is_left_alone(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / LEDGER)) as other:
        other.execute("CREATE TABLE recipes (cake TEXT)")
    before = (tmp_path / LEDGER).read_bytes()
    with pytest.raises(LedgerError, match="no ledger of Glassnet's"):
        Ledger(tmp_path)
    assert (tmp_path / LEDGER).read_bytes() == before


def test_a_newer_ledger_is_left_alone(tmp_path, recipe):
    Ledger(tmp_path, schema=Schema(version=4, migrations={}))
    before = (tmp_path / LEDGER).read_bytes()
    with pytest.raises(LedgerError, match=r"newer Glassnet \(ledger version 4"):
        Ledger(tmp_path)
    assert (tmp_path / LEDGER).read_bytes() == before


def test_no_ledger_and_no_runs_is_said_and_nothing_is_made(tmp_path):
    with pytest.raises(LedgerError, match="nothing was trained there"):
        Ledger(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_an_older_ledger_is_copied_then_migrated(tmp_path, recipe, scores):
    before = _several(tmp_path, recipe, scores).rows()
    steps = {
        2: lambda connection: connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN note TEXT"),
        3: lambda connection: connection.exec_driver_sql("UPDATE runs SET note = 'was ' || name"),
    }
    newer = Schema(version=4, migrations=steps)
    database = SqliteDatabase(tmp_path / LEDGER, newer)
    notes = database.read(lambda c: c.exec_driver_sql("SELECT note FROM runs ORDER BY id").scalars().all())
    assert notes == [f"was {r.name}" for r in before]
    SqliteDatabase(tmp_path / LEDGER, newer)  # a second opening migrates nothing
    (copy,) = tmp_path.glob("*.backup.db")
    old = tmp_path / "old"
    old.mkdir()
    shutil.copy(copy, old / LEDGER)
    assert Ledger(old).rows() == before


def test_a_migration_that_fails_changes_nothing(tmp_path, recipe, scores):
    before = _several(tmp_path, recipe, scores).rows()
    steps = {
        2: lambda connection: connection.exec_driver_sql("DROP TABLE scores"),
        3: lambda connection: connection.exec_driver_sql("this is no SQL"),
    }
    with pytest.raises(LedgerError):
        SqliteDatabase(tmp_path / LEDGER, Schema(version=4, migrations=steps))
    with pytest.raises(LedgerError, match="cannot bring up to date"):
        SqliteDatabase(tmp_path / LEDGER, Schema(version=3, migrations={}))
    assert Ledger(tmp_path).rows() == before


def test_a_backup_is_a_whole_ledger(tmp_path, recipe, scores):
    ledger = _several(tmp_path, recipe, scores)
    (tmp_path / "b").mkdir()
    ledger.backup(tmp_path / "b" / LEDGER)
    assert Ledger(tmp_path / "b").rows() == ledger.rows()


def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path, recipe, monkeypatch):
    ledger = Ledger(tmp_path)
    pages = ledger.database.read(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar_one())
    connect = sqlite_module._connect

    def small(path):  # SQLite then says what it says when the disk is full
        connection = connect(path)
        connection.execute(f"PRAGMA max_page_count={pages + 3}")
        return connection

    monkeypatch.setattr(sqlite_module, "_connect", small)
    made = 0
    with pytest.raises(LedgerError, match="disk is full"):
        for made in range(1000):
            ledger.plan(f"r{made}", recipe)
    monkeypatch.undo()
    assert [row.name for row in ledger.rows()] == [f"r{i}" for i in range(made)] and ledger.check() == []


def test_a_folder_that_may_not_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError) as caught:
        Ledger(tmp_path / "file")
    assert caught.value.exit_code == 8


def test_the_folders_own_row_follows_every_change_of_state(tmp_path, recipe, scores):
    ledger = Ledger(tmp_path)
    folder = create(tmp_path, "p")
    number = ledger.plan("p-001", recipe, folder=folder)
    seen = [folder.read_record()["status"]]
    claim = ledger.claim(number)
    seen.append(folder.read_record()["status"])
    ledger.finish(claim, 1, (scores(),))
    seen.append(folder.read_record()["status"])
    assert seen == ["planned", "running", "done"]
    assert folder.read_record() == json.loads(json.dumps(ledger.row(number).as_dict()))
    assert replace(ledger.row(number)) == ledger.row(number)
