import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.data.audit import Audit, Groups
from glassnet.data.catalog import Catalog, ClassLabel, Example
from glassnet.data.labels import joined
from glassnet.data.pixels import PixelSettings
from glassnet.data.rows import BAD, GOOD, ROW
from glassnet.data.split import split
from glassnet.data.store import Store
from glassnet.errors import DataError
from glassnet.recipe import DataRecipe


def world(labels, splits=None, groups=None, twins=(), bad=(), seed=0, order=None, prefix="p"):
    """A catalog, store and audit without any files: picture i has content i."""
    n = len(labels)
    order = np.arange(n) if order is None else np.asarray(order)
    place = np.argsort(order)
    digests = np.random.default_rng(seed).integers(0, 256, (n, 32), np.uint8)
    rows = np.zeros(n, ROW)
    rows["status"], rows["sha256"] = GOOD, digests[order]
    rows["status"][[place[i] for i in bad]] = BAD
    names = tuple(f"class{c:02d}" for c in range(max(labels) + 1))
    examples = tuple(
        Example(f"{prefix}{k:06d}", ClassLabel(names[labels[i]]), splits[i] if splits else None)
        for k, i in enumerate(order.tolist())
    )
    catalog = Catalog("world", "", "classify", names, examples, source=None)
    store = Store(PixelSettings(1, 1), np.zeros((n, 1, 1, 3), np.uint8), rows)
    of = tuple(groups[i] for i in order.tolist()) if groups else ()
    found = Groups(
        "given" if groups else "none", "group", "r", tuple(map(str, range(max(groups) + 1))) if groups else (), of
    )
    families = tuple(tuple(sorted(int(place[i]) for i in family)) for family in twins)
    return catalog, store, Audit((), {int(place[i]): "bad" for i in bad}, found, {}, families, {})


def sides(lock, n):
    side = np.full(n, -1)
    for number, rows in enumerate((lock.train, lock.validation, lock.test)):
        assert (side[rows] == -1).all()
        side[rows] = number
    return side


