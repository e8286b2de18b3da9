"""The share of each setting: exact on a full grid, near what is known of a function where points were sampled."""

import itertools
import math

import numpy as np
import pytest

from glassnet.evaluation.importance import CHANCE, INTERACTIONS, REST, importance
from glassnet.evaluation.selection import Outcome
from glassnet.sweeps.space import space_from

UNIT = {"min": 0.0, "max": 1.0, "log": False, "integer": False}


def sampled(source, function, names, n, noise=0.0):
    points = source.random((n, len(names)))
    scores = function(points) + noise * source.normal(size=n)
    return [
        Outcome(i, dict(zip(names, map(float, point), strict=True)), (float(score),))
        for i, (point, score) in enumerate(zip(points, scores, strict=True))
    ]


def of_grid(space, function):
    return [
        Outcome(i, values, tuple(np.atleast_1d(function(values)).tolist())) for i, values in enumerate(space.grid())
    ]


def test_a_full_grid_is_split_exactly():
    space = space_from({"a": [1, 2, 3], "b": ["x", "y"], "c": [True, False]})
    source = np.random.default_rng(0)
    table = source.normal(size=(3, 2, 2))
    scores = iter(table.ravel())
    found = importance(of_grid(space, lambda values: next(scores)), space)
    whole = table.var()
    by_hand = {name: table.mean(tuple({0, 1, 2} - {j})).var() / whole for j, name in enumerate("abc")}
    assert {name: found.shares[name] for name in "abc"} == pytest.approx(by_hand)
    assert sum(found.shares.values()) == pytest.approx(1)
    assert "ran once" in found.caveat
    assert f"{2 / 11:.0%}" in found.caveat


def test_layer_lists_and_numbers_written_otherwise_are_values():
    space = space_from({"network": ["tutorial", [{"conv": 32}, "flatten"]], "dropout": [0, 0.5], "lr": [0.1, 0.01]})
    outcomes = of_grid(space, lambda v: (v["network"] == "tutorial") + 0.1 * v["lr"])
    outcomes = [Outcome(o.number, o.values | {"dropout": float(o.values["dropout"])}, o.scores) for o in outcomes]
    found = importance(outcomes, space)
    assert found.method == "Analysis of variance of the full grid"
    assert found.shares["network"] > 0.99
    assert found.shares["dropout"] == 0


def test_repeats_show_what_is_chance():
    """lr has variance 1/4, chance 1/4, interactions none; without repeats all of it would go to settings and interactions."""
    space = space_from({"lr": [0.0, 1.0], "b": list(range(6)), "c": list(range(5))})
    source = np.random.default_rng(1)
    found = importance(of_grid(space, lambda v: v["lr"] + source.normal(0, 0.5, 3)), space)
    assert set(found.shares) == {"lr", "b", "c", INTERACTIONS, CHANCE}
    assert found.shares["lr"] == pytest.approx(0.5, abs=0.06)
    assert found.shares[CHANCE] == pytest.approx(0.5, abs=0.06)
    assert found.shares["b"] < 0.02
    assert found.shares[INTERACTIONS] < 0.05


def test_chance_is_taken_out():
    """Of settings whose variance is 0.18 to 1 of chance, both are found on average; shares below 0 are cut, which costs a little."""
    space = space_from({"a": list(range(5)), "b": list(range(4))})
    source, found = np.random.default_rng(2), []
    for _ in range(100):
        outcomes = of_grid(space, lambda v: 0.3 * v["a"] + source.normal(0, 1, 6))
        found.append([importance(outcomes, space).shares[name] for name in ("a", CHANCE)])
    assert np.mean(found, 0) == pytest.approx([0.18 / 1.18, 1 / 1.18], abs=0.03)


def test_interactions_are_not_given_to_settings():
    space = space_from({"a": [-1, 1], "b": [-1, 1], "c": [0, 1]})
    found = importance(of_grid(space, lambda v: v["a"] * v["b"] + 0.5 * v["c"]), space)
    assert found.shares["a"] == found.shares["b"] == pytest.approx(0)
    assert found.shares["c"] == pytest.approx((1 / 16) / (1 + 1 / 16))


def test_a_grid_with_conditions():
    """momentum counts with sgd only: its variance is that of a function in which it does nothing for adam."""
    space = space_from(
        {"opt": ["sgd", "adam"], "lr": [1, 2], "momentum": {"values": [0.0, 0.9], "when": {"opt": ["sgd"]}}}
    )

    def score(v):
        return 0.1 * v["lr"] + v.get("momentum", 0.45) + (v["opt"] == "adam")

    found = importance(of_grid(space, score), space)
    table = np.array(
        [
            score({"opt": opt, "lr": lr} | ({"momentum": m} if opt == "sgd" else {}))
            for opt, lr, m in itertools.product(["sgd", "adam"], [1, 2], [0.0, 0.9])
        ]
    ).reshape(2, 2, 2)
    by_hand = {
        n: table.mean(tuple({0, 1, 2} - {j})).var() / table.var() for j, n in enumerate(("opt", "lr", "momentum"))
    }
    assert {name: found.shares[name] for name in by_hand} == pytest.approx(by_hand)
    assert "condition" in found.caveat


