"""`glassnet ledger`: check, backup, merge, in text and as JSON."""

import json

import pytest

from glassnet.cli import ledger as verb
from glassnet.cli.options import parser_for
from glassnet.errors import GlassnetError
from glassnet.recipe import recipe_from
from glassnet.runs.folder import LEDGER
from glassnet.runs.ledger import Ledger


@pytest.fixture
def glassnet(tmp_path, capsys):
    def call(*words, out="runs"):
        parser = parser_for("ledger", verb.__doc__)
        verb.arguments(parser)
        code = verb.run(parser.parse_args([*words, "--out", str(tmp_path / out)]))
        return code, capsys.readouterr().out

    return call


@pytest.fixture
def trained(tmp_path):
    def make(out, *names):
        ledger = Ledger(tmp_path / out)
        for name in names:
            ledger.finish(ledger.claim(ledger.plan(name, recipe_from({"data": {"root": "photos"}}))), 1)
        return ledger

    return make


def test_a_sound_ledger_and_one_that_is_not(glassnet, trained):
    ledger = trained("runs", "a", "b")
    code, text = glassnet("check")
    assert code == 0 and "is sound. Runs: 2; sweeps: 0." in text
    ledger.database.write(lambda c: c.exec_driver_sql("UPDATE runs SET status = 'odd' WHERE id = 2"))
    code, text = glassnet("check")
    assert code == 8 and "is not sound. Faults: 1" in text and "'odd'" in text and "--rebuild" in text
    code, text = glassnet("check", "--json")
    told = json.loads(text)
    assert code == 8 and not told["sound"] and len(told["problems"]) == 1


def test_a_copy_is_a_ledger_and_overwrites_nothing_unasked(glassnet, trained, tmp_path):
    ledger = trained("runs", "a")
    copy = tmp_path / "copy.db"
    assert "is copied to" in glassnet("backup", str(copy))[1]
    assert Ledger(tmp_path / "x", f"sqlite:///{copy}").rows() == ledger.rows()
    with pytest.raises(GlassnetError, match="--force"):
        glassnet("backup", str(copy))
    told = json.loads(glassnet("backup", str(copy), "--force", "--json")[1])
    assert told["file"] == str(copy) and told["bytes"] == copy.stat().st_size
    with pytest.raises(GlassnetError, match="is the ledger"):
        glassnet("backup", str(tmp_path / "runs" / LEDGER), "--force")


def test_another_machines_runs_come_in(glassnet, trained, tmp_path):
    trained("runs", "a")
    trained("other", "b", "c")
    assert (
        "Runs that came in: 2; brought up to date: 0; left as they were: 0."
        in glassnet("merge", str(tmp_path / "other"))[1]
    )
    told = json.loads(glassnet("merge", str(tmp_path / "other" / LEDGER), "--json")[1])
    assert (told["new"], told["equal"]) == ([], 2)
    assert [row.name for row in Ledger(tmp_path / "runs").rows()] == ["a", "b", "c"]
    assert json.loads(glassnet("merge", str(tmp_path / "runs"), "--json", out="fresh")[1])["new"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("backup",), "one more word"),
        (("merge",), "OTHER"),
        (("check", "x"), "one word too many"),
        (("check", "--force"), "--force belongs"),
        (("merge", "nowhere"), "no ledger at nowhere"),
        (("check",), "There is no ledger"),
        (("check", "--ledger", "nonsense"), "postgresql://USER"),
        (("tidy",), "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_said(glassnet, words, said):
    with pytest.raises(GlassnetError, match=said):
        glassnet(*words)
