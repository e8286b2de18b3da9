"""The page of a sweep as text: what it says of one, two, 24 and 300 combinations, and that no value becomes markup."""

import csv
import io
import json
import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.report.sweep_materials import HOSTILE, NETWORKS, all_failed, grid, line, one, sampled, two, with_repeats
from tests.report.test_report import Reader

from glassnet.errors import StorageError
from glassnet.evaluation.selection import Outcome, cheapest, distinguishable, optimism
from glassnet.report.sweep import combinations, heat, learning, parallel, slices, unfinished
from glassnet.report.sweep.axes import axis_of
from glassnet.report.sweep.export import sweep_csv
from glassnet.report.sweep.labels import Labels, cut, full
from glassnet.report.sweep.shades import shades_of
from glassnet.report.sweep.view import View
from glassnet.report.sweep.write import sweep_page, write_sweep_report

SWEEPS = {
    "one": one,
    "two": two,
    "grid": grid,
    "sampled": sampled,
    "failed": all_failed,
    "repeats": lambda: with_repeats(grid()),
}


@pytest.fixture(scope="module", params=SWEEPS)
def page(request):
    return sweep_page(SWEEPS[request.param]())


def axis(values, setting="train.lr"):
    lines = tuple(line(number, {setting: value}, 0.5) for number, value in enumerate(values, 1))
    return axis_of(setting, values, Labels(replace(one(), lines=lines)))


def points(chart):
    """Return where each combination stands: number, x, y."""
    found = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"[^>]*data-n="(\d+)"', chart)
    return {int(number): (float(x), float(y)) for x, y, number in found}


def test_values_never_become_markup_and_the_policy_is_kept(page):
    read = Reader(page)
    names = {name for name, _ in read.elements}
    assert "onerror" not in {key for _, attributes in read.elements for key in attributes}
    assert "img" not in names
    assert not [a for _, a in read.elements if "style" in a]  # the policy would drop it
    assert page.count("<script") == 2
    ids = [a["id"] for _, a in read.elements if "id" in a]
    assert len(ids) == len(set(ids))
    links = {a["href"][1:] for name, a in read.elements if name == "a"}
    assert links <= set(ids)


def test_hostile_text_is_shown_as_the_text_that_it_is():
    assert HOSTILE in Reader(sweep_page(sampled())).said
    assert f"Memory ran out. {HOSTILE}" in Reader(sweep_page(all_failed())).said


def test_300_combinations_are_all_there_in_less_than_two_megabytes():
    material = sampled()
    written = sweep_page(material)
    assert len(written.encode()) < 2_000_000
    rows = re.findall(r'<tr id="c(\d+)"', written)
    assert sorted(map(int, rows)) == list(range(1, 301))
    data = json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', written, re.DOTALL).group(1)
    )
    assert data["sweep"]["order"][: len(material.ranked)] == [each.number for each in material.ranked]
    for part in (slices, parallel, learning):
        drawn = {int(number) for number in re.findall(r'data-n="(\d+)"', part.section(View(material)).body)}
        assert {each.number for each in material.ranked} <= drawn <= set(data["sweep"]["order"])


def test_the_table_stands_sorted_without_a_script_the_unscored_last():
    body = combinations.section(View(sampled())).body
    numbers = [int(number) for number in re.findall(r'<tr id="c(\d+)"', body)]
    known = {each.number: each for each in sampled().lines}
    order = [(not known[number].known, -(known[number].score or 0)) for number in numbers]
    assert order == sorted(order)
    assert body.index(">pruned<") < body.index(">failed<") < body.index(">planned<")
    assert body.count(">best<") == 1
    assert body.count(">as good<") == 11


def test_what_is_equal_in_all_is_said_once_and_is_no_column():
    lines = tuple(replace(each, values={**each.values, "train.epochs": 8}) for each in two().lines)
    body = combinations.section(View(replace(two(), lines=lines, settings=("train.lr", "train.epochs")))).body
    assert "The same in all: train.epochs 8." in body
    assert body.count("train.epochs") == 1