def test_a_constant_setting_has_no_share_and_equal_scores_none_at_all():
    space = space_from({"a": [1, 2], "b": [3], "c": [1, 2]})
    assert importance(of_grid(space, lambda v: v["a"]), space).shares["b"] == 0
    flat = importance(of_grid(space, lambda v: 0.5), space)
    assert set(flat.shares.values()) == {0.0}
    assert "no difference" in flat.caveat


def test_too_few_say_nothing():
    grid = space_from({"lr": [0.1, 0.01, 0.001]})
    assert importance(of_grid(grid, lambda v: v["lr"]), grid) is None
    assert importance([], grid) is None
    space = space_from({"x": UNIT})
    assert importance(sampled(np.random.default_rng(0), lambda p: p[:, 0], ["x"], 9), space) is None
    repeated = importance(of_grid(grid, lambda v: [v["lr"], v["lr"] + 0.01, v["lr"] - 0.01]), grid)
    assert repeated.shares["lr"] > 0.9


@pytest.mark.parametrize("n", [80, 250])
def test_sampled_points_of_a_known_function(n):
    """Ishigami's function (Ishigami and Homma 1990): main effects 0.314, 0.442 and 0, all that is left is interaction."""

    def ishigami(points):
        x = math.pi * (2 * points - 1)
        return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])

    space = space_from({"x": UNIT, "y": UNIT, "z": UNIT})
    found = importance(sampled(np.random.default_rng(3), ishigami, ["x", "y", "z"], n), space)
    near = 0.2 if n < 100 else 0.08
    assert [found.shares[name] for name in "xyz"] == pytest.approx([0.314, 0.442, 0.0], abs=near)
    assert sum(found.shares.values()) == pytest.approx(1)
    assert "trees" in found.caveat.lower()


def test_sampled_points_with_chance():
    """Variance 16 : 4 : 0 of the settings, and a quarter as much of chance."""
    noise = math.sqrt(20 / 12 / 4)
    space = space_from({"x": UNIT, "y": UNIT, "z": UNIT})
    outcomes = sampled(np.random.default_rng(4), lambda p: 4 * p[:, 0] + 2 * p[:, 1], ["x", "y", "z"], 150, noise)
    found = importance(outcomes, space)
    assert [found.shares[name] for name in "xyz"] == pytest.approx([0.64, 0.16, 0.0], abs=0.09)


def test_pure_chance_is_not_given_to_settings():
    space = space_from(dict.fromkeys("uvwxyz", UNIT))
    found = importance(sampled(np.random.default_rng(5), lambda p: 0 * p[:, 0], list("uvwxyz"), 40, 1.0), space)
    assert found.shares[REST] > 0.8


def test_sampled_repeats_show_chance():
    space = space_from({"x": UNIT, "y": UNIT})
    source, outcomes = np.random.default_rng(6), []
    for i in range(120):
        x, y = source.random(2).tolist()
        outcomes.append(Outcome(i, {"x": x, "y": y}, tuple((4 * x + source.normal(0, 4 / math.sqrt(12), 3)).tolist())))
    found = importance(outcomes, space)
    assert found.shares[CHANCE] == pytest.approx(0.5, abs=0.1)
    assert found.shares["x"] == pytest.approx(0.5, abs=0.12)
    assert found.shares["y"] < 0.05


def test_scales_whole_numbers_names_and_conditions_in_sampled_spaces():
    space = space_from(
        {
            "lr": {"min": 1e-4, "max": 1e-1, "log": True, "integer": False},
            "epochs": {"min": 1, "max": 8, "log": False, "integer": True},
            "opt": ["sgd", "adam", "muon"],
            "momentum": {"min": 0.0, "max": 1.0, "log": False, "integer": False, "when": {"opt": ["sgd"]}},
        }
    )
    source, outcomes = np.random.default_rng(7), []
    for i in range(300):
        values = {
            "lr": float(10 ** source.uniform(-4, -1)),
            "epochs": int(source.integers(1, 9)),
            "opt": str(source.choice(["sgd", "adam", "muon"])),
        }
        if values["opt"] == "sgd":
            values["momentum"] = float(source.random())
        outcomes.append(Outcome(i, values, (math.log10(values["lr"]) + (values["opt"] == "muon"),)))
    found = importance(outcomes, space)
    expected = {"lr": 0.75 / (0.75 + 2 / 9), "epochs": 0, "opt": (2 / 9) / (0.75 + 2 / 9), "momentum": 0}
    assert {name: found.shares[name] for name in expected} == pytest.approx(expected, abs=0.07)


def test_a_grid_with_holes_is_close_to_the_full_one_and_says_so():
    space = space_from({"lr": [0, 1, 2, 3], "b": ["x", "y", "z"], "c": [0, 1]})
    outcomes = of_grid(space, lambda v: v["lr"] + 0.5 * (v["b"] == "x"))
    whole = importance(outcomes, space)
    broken = [*outcomes[:7], Outcome(7, outcomes[7].values, ()), *outcomes[8:]]
    found = importance(broken, space)
    assert {name: found.shares[name] for name in ("lr", "b", "c")} == pytest.approx(
        {name: whole.shares[name] for name in ("lr", "b", "c")}, abs=0.12
    )
    assert "23 of the 24" in found.caveat
    assert "1 combination without a score" in found.caveat
    dropped = importance([*outcomes[:7], *outcomes[8:]], space)
    assert "pruned or failed" in dropped.caveat
    assert dropped.shares == found.shares
