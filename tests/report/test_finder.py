"""`glassnet train --find-lr` and `gn.find_lr`: the suggestion, the plot, what to type next, and that nothing else is touched."""

import contextlib
import io
import json

import numpy as np
import pytest

import glassnet as gn
from glassnet.cli import main
from glassnet.report.finder import chart, rate_text
from glassnet.training.finder import Sweep

TYPED = ["train", "xo", "--network", "mini", "--threads", "1", "--precision=fp32"]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Return (out, what --json printed) of one sweep with a rate of the user's own."""
    out = tmp_path_factory.mktemp("sweep")
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert main([*TYPED, "--out", str(out), "--find-lr", "--lr", "0.5", "--json"]) == 0
    return out, json.loads(said.getvalue())


def test_the_finder_suggests_a_rate_that_learns_and_makes_no_run(swept, capsys):
    out, found = swept
    assert len(found["rates"]) == len(found["smoothed"]) >= 12
    lowest = found["rates"][int(np.argmin(found["smoothed"]))]
    assert found["suggestion"] == pytest.approx(lowest / 3)
    assert not list(out.glob("xo-*"))
    assert not (out / ".sweep").exists()
    words = found["command"].split()
    assert words[0] == "glassnet"
    assert main([*words[1:], "--epochs", "6", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"]["validation"]["figures"]["accuracy"]["value"] > 0.8


def test_the_next_command_is_what_was_typed_with_the_rate_found(swept):
    out, found = swept
    expected = f"glassnet {' '.join(TYPED)} --out {out} --lr {found['suggestion']:.2g}"
    assert found["command"] == expected
    assert found["recipe_rate"] == 0.5
    page = (out / "find-lr-xo-mini.html").read_text(encoding="utf-8")
    assert found["page"] == str(out / "find-lr-xo-mini.html")
    assert expected in page
    assert f"suggested: {found['suggestion']:.2g}" in page
    assert "which you set" in page


def test_the_terminal_gets_a_plot_the_rule_and_the_recipes_own_rate(tmp_path, capsys):
    assert main([*TYPED, "--find-lr", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.count("*") > 12
    assert "a third of" in said
    assert "which training takes without --lr" in said
    assert f"Plot:   {tmp_path / 'find-lr-xo-mini.html'}" in said


def test_training_after_a_sweep_is_the_same_to_the_bit(tmp_path):
    settings = {"network": "mini", "epochs": 1, "threads": 1, "precision": "fp32", "quiet": True}

    def weights(out):
        return gn.train("xo", out=out, **settings).folder.path.joinpath("model.safetensors").read_bytes()

    alone = weights(tmp_path / "alone")
    sweep = gn.find_lr("xo", out=tmp_path / "after", network="mini", threads=1, precision="fp32", quiet=True)
    assert weights(tmp_path / "after") == alone
    shown = sweep._repr_html_()
    assert "<svg" in shown
    assert f"{sweep.suggestion:.2g}" in str(sweep.plot())
    page = (tmp_path / "after" / "find-lr-xo-mini.html").read_text(encoding="utf-8")
    assert "gn.train(&#x27;xo&#x27;, network=&#x27;mini&#x27;, threads=1" in page


def test_rates_are_written_as_people_write_them():
    assert [rate_text(power) for power in (-6, -4, -2, 0, 1)] == ["1e-6", "0.0001", "0.01", "1", "10"]


def test_a_loss_that_explodes_does_not_flatten_the_rest_of_the_curve():
    rates = tuple(10.0**power for power in np.linspace(-6, 1, 20))
    losses = (*np.linspace(2.0, 1.0, 18), 5e6, 9e9)
    drawn = chart(Sweep(rates, losses, losses, rates[17] / 3, "a third"))
    assert "2.5" in drawn
    assert "e+0" not in drawn