def test_long_layer_lists_are_short_differ_and_can_be_read_in_full():
    labels = Labels(grid())
    short = [labels.short("network", network) for network in NETWORKS]
    assert len(set(short)) == len(short)
    assert all(len(text) < 40 for text in short)
    assert len({cut(text, 17) for text in short}) == len(short)
    read = Reader(sweep_page(grid()))
    assert full(NETWORKS[2]) in read.said
    assert full(NETWORKS[3]) in {a.get("title") for name, a in read.elements if name == "span"}


def test_numbers_that_are_nearly_equal_do_not_look_equal():
    material = replace(
        one(), lines=tuple(line(i, {"train.lr": value}, 0.5) for i, value in enumerate((0.123451, 0.123452), 1))
    )
    assert Labels(material).short("train.lr", 0.123451) != Labels(material).short("train.lr", 0.123452)


def test_settings_are_called_by_their_last_words_where_these_are_enough():
    names = ("train.lr", "network.conv1.filters", "network.conv2.filters", "network")
    labels = Labels(replace(one(), settings=names))
    assert [labels.name(name) for name in names] == ["lr", "conv1.filters", "conv2.filters", "network"]


@pytest.mark.parametrize("values,kind", [
    ([0.1, 0.01, 0.001], "log"),
    ([1, 2, 29], "linear"),
    ([1, 2, 31], "log"),
    ([0.0, 1e-5, 1e-2], "steps"),
    ([0.0, 0.1, 0.3], "linear"),
    (["adam", "sgd"], "steps"),
    ([True, False], "steps"),
    ([5, None], "steps"),
    (np.geomspace(1e-4, 1e-1, 50).tolist(), "log"),
    (np.linspace(0.01, 30, 50).tolist(), "linear"),
    ([math.inf, 1.0], "steps"),
    ([3], "linear"),
])  # fmt: skip
def test_axes_are_logarithmic_where_values_span_more_than_a_factor_of_thirty(values, kind):
    found = axis(values)
    assert found.kind == kind
    assert all(0 <= found.place(value) <= 1 for value in values)
    assert 1 <= len(found.ticks()) <= 12
    assert all(a.place < b.place for a, b in pairwise(found.ticks()))


def test_on_a_log_axis_equal_factors_are_equal_distances():
    found = axis(np.geomspace(1e-4, 1e-1, 50).tolist())
    places = [found.place(value) for value in (1e-4, 1e-3, 1e-2, 1e-1)]
    assert np.diff(places) == pytest.approx([places[1] - places[0]] * 3)


@pytest.mark.parametrize(
    "values", [np.geomspace(1e-4, 1e-1, 50).tolist(), np.linspace(0, 30, 77).tolist(), [1, 2, 3], ["a", "b"]]
)
def test_every_value_has_a_place_in_a_heat_map(values):
    bins = axis(values).bins()
    assert len(bins) <= 6
    assert all(any(each.holds(value) for each in bins) for value in values)


def test_a_slice_puts_points_where_their_values_are_and_none_on_another():
    material = grid()
    view = View(material)
    lr = next(each for each in view.axes if each.setting == "train.lr")
    at = points(slices.slice_of(view, lr))
    assert set(at) == {each.number for each in material.ranked}
    assert len(set(at.values())) == len(at)
    centre = {
        value: np.mean([at[each.number][0] for each in material.ranked if each.values["train.lr"] == value])
        for value in lr.values
    }
    assert centre[0.01] - centre[0.001] == pytest.approx(centre[0.1] - centre[0.01], abs=1)
    heights = [at[each.number][1] for each in material.ranked]
    assert heights == sorted(heights)  # a higher score stands higher


def test_few_bad_scores_do_not_squash_the_others_and_are_told():
    material = sampled()
    view = View(material)
    bad = [each for each in material.ranked if each.score < 0.2]
    assert bad
    assert view.ticks[0] > 0.5
    body = slices.section(view)
    assert f"{len(bad)} combinations below 0.7 lie on the edge" in body.lead
    assert "or less" in view.shades.legend()


