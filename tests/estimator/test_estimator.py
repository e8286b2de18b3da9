"""ImageClassifier among scikit-learn's own: its checks, pipelines, searches, and pictures as people hold them."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from joblib import parallel_config
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

import glassnet as gn
from glassnet.errors import RecipeError

SMALL = [
    "standardize", {"conv": 16, "padding": "same", "activation": "relu"}, {"maxpool": 2},
    "flatten", {"dense": 64, "activation": "relu"}, {"dense": "classes"},
]  # fmt: skip
QUICK = {"network": SMALL, "lr": 3e-3, "epochs": 15, "batch": 16, "threads": 1, "precision": "fp32", "random_state": 0}


@pytest.fixture(scope="module")
def digits():
    found = load_digits()
    return found.images[:600], found.target[:600]


@pytest.fixture(scope="module")
def fitted(digits):
    X, y = digits
    return gn.ImageClassifier(**QUICK).fit(X[:450], y[:450])


def test_scikit_learn_s_own_checks():
    estimator = gn.ImageClassifier(epochs=40, lr=0.01, threads=1, precision="fp32", random_state=0)
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    assert {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"} == {}
    skipped = {r["check_name"] for r in results if r["status"] == "skipped"}
    assert skipped <= {"check_array_api_input", "check_classifier_data_not_an_array"}
    assert len(results) > 45


def test_digits_are_learned_from_float_pictures(fitted, digits):
    X, y = digits
    assert fitted.score(X[450:], y[450:]) > 0.85
    probabilities = fitted.predict_proba(X[450:])
    assert probabilities.shape == (150, 10)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-6)
    assert (fitted.classes_[probabilities.argmax(1)] == fitted.predict(X[450:])).all()
    assert fitted.n_iter_ == len(fitted.history_) == 15


def test_columns_follow_the_labels_and_not_the_names(digits):
    """Class names are sorted as text (10 before 9), labels as numbers."""
    X, y = digits
    renamed = np.where(y == 0, 10, y)
    found = gn.ImageClassifier(**QUICK).fit(X[:450], renamed[:450])
    assert found.classes_.tolist() == list(range(1, 11))
    assert (found.predict(X[450:]) == renamed[450:]).mean() > 0.85
    names = np.array([f"digit {d}" for d in y])
    assert gn.ImageClassifier(**QUICK).fit(X[:450], names[:450]).predict(X[450:451])[0] in names


def test_the_same_seed_gives_the_same_network_and_it_survives_pickling(fitted, digits):
    X, y = digits
    again = clone(fitted).fit(X[:450], y[:450])
    expected = fitted.predict_proba(X[450:])
    np.testing.assert_array_equal(again.predict_proba(X[450:]), expected)
    held = pickle.dumps(fitted)
    np.testing.assert_array_equal(pickle.loads(held).predict_proba(X[450:]), expected)
    np.testing.assert_array_equal(copy.deepcopy(fitted).predict_proba(X[450:]), expected)
    assert b"torch" not in held  # weights travel as a safetensors file
    other = gn.ImageClassifier(**QUICK | {"random_state": 1}).fit(X[:450], y[:450])
    assert not np.array_equal(other.predict_proba(X[450:]), expected)


def test_pipeline_cross_validation_and_search(digits):
    X, y = digits
    upside_down = FunctionTransformer(lambda pictures: pictures[:, ::-1])
    steps = make_pipeline(upside_down, gn.ImageClassifier(**QUICK))
    assert cross_val_score(steps, X, y, cv=3).min() > 0.8
    search = GridSearchCV(gn.ImageClassifier(**QUICK), {"epochs": [1, 15]}, cv=2).fit(X, y)
    assert search.best_params_ == {"epochs": 15}


def test_processes_and_threads_train_the_same_networks(digits):
    X, y = digits
    brief = gn.ImageClassifier(**QUICK | {"epochs": 2})
    alone = cross_val_score(brief, X, y, cv=2)
    np.testing.assert_array_equal(cross_val_score(brief, X, y, cv=2, n_jobs=2), alone)
    with parallel_config(backend="threading", n_jobs=2):
        np.testing.assert_array_equal(cross_val_score(brief, X, y, cv=2), alone)


def test_groups_reach_fit_where_scikit_learn_routes_them(digits):
    X, y = digits
    groups = np.arange(len(y)) // 3
    with config_context(enable_metadata_routing=True):
        estimator = gn.ImageClassifier(**QUICK | {"epochs": 2}, validation=0.2).set_fit_request(groups=True)
        found = cross_validate(estimator, X, y, cv=GroupKFold(2), params={"groups": groups}, return_estimator=True)
    assert all(one.scores_.main.n > 40 for one in found["estimator"])
    with pytest.raises(ValueError, match="groups"):
        gn.ImageClassifier(**QUICK).fit(X, y, groups=groups[:5])


def test_it_prints_only_when_asked(digits, capsys):
    X, y = digits
    estimator = gn.ImageClassifier(**QUICK | {"epochs": 1})
    estimator.fit(X[:100], y[:100])
    assert capsys.readouterr() == ("", "")
    estimator.set_params(verbose=1).fit(X[:100], y[:100])
    assert "epoch   1/1" in capsys.readouterr().out


def test_without_scikit_learn_a_sentence_says_what_to_install():
    code = "import sys; sys.modules['sklearn'] = None; import glassnet as gn; gn.train; gn.ImageClassifier"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("ImportError: ImageClassifier follows scikit-learn's conventions")
    assert "pip install 'glassnet[sklearn]'" in ended.stderr


def test_a_run_folder_is_kept_where_it_is_asked_for(digits, tmp_path):
    X, y = digits
    found = gn.ImageClassifier(**QUICK, validation=0.2, out=tmp_path).fit(X, y, groups=np.arange(600) // 3)
    assert found.run_.report.exists()
    assert found.scores_.main.n == found.run_.lock.validation.size > 80
    rows = found.run_.lock
    groups = {split: set((rows.rows(split) // 3).tolist()) for split in ("train", "validation")}
    assert not groups["train"] & groups["validation"]
    np.testing.assert_array_equal(gn.load(out=tmp_path).lock.train, rows.train)


def test_colour_and_grey_cannot_be_confused_and_bad_values_are_refused(fitted, digits):
    X, y = digits
    with pytest.raises(ValueError, match="channels"):
        fitted.predict(np.zeros((2, 8, 8, 3)))
    with pytest.raises(ValueError, match=r"one picture, pass X\[None\]"):
        fitted.predict(X[0])
    with pytest.raises(ValueError, match="fit saw rows"):
        gn.ImageClassifier(epochs=1, threads=1).fit(X[:50].reshape(50, 64), y[:50]).predict(np.zeros((2, 64, 8)))
    with pytest.raises(ValueError, match="range"):
        fitted.predict(X[:2] + 1e5)
    with pytest.raises(ValueError, match="NaN"):
        fitted.predict(np.full((1, 8, 8), np.nan))
    with pytest.raises(ValueError, match="one class"):
        gn.ImageClassifier(**QUICK).fit(X[:20], np.zeros(20))
    with pytest.raises(RecipeError, match="network"):
        gn.ImageClassifier(**QUICK | {"network": "nosuch"}).fit(X, y)


def test_pictures_of_another_size_are_fitted_as_in_training(fitted, digits):
    X, _ = digits
    doubled = X[450:].repeat(2, axis=1).repeat(2, axis=2)
    assert (fitted.predict(doubled) == fitted.predict(X[450:])).mean() > 0.95


def test_settings_of_the_recipe_reach_the_run(digits, tmp_path):
    X, y = digits
    layers = [{"conv": 4, "activation": "relu"}, {"global_pool": "avg"}, {"dense": "classes"}]
    found = gn.ImageClassifier(
        layers, epochs=1, batch=50, optimizer="sgd", lr=0.02, augment="none", out=tmp_path, threads=1
    ).fit(X, y)
    recipe = found.run_.recipe
    assert (recipe.train.batch, recipe.train.optimizer, recipe.train.lr) == (50, "sgd", 0.02)
    assert recipe.augment.flip == "none"
    assert found.history_.step == [12]
