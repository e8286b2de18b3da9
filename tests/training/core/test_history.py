"""The curve reads back to the same bits, and decides what was best."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.errors import StorageError
from glassnet.recipe import EarlyStopping
from glassnet.training import history
from glassnet.training.early_stopping import standing
from glassnet.training.history import History, Row

numbers = st.floats(allow_nan=True, allow_infinity=False)
rows = st.builds(Row, st.integers(1, 99), st.integers(0, 10**9), *[numbers] * 7, st.integers(0, 99))


@given(st.lists(rows, max_size=4))
def test_csv_and_json_read_back_to_the_same_bits(values):
    curve = History(tuple(values))
    assert history.from_csv(curve.to_csv()) == curve
    assert history.from_list(json.loads(json.dumps(curve.as_list(), allow_nan=False))) == curve


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", ",".join(history.COLUMNS) + "\n1,x\n"])
def test_what_is_no_history_is_refused(text):
    with pytest.raises(StorageError):
        history.from_csv(text)


def curve(scores, losses=None):
    losses = losses or [1.0] * len(scores)
    pairs = enumerate(zip(scores, losses, strict=True), 1)
    return History(tuple(Row(e, e, 0.1, 1.0, 0.5, loss, score, 1.0, 1.0, 0) for e, (score, loss) in pairs))


@pytest.mark.parametrize(
    "scores,losses,patience,best,stops",
    [
        ([0.5, 0.6, 0.6, 0.6], [1, 1, 1, 1], 2, 4, True),  # equal in all: the later one, which learned longer
        ([0.5, 0.6, 0.6], [1, 0.8, 0.9], 2, 2, False),
        ([0.5, 0.6, 0.55, 0.61], None, 2, 4, False),
        ([0.5, math.nan, math.nan], None, 2, 1, True),
        ([math.nan, math.nan], None, 1, 2, False),  # no validation pictures
        ([], None, 1, 0, False),
    ],
)
def test_standing(scores, losses, patience, best, stops):
    now = standing(curve(scores, losses), EarlyStopping(patience=patience))
    assert (now.best_epoch, now.stop) == (best, stops)


def test_small_gains_do_not_count_as_improvement_but_the_best_is_the_best():
    now = standing(curve([0.5, 0.505, 0.51]), EarlyStopping(patience=2, min_delta=0.05))
    assert (now.best_epoch, now.stop) == (3, True)


def test_a_notebook_shows_curves_and_the_ends_of_a_long_history():
    long = History(tuple(Row(n, n, 0.1, 1 / n, 0.5, math.nan, math.nan, 1.0, 9.0, 0) for n in range(1, 51)))
    shown = long._repr_html_()
    assert shown.count("<polyline") == 2 and "nan" not in shown and "dashed" not in shown
    assert "… 39 more epochs …" in shown and shown.count("<tr>") == 1 + 3 + 1 + 8
    assert "loss: 0.02 to 1" in shown
    both = History(tuple(Row(n, n, 0.1, 1 / n, 0.5, 2 / n, 0.4, 1.0, 9.0, 0) for n in range(1, 4)))._repr_html_()
    assert both.count("<polyline") == 4 and "dashed" in both and "more epochs" not in both
    assert History()._repr_html_().count("<tr>") == 1
    assert History(long.rows[:1])._repr_html_().count("<circle") == 2
