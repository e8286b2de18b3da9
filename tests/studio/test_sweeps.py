"""Sweeps over HTTP: what a form stands for, what a page is told of a sweep, and what is refused."""

import csv
import io
import itertools
import json
import time

import pytest
from tests.studio.serving import served

from glassnet.recipe import Recipe
from glassnet.runs.ledger import Ledger
from glassnet.studio.sweeps_told import SHOWN
from glassnet.sweeps import start
from glassnet.sweeps.space import read_settings

SMALL = {"network": "mini", "train.epochs": "2", "train.batch": "8", "train.threads": "1", "train.precision": "fp32"}
EACH = [float(rate) for rate in ("0.01", "0.003", "1e30")]


@pytest.fixture(scope="module")
def swept(photos, tmp_path_factory):
    """A studio over one finished sweep of three rates, one of which ends in numbers that are none."""
    out = tmp_path_factory.mktemp("swept")
    settings = {"data.root": str(photos / "photos"), **SMALL, "train.epochs": 2, "train.batch": 8, "train.threads": 1}
    space = read_settings(["train.lr=0.01,0.003,1e30"])
    result = start.sweep(Recipe().changed(settings), space, out=out, name="three", on="here")
    with served(out, photos) as found:
        yield found, result


def wish(**given):
    return {"data": "xo", "settings": SMALL, **given}


def refused(studio, path, value):
    status, _, body = studio.ask(path, value)
    assert status == 422, body
    return json.loads(body)["error"]


def test_a_form_of_lists_is_their_full_grid(studio):
    tries = {"train.lr": "0.1, 0.01,0.001", "train.optimizer": "adam, sgd"}
    found = studio.json("/api/sweeps/plan", wish(tries=tries, how={"repeats": "3"}))
    grid = list(itertools.product((0.1, 0.01, 0.001), ("adam", "sgd")))
    assert (found["method"], found["combinations"], found["runs"]) == ("grid", len(grid), 3 * len(grid))
    assert found["space"] == ["train.lr: 0.1, 0.01, 0.001", "train.optimizer: adam, sgd"]


def test_a_form_with_a_range_is_sampled_and_says_why(studio):
    tries = {"train.lr": "1e-4..0.1:log", "train.dropout": "0..0.5"}
    found = studio.json("/api/sweeps/plan", wish(tries=tries))
    assert (found["method"], found["combinations"]) == ("tpe", 30)
    assert all(choice["reason"] for choice in found["choices"])
    chance = studio.json("/api/sweeps/plan", wish(tries=tries, how={"method": "random", "combinations": "7"}))
    assert (chance["method"], chance["runs"], chance["choices"]) == ("random", 7, [])
    timed = studio.json("/api/sweeps/plan", wish(tries=tries, how={"minutes": "2"}))
    assert timed["runs"] is None and "2 minutes" in timed["text"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tries": {}}, "Add a setting"),
        ({"tries": {"train.lr": " "}}, "train.lr has no values yet"),
        ({"tries": {"train.lr": ".."}}, "train.lr has no values yet"),
        ({"tries": {"train.lr": "0.1..0.01"}}, "min below max"),
        ({"tries": {"train.lr": "0.1, fast"}}, "train.lr"),
        ({"tries": {"data.test": "0.1, 0.2"}}, "judged by the same pictures"),
        ({"tries": {"train.seed": "1, 2"}}, "Ask for repeats"),
        ({"tries": {"train.lr": "0.1, 0.1"}}, "stands twice"),
        ({"tries": {"train.lr": "0.1..1"}, "how": {"method": "grid"}}, "A grid needs lists"),
        ({"tries": {"train.lr": "0.1"}, "how": {"repeats": "0"}}, "repeats"),
        ({"tries": {"train.lr": "0.1"}, "how": {"workers": "many"}}, "workers"),
        ({"tries": {"train.lr": "0.1"}, "how": {"out": "/tmp"}}, "no field"),
        ({"tries": {"train.lr": "0.1"}, "settings": {"train.epochs": "-1"}}, "train.epochs"),
        ({"tries": {"train.lr": "0.1"}, "settings": {"out": "elsewhere"}}, "no field"),
        ({"tries": {"train.lr": "0.1\0"}}, "no text"),
    ],
)
def test_a_form_that_cannot_be_is_refused_in_a_sentence_that_names_the_field(studio, given, said):
    text = studio.json("/api/sweeps/plan", wish(**given))["refused"]
    assert said in text and "--set" not in text
    assert refused(studio, "/api/sweeps", wish(**given)) == text
    assert not [job for job in studio.work.jobs.all() if job.is_sweep]


def test_a_sweep_begins_below_the_allowed_roots_with_a_name_of_its_own(studio):
    tries = {"train.lr": "0.1"}
    assert "Choose pictures" in refused(studio, "/api/sweeps", wish(tries=tries, data=""))
    assert "not below a folder" in refused(studio, "/api/sweeps", wish(tries=tries, data="/etc"))
    assert "cannot be the name" in refused(studio, "/api/sweeps", wish(tries=tries, name="../up"))
    assert "already" in refused(studio, "/api/sweeps", wish(tries=tries, name="first"))


