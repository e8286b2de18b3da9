"""Sweeps on record: every combination once, dead workers' rows taken over, curves and marks to the last bit."""

import math
import multiprocessing
import os
import signal

import numpy as np
import pytest

from glassnet.errors import LedgerError
from glassnet.runs import claims as claims_module
from glassnet.runs.folder import LEDGER
from glassnet.runs.ledger import Ledger, Planned, rebuild
from glassnet.runs.names import create
from glassnet.training.history import Row as HistoryRow


def combinations(recipe, numbers, repeats=1, lr=0.1):
    return [
        Planned(
            n,
            r,
            f"s-{n:03d}-{r}",
            {"train.lr": lr / n},
            recipe.changed({"train.lr": lr / n, "train.seed": r}),
            "classify",
        )
        for n in numbers
        for r in range(1, repeats + 1)
    ]


def epoch(number, score=0.5, **changed):
    values = {"loss": 1 / 3, "train_score": 0.1 + 0.2, "validation_loss": 0.7, "validation_score": score}
    return HistoryRow(
        number, 10 * number, 0.1, **(values | changed), seconds=1.5 * number, images_per_second=9.0, rejected=0
    )


@pytest.fixture
def ledger(books):
    ledger = books()
    ledger.new_sweep(
        "s", {"data": {"root": "photos"}}, {"train.lr": [0.1]}, {"method": "grid"}, task="classify", data_hash="d"
    )
    return ledger


def test_a_sweep_is_on_record_and_its_name_is_taken(ledger, recipe):
    found = ledger.sweep("last")
    assert (found.name, found.status, found.winner, found.data_hash) == ("s", "open", None, "d")
    assert (
        found.recipe == {"data": {"root": "photos"}}
        and found.space == {"train.lr": [0.1]}
        and found.plan == {"method": "grid"}
    )
    with pytest.raises(LedgerError, match="already a sweep or a run 's'"):
        ledger.new_sweep("s", {}, {}, {})
    ledger.plan("alone", recipe)
    with pytest.raises(LedgerError, match="already"):
        ledger.new_sweep("alone", {}, {}, {})
    ledger.new_sweep("t", {}, {}, {})
    assert [one.name for one in ledger.sweeps()] == ["s", "t"] and ledger.sweep().name == "t" and "t" in ledger.names()
    with pytest.raises(LedgerError, match=r"no sweep 'u'\. There are: s, t"):
        ledger.sweep("u")


def test_a_sweep_ends_with_a_winner_and_can_be_opened_again(ledger, recipe):
    ledger.plan_combinations("s", combinations(recipe, [1]))
    done = ledger.settle_sweep("s", status="done", winner=1, ended=True)
    assert (done.status, done.winner) == ("done", 1) and done.ended_at >= done.planned_at and ledger.sweep("s") == done
    again = ledger.settle_sweep("s", status="open")
    assert (again.ended_at, again.winner) == (None, 1)
    with pytest.raises(LedgerError, match="no run number 99"):
        ledger.settle_sweep("s", winner=99)
    with pytest.raises(LedgerError, match="no sweep"):
        ledger.settle_sweep("u", status="done")


def test_combinations_are_planned_once_whoever_asks(ledger, recipe):
    assert ledger.plan_combinations("s", combinations(recipe, [1, 2], repeats=2)) == 4
    assert ledger.plan_combinations("s", combinations(recipe, [1, 2, 3], repeats=3)) == 5
    assert (
        ledger.plan_combinations("s", combinations(recipe, [3], repeats=4, lr=0.7)) == 0
    )  # another proposal of number 3
    rows = ledger.rows(sweep="s")
    assert [(r.combination, r.repeat) for r in rows] == [
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
        (1, 3),
        (2, 3),
        (3, 1),
        (3, 2),
        (3, 3),
    ]
    first = rows[3]
    assert (first.name, first.status, first.seed, first.task, first.folder) == (
        "s-002-2",
        "planned",
        2,
        "classify",
        None,
    )
    assert (
        first.chosen == {"train.lr": 0.05} and first.settings["train.lr"] == 0.05 and first.values()["combination"] == 2
    )
    assert [r.name for r in ledger.rows("combination>2 repeat=1", sweep="s")] == ["s-003-1"]
    with pytest.raises(LedgerError, match="no sweep 'u'"):
        ledger.plan_combinations("u", combinations(recipe, [1]))


def test_a_plan_that_cannot_be_written_whole_leaves_no_row(ledger, recipe):
    bad = [*combinations(recipe, [1]), Planned(2, 1, "s-002-1", {"train.lr": math.nan}, recipe)]
    with pytest.raises(ValueError, match="JSON"):
        ledger.plan_combinations("s", bad)
    assert ledger.rows(sweep="s") == []


def test_curves_are_fenced_and_replaced_after_a_resume(ledger, recipe, monkeypatch):
    ledger.plan_combinations("s", combinations(recipe, [1, 2]))
    claim = ledger.claim(sweep="s")
    for number, score in ((1, 0.1), (2, 1 / 3), (3, 0.3)):
        ledger.epoch(claim, epoch(number, score))
    assert (ledger.row(1).epochs_done, claim.epochs_done) == (3, 3)
    ledger.fail(claim, KeyboardInterrupt())
    heir = ledger.claim(sweep="s")
    assert (heir.run, heir.epochs_done) == (1, 3)
    ledger.epoch(heir, epoch(2, 0.25, validation_loss=math.nan, loss=math.inf))
    with pytest.raises(LedgerError, match="does not belong"):
        ledger.epoch(claim, epoch(3, 0.99))
    curves = ledger.curves("s")
    assert all(ledger.curve(run) == lines for run, lines in curves.items()) and ledger.curve(10**6) == []
    assert [(e.epoch, e.validation_score, e.seconds) for e in curves[1]] == [(1, 0.1, 1.5), (2, 0.25, 3.0)] and curves[
        2
    ] == []
    assert curves[1][0].score == 0.1 + 0.2 and curves[1][1].validation_loss is None and curves[1][1].loss == math.inf


