"""Two ledgers become one: nothing is lost, nothing is doubled, and the newer state wins."""

import multiprocessing
import shutil

import numpy as np
import pytest
from tests.runs.test_sweeps import epoch

from glassnet.errors import LedgerError
from glassnet.runs.book import Book, another
from glassnet.runs.folder import LEDGER
from glassnet.runs.ledger import Ledger, Planned
from glassnet.runs.names import create


def planned(recipe, number, lr, repeat=1):
    return Planned(
        number, repeat, f"s-{number:03d}", {"train.lr": lr}, recipe.changed({"train.lr": lr, "train.seed": repeat})
    )


def trained(ledger, scores, value=0.5):
    claim = ledger.claim(sweep="s")
    ledger.epoch(claim, epoch(1, value))
    ledger.finish(claim, 1, (scores("validation", value),), {"validation": np.full(4, value, np.float32)})
    return claim.run


@pytest.fixture
def here(books):
    return books()


@pytest.fixture
def there(tmp_path):
    return Ledger(tmp_path / "there")


def test_what_is_not_here_comes_in_whole(here, there, recipe, scores):
    here.plan("mine", recipe)
    there.plan("before", recipe)
    there.new_sweep("s", {"a": 1}, {"train.lr": [1]}, {"method": "grid"})
    there.plan_combinations("s", [planned(recipe, 1, 0.1), planned(recipe, 2, 0.2)])
    run = trained(there, scores, 1 / 3)
    there.settle_sweep("s", status="done", winner=run, ended=True)
    merged = here.merge(there)
    assert (merged.new, merged.newer, merged.equal, merged.sweeps) == (("before", "s-001", "s-002"), (), 0, ("s",))
    rows = {row.name: row for row in here.rows()}
    assert set(rows) == {"mine", "before", "s-001", "s-002"} and rows["s-001"].id != run
    assert rows["s-001"].scores == there.row(run).scores and rows["s-001"].chosen == {"train.lr": 0.1}
    assert here.sweep("s").winner == rows["s-001"].id and here.sweep("s").status == "done"
    assert here.curves("s")[rows["s-001"].id][0].validation_score == 1 / 3
    assert np.array_equal(here.marks("s", "validation")[rows["s-001"].id], np.full(4, 1 / 3, np.float32))
    before = here.rows(), here.sweeps()
    again = here.merge(there)
    assert (again.new, again.newer, again.equal, again.sweeps, again.renamed) == ((), (), 3, (), {})
    assert (here.rows(), here.sweeps()) == before and here.check() == []


def test_the_newer_state_wins_in_both_directions(here, there, recipe, scores):
    there.new_sweep("s", {}, {}, {})
    there.plan_combinations("s", [planned(recipe, n, 0.1 * n) for n in (1, 2, 3)])
    claim = there.claim(sweep="s")
    there.epoch(claim, epoch(1))
    there.fail(claim, KeyboardInterrupt())
    here.merge(there)
    mine = trained(here, scores, 0.9)  # went on with the first here
    trained(there, scores, 0.4), trained(there, scores, 0.6)  # the first and the second there, later
    there.opened_test(1)
    merged = here.merge(there)
    assert merged.newer == ("s-001", "s-002") and merged.equal == 1
    rows = {row.name: row for row in here.rows()}
    assert (
        rows["s-001"].id == mine
        and rows["s-001"].headline("validation").value == 0.4
        and rows["s-001"].test_opened == 1
    )
    assert here.marks("s", "validation")[mine][0] == np.float32(0.4) and rows["s-003"].status == "planned"
    back = there.merge(here)
    assert back.new == () and [r.status for r in there.rows()] == ["done", "done", "planned"]
    assert len(back.newer) == 0


def test_sweeps_that_share_nothing_but_a_name_stay_two(here, there, recipe, scores):
    for ledger, lr in ((here, 0.1), (there, 0.7)):
        ledger.new_sweep("s", {}, {"train.lr": [lr]}, {})
        ledger.plan_combinations("s", [planned(recipe, 1, lr)])
    merged = here.merge(there)
    assert merged.renamed == {"s": "s_2"} and merged.sweeps == ("s_2",) and "s_2 here" in str(merged)
    assert [(r.sweep, r.combination, r.chosen["train.lr"]) for r in here.rows()] == [("s", 1, 0.1), ("s_2", 1, 0.7)]
    assert here.merge(there).equal == 1 and len(here.sweeps()) == 2


def test_one_sweep_that_went_on_apart_becomes_one_again(tmp_path, recipe, scores):
    here = Ledger(tmp_path / "here")
    here.new_sweep("s", {}, {}, {"method": "tpe"})
    here.plan_combinations("s", [planned(recipe, 1, 0.1)])
    trained(here, scores, 0.5)
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    there = Ledger(tmp_path / "there")
    for ledger, values in (
        (here, (0.2, 0.3, 0.4)),
        (there, (0.9, 0.3, 0.5, 0.5)),
    ):  # 0.3 was proposed on both sides, 0.5 twice there
        ledger.plan_combinations("s", [planned(recipe, n, lr) for n, lr in enumerate(values, 2)])
    trained(there, scores, 0.7), trained(there, scores, 0.8)
    merged = here.merge(there)
    assert (len(merged.new), merged.newer, merged.equal) == (3, ("s-003",), 1)
    numbers = {r.combination: (r.chosen["train.lr"], r.status) for r in here.rows(sweep="s")}
    assert numbers == {
        1: (0.1, "done"), 2: (0.2, "planned"), 3: (0.3, "done"), 4: (0.4, "planned"),
        5: (0.9, "done"), 6: (0.5, "planned"), 7: (0.5, "planned"),
    }  # fmt: skip
    assert here.merge(there).new == () and here.check() == []


