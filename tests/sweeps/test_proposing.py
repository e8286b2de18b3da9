"""What is proposed depends on the record alone, stays inside the space, and learns from what was tried."""

import json
import math
import random
import subprocess
import sys
import warnings
from dataclasses import replace

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.errors import LedgerError, RecipeError
from glassnet.sweeps.proposing import DRAWS, METHODS, Tried, exhausted, propose
from glassnet.sweeps.proposing import _readable as readable
from glassnet.sweeps.space import Choices, Condition, Range, Space, space_from

LAYERS = [{"conv": 8, "kernel": 3}, "flatten", {"dense": "classes"}]
SGD = Condition("train.optimizer", ("sgd",))
SPACE = Space(
    {
        "train.lr": Range(1e-4, 1e-1, log=True),
        "train.dropout": Range(0.0, 0.5, step=0.1),
        "train.optimizer": Choices(("sgd", "adam")),
        "train.momentum": Range(0.8, 0.99, when=SGD),
        "train.epochs": Range(2, 20, integer=True),
        "train.batch": Choices((32, 64, 128)),
        "network": Choices(("tutorial", LAYERS)),
    }
)
GRID = Space(
    {
        "train.lr": Choices((0.1, 0.01, 0.001)),
        "train.optimizer": Choices(("sgd", "adam")),
        "train.momentum": Choices((0.8, 0.9), SGD),
    }
)
STATUSES = ("planned", "running", "interrupted", "pruned", "failed", "done", "done", "done", "done")


def quality(values):
    return 1 - abs(math.log10(values["train.lr"]) + 2) / 4 - values.get("train.dropout", 0.0)


def record(space, n, seed=0, statuses=STATUSES):
    """n combinations by chance, in all states."""
    chance, found = random.Random(seed), []
    for number in range(1, n + 1):
        values = propose(space, "random", seed + 100, found, number)
        status, score = chance.choice(statuses), quality(values)
        reached = {"done": 4, "pruned": 2, "running": 1}.get(status, 0)
        curve = tuple((epoch, score * epoch / 4) for epoch in range(1, reached + 1))
        found.append(Tried(number, values, status, score if status == "done" else None, curve))
    return found


@pytest.mark.parametrize("method", METHODS)
def test_equal_record_equal_proposal_whatever_the_order_of_rows_and_settings(method):
    tried = record(SPACE, 30)
    asked = propose(SPACE, method, 7, tried, 31)
    shuffled = random.Random(1).sample(tried, len(tried))
    other_order = Space(dict(reversed(SPACE.settings.items())))
    assert propose(SPACE, method, 7, shuffled, 31) == asked
    assert (
        propose(space_from(json.loads(json.dumps(other_order.as_dict(), sort_keys=True))), method, 7, tried, 31)
        == asked
    )
    assert propose(SPACE, method, 7, [*tried, Tried(31, asked, "running")], 31) == asked  # its own row changes nothing
    assert propose(SPACE, method, 8, tried, 31) != asked
    assert propose(SPACE, method, 7, tried, 32) != asked