def test_every_field_that_may_vary_is_offered_and_no_other(studio):
    found = studio.json("/api/sweeps/form")
    names = {field["name"] for part in found["parts"] for field in part["fields"]}
    assert {"network", "train.lr", "data.size", "augment.rotate"} <= names
    assert not names & {"data.root", "data.test", "train.seed", "train.device"}
    assert [field["name"] for field in found["how"]][-1] == "workers"
    assert all(field["help"] for field in found["how"])


def test_the_time_is_estimated_in_a_process_of_its_own_and_may_be_stopped(studio):
    asked = studio.json("/api/sweeps/estimate", wish(tries={"train.lr": "0.1, 0.01"}, how={"workers": "2"}))
    found = studio.json(f"/api/sweeps/estimate/{asked['id']}")
    end = time.monotonic() + 60
    while found["state"] == "working" and time.monotonic() < end:
        time.sleep(0.2)
        found = studio.json(f"/api/sweeps/estimate/{asked['id']}")
    assert found["state"] == "done", found
    assert found["found"]["workers"] == 2 and found["found"]["seconds"] == found["found"]["run_seconds"] > 0
    other = studio.json("/api/sweeps/estimate", wish(tries={"train.lr": "0.2, 0.01"}))
    studio.json(f"/api/sweeps/estimate/{other['id']}/stop", {})
    while studio.json(f"/api/sweeps/estimate/{other['id']}")["state"] == "working":
        assert time.monotonic() < end
        time.sleep(0.1)
    assert studio.json(f"/api/sweeps/estimate/{other['id']}")["state"] == "stopped"
    assert not studio.json("/api/sweeps")["sweeps"]


def test_a_page_is_told_what_the_ledger_holds(swept):
    studio, _ = swept
    (one,) = studio.json("/api/sweeps")["sweeps"]
    assert (one["name"], one["status"], one["runs"], one["ended"]) == ("three", "done", 3, 3)
    found = studio.json(f"/api/sweeps/{one['id']}")
    book = Ledger(studio.work.out, create=False)
    lines = {line["number"]: line for line in found["lines"]}
    for row in book.rows(sweep="three"):
        line = lines[row.combination]
        assert line["values"] == row.chosen and line["status"] == row.status
        figure = row.headline("validation")
        assert (line["score"], line["low"], line["high"]) == (
            (figure.value, figure.low, figure.high) if figure else (None, None, None)
        )
        assert line["curve"] == [
            [e.epoch, e.validation_score] for e in book.curve(row.id) if e.validation_score is not None
        ]
    views = {row.settings["train.views"] for row in book.rows(sweep="three") if row.status == "done"}
    assert found["sweep"]["mirrored"] == ("mirror" in views)
    assert found["sweep"]["counts"] == {"done": 2, "failed": 1}
    assert lines[3]["values"] == {"train.lr": EACH[2]} and lines[3]["sentence"]


def test_the_winner_and_what_equals_it_are_those_of_the_report(swept):
    studio, result = swept
    (one,) = studio.json("/api/sweeps")["sweeps"]
    address = f"/api/sweeps/{one['id']}/judged"
    studio.json(address, {})
    found = studio.json(address)
    while found["state"] == "working":
        time.sleep(0.05)
        found = studio.json(address)
    said, told = result.as_dict(), found["found"]
    assert told["winner"]["name"] == said["winner"]
    assert told["test"]["value"] == said["test"]["value"]
    best = next(line["number"] for line in said["combinations"] if line["best"])
    assert sorted([*told["equal"], best]) == said["not_distinguishable"]
    status, headers, body = studio.ask(f"/api/sweeps/{one['id']}/combinations.csv")
    assert status == 200 and "three.csv" in headers["content-disposition"]
    table = list(csv.DictReader(io.StringIO(body.decode())))
    assert [float(line["train.lr"]) for line in table] == EACH
    assert studio.ask(f"/report/sweep/{one['id']}")[0] == 200


def test_a_sweep_that_is_over_is_neither_stopped_nor_resumed(swept):
    studio, _ = swept
    (one,) = studio.json("/api/sweeps")["sweeps"]
    assert "nothing to resume" in refused(studio, f"/api/sweeps/{one['id']}/resume", {})
    assert "not started from the studio" in refused(studio, f"/api/sweeps/{one['id']}/stop", {})
    assert studio.ask("/api/sweeps/0123456789abcdef")[0] == 404
    assert studio.ask("/api/sweeps/started/0123456789abcdef/events")[0] == 404


def test_a_sweep_of_very_many_combinations_is_told_in_part(photos, tmp_path):
    book = Ledger(tmp_path)
    base = Recipe().changed({"data.root": str(photos / "photos"), "network": "mini", "train.epochs": 1})
    space = read_settings([f"train.lr={','.join(str(i / 1000) for i in range(1, 301))}"])
    plan, _ = start.decide(space, {})
    book.new_sweep("many", base.model_dump(mode="json", exclude_unset=True), space.as_dict(), plan.as_dict())
    start._put_on_record(book, "many", plan, base, list(space.grid()))
    claim = book.claim(book.row("many-250").id)
    with served(tmp_path, photos) as studio:
        (one,) = studio.json("/api/sweeps")["sweeps"]
        found = studio.json(f"/api/sweeps/{one['id']}")
        assert (found["sweep"]["combinations"], found["sweep"]["left"]) == (300, 300)
        numbers = [line["number"] for line in found["lines"]]
        assert numbers == [250, *range(1, SHOWN)]
    book.fail(claim, KeyboardInterrupt())