@st.composite
def worlds(draw):
    n, classes = draw(st.integers(20, 300)), draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)]).tolist()
    groups = [int(g) if rng.random() < 0.7 else -1 for g in rng.integers(0, max(2, n // draw(st.integers(2, 6))), n)]
    groups = groups if draw(st.booleans()) else None
    shuffled = rng.permutation(n)
    twins = [tuple(sorted(shuffled[k : k + 3].tolist())) for k in range(0, n // 4, 3)] if draw(st.booleans()) else []
    bad = rng.permutation(n)[: draw(st.integers(0, 5))].tolist()
    return {"labels": labels, "groups": groups, "twins": twins, "bad": bad}


@settings(max_examples=80, deadline=None)
@given(worlds(), st.integers(0, 1000))
def test_nothing_that_belongs_together_is_separated_and_nothing_is_lost(given_world, seed):
    n = len(given_world["labels"])
    try:
        lock = split(*world(**given_world), DataRecipe(), seed)
    except DataError as error:
        assert "Only one class" in str(error)
        return
    side = sides(lock, n)
    assert set(np.flatnonzero(side < 0)) == set(given_world["bad"])
    used = side >= 0
    for family in given_world["twins"]:
        assert len({side[i] for i in family if used[i]}) <= 1
    groups = np.array(given_world["groups"] or [-1] * n)
    for group in set(groups.tolist()) - {-1}:
        assert len(set(side[(groups == group) & used].tolist())) <= 1


@settings(max_examples=60, deadline=None)
@given(worlds(), st.floats(0.05, 0.4), st.floats(0.05, 0.4), st.integers(0, 1000))
def test_without_ties_shares_are_exact_per_class_and_every_class_is_everywhere(given_world, test, validation, seed):
    labels = np.array(given_world["labels"])
    lock = split(*world(given_world["labels"]), DataRecipe(test=test, validation=validation), seed)
    side = sides(lock, len(labels))
    for number, share in ((1, validation), (2, test)):
        forced = 0
        for label in range(labels.max() + 1):
            here = side[labels == label]
            got, ideal = int((here == number).sum()), share * len(here)
            if len(here) >= 3:
                assert got >= 1 and (here == 0).any()
            least = 1 if len(here) >= (2 if number == 2 else 3) else 0
            assert abs(got - ideal) < 1 + 1e-9 or got == least
            forced += least
        assert abs((side == number).sum() - share * len(labels)) <= 0.5 + 1e-9 + forced


def test_many_small_classes_do_not_swell_the_test():
    lock = split(*world([i % 100 for i in range(1000)]), DataRecipe(), 0)
    assert (len(lock.train), len(lock.validation), len(lock.test)) == (700, 150, 150)


def test_groups_of_equal_size_still_meet_the_shares():
    groups = np.repeat(np.arange(100), 10)
    labels = (groups % 4).tolist()
    lock = split(*world(labels, groups=groups.tolist()), DataRecipe(), 3)
    for rows in (lock.validation, lock.test):
        counts = np.bincount(np.array(labels)[rows], minlength=4)
        assert counts.min() >= 30 and counts.max() <= 50 and 120 <= len(rows) <= 180


def test_a_group_that_is_half_of_everything_goes_to_train():
    groups = [0] * 50 + list(range(1, 51))
    lock = split(*world([i % 2 for i in range(100)], groups=groups), DataRecipe(), 0)
    assert set(range(50)) <= set(lock.train.tolist()) and len(lock.test) == 15 and len(lock.validation) == 15


@settings(max_examples=30, deadline=None)
@given(worlds(), st.integers(0, 50), st.integers(0, 2**32))
def test_the_cut_depends_on_contents_not_on_names_or_order(given_world, seed, shuffle):
    n = len(given_world["labels"])
    order = np.random.default_rng(shuffle).permutation(n)
    try:
        plain = split(*world(**given_world), DataRecipe(), seed)
    except DataError:
        return
    moved = split(*world(**given_world, order=order, prefix="q"), DataRecipe(), seed)
    np.testing.assert_array_equal(sides(plain, n)[order], sides(moved, n))
    assert plain.digest == moved.digest


def test_another_seed_is_another_cut_and_the_same_seed_the_same():
    labels = [i % 3 for i in range(300)]
    first, again, other = (split(*world(labels), DataRecipe(), seed) for seed in (1, 1, 2))
    assert first.digest == again.digest != other.digest
    assert len(np.intersect1d(first.test, other.test)) < 30


def test_one_more_picture_hardly_moves_the_others():
    labels = [0, 1] * 150
    before = split(*world(labels), DataRecipe(), 1)
    catalog, store, found = world([*labels, 0])
    store.rows["sha256"][:300] = world(labels)[1].rows["sha256"]
    after = split(catalog, store, found, DataRecipe(), 1)
    assert (sides(before, 300) != sides(after, 301)[:300]).sum() <= 2


@pytest.mark.parametrize(
    ("present", "cut"),
    [(("train", "validation", "test"), ()), (("train", "test"), ("validation",)), (("train", "validation"), ("test",)),
     (("train",), ("validation", "test"))],
)  # fmt: skip
def test_given_splits_are_respected_and_only_missing_ones_are_cut_from_train(present, cut):
    splits = [present[0] if i % 10 < 8 else present[i % len(present)] for i in range(400)]
    lock = split(*world([i // 5 % 2 for i in range(400)], splits), DataRecipe(test=0.1, validation=0.2), 0)
    original = np.array([("train", "validation", "test").index(s) for s in splits])
    side = sides(lock, 400)
    np.testing.assert_array_equal(side[original > 0], original[original > 0])
    n = int((original == 0).sum())
    for name, share in (("validation", 0.2), ("test", 0.1)):
        if name in cut:
            assert abs(len(lock.rows(name)) - share * n) <= 1
            assert any(c.field == f"data.{name}" and "cut from" in c.reason for c in lock.reasons)
        else:
            assert any(c.field == f"data.{name}" and "given" in c.reason for c in lock.reasons)


def test_a_share_of_zero_cuts_nothing_and_says_so():
    lock = split(*world([0, 1] * 20), DataRecipe(test=0, validation=0.1), 0)
    assert len(lock.test) == 0 and len(lock.validation) == 4
    assert any(c.field == "data.test" and "asked for" in c.reason for c in lock.reasons)


def test_a_train_picture_with_a_twin_in_a_given_split_stays_in_train():
    splits = ["train"] * 90 + ["validation"] * 10
    twins = [(i, 90 + i) for i in range(10)]
    lock = split(*world([0, 1] * 50, splits, twins=twins), DataRecipe(test=0.5), 0)
    assert set(range(10)) <= set(lock.train.tolist()) and len(lock.test) == 45


def test_three_pictures_per_class_give_one_to_each_split():
    lock = split(*world([0, 1, 2] * 3), DataRecipe(), 0)
    for rows in (lock.train, lock.validation, lock.test):
        assert sorted(rows % 3) == [0, 1, 2]


def test_large_shares_leave_every_class_something_to_learn_from():
    lock = split(*world([0, 1, 2] * 3), DataRecipe(test=0.6, validation=0.35), 0)
    for rows in (lock.train, lock.validation, lock.test):
        assert sorted(rows % 3) == [0, 1, 2]


def test_too_few_pictures_are_said_and_train_comes_first():
    lock = split(*world([0] * 20 + [1] + [2] * 2), DataRecipe(), 0)
    assert 20 in lock.train and {21, 22} & set(lock.train.tolist()) and {21, 22} & set(lock.test.tolist())
    missing = {c.field: c.reason for c in lock.reasons if c.field.endswith(".missing")}
    assert "class01" in missing["data.test.missing"] and "class01, class02" in missing["data.validation.missing"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"labels": [0, 1], "bad": [0, 1]}, "None of the 2 pictures"),
        ({"labels": [0, 1, 0], "bad": [1]}, "Only one class"),
        ({"labels": [0, 1], "splits": ["test", "test"]}, "no usable train split"),
    ],
)
def test_what_cannot_be_split_is_refused_in_words(arguments, says):
    with pytest.raises(DataError, match=says):
        split(*world(**arguments), DataRecipe(), 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=80))
def test_joined_is_the_smallest_row_of_the_connected_component(n, pairs):
    pairs = [(a % n, b % n) for a, b in pairs]
    expected = list(range(n))
    for _ in range(n):
        for a, b in pairs:
            expected[a] = expected[b] = min(expected[a], expected[b])
    a, b = (np.array([p[k] for p in pairs], np.int64) for k in (0, 1))
    assert joined(n, a, b).tolist() == expected
