import subprocess
import sys

import numpy as np
import pytest
import sklearn.utils.class_weight
import torch

from glassnet.data.catalog import Catalog, ClassLabel, Example
from glassnet.errors import DataError
from glassnet.tasks import task
from glassnet.tasks.classify import ClassAnswer

CLASSIFY = task("classify")


def catalog(*labels, classes=("ant", "bee", "cow")):
    return Catalog(
        "root", "layout", "classify", classes, tuple(Example(f"{i}.png", x) for i, x in enumerate(labels)), source=None
    )


def test_classes_are_numbered_by_name():
    found = CLASSIFY.encode(catalog(ClassLabel("cow"), ClassLabel("ant"), ClassLabel("bee")), np.array([2, 0, 1]))
    assert found.tolist() == [1, 2, 0] and found.dtype == np.int64


def test_a_label_outside_the_list_or_of_another_kind_is_refused_with_the_file():
    with pytest.raises(DataError, match=r"0\.png is labelled 'dog'.*ant, bee, cow"):
        CLASSIFY.encode(catalog(ClassLabel("dog")), np.array([0]))
    with pytest.raises(DataError, match="not with a class"):
        CLASSIFY.encode(catalog((1, 2, 3, 4)), np.array([0]))


@pytest.mark.parametrize("classes", [0, 1])
def test_one_class_is_nothing_to_tell_apart(classes):
    with pytest.raises(DataError, match="at least two classes"):
        CLASSIFY.head(classes)


def by_hand(logits, shares, weights, smoothing):
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    mixed = (1 - smoothing) * shares + smoothing / logits.shape[1]
    return -(weights * mixed * logs).sum(1)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, [0.5, 1.0, 3.0]])
@pytest.mark.parametrize("mixed", [False, True])
def test_loss_equals_its_formula(smoothing, weights, mixed):
    source = np.random.default_rng(0)
    logits = source.normal(size=(6, 3)).astype(np.float32)
    targets = source.integers(0, 3, 6)
    shares = 0.7 * np.eye(3)[targets] + 0.3 * np.eye(3)[targets[::-1]] if mixed else np.eye(3)[targets]
    given = torch.tensor(shares) if mixed else torch.tensor(targets)
    got = CLASSIFY.loss(
        torch.tensor(logits),
        given,
        label_smoothing=smoothing,
        class_weights=None if weights is None else torch.tensor(weights),
    )
    assert got.numpy() == pytest.approx(by_hand(logits, shares, np.array(weights or [1, 1, 1]), smoothing), rel=1e-5)


def test_balanced_weights_make_every_class_count_the_same():
    targets = np.array([0] * 90 + [1] * 10)
    weights = sklearn.utils.class_weight.compute_class_weight("balanced", classes=np.array([0, 1]), y=targets)
    losses = CLASSIFY.loss(torch.zeros(100, 2), torch.tensor(targets), class_weights=torch.tensor(weights)).numpy()
    assert losses[targets == 0].sum() == pytest.approx(losses[targets == 1].sum(), rel=1e-5)


def test_hits_of_mixed_targets_are_the_share_of_the_answered_class():
    outputs = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]])
    assert CLASSIFY.hits(outputs, torch.tensor([0, 2])).tolist() == [1, 0]
    mixed = torch.tensor([[0.25, 0.75, 0.0], [0.0, 0.5, 0.5]])
    assert CLASSIFY.hits(outputs, mixed).tolist() == [0.25, 0.5]


def test_answers_are_probabilities_most_likely_first():
    answer = CLASSIFY.decode(np.log([[0.2, 0.7, 0.1]]), ("ant", "bee", "cow"))[0]
    assert answer.label == "bee" and answer.confidence == pytest.approx(0.7)
    assert list(answer.probabilities) == ["bee", "ant", "cow"]
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert str(answer) == "bee (70.0%)"
    assert ClassAnswer(**answer.as_dict()) == answer


def test_temperature_and_threshold_in_answers_are_those_of_the_scores():
    logits = np.log([[0.35, 0.65], [0.2, 0.8], [0.9, 0.1]])
    plain = CLASSIFY.decode(logits, ("no", "yes"))
    strict = CLASSIFY.decode(logits, ("no", "yes"), threshold=0.7)
    assert [a.label for a in plain] == ["yes", "yes", "no"]
    assert [a.label for a in strict] == ["no", "yes", "no"]
    assert strict[0].confidence == pytest.approx(0.35) and strict[0].threshold == 0.7
    warm = CLASSIFY.decode(logits, ("no", "yes"), temperature=2.0)
    assert warm[1].confidence == pytest.approx(2 / 3)  # sqrt(0.8) : sqrt(0.2) = 2 : 1
    from glassnet.evaluation import measure

    targets = np.array([1, 1, 0])
    assert measure(CLASSIFY, logits, targets, ("no", "yes"), "test", threshold=0.7)["accuracy"].value == pytest.approx(
        2 / 3
    )


def test_large_logits_do_not_overflow_and_wrong_shapes_are_refused():
    assert CLASSIFY.decode(np.array([[1e30, 0.0]]), ("no", "yes"))[0].confidence == 1.0
    with pytest.raises(ValueError, match="do not fit 3 classes"):
        CLASSIFY.decode(np.zeros((2, 2)), ("a", "b", "c"))
    with pytest.raises(ValueError, match="two classes"):
        CLASSIFY.decode(np.zeros((2, 3)), ("a", "b", "c"), threshold=0.5)
    with pytest.raises(ValueError, match="needs pictures"):
        CLASSIFY.score(np.zeros((0, 2)), np.zeros(0, int))


def test_drawing_keeps_the_picture_and_says_right_or_wrong_in_colour():
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    answer = ClassAnswer("bee", 0.9, {"bee": 0.9, "ant": 0.1})
    right, wrong = CLASSIFY.draw(picture, answer, "bee"), CLASSIFY.draw(picture, answer, "ant")
    factor = right.shape[1] // 16
    assert np.array_equal(right[: 16 * factor : factor, ::factor][:16], picture)
    assert right[-1, -1].argmax() == 1 and wrong[-1, -1].argmax() == 0
    long = CLASSIFY.draw(picture, ClassAnswer("a name " * 40, 0.5, {}))
    assert long.shape == right.shape


def test_the_registry_does_not_import_torch():
    code = (
        "import sys, glassnet.tasks, glassnet.evaluation, glassnet.evaluation.arithmetic, glassnet.evaluation.verdict; "
    )
    code += "sys.exit('torch' in sys.modules or 'scipy' in sys.modules or 'sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
