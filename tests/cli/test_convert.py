"""`glassnet convert` as it is typed."""

import json

import pytest

from glassnet.cli import main


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def test_a_built_in_set_is_written_and_what_got_lost_is_said(capsys, tmp_path):
    assert main(["convert", "shapes", "--to", "voc", "new"]) == 0
    said = capsys.readouterr().out
    assert "written: new (voc, detect), 600 pictures, 1,890 things" in said
    assert "lost: Outlines left out" in said
    assert len(list((tmp_path / "new" / "JPEGImages").iterdir())) == 600
    assert main(["convert", "shapes", "--to", "voc", "new"]) == 2
    assert "not empty" in capsys.readouterr().err


def test_json_is_one_object(capsys):
    assert main(["convert", "shapes", "--to", "masks", "new", "--task", "segment", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["pictures"] == {"all": 600}
    assert (found["format"], found["task"], found["losses"], found["left_out"]) == ("masks", "segment", [], [])


def test_what_a_format_cannot_hold_is_refused_with_the_right_code(capsys):
    assert main(["convert", "xo", "--to", "coco", "new"]) == 3
    assert "answers classify" in capsys.readouterr().err
    assert main(["convert", "shapes", "--to", "csv", "new", "--task", "segment"]) == 2
    assert main(["convert", "shapes", "--to", "tfrecord", "new"]) == 2
    assert main(["convert", "shapes", "new"]) == 2
