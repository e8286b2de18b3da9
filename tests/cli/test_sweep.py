"""`glassnet sweep`: one JSON object, the table and the page of the newest sweep, and every mistake a sentence with exit code 2."""

import csv
import json

import pytest

from glassnet.cli import main

QUICK = [
    "--network", "mini", "--size", "8", "--epochs", "1", "--threads", "1", "--precision", "fp32", "--device", "cpu", "--on", "here",
]  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A finished sweep: its folder of runs and what --json printed."""
    import contextlib
    import io

    out, said = tmp_path_factory.mktemp("runs"), io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(["sweep", "xo", "--set", "lr=0.01,0.03", *QUICK, "--out", str(out), "--json"]) == 0
    return out, said.getvalue()


def test_json_is_one_object(found):
    _, said = found
    result = json.loads(said)
    assert result["sweep"] == "xo-sweep-001" and result["left"] == 0
    assert [line["values"] for line in result["combinations"]] == [{"train.lr": 0.01}, {"train.lr": 0.03}]
    best = max(result["combinations"], key=lambda line: line["score"])
    assert result["winner"] in [
        run for line in result["combinations"] if line["score"] == best["score"] for run in line["runs"]
    ]
    assert result["test"]["value"] >= 0


def test_runs_of_the_newest_sweep_as_csv_with_every_setting(found, tmp_path):
    out, _ = found
    file = tmp_path / "all.csv"
    assert main(["runs", "--sweep", "last", "--csv", str(file), "--out", str(out)]) == 0
    rows = list(csv.DictReader(file.open()))
    assert [row["train.lr"] for row in rows] == ["0.01", "0.03"] and {row["status"] for row in rows} == {"done"}


def test_report_of_the_newest_sweep(found, capsys):
    out, _ = found
    page = out / "xo-sweep-001" / "report.html"
    page.unlink()
    capsys.readouterr()
    assert main(["report", "--sweep", "last", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"report": str(page)}
    assert "xo-sweep-001" in page.read_text()


def test_resuming_what_is_over_shows_it_again(found, capsys):
    out, said = found
    capsys.readouterr()
    assert main(["sweep", "--resume", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["xo"], "--set train.lr=0.1,0.01"),
        (["xo", "--set", "train.learning=0.1,0.01"], "train.learning"),
        (["xo", "--set", "train.lr"], "train.lr"),
        (["xo", "--set", "train.lr=fast,slow"], "train.lr"),
        (["xo", "--set", "train.seed=1,2"], "repeats"),
        (["xo", "--set", "lr=0.1..0.001"], "min below max"),
        (["xo", "--set", "lr=0.001..0.1", "--method", "grid"], "A grid needs lists"),
        (["xo", "--set", "lr=0.01,0.1", "--method", "grid", "--combinations", "5"], "--combinations says 5"),
        (["xo", "--set", "lr=0.01,0.1", "--repeats", "0"], "--repeats must lie between 1"),
        (["xo", "--set", "lr=0.01,0.1", "--minutes", "-1"], "--minutes must be above 0"),
        (["xo", "--set", "lr=0.01,0.1", "--workers", "0"], "--workers must be at least 1"),
        (["xo", "--set", "lr=0.01,0.1", "--on", "moon"], "moon"),
        (["xo", "--set", "lr=0.01,0.1", "--method", "best"], "best"),
        (["xo", "--set", "network.conv9.filters=8,16"], "no layer 'conv9'"),
        (["xo", "--set", "network.conv1.colour=8,16"], "colour"),
        (["--resume", "--set", "lr=0.1,0.01"], "settings it began with"),
        (["--resume", "--epochs", "7"], "--epochs"),
        (["--resume", "--repeats=3"], "--repeats cannot"),
        (["--resume", "--minutes", "0"], "--minutes must be above 0"),
        (["--set", "lr=0.1,0.01"], "No pictures were named"),
    ],
)
def test_mistakes_are_refused_before_anything_runs(arguments, said, capsys, tmp_path):
    quick = [] if "--resume" in arguments else QUICK[:-2]
    given = arguments if "--on" in arguments else [*arguments, "--on", "here"]
    assert main(["sweep", *given, *quick, "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error
    assert not [path for path in tmp_path.iterdir() if path.is_dir() and not path.name.startswith(".")], (
        "nothing was begun"
    )


def test_resuming_where_nothing_is_says_so_and_makes_nothing(tmp_path, capsys):
    assert main(["sweep", "--resume", "--out", str(tmp_path / "runs")]) == 8
    assert "no ledger" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_runs_of_a_sweep_show_what_the_sweep_chose(found, capsys):
    out, _ = found
    assert main(["runs", "--sweep", "last", "--out", str(out)]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[-1] == "lr"
    assert [line.split()[-1] for line in lines] == ["0.01", "0.03"]