def test_a_late_writer_of_what_was_brought_up_to_date_is_refused(here, there, recipe, scores):
    there.plan("a", recipe)
    here.merge(there)
    late = here.claim(1)
    here.fail(late, "gone")
    there.finish(there.claim(1), 3, (scores(),))
    assert here.merge(there).newer == ("a",)
    with pytest.raises(LedgerError, match="does not belong"):
        here.finish(late, 9)
    assert here.row("a").status == "done" and here.row("a").token > late.token


def test_a_run_that_is_being_trained_is_left_alone_on_either_side(here, there, recipe, scores):
    there.plan("a", recipe)
    there.plan("b", recipe)
    here.merge(there)
    claim = here.claim(1)
    there.finish(there.claim(1), 3, (scores(),))
    there.claim(2)
    merged = here.merge(there)
    assert merged.left_out == ("b",) and "Merge again" in str(merged) and merged.newer == ()
    here.finish(claim, 1)
    assert (here.row("a").epochs_done, here.row("b").status) == (1, "planned")


def test_no_run_takes_the_folder_of_another(here, there, recipe, scores, tmp_path):
    for ledger in (here, there):
        folder = create(ledger.out, "p", name="p-001")
        ledger.finish(ledger.claim(ledger.plan(folder.name, recipe, folder)), 1)
    mine = create(here.out, "p", name="p-001x").path.with_name("p-001") / "run.json"
    before = mine.read_bytes()
    number = there.plan("p-002", recipe, create(there.out, "p", name="p-002"))
    here.merge(there)
    assert mine.read_bytes() == before
    assert [(r.name, r.folder) for r in here.rows()] == [("p-001", "p-001"), ("p-001", None), ("p-002", "p-002")]
    shutil.copytree(there.out / "p-002", here.out / "p-002")
    there.finish(there.claim(number), 1)
    assert here.merge(there).newer == ("p-002",)


def test_a_ledger_is_read_from_a_folder_a_copy_and_an_address(books, tmp_path, recipe):
    ledger = books()
    ledger.plan("a", recipe)
    ledger.backup(tmp_path / "copy.db")
    Ledger(tmp_path / "other").plan("b", recipe)
    before = (tmp_path / "copy.db").read_bytes()
    for where in (
        str(tmp_path / "copy.db"),
        *([] if books.url is None else [books.url]),
        *([str(tmp_path)] if books.url is None else []),
    ):
        with another(where) as book:
            assert [row.name for row in book.rows()] == ["a"]
    assert (tmp_path / "copy.db").read_bytes() == before and sorted(p.name for p in tmp_path.glob("copy*")) == [
        "copy.db"
    ]
    for wrong, said in ((tmp_path / "nothing", "no ledger at"), (tmp_path / "text", "damaged")):
        (tmp_path / "text").write_text("not a database " * 100)
        with pytest.raises(LedgerError, match=said), another(str(wrong)):
            pass


def test_an_empty_database_is_no_ledger_and_stays_empty(server, tmp_path):
    url = server.new_database("glassnet")
    for _ in range(2):
        with pytest.raises(LedgerError, match="empty database"), another(url):
            pass


def test_what_does_not_fit_together_is_found(here, recipe, scores):
    here.new_sweep("s", {}, {}, {})
    here.plan_combinations("s", [planned(recipe, 1, 0.1)])
    trained(here, scores)
    assert here.check() == []
    for change in (
        "UPDATE runs SET settings = '{' WHERE id = 1",
        "UPDATE runs SET planned_at = 'yesterday' WHERE id = 1",
        "UPDATE runs SET status = 'finished' WHERE id = 1",
        "UPDATE sweeps SET winner = 77",
        "UPDATE marks SET n = 5",
    ):
        here.database.write(lambda c, change=change: c.exec_driver_sql(change))
    found = "\n".join(here.check())
    for said in (
        "settings that cannot be read",
        "no time: 'yesterday'",
        "'finished'",
        "none of its runs: 77",
        "16 bytes of marks",
    ):
        assert said in found


def _merge(arguments):
    out, url, other = arguments
    return len(Ledger(out, url).merge(Book(other)).new)


def test_two_merges_at_the_same_moment_bring_nothing_twice(books, there, recipe):
    books()
    there.new_sweep("s", {}, {}, {})
    there.plan_combinations("s", [planned(recipe, n, 0.1 * n) for n in range(1, 9)])
    with multiprocessing.get_context("fork").Pool(3) as pool:
        came = pool.map(_merge, [(books.out, books.url, there.out)] * 3, chunksize=1)
    assert sorted(came) == [0, 0, 8] and len(books().rows()) == 8 and (there.out / LEDGER).exists()