def test_a_setting_that_is_off_is_told_and_drawn_apart():
    view = View(sampled())
    off = sum("train.momentum" not in each.values for each in view.ranked)
    assert f"Not in the chart: {off} in which it is off." in slices.section(view).body
    assert ">off<" in parallel.section(view).body
    assert ">off<" in combinations.section(view).body


def test_a_heat_map_shows_the_mean_over_everything_else():
    material = grid()
    body = heat.section(View(material)).body
    part = next(each for each in body.split("<details")[1:] if 'data-name="train.lr × train.dropout"' in each)
    cells = [float(cell) for cell in re.findall(r'<td class="s\d"[^>]*>([\d.]+)', part)]
    expected = [
        np.mean([each.score for each in material.lines if each.values["train.lr"] == lr and each.values["train.dropout"] == dropout])
        for lr in (0.001, 0.01, 0.1) for dropout in (0.0, 0.3)
    ]  # fmt: skip
    assert cells == pytest.approx(expected, abs=0.0006)
    assert "Each cell holds 4 combinations." in part
    assert body.count("<details open") == 1  # without a script the first is open


def test_heat_maps_of_sampled_ranges_count_every_combination_once():
    view = View(sampled())
    part = next(
        each
        for each in heat.section(view).body.split("<details")[1:]
        if 'data-name="train.lr × train.optimizer"' in each
    )
    assert sum(int(n) for n in re.findall(r"<small>(\d+)</small>", part)) == len(view.ranked)


def test_parallel_lines_end_at_their_score_the_best_thick_and_on_top():
    material = grid()
    body = parallel.section(View(material)).body
    drawn = re.findall(r'<polyline points="([^"]+)" class="([^"]+)" data-n="(\d+)"', body)
    assert len(drawn) == 24
    ends = {int(number): float(path.split(",")[-1]) for path, _, number in drawn}
    assert sorted(ends, key=ends.get) == [each.number for each in material.ranked]
    assert int(drawn[-1][2]) == material.best.number
    assert [("top" in cls.split()) for _, cls, _ in drawn] == [False] * 23 + [True]


def test_curves_of_pruned_combinations_are_dotted_and_long_ones_thinned():
    material = sampled()
    material = replace(material, curves={**material.curves, material.best.number: [(i, i / 500) for i in range(500)]})
    body = learning.section(View(material)).body
    pruned = {each.number for each in material.lines if each.status == "pruned"}
    assert {int(n) for n in re.findall(r'class="[^"]*stopped[^"]*" data-n="(\d+)"', body)} == pruned
    assert max(len(path.split()) for path in re.findall(r'points="([^"]+)"', body)) <= 61
    once = replace(two(), curves={1: [(1, 0.5)], 2: [(1, math.nan)]})
    assert len(points(learning.section(View(once)).body)) == 1


def test_colours_rise_with_the_score_and_few_outliers_do_not_take_them_all():
    scores = [0.1, *np.linspace(0.8, 0.9, 40).tolist()]
    found = shades_of(scores)
    steps = [int(found.of(score)[1:]) for score in scores]
    assert steps == sorted(steps)
    assert set(steps) == set(range(9))
    assert shades_of([0.5]).of(0.5) == "s8"
    assert shades_of([0.1, *[0.9] * 20]).low == 0.1


def test_reasons_of_what_was_pruned_or_failed_are_told_with_the_score_at_the_end():
    material = sampled()
    body = unfinished.section(View(material)).body
    for each in material.lines:
        if each.status in ("pruned", "failed"):
            assert f'href="#c{each.number}"' in body
    assert body.count("Below the median of the others at epoch 4.") == material.counted("pruned")
    first = next(each for each in material.lines if each.status == "pruned")
    assert f"{material.curves[first.number][-1][1]:.3f}" in body
    assert unfinished.section(View(grid())) is None


def test_when_all_failed_the_page_says_so_and_draws_nothing():
    written = sweep_page(all_failed())
    said = Reader(written).said
    assert "No combination has come to an end with a score." in said
    assert "3 failed" in said
    assert 'role="img"' not in written