@pytest.mark.parametrize("method", METHODS)
def test_a_new_process_proposes_the_same(method):
    script = """
import json, sys
from glassnet.sweeps.proposing import Tried, propose
from glassnet.sweeps.space import space_from
space, method, tried = json.load(sys.stdin)
tried = [Tried(n, v, s, x, tuple(map(tuple, c))) for n, v, s, x, c in tried]
print(json.dumps(propose(space_from(space), method, 7, tried, 31)))
"""
    tried = record(SPACE, 30)
    sent = [SPACE.as_dict(), method, [[one.number, one.values, one.status, one.score, one.curve] for one in tried]]
    ran = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(sent), capture_output=True, text=True, check=True, timeout=60,
        env={"PATH": "", "PYTHONHASHSEED": "12345", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert json.loads(ran.stdout) == propose(SPACE, method, 7, tried, 31)
    assert ran.stderr == ""


def test_one_worker_stopped_and_resumed_goes_the_same_way():
    def sweep(stops):
        tried = []
        for number in range(1, 21):
            if number in stops:  # all that a new process has is the ledger's text
                tried = [Tried(**{**one, "curve": ()}) for one in json.loads(json.dumps([vars(one) for one in tried]))]
            values = propose(SPACE, "tpe", 3, tried, number)
            tried.append(Tried(number, values, "done", quality(values)))
        return [one.values for one in tried]

    assert sweep(()) == sweep((5, 12, 13))


@st.composite
def spaces(draw):
    bound = st.integers(-50, 50)
    made = {"a.first": Choices(tuple(draw(st.lists(bound, min_size=1, max_size=4, unique=True))))}
    for name in ("a.second", "a.third", "a.fourth"):
        low = draw(bound)
        kind = draw(st.sampled_from(("plain", "integer", "log", "integer log", "step", "integer step", "texts")))
        high, log = low + draw(st.integers(2, 60)), "log" in kind
        when = Condition("a.first", (draw(st.sampled_from(made["a.first"].values)),)) if draw(st.booleans()) else None
        if kind == "texts":
            made[name] = Choices(("x", ["x"], {"x": 1}, True), when)
            continue
        if log:
            low, high = abs(low) + 1, abs(low) + 1 + (high - low)
        step = {"step": 0.3, "integer step": 2}.get(kind)
        made[name] = Range(low, high, log=log, integer="integer" in kind, step=step, when=when)
    return Space(made)


@settings(max_examples=40, deadline=None)
@given(spaces(), st.sampled_from(("random", "tpe")), st.integers(0, 2**40), st.integers(0, 14))
def test_proposals_are_combinations_of_the_space(space, method, seed, n):
    tried, states = [], random.Random(seed)
    for number in range(1, n + 2):
        values = propose(space, method, seed, tried, number)
        space.check(values)
        assert json.loads(json.dumps(values)) == values
        status = states.choice(STATUSES)
        tried.append(Tried(number, values, status, states.random() if status == "done" else None))


@pytest.mark.parametrize("method", METHODS)
def test_conditions_lists_and_steps_are_honoured(method):
    tried = record(SPACE, 25)
    seen = [propose(SPACE, method, seed, tried, 26) for seed in range(6 if method != "gp" else 3)]
    for values in seen:
        SPACE.check(values)
        assert ("train.momentum" in values) == (values["train.optimizer"] == "sgd")
        assert isinstance(values["train.epochs"], int)
        assert len(repr(values["train.lr"])) <= 8 and values["train.dropout"] in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def test_a_condition_on_a_setting_that_is_off_is_off():
    nested = Condition("train.nesterov", (True,))
    space = Space(
        {
            "train.optimizer": Choices(("adam", "sgd")),
            "train.nesterov": Choices((True, False), SGD),
            "train.momentum": Range(0.8, 0.99, when=nested),
        }
    )
    tried = []
    for number in range(1, 16):
        values = propose(space, "tpe", 0, tried, number)
        space.check(values)
        tried.append(Tried(number, values, "done", float(number)))
    assert {len(one.values) for one in tried} == {1, 2, 3}


@pytest.mark.parametrize("method", METHODS)
def test_a_grid_is_gone_through_without_repetition(method):
    assert GRID.size() == 9
    tried = []
    for number in range(1, 10):
        assert not exhausted(GRID, tried)
        tried.append(Tried(number, propose(GRID, method, 5, tried, number), "done", number / 10))
    assert len({json.dumps(one.values, sort_keys=True) for one in tried}) == 9
    assert exhausted(GRID, tried)
    assert propose(GRID, method, 5, tried, 10) in [one.values for one in tried]  # nothing new is left
    assert not exhausted(SPACE, tried)


@pytest.mark.parametrize("method", METHODS)
def test_the_last_of_a_large_grid_is_found(method):
    space = Space({"train.lr": Choices(tuple(range(1, 11))), "train.dropout": Choices(tuple(range(20)))})
    *others, last = random.Random(0).sample(list(space.grid()), space.size())
    tried = [Tried(number, values, "done", 0.0) for number, values in enumerate(others, 1)]
    assert propose(space, method, 0, tried, 200) == last


def test_rounding_stays_inside_the_range():
    space = Space(
        {
            "train.lr": Range(0.00012345678, 0.00012345999, log=True),
            "train.dropout": Range(0.1234567, 0.1234571),
            "train.momentum": Range(0.99994, 0.99996),
        }
    )
    seen = [propose(space, "random", 0, [], number) for number in range(1, 200)]
    for values in seen:
        space.check(values)
    assert all(len({values[name] for values in seen}) > 150 for name in space.names)
    for span in (Range(1 / 3, 2 / 3), Range(1 / 3, 2 / 3, log=True)):
        assert readable(span.low, span) == span.low and readable(span.high, span) == span.high
        assert readable(0.41, span) == 0.41


def test_a_repetition_of_few_whole_numbers_is_drawn_again():
    space = Space({"train.epochs": Range(1, 3, integer=True)})
    for seed in range(20):
        tried = [Tried(1, {"train.epochs": 1}, "running"), Tried(2, {"train.epochs": 3}, "failed")]
        assert propose(space, "tpe", seed, tried, 3) == {"train.epochs": 2}
    assert DRAWS == 20


@pytest.mark.parametrize(("method", "margin"), [("tpe", 1.25), ("gp", 1.25)])
def test_a_model_is_in_the_better_half_of_a_quadratic_more_often_than_chance(method, margin):
    space = Space({"train.lr": Range(1e-4, 1e-1, log=True), "train.dropout": Range(0.0, 0.5)})

    def height(values):
        return -((math.log10(values["train.lr"]) + 3.2) ** 2) / 9 - (values["train.dropout"] - 0.1) ** 2 * 4

    everywhere = sorted(
        height({"train.lr": 10 ** (-4 + 3 * i / 99), "train.dropout": j / 198}) for i in range(100) for j in range(100)
    )
    half = everywhere[len(everywhere) // 2]

    def in_better_half(way, seed):
        tried = []
        for number in range(1, 41):
            values = propose(space, way, seed, tried, number)
            tried.append(Tried(number, values, "done", height(values)))
        return sum(one.score > half for one in tried)

    seeds = range(5) if method == "tpe" else range(1)
    for seed in seeds:
        assert in_better_half(method, seed) > margin * in_better_half("random", seed), seed


@pytest.mark.parametrize("method", ("tpe", "gp"))
def test_pruned_and_failed_combinations_are_kept_away_from(method):
    """All that went wrong lies in the upper half; what is open counts as tried."""
    space = Space({"train.dropout": Range(0.0, 1.0)})
    tried = [Tried(n, {"train.dropout": n / 40}, "done", 0.5 + n % 2 / 100) for n in range(1, 20)]
    tried += [Tried(20 + n, {"train.dropout": 0.5 + n / 40}, "failed") for n in range(10)]
    tried += [Tried(30 + n, {"train.dropout": 0.75 + n / 40}, "pruned", None, ((1, 0.1), (2, None))) for n in range(10)]
    asked = [propose(space, method, seed, tried, 41)["train.dropout"] for seed in range(8)]
    assert sum(value < 0.55 for value in asked) >= 7, asked


def test_what_is_running_is_not_proposed_beside_itself():
    space = Space({"train.dropout": Range(0.0, 1.0)})
    tried = [Tried(n, {"train.dropout": n / 30}, "done", -abs(n / 30 - 0.5)) for n in range(30)]
    alone = [propose(space, "gp", seed, tried, 31)["train.dropout"] for seed in range(3)]
    busy = [*tried, *(Tried(40 + i, {"train.dropout": value}, "running") for i, value in enumerate(alone))]
    beside = propose(space, "gp", 0, busy, 31)["train.dropout"]
    assert min(abs(beside - value) for value in alone) > max(alone) - min(alone)


def test_open_combinations_do_not_count_as_results():
    """The first ten are by chance; a model takes over after ten results, not after ten starts."""
    done = record(SPACE, 10, statuses=("done",))
    started = [
        replace(one, status=status, score=None)
        for one, status in zip(done[7:], ("planned", "running", "interrupted"), strict=True)
    ]
    by_chance = propose(SPACE, "random", 0, [], 11)
    assert propose(SPACE, "tpe", 0, [*done[:7], *started], 11) == by_chance
    assert propose(SPACE, "tpe", 0, done, 11) != by_chance


def test_unscored_and_infinite_results_do_no_harm():
    tried = [replace(one, score=[math.nan, math.inf, None][one.number % 3], status="done") for one in record(SPACE, 15)]
    for method in METHODS:
        SPACE.check(propose(SPACE, method, 0, tried, 16))


def test_nothing_is_printed_and_optuna_is_left_as_it_was(capfd):
    optuna.logging.set_verbosity(optuna.logging.DEBUG)
    try:
        tried = record(SPACE, 15)
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            for method in METHODS:
                propose(SPACE, method, 0, tried, 16)
        assert optuna.logging.get_verbosity() == optuna.logging.DEBUG
        assert not heard and capfd.readouterr() == ("", "")
    finally:
        optuna.logging.set_verbosity(optuna.logging.INFO)


def test_what_cannot_be_done_is_said():
    with pytest.raises(RecipeError, match="random, tpe, gp"):
        propose(SPACE, "grid", 0, [], 1)
    with pytest.raises(LedgerError, match=r"Combination 1 .*train.epochs is 99"):
        propose(
            SPACE,
            "tpe",
            0,
            [replace(record(SPACE, 1)[0], values={**record(SPACE, 1)[0].values, "train.epochs": 99})],
            2,
        )


def test_gp_without_scipy_says_what_to_install_before_anything_runs():
    script = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "scipy":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Block())
from glassnet.errors import RecipeError
from glassnet.sweeps.proposing import propose
from glassnet.sweeps.space import Choices, Space
space = Space({"train.lr": Choices((0.1, 0.01))})
propose(space, "tpe", 0, [], 1)
try:
    propose(space, "gp", 0, [], 1)
except RecipeError as error:
    print(error)
assert "torch" not in sys.modules and "scipy" not in sys.modules
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert "pip install scipy" in ran.stdout and "tpe" in ran.stdout