def test_marks_come_back_to_the_last_bit(ledger, recipe, scores):
    ledger.plan_combinations("s", combinations(recipe, [1, 2]))
    values = np.random.default_rng(1).random(1000).astype(np.float32)
    claim = ledger.claim(sweep="s")
    ledger.finish(claim, 3, (scores(),), marks={"validation": values, "train": values[:3].astype(np.float64)})
    with pytest.raises(LedgerError, match="does not belong"):
        ledger.finish(claim, 3, marks={"validation": values * 0})
    found = ledger.marks("s", "validation")
    alone = ledger.marks_of(claim.run, "validation")
    assert alone.dtype == np.float32 and np.array_equal(alone, found[claim.run], equal_nan=True)
    assert ledger.marks_of(claim.run, "test") is None
    assert list(found) == [1] and found[1].dtype == np.float32 and np.array_equal(found[1], values)
    assert len(ledger.marks("s", "train")[1]) == 3 and ledger.marks("s", "test") == {} and ledger.check() == []
    with pytest.raises(LedgerError, match="one number per picture"):
        ledger.finish(ledger.claim(sweep="s"), 3, marks={"validation": np.zeros((2, 2))})
    assert ledger.row(2).status == "running"


def test_a_run_gives_signs_of_life_while_nothing_else_does(ledger, recipe, monkeypatch):
    monkeypatch.setattr(claims_module, "BEAT_S", 0.02)
    ledger.plan_combinations("s", combinations(recipe, [1]))
    claim = ledger.claim(sweep="s")
    first = ledger.row(1).heartbeat_at
    with ledger.kept_alive(claim):
        while (second := ledger.row(1).heartbeat_at) == first:
            pass
        ledger.epoch(claim, epoch(1))
    last = ledger.row(1).heartbeat_at
    assert first < second <= last
    assert ledger.row(1).heartbeat_at == last  # nobody breathes any more
    heir = ledger.claim(1, abandoned=True)
    with ledger.kept_alive(claim), pytest.raises(LedgerError, match="does not belong"):
        ledger.finish(claim, 1)
    ledger.finish(heir, 1)


def _claim_and_wait(books, told):
    claim = books().claim(sweep="s")
    told.send((claim.run, claim.token))
    signal.pause()


def _worker(books):
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_claim_and_wait, args=(books, there))
    process.start()
    assert here.poll(30), "the worker said nothing"
    return process, here.recv()


def test_the_row_of_a_killed_process_is_taken_over_at_once(ledger, books, recipe):
    ledger.plan_combinations("s", combinations(recipe, [1, 2]))
    process, (run, token) = _worker(books)
    assert (run, token) == (1, 1) and ledger.row(1).status == "running"
    assert ledger.claim(sweep="s").run == 2 and ledger.claim(sweep="s") is None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert ledger.row(1).status == "interrupted" and "without a word" in ledger.row(1).sentence
    heir = ledger.claim(sweep="s")
    assert (heir.run, heir.token) == (1, 2) and ledger.claim(sweep="s") is None


def test_a_frozen_process_keeps_its_row_until_its_lease_ends_and_is_refused_then(ledger, books, recipe, monkeypatch):
    ledger.plan_combinations("s", combinations(recipe, [1]))
    process, _ = _worker(books)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        assert ledger.claim(sweep="s") is None and ledger.row(1).status == "running"
        monkeypatch.setattr(claims_module, "LEASE_S", 0.0)
        assert ledger.claim(sweep="s").token == 2
    finally:
        process.kill()
        process.join()


def test_a_folder_of_the_same_name_says_nothing_about_another_machines_run(
    ledger, books, recipe, tmp_path, monkeypatch
):
    ledger.plan_combinations("s", combinations(recipe, [1]))
    ledger.begin(ledger.claim(sweep="s"), folder="s-001-1")
    other = Ledger(tmp_path / "elsewhere", books.url or f"sqlite:///{tmp_path / LEDGER}")
    folder = create(tmp_path / "elsewhere", "s", name="s-001-1")
    with folder.held():
        pass
    monkeypatch.setattr(claims_module, "QUIET_S", 0.0)
    assert other.row(1).status == "running" and other.claim(sweep="s") is None


def test_a_sweep_comes_back_from_its_folders(tmp_path, recipe, scores):
    ledger = Ledger(tmp_path)
    create(tmp_path, "s", name="s")
    ledger.new_sweep("s", {"a": 1}, {"train.lr": [0.1]}, {"method": "grid"})
    ledger.plan_combinations("s", combinations(recipe, [1, 2], repeats=2))
    for _ in range(4):
        claim = ledger.claim(sweep="s")
        folder = create(tmp_path, "s", name=claim.name)
        ledger.begin(claim, folder=folder.name)
        ledger.epoch(claim, epoch(1))
        folder.history.write_text(
            "epoch,step,lr,loss,train_score,validation_loss,validation_score,seconds,images_per_second,rejected\n"
            "1,10,0.1,0.3333333333333333,0.30000000000000004,0.7,0.5,1.5,9.0,0\n"
        )
        ledger.finish(claim, 1, (scores(),))
    ledger.settle_sweep("s", status="done", winner=2, ended=True)
    again, _ = rebuild(tmp_path)
    assert (
        again.rows() == ledger.rows() and again.sweeps() == ledger.sweeps() and again.curves("s") == ledger.curves("s")
    )
    assert again.rows()[0].combination == 1 and len(again.curves("s")[4]) == 1