def test_what_the_statistics_say_is_on_the_page():
    draws = np.random.default_rng(0)
    rates = (0.96, 0.93, 0.5)
    marks = [(draws.random(200) < rate).astype(np.float32) for rate in rates]
    outcomes = [Outcome(i, {"train.lr": i / 10}, (float(m.mean()),), 10.0 / i, (m,)) for i, m in enumerate(marks, 1)]
    told = distinguishable(outcomes)
    flattery = optimism(outcomes, 0, 200)
    lines = tuple(
        replace(line(each.number, each.values, each.scores[0], seconds=each.seconds), best=each.number == told.best,
                equal_to_best=each.number in told.not_distinguishable)
        for each in outcomes
    )  # fmt: skip
    material = replace(two(), lines=lines, distinguished=told, optimism=flattery, cheapest=cheapest(outcomes, told))
    said = Reader(sweep_page(material)).said
    assert set(told.not_distinguishable) == {1, 2}
    assert "1 of 2 others cannot be told from combination 1." in said
    assert "The cheapest of these is combination 2" in said
    assert told.test.split(".")[0].replace("`", "") in said
    assert f"{flattery.value:.3f}" in said
    assert "Functional ANOVA of the full grid" in Reader(sweep_page(grid())).said


def test_without_a_test_the_page_claims_no_difference():
    said = Reader(sweep_page(two())).said
    assert "nothing can be said" in said
    assert "differs from" not in said
    assert "was not measured" in said


def test_repeats_have_a_column_and_one_run_has_none():
    repeated = with_repeats(grid())
    best = repeated.best
    assert ", ".join(f"{score:.3f}" for score in best.repeats) in combinations.section(View(repeated)).body
    assert ">repeats<" not in combinations.section(View(grid())).body


@pytest.mark.parametrize(
    "value", [None, True, [], {}, "", math.nan, -math.inf, 0, "a" * 500, [[1, {"x": None}]], {"a": [1]}]
)
def test_no_value_breaks_the_page(value):
    lines = (
        line(1, {"odd": value, "other": 1}, 0.5, best=True),
        line(2, {"odd": "plain", "other": 2}, 0.6),
        line(3, {}, 0.7),
    )
    Reader(sweep_page(replace(two(), lines=lines, settings=("odd", "other"))))


@pytest.mark.parametrize("score", [math.nan, math.inf, 0.0, -3.0])
def test_no_score_breaks_the_page(score):
    lines = (line(1, {"train.lr": 1}, score), line(2, {"train.lr": 2}, 0.5))
    Reader(sweep_page(replace(two(), lines=lines, curves={1: [(1, score)]})))


def test_the_csv_reads_back_and_starts_no_formula():
    lines = (
        line(2, {"train.lr": 0.1 + 0.2, "network": NETWORKS[2]}, 0.1 + 0.7, best=True),
        line(1, {"train.lr": -1e-5, "network": "=HYPERLINK(1)"}, None, "failed", sentence='said "no",\nthen stopped'),
        line(3, {"network": None}, 0.2),
    )
    written = sweep_csv(with_repeats(replace(two(), lines=lines, settings=("train.lr", "network"))))
    assert "\r\n" in written
    rows = list(csv.DictReader(io.StringIO(written, newline="")))
    assert [row["combination"] for row in rows] == ["1", "2", "3"]
    assert float(rows[1]["train.lr"]) == 0.1 + 0.2
    assert float(rows[1]["score"]) == 0.1 + 0.7
    assert rows[1]["network"] == full(NETWORKS[2])
    assert rows[0]["network"] == "'=HYPERLINK(1)"
    assert rows[0]["train.lr"] == "-1e-05"
    assert rows[0]["sentence"] == 'said "no",\nthen stopped'
    assert rows[0]["score"] == rows[0]["repeat_1"] == rows[2]["train.lr"] == ""
    assert rows[2]["network"] == "none"
    assert rows[1]["repeat_3"]
    assert rows[1]["best"] == "true"


def test_the_page_is_written_whole_and_the_same_twice(tmp_path):
    path = write_sweep_report(grid(), tmp_path / "report.html")
    assert path.read_text(encoding="utf-8") == sweep_page(grid())
    with pytest.raises(StorageError):
        write_sweep_report(grid(), tmp_path / "report.html" / "under.html")
