import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from glassnet.errors import NumericError
from glassnet.evaluation.calibration import (
    bin_of,
    calibrate,
    calibration_error,
    fit_temperature,
    log_probabilities,
    reliability,
)


def draw(n, classes, sharpness, seed):
    """Logits whose softmax IS the distribution of the truth, then multiplied by `sharpness`: the right temperature is `sharpness`."""
    source = np.random.default_rng(seed)
    logits = source.normal(size=(n, classes)) * 1.5
    p = np.exp(log_probabilities(logits))
    targets = (p.cumsum(1) < source.random(n)[:, None]).sum(1).clip(0, classes - 1)
    return logits * sharpness, targets


@pytest.mark.parametrize("sharpness", [0.3, 1.0, 2.5, 8.0])
def test_a_known_temperature_is_found_again(sharpness):
    logits, targets = draw(20_000, 5, sharpness, 1)
    found = calibrate(logits, targets)
    assert found.temperature == pytest.approx(sharpness, rel=0.03)  # standard error here is about 0.8 %
    assert found.ece_after < 0.012
    if sharpness != 1.0:
        assert found.ece_after < found.ece_before / 5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 6), st.integers(2, 6))
def test_it_is_the_minimum_of_the_log_loss(seed, sharpness, classes):
    logits, targets = draw(200, classes, sharpness, seed)

    def loss(t):
        return -log_probabilities(logits, t)[np.arange(200), targets].mean()

    expected = minimize_scalar(
        lambda u: loss(np.exp(u)), bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-9}
    )
    assert loss(fit_temperature(logits, targets)) == pytest.approx(expected.fun, abs=1e-9)


def test_too_few_pictures_or_mistakes_leave_it_alone():
    logits, targets = draw(49, 3, 5.0, 0)
    assert calibrate(logits, targets).temperature == 1.0 and "too few" in calibrate(logits, targets).reason
    targets = np.arange(400) % 3
    logits = 3.0 * np.eye(3)[targets]
    assert calibrate(logits, targets).temperature == 1.0
    logits[:4] = 3.0 * np.eye(3)[(targets[:4] + 1) % 3]
    assert "4 mistakes" in calibrate(logits, targets).reason
    logits[4] = 3.0 * np.eye(3)[(targets[4] + 1) % 3]
    assert calibrate(logits, targets).temperature != 1.0
    assert calibrate(np.zeros((0, 3)), np.zeros(0, int)).temperature == 1.0


def test_hopeless_answers_stay_within_bounds():
    source = np.random.default_rng(0)
    targets = source.integers(0, 3, 500)
    assert fit_temperature(50 * np.eye(3)[(targets + 1) % 3], targets) == pytest.approx(20.0, rel=1e-3)
    with pytest.raises(NumericError, match="60 of 60 validation pictures with a NaN"):
        fit_temperature(np.full((60, 3), np.nan), targets[:60])


def test_calibration_error_by_hand():
    confidence = np.array([0.62, 0.64, 0.95, 0.97, 0.99, 1.0])
    right = np.array([True, False, True, True, False, True])
    # Bins of 1/15: 0.62 and 0.64 in (0.6, 0.667]; 0.95 … 1.0 in (0.933, 1].
    expected = (2 * abs(0.5 - 0.63) + 4 * abs(0.75 - 0.9775)) / 6
    assert calibration_error(confidence, right) == pytest.approx(expected)
    bins = reliability(confidence, right)
    assert [b["n"] for b in bins] == [2, 4]
    assert bins[1]["accuracy"] == 0.75 and bins[1]["confidence"] == pytest.approx(0.9775)
    assert bins[1]["accuracy_low"] < 0.75 < bins[1]["accuracy_high"]


def test_bins_include_their_upper_end():
    assert bin_of(np.array([0.0, 0.2, 0.2000001, 1.0]), 5).tolist() == [0, 0, 1, 4]


def test_huge_logits_do_not_overflow():
    logs = log_probabilities(np.array([[1e8, 0.0, -1e8]]))
    assert np.isfinite(logs).all() and logs[0, 0] == 0
